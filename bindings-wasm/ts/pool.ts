// The threads of the prover: workers that share the memory of the first. They run this worker's own script again, so that
// pages need serve no other, and no script is made while it runs.

import initThreads, * as glue from "./glue/prover-threads.js";
import { startTwin } from "./host.js";
import type { FromWorker, ToWorker } from "./protocol.js";

/** Kept, lest an engine takes a worker for garbage that waits for this one. */
const twins: unknown[] = [];

/** Starts helpers that run `script`, and opens the pool of these and this thread. */
export async function openPool(
  script: string,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<void> {
  const helpers = threads - 1;
  await Promise.all(Array.from({ length: helpers }, () => startHelper(script, module, memory)));
  glue.openPool(helpers);
}

/** Lends this worker's thread to the pool. Ends with the worker. */
export async function joinPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  ready: () => void,
): Promise<void> {
  await initThreads({ module_or_path: module, memory });
  ready();
  glue.joinPool();
}

function startHelper(script: string, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
  return new Promise((resolve, reject) => {
    const twin = startTwin(script, {
      message: (data) => "ready" in (data as FromWorker) && resolve(),
      failed: (reason) => reject(new Error(`a thread could not be started: ${reason}`)),
    });
    if (twin === undefined) return reject(new Error("workers cannot start workers here"));
    twins.push(twin);
    twin.post({ join: { module, memory } } satisfies ToWorker, []);
  });
}
