// What differs between browsers and Node: starting a worker, reading a file. Nothing is looked at before it is asked for, so
// that modules load where there is neither.

/** A running worker, seen from the thread that started it. */
export interface WorkerHandle {
  post(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  /** Whether the process must stay for it. */
  hold(busy: boolean): void;
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
interface NodeProcess {
  getBuiltinModule?(id: "node:worker_threads"): NodeThreads;
  getBuiltinModule?(id: "node:fs/promises"): NodeFiles;
  getBuiltinModule?(id: "node:os"): NodeSystem;
}

/** Node's process, where this is Node: bundlers find no `import` that a browser would lack. */
export function node(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}

/** Whether a worker can be started. */
export function canStartWorker(): boolean {
  return typeof Worker === "function" || node()?.getBuiltinModule !== undefined;
}

/** Logical processors. */
export function processors(): number {
  const browser = typeof navigator === "undefined" ? undefined : navigator.hardwareConcurrency;
  return browser ?? node()?.getBuiltinModule?.("node:os").availableParallelism() ?? 1;
}

/** Listens to a Web Worker. */
export function webWorker(worker: Worker, events: WorkerEvents): WorkerHandle {
  worker.onmessage = (event: MessageEvent<unknown>) => events.message(event.data);
  worker.onmessageerror = () => events.failed("a message could not be read");
  worker.onerror = (event) => {
    // The error is told to the caller; the console need not have it too.
    event.preventDefault();
    events.failed(event.message || "its script could not be loaded");
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    hold: () => {},
  };
}

/** Starts a worker thread of Node's. */
export function nodeWorker(url: URL, name: string, events: WorkerEvents): WorkerHandle | undefined {
  const threads = node()?.getBuiltinModule?.("node:worker_threads");
  if (threads === undefined) return undefined;
  const worker = new threads.Worker(url, { name });
  worker.on("message", events.message);
  worker.on("error", (error) => events.failed(error.message));
  worker.on("exit", (code) => events.failed(`it ended with status ${code}`));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
  };
}

/** Starts another worker of the script that this worker runs. */
export function startTwin(script: string, events: WorkerEvents): WorkerHandle | undefined {
  if (typeof Worker !== "function") return nodeWorker(new URL(script), "velum-thread", events);
  // A bundler may have put this module elsewhere: a worker's own address is that of its script.
  return webWorker(new Worker(self.location.href, { type: "module", name: "velum-thread" }), events);
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
