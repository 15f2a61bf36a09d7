// The page's side: starts workers with the first call, hands them one call at a time, and reports how each call ended.
//
// A busy worker receives no messages, so a call under way is stopped in one of two ways. If memory can be shared, a
// flag asks the prover to stop at its next stage, and the worker keeps its keys. Otherwise, or if the flag is not
// heeded, the workers are ended, and the next call starts others. Either way, the caller's promise rejects at once.

import { Crew, type Start } from "./crew.js";
import { cancelled, disposed, loadFailed, thrown, VelumError } from "./errors.js";
import { buffers } from "./host.js";
import { callOptions } from "./input.js";
import type { GpuState } from "./gpu.js";
import type { Call, Calls, OfCall, Setup } from "./protocol.js";
import type { CallOptions } from "./types.js";

/** How long an aborted call may take to stop, in milliseconds. */
const STOP_MS = 2000;

type Progress = NonNullable<CallOptions["onProgress"]>;

interface Job {
  readonly verb: string;
  readonly input: unknown;
  readonly stop: Int32Array<SharedArrayBuffer> | undefined;
  readonly progress: Progress;
  /** `done` and `failed` end the caller's wait, once. */
  readonly done: (output: unknown) => void;
  readonly failed: (error: VelumError) => void;
}

export class WorkerClient<C extends Calls> {
  readonly #start: Start;
  readonly #setups: readonly Setup[];
  readonly #gpu: (state: GpuState | undefined) => void;
  #setup = 0;
  #crew: Crew | undefined;
  #queue: Job[] = [];
  #current: { id: number; job: Job; late?: ReturnType<typeof setTimeout> } | undefined;
  #calls = 0;
  #disposed = false;
  #retired = false;

  /**
   * Uses the first setup that can be loaded. `gpu` is called with each state of a worker's GPU, and with `undefined`
   * when there is no worker any more.
   */
  constructor(start: Start, setups: readonly Setup[], gpu: (state: GpuState | undefined) => void = () => undefined) {
    this.#start = start;
    this.#setups = setups;
    this.#gpu = gpu;
  }

  /** The place of the setup that is used. */
  get setup(): number {
    return this.#setup;
  }

  /** Calls the worker. All bytes in `input` are moved to it. */
  call<V extends keyof C & string>(verb: V, input: C[V]["input"], options?: CallOptions): Promise<C[V]["output"]> {
    return new Promise((resolve, reject) => {
      const { signal, onProgress } = callOptions(options);
      if (this.#disposed) return reject(disposed());
      if (signal?.aborted) return reject(cancelled(signal));
      const stop = typeof SharedArrayBuffer === "undefined" ? undefined : new Int32Array(new SharedArrayBuffer(4));
      const abort = () => {
        if (signal) job.failed(cancelled(signal));
        this.#abandon(job);
      };
      let last: Parameters<Progress> | undefined;
      let hasThrown = false;
      const progress: Progress = (...stage) => {
        if (signal?.aborted || hasThrown) return;
        last = stage;
        try {
          onProgress?.(...stage);
        } catch (cause) {
          hasThrown = true;
          const message = "onProgress threw, so the call stopped; see `cause`";
          job.failed(new VelumError("cancelled", "onProgress", message, { cause }));
          this.#abandon(job);
        }
      };
      const job: Job = {
        verb,
        input,
        stop,
        progress,
        done: (output) => {
          if (last !== undefined && last[1] < 1) progress(last[0], 1, last[2]);
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

  retire(): void {
    this.#retired = true;
    this.#next();
  }

  #next(): void {
    if (this.#current) return;
    const job = this.#queue.shift();
    if (job === undefined) return this.#retired ? this.#end() : this.#crew?.hold(false);
    this.#current = { id: ++this.#calls, job };
    try {
      this.#crew ??= this.#assembled();
    } catch (cause) {
      return this.#failed(cause instanceof VelumError ? cause : loadFailed(String(cause)));
    }
    this.#crew.hold(true);
    if (this.#crew.loaded) this.#post();
  }

  #assembled(): Crew {
    return new Crew(this.#start, this.#setups[this.#setup] as Setup, {
      loaded: () => this.#post(),
      told: (message) => this.#told(message),
      gpu: this.#gpu,
      failed: (error) => this.#failed(error),
    });
  }

  #post(): void {
    if (this.#current === undefined) return;
    const { id, job } = this.#current;
    const { verb, input, stop } = job;
    try {
      this.#crew?.post({ id, verb, input, stop } satisfies Call, buffers(input));
    } catch (cause) {
      // The arguments were checked. Anything else that cannot be sent must not stop the queue.
      this.#settled();
      job.failed(new VelumError("malformed", "arguments", "cannot be sent to a worker; see `cause`", { cause }));
      this.#next();
    }
  }

  #told(message: OfCall): void {
    if (message.id !== this.#current?.id) return;
    const { job } = this.#current;
    if ("stage" in message) return job.progress(message.stage, message.fraction, message.device);
    if ("failure" in message && message.fatal) return this.#failed(thrown(message.failure));
    this.#settled();
    if ("failure" in message) job.failed(thrown(message.failure));
    else job.done(message.output);
    this.#next();
  }

  /** The workers can no longer be used. Their call failed, unless other workers may make it. */
  #failed(error: VelumError): void {
    const job = this.#current?.job;
    this.#end();
    const unloadable = error.code === "load_failed";
    if (unloadable) this.#setup = (this.#setup + 1) % this.#setups.length;
    // Nothing of a call is sent before a worker can answer it, so the job is still whole.
    if (job && unloadable && this.#setup > 0) this.#queue.unshift(job);
    else job?.failed(error);
    this.#next();
  }

  /** Nobody waits for the job any longer. */
  #abandon(job: Job): void {
    if (this.#current?.job !== job) {
      this.#queue = this.#queue.filter((queued) => queued !== job);
      return;
    }
    if (this.#current.late !== undefined) return;
    const end = () => {
      this.#end();
      this.#next();
    };
    // Workers that are still loading do not look at the flag.
    if (job.stop === undefined || !this.#crew?.loaded) return end();
    Atomics.store(job.stop, 0, 1);
    this.#current.late = setTimeout(end, STOP_MS);
  }

  #end(): void {
    if (this.#crew !== undefined) this.#gpu(undefined);
    this.#crew?.end();
    this.#crew = undefined;
    this.#settled();
  }

  #settled(): void {
    clearTimeout(this.#current?.late);
    this.#current = undefined;
  }
}
