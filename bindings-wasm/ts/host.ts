// What differs between browsers and Node: starting a worker and reading a file. The module reads nothing at load time,
// so that it can be imported in environments that have neither workers nor a file system.

import { VelumError } from "./errors.js";

const NOT_LOADED = "its script could not be loaded";

/** A running worker, seen from the thread that started it. */
export interface WorkerHandle {
  post(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  /** Sets whether the process must stay alive for the worker. */
  hold(busy: boolean): void;
  /** Whether the worker reports by itself that it was ended from outside. */
  readonly tellsItsEnd: boolean;
}

/** What a worker tells the thread that started it. */
export interface WorkerEvents {
  readonly message: (data: unknown) => void;
  /** The worker ended, or it never began. */
  readonly failed: (reason: string) => void;
}

/** A worker's connection to the thread that started it. */
export interface Port {
  post(message: unknown, transfer: Transferable[]): void;
  listen(receive: (data: unknown) => void): void;
}

// The parts of Node that are used. The package does not depend on Node's types, because their versions differ between
// projects.
interface NodeWorker {
  on(event: "message", listener: (data: unknown) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): Promise<number>;
  ref(): void;
  unref(): void;
}
interface NodePort {
  on(event: "message", listener: (data: unknown) => void): void;
  postMessage(message: unknown, transfer: Transferable[]): void;
}
interface NodeThreads {
  Worker: new (url: URL, options: { name: string }) => NodeWorker;
  parentPort: NodePort | null;
}
interface NodeFiles {
  readFile(url: URL): Promise<Uint8Array<ArrayBuffer>>;
}
interface NodeSystem {
  availableParallelism(): number;
}
interface NodeModules {
  createRequire(folder: string): { resolve(name: string): string };
}
interface NodeUrls {
  pathToFileURL(path: string): URL;
}
interface NodeProcess {
  cwd(): string;
  getBuiltinModule?(id: "node:worker_threads"): NodeThreads;
  getBuiltinModule?(id: "node:fs/promises"): NodeFiles;
  getBuiltinModule?(id: "node:os"): NodeSystem;
  getBuiltinModule?(id: "node:module"): NodeModules;
  getBuiltinModule?(id: "node:url"): NodeUrls;
}

/** Node's process, if this is Node. It is not imported, so bundlers find no `import` that a browser would lack. */
export function node(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}

/** Number of logical processors. */
export function processors(): number {
  const browser = typeof navigator === "undefined" ? undefined : navigator.hardwareConcurrency;
  return browser ?? node()?.getBuiltinModule?.("node:os").availableParallelism() ?? 1;
}

/** Bun's Web Workers have these methods too. */
interface BunWorker {
  ref?(): void;
  unref?(): void;
}

/** The waits before a worker is started again whose script cannot be loaded, in milliseconds. */
const WAITS_MS = [0, 250];

/**
 * Starts a Web Worker and listens to it. If its script cannot be loaded, the worker is started again.
 *
 * On an isolated page, WebKit refuses a script if the server answers that it has not changed and that answer does not
 * name the embedder policy too. WebKit then drops the script from its cache and fetches it anew, unless the next try
 * comes before it was dropped.
 */
export function webWorker(start: () => Worker, events: WorkerEvents): WorkerHandle {
  const posted: unknown[] = [];
  const waits = [...WAITS_MS];
  let isFinal = false;
  const begin = (): Worker & BunWorker => {
    const worker: Worker & BunWorker = start();
    worker.onmessage = (event: MessageEvent<unknown>) => {
      isFinal = true;
      events.message(event.data);
    };
    worker.onmessageerror = () => events.failed("a message could not be read");
    worker.onerror = (event) => {
      // The caller receives the error, so the console need not show it too.
      event.preventDefault();
      const wait = waits.shift();
      if (isFinal || event.message || wait === undefined) {
        events.failed(event.message || NOT_LOADED);
        return;
      }
      setTimeout(again, wait);
    };
    return worker;
  };
  const again = () => {
    if (isFinal) return;
    try {
      worker = begin();
      for (const message of posted) worker.postMessage(message);
    } catch (cause) {
      events.failed(String(cause));
    }
  };
  let worker = begin();
  return {
    post: (message, transfer) => {
      // Until the worker has begun, only messages that can be posted again may be posted.
      if (!isFinal) posted.push(message);
      worker.postMessage(message, transfer);
    },
    terminate: () => {
      isFinal = true;
      worker.terminate();
    },
    hold: (busy) => (busy ? worker.ref?.() : worker.unref?.()),
    tellsItsEnd: false,
  };
}

/** Starts a worker thread of Node. */
export function nodeWorker(url: () => string, name: string, events: WorkerEvents): WorkerHandle {
  const threads = node()?.getBuiltinModule?.("node:worker_threads");
  if (threads === undefined) {
    const message =
      "this environment has no workers; call from a page, a worker or Node 20.16 or later, or verify with `worker: false`";
    throw new VelumError("unsupported", "worker", message);
  }
  const worker = new threads.Worker(new URL(url()), { name });
  worker.on("message", events.message);
  worker.on("error", (error) => events.failed(error.message));
  worker.on("exit", (code) => events.failed(`exit status ${code}`));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    tellsItsEnd: true,
  };
}

/** The connection to the thread that started this worker. */
export function parent(): Port {
  const port = node()?.getBuiltinModule?.("node:worker_threads").parentPort;
  if (port) {
    return {
      post: (message, transfer) => port.postMessage(message, transfer),
      listen: (receive) => port.on("message", receive),
    };
  }
  const scope = self as unknown as DedicatedWorkerScope;
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: (receive) => scope.addEventListener("message", (event) => receive(event.data)),
  };
}

// TypeScript's types for pages and for workers exclude each other.
interface DedicatedWorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
}

/** Web Locks, which insecure contexts and old engines lack. */
export function locks(): LockManager | undefined {
  return (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
}

/** The buffers of a message. They are moved, not copied, because bytes that are sent belong to the package. */
export function buffers(sent: unknown): Transferable[] {
  const members: unknown[] = sent instanceof Uint8Array ? [sent] : Object.values(sent ?? {});
  return members.filter((member) => member instanceof Uint8Array).map(({ buffer }) => buffer as ArrayBuffer);
}
