// What judges receipts, and puts together what is handed to markets: a worker, or the thread of who asks.

import { type Engine, Here } from "./here.js";
import { address } from "./input.js";
import { loadReceiptVerifier, receiptInstances } from "./load-receipt.js";
import type { ReceiptCalls } from "./protocol.js";
import { source, type Wasm } from "./source.js";
import { type Script, start } from "./start.js";
import { WorkerClient } from "./worker-client.js";

const script: Script = {
  name: "velum-receipts",
  file: "receipt-worker.js",
  start: () => new Worker(new URL("./receipt-worker.js", import.meta.url), { type: "module" }),
};

/** What a caller says of it. */
interface EngineOptions {
  wasmUrl?: string | URL | undefined;
  wasm?: Wasm | undefined;
  verifierWasmUrl?: string | URL | undefined;
  verifierWasm?: Wasm | undefined;
  workerUrl?: string | URL | undefined;
  worker?: boolean | undefined;
}

/** Makes one, and starts nothing. */
export function receiptEngine(options: EngineOptions): Engine<ReceiptCalls> {
  const wasm = source(options.wasm, options.wasmUrl);
  const verifierWasm = source(options.verifierWasm, options.verifierWasmUrl, "verifierWasm");
  const workerUrl = address(options.workerUrl, "workerUrl");
  const setup = { wasm, verifierWasm, build: "receipt", threads: 1 } as const;
  return options.worker === false
    ? new Here(() => loadReceiptVerifier(setup), receiptInstances)
    : new WorkerClient<ReceiptCalls>((events) => start(script, workerUrl, events), [setup]);
}
