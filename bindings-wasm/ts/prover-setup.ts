// What provers with and without a GPU share before a worker runs. The entries for callers do not declare it, because
// its types are those of browsers.

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

/** The environments that a prover may use: the first one, or the next one if the first cannot be loaded. */
export function environments(options: BuildOptions & { wasmUrl?: string | URL }): [Environment, ...Environment[]] {
  const chosen = choose(options);
  // An address of WebAssembly belongs to one build.
  const isFree = (options.build ?? "auto") === "auto" && options.wasmUrl === undefined;
  return isFree && chosen.build === "simd-threads" ? [chosen, withoutThreads()] : [chosen];
}
