// Starts one of the package's workers, in a browser, in a bundle or in Node.

import { nodeWorker, webWorker, type WorkerEvents, type WorkerHandle } from "./host.js";
import { installed } from "./installed.js";

/** One of the package's workers. */
export interface Script {
  /** The name that debuggers show. */
  readonly name: string;
  /** Its script, beside this one. */
  readonly file: string;
  /**
   * Starts the worker in a page. Bundlers recognise a worker by exactly
   * `new Worker(new URL("...", import.meta.url), { type: "module" })`.
   */
  readonly start: () => Worker;
}

/** Starts a worker, with the script that the caller serves, if it serves one. */
export function start({ name, file, start }: Script, url: string | undefined, events: WorkerEvents): WorkerHandle {
  if (typeof Worker !== "function" || isDeno()) {
    // `resolve` is not called as a member, because webpack warns about that. For `import.meta.url`, webpack would write
    // the path of this module.
    const { resolve } = import.meta as Partial<ImportMeta>;
    return nodeWorker(() => url ?? resolve?.(`./${file}`) ?? installed(file).href, name, events);
  }
  return webWorker(() => (url === undefined ? start() : new Worker(url, { type: "module", name })), events);
}

/** Deno waits for idle Web Workers, but not for idle workers of Node, which it has too. */
function isDeno(): boolean {
  return "Deno" in globalThis;
}
