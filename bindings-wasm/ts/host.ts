// What differs between browsers and Node: starting a worker, reading a file. Nothing is looked at before it is asked for, so
// that modules load where there is neither.

import { VelumError } from "./errors.js";

const NOT_LOADED = "its script could not be loaded";

/** A running worker, seen from the thread that started it. */
export interface WorkerHandle {
  post(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  /** Whether the process must stay for it. */
  hold(busy: boolean): void;
  /** Whether it tells by itself that it was ended from outside. */
  readonly tellsItsEnd: boolean;
}

/** What a worker tells the thread that started it. */
export interface WorkerEvents {
  readonly message: (data: unknown) => void;
  /** It ended, or never began. */
  readonly failed: (reason: string) => void;
}

/** A worker's end of the line. */
export interface Port {
  post(message: unknown, transfer: Transferable[]): void;
  listen(receive: (data: unknown) => void): void;
}

// The parts of Node that are used. The package depends on no types of Node's, whose versions differ between projects.
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

/** Node's process, where this is Node: bundlers find no `import` that a browser would lack. */
export function node(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}

/** Logical processors. */
export function processors(): number {
  const browser = typeof navigator === "undefined" ? undefined : navigator.hardwareConcurrency;
  return browser ?? node()?.getBuiltinModule?.("node:os").availableParallelism() ?? 1;
}

/** Bun has these of Web Workers too. */
interface BunWorker {
  ref?(): void;
  unref?(): void;
}

/**
 * Starts a Web Worker and listens to it. Where its script cannot be loaded it is started once more: on an isolated page WebKit refuses a script
 * of which the server says that it has not changed, unless that answer names the embedder policy too, and then fetches it anew.
 */
export function webWorker(start: () => Worker, events: WorkerEvents): WorkerHandle {
  const posted: unknown[] = [];
  let isFinal = false;
  const begin = (): Worker & BunWorker => {
    const worker: Worker & BunWorker = start();
    worker.onmessage = (event: MessageEvent<unknown>) => {
      isFinal = true;
      events.message(event.data);
    };
    worker.onmessageerror = () => events.failed("a message could not be read");
    worker.onerror = (event) => {
      // The error is told to the caller; the console need not have it too.
      event.preventDefault();
      if (isFinal || event.message) {
        events.failed(event.message || NOT_LOADED);
        return;
      }
      isFinal = true;
      again();
    };
    return worker;
  };
  const again = () => {
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
      // Until it says that it began, nothing is posted that can only be posted once.
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

/** Starts a worker thread of Node's. */
export function nodeWorker(url: () => string, name: string, events: WorkerEvents): WorkerHandle {
  const threads = node()?.getBuiltinModule?.("node:worker_threads");
  if (threads === undefined) {
    const message =
      "there are no workers here: call from a page, from a worker, or from Node 20.16 or later; or verify with `worker: false`";
    throw new VelumError("unsupported", "worker", message);
  }
  const worker = new threads.Worker(new URL(url()), { name });
  worker.on("message", events.message);
  worker.on("error", (error) => events.failed(error.message));
  worker.on("exit", (code) => events.failed(`it ended with status ${code}`));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    tellsItsEnd: true,
  };
}

/** The line to the thread that started this worker. */
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

// TypeScript's types of pages and of workers exclude each other.
interface DedicatedWorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
}

/** Web Locks, which insecure and old contexts lack. */
export function locks(): LockManager | undefined {
  return (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
}

/** The buffers of what is sent, which are moved and not copied: bytes that are sent are the package's own. */
export function buffers(sent: unknown): Transferable[] {
  const members: unknown[] = sent instanceof Uint8Array ? [sent] : Object.values(sent ?? {});
  return members.filter((member) => member instanceof Uint8Array).map(({ buffer }) => buffer as ArrayBuffer);
}
