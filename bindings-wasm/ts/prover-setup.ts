// What provers with a GPU and without have in common before a worker runs. The entries for callers do not declare it: its types are a browser's.

import { type BuildOptions, choose, type Environment, withoutThreads } from "./environment.js";
import type { Script } from "./start.js";

/** Names of the options of every prover. */
export const OPTIONS = ["build", "threads", "wasmUrl", "workerUrl", "onRetry"] as const;

/** The worker of provers without a GPU. */
export const script: Script = {
  name: "velum-prover",
  file: "worker.js",
  start: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

/** The environments that a prover may use: the first, or the one after it where that cannot be loaded. */
export function environments(options: BuildOptions & { wasmUrl?: string | URL }): [Environment, ...Environment[]] {
  const chosen = choose(options);
  // An address of WebAssembly is that of one build.
  const isFree = (options.build ?? "auto") === "auto" && options.wasmUrl === undefined;
  return isFree && chosen.build === "simd-threads" ? [chosen, withoutThreads()] : [chosen];
}
