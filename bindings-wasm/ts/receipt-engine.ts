// What judges receipts, and puts together what is handed to markets: a worker, or the thread of who asks.

import { type Engine, Here } from "./here.js";
import { address } from "./input.js";
import { loadReceiptVerifier, receiptInstances } from "./load-receipt.js";
import type { ReceiptCalls } from "./protocol.js";
import { type Script, start } from "./start.js";
import { WorkerClient } from "./worker-client.js";

const script: Script = {
  name: "velum-receipts",
  file: "./receipt-worker.js",
  start: () => new Worker(new URL("./receipt-worker.js", import.meta.url), { type: "module" }),
};

/** What a caller says of it. */
interface EngineOptions {
  wasmUrl?: string | URL;
  verifierWasmUrl?: string | URL;
  workerUrl?: string | URL;
  worker?: boolean;
}

/** Makes one, and starts nothing. */
export function receiptEngine(options: EngineOptions): Engine<ReceiptCalls> {
  const wasmUrl = address(options.wasmUrl, "wasmUrl");
  const verifierWasmUrl = address(options.verifierWasmUrl, "verifierWasmUrl");
  const workerUrl = address(options.workerUrl, "workerUrl");
  const setup = { wasmUrl, verifierWasmUrl, build: "receipt", threads: 1 } as const;
  return options.worker === false
    ? new Here(() => loadReceiptVerifier(setup), receiptInstances)
    : new WorkerClient<ReceiptCalls>((events) => start(script, workerUrl, events), [setup]);
}
