// Starting one of the package's workers: in a browser, a bundle or Node.

import { nodeWorker, webWorker, type WorkerEvents, type WorkerHandle } from "./host.js";
import { installed } from "./installed.js";

/** One of the package's workers. */
export interface Script {
  /** What debuggers call it. */
  readonly name: string;
  /** Its script, beside this one. */
  readonly file: string;
  /** Starts it in a page: bundlers know a worker by exactly `new Worker(new URL("...", import.meta.url), { type: "module" })`. */
  readonly start: () => Worker;
}

/** Starts a worker, by the script that its caller serves if there is one. */
export function start({ name, file, start }: Script, url: string | undefined, events: WorkerEvents): WorkerHandle {
  if (typeof Worker !== "function" || isDeno()) {
    // Not called as a member, of which webpack warns. For `import.meta.url` it would write where it found this module.
    const { resolve } = import.meta as Partial<ImportMeta>;
    return nodeWorker(() => url ?? resolve?.(`./${file}`) ?? installed(file).href, name, events);
  }
  return webWorker(() => (url === undefined ? start() : new Worker(url, { type: "module", name })), events);
}

/** Deno waits for idle Web Workers, and not for idle workers of Node's, which it has too. */
function isDeno(): boolean {
  return "Deno" in globalThis;
}
