// The page's side of a worker: starts it with the first call, hands it one call at a time, and tells how each ended.
//
// A busy worker receives no messages, so a call under way is stopped in one of two ways. Where memory can be shared, a flag
// asks the prover to stop at its next stage, and the worker keeps its keys. Elsewhere the worker is ended, and the next call
// starts another. Either way the caller is told at once.

import { VelumError } from "./errors.js";
import { canStartWorker, locks, type WorkerEvents, type WorkerHandle } from "./host.js";
import type { Calls, Failure, FromWorker, Setup, ToWorker } from "./protocol.js";
import type { CallOptions } from "./types.js";

/** Starts the worker. */
export type Start = (events: WorkerEvents) => WorkerHandle | undefined;

interface Job {
  readonly verb: string;
  readonly input: unknown;
  readonly transfer: Transferable[];
  readonly stop: Int32Array<SharedArrayBuffer> | undefined;
  readonly progress: CallOptions["onProgress"];
  /** Ends the caller's wait, once. */
  readonly done: (output: unknown) => void;
  readonly failed: (error: VelumError) => void;
}

interface Running {
  readonly handle: WorkerHandle;
  /** Ends the watch over its lock. */
  readonly watch: AbortController;
  loaded: boolean;
}

export class WorkerClient<C extends Calls> {
  readonly #start: Start;
  readonly #setup: Omit<Setup, "lock">;
  #worker: Running | undefined;
  #queue: Job[] = [];
  #current: { id: number; job: Job } | undefined;
  #calls = 0;
  #disposed = false;

  constructor(start: Start, setup: Omit<Setup, "lock">) {
    this.#start = start;
    this.#setup = setup;
  }

  /** Calls the worker; `transfer` is moved to it and lost here. */
  call<V extends keyof C & string>(
    verb: V,
    input: C[V]["input"],
    options: CallOptions = {},
    transfer: Transferable[] = [],
  ): Promise<C[V]["output"]> {
    const { signal, onProgress } = options;
    return new Promise((resolve, reject) => {
      if (this.#disposed) return reject(disposed());
      if (signal?.aborted) return reject(cancelled(signal));
      const stop = typeof SharedArrayBuffer === "undefined" ? undefined : new Int32Array(new SharedArrayBuffer(4));
      const abort = () => {
        if (signal) job.failed(cancelled(signal));
        this.#abandon(job);
      };
      const job: Job = {
        verb,
        input,
        transfer,
        stop,
        progress: (stage, fraction) => signal?.aborted || onProgress?.(stage, fraction),
        done: (output) => {
          signal?.removeEventListener("abort", abort);
          resolve(output);
        },
        failed: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort);
      this.#queue.push(job);
      this.#next();
    });
  }

  dispose(): void {
    this.#disposed = true;
    const pending = this.#current ? [this.#current.job, ...this.#queue] : this.#queue;
    this.#queue = [];
    this.#end();
    for (const job of pending) job.failed(disposed());
  }

  #next(): void {
    if (this.#current) return;
    const job = this.#queue.shift();
    if (job === undefined) return this.#worker?.handle.hold(false);
    const id = ++this.#calls;
    this.#current = { id, job };
    try {
      this.#worker ??= this.#started();
    } catch (cause) {
      return this.#failed(cause instanceof VelumError ? cause : loadFailed(String(cause)));
    }
    this.#worker.handle.hold(true);
    this.#worker.handle.post({ id, verb: job.verb, input: job.input, stop: job.stop } satisfies ToWorker, job.transfer);
  }

  #started(): Running {
    if (!canStartWorker()) {
      const message = "there are no workers here: call from a page, from a worker, or from Node 20.16 or later";
      throw new VelumError("unsupported", "worker", message);
    }
    const watch = new AbortController();
    const isCurrent = () => !watch.signal.aborted;
    const ended = (reason: string) => {
      if (isCurrent()) this.#failed(running.loaded ? workerFailed(reason) : loadFailed(reason));
    };
    const lock = `velum ${crypto.randomUUID()}`;
    const handle = this.#start({
      message: (data) => {
        if (isCurrent()) this.#receive(data as FromWorker, running, lock, ended);
      },
      failed: ended,
    });
    if (handle === undefined) throw new VelumError("unsupported", "worker", "workers cannot be started here");
    const running: Running = { handle, watch, loaded: false };
    handle.post({ setup: { ...this.#setup, lock } } satisfies ToWorker, []);
    return running;
  }

  #receive(reply: FromWorker, running: Running, lock: string, ended: (reason: string) => void): void {
    if ("ready" in reply) {
      running.loaded = true;
      return watchLock(lock, running.watch.signal, () => ended("it was ended from outside"));
    }
    if ("broken" in reply) return this.#failed(thrown(reply.broken));
    if (reply.id !== this.#current?.id) return;
    const { job } = this.#current;
    if ("stage" in reply) return job.progress?.(reply.stage, reply.fraction);
    if ("failure" in reply && reply.fatal) return this.#failed(thrown(reply.failure));
    this.#current = undefined;
    if ("failure" in reply) job.failed(thrown(reply.failure));
    else job.done(reply.output);
    this.#next();
  }

  /** The worker is of no more use, and what it worked on failed. */
  #failed(error: VelumError): void {
    const job = this.#current?.job;
    this.#end();
    job?.failed(error);
    this.#next();
  }

  /** Nobody waits for the job any longer. */
  #abandon(job: Job): void {
    if (this.#current?.job !== job) {
      this.#queue = this.#queue.filter((queued) => queued !== job);
    } else if (job.stop) {
      Atomics.store(job.stop, 0, 1);
    } else {
      this.#end();
      this.#next();
    }
  }

  #end(): void {
    this.#worker?.watch.abort();
    this.#worker?.handle.terminate();
    this.#worker = undefined;
    this.#current = undefined;
  }
}

/**
 * Calls `ended` once the worker that holds this lock is no more. Of a Web Worker that the browser or someone else ended
 * there is no other sign.
 */
function watchLock(name: string, signal: AbortSignal, ended: () => void): void {
  locks()
    ?.request(name, { signal }, ended)
    .catch(() => {
      // The watch is over: the worker was ended here.
    });
}

/** The failure as an error. */
export function thrown({ code, where, message }: Failure): VelumError {
  return new VelumError(code, where, message);
}

export function cancelled(signal: AbortSignal): VelumError {
  return new VelumError("cancelled", "signal", "the call was aborted", { cause: signal.reason });
}

export function disposed(): VelumError {
  return new VelumError("disposed", "dispose", "dispose() was called; make a new one");
}

function workerFailed(reason: string): VelumError {
  const message = `the worker ended (${reason}); call again, which starts a new one`;
  return new VelumError("worker_failed", "worker", message);
}

function loadFailed(reason: string): VelumError {
  const message = `the worker could not be loaded (${reason}); check that its script and the WebAssembly are served, and the page's CSP`;
  return new VelumError("load_failed", "worker", message);
}
