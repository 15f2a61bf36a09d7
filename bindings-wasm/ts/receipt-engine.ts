// Judges receipts, and assembles what is handed to markets, in a worker or in the calling thread.

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

/** Options of an engine. */
interface EngineOptions {
  wasmUrl?: string | URL | undefined;
  wasm?: Wasm | undefined;
  verifierWasmUrl?: string | URL | undefined;
  verifierWasm?: Wasm | undefined;
  workerUrl?: string | URL | undefined;
  worker?: boolean | undefined;
}

/** Makes an engine, and starts nothing. */
export function receiptEngine(options: EngineOptions): Engine<ReceiptCalls> {
  const wasm = source(options.wasm, options.wasmUrl);
  const verifierWasm = source(options.verifierWasm, options.verifierWasmUrl, "verifierWasm");
  const workerUrl = address(options.workerUrl, "workerUrl");
  const setup = { wasm, verifierWasm, build: "receipt", threads: 1 } as const;
  return options.worker === false
    ? new Here(() => loadReceiptVerifier(setup), receiptInstances)
    : new WorkerClient<ReceiptCalls>((events) => start(script, workerUrl, events), [setup]);
}
