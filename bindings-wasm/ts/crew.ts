// The workers behind a client: the worker that is called, and helpers that lend it their threads. This module starts
// all of them, because a called worker receives no messages while it works, not even that it lost a helper. If any of
// them is lost, all are ended.

import { loadFailed, thrown, VelumError, workerFailed } from "./errors.js";
import { locks, type WorkerEvents, type WorkerHandle } from "./host.js";
import type { GpuState } from "./gpu.js";
import type { FromRunning, FromWorker, OfCall, Setup, Shared, ToWorker } from "./protocol.js";

/** Starts a worker. */
export type Start = (events: WorkerEvents) => WorkerHandle;

/** Events of a crew. */
export interface CrewEvents {
  /** The crew can be called. */
  readonly loaded: () => void;
  readonly told: (message: OfCall) => void;
  readonly gpu: (state: GpuState) => void;
  /** The crew can no longer be used. */
  readonly failed: (error: VelumError) => void;
}

/** No script takes this long to begin. Until a worker holds its lock, nothing else reveals that it was ended. */
const BEGIN_MS = 30_000;

export class Crew {
  readonly #start: Start;
  readonly #events: CrewEvents;
  readonly #workers: WorkerHandle[] = [];
  readonly #late: ReturnType<typeof setTimeout>[] = [];
  readonly #called: WorkerHandle;
  readonly #over = new AbortController();
  #loaded = false;

  constructor(start: Start, setup: Setup, events: CrewEvents) {
    this.#start = start;
    this.#events = events;
    this.#called = this.#add({ setup }, (message) => {
      if ("recruit" in message) return this.#recruit(setup.threads - 1, message.recruit);
      if ("id" in message) return events.told(message);
      if ("gpu" in message) return events.gpu(message.gpu);
      this.#loaded = true;
      events.loaded();
    });
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** Calls the worker. The crew must be loaded. */
  post(message: ToWorker, transfer: Transferable[]): void {
    this.#called.post(message, transfer);
  }

  /** Sets whether the process must stay alive for the workers. */
  hold(busy: boolean): void {
    for (const worker of this.#workers) worker.hold(busy);
  }

  end(): void {
    this.#over.abort();
    for (const late of this.#late) clearTimeout(late);
    for (const worker of this.#workers) worker.terminate();
  }

  #recruit(helpers: number, shared: Shared): void {
    let missing = helpers;
    const joined = () => {
      missing -= 1;
      if (missing === 0) this.#called.post({ recruited: true } satisfies ToWorker, []);
    };
    try {
      for (let helper = 0; helper < helpers; helper += 1) this.#add({ join: shared }, joined);
    } catch (cause) {
      this.#events.failed(cause instanceof VelumError ? cause : loadFailed(String(cause)));
    }
  }

  #add(first: ToWorker, receive: (message: FromRunning) => void): WorkerHandle {
    const { signal } = this.#over;
    const failed = (reason: string) => {
      if (!signal.aborted) this.#events.failed(this.#loaded ? workerFailed(reason) : loadFailed(reason));
    };
    const worker = this.#start({
      message: (data) => {
        if (signal.aborted) return;
        const message = data as FromWorker;
        if ("broken" in message) return this.#events.failed(thrown(message.broken));
        if (!("began" in message)) return receive(message);
        clearTimeout(late);
        if (!worker.tellsItsEnd) watchLock(message.began, signal, () => failed("it was terminated from outside"));
      },
      failed,
    });
    const late = setTimeout(() => failed("its script did not start"), BEGIN_MS);
    this.#late.push(late);
    this.#workers.push(worker);
    worker.post(first, []);
    return worker;
  }
}

/**
 * Calls `ended` once the worker that holds this lock has ended. If the browser or someone else ends a Web Worker, there
 * is no other sign.
 */
function watchLock(name: string | undefined, signal: AbortSignal, ended: () => void): void {
  if (name === undefined) return;
  locks()
    ?.request(name, { signal }, ended)
    .catch(() => {
      // The watch is over, because this side ended the worker.
    });
}
