// The workers behind a client: the one that is called, and helpers that lend it their threads. All of them are started here,
// for a worker that is called hears nothing while it works, not even that it lost a helper. Whichever is lost, all end.

import { loadFailed, thrown, VelumError, workerFailed } from "./errors.js";
import { locks, type WorkerEvents, type WorkerHandle } from "./host.js";
import type { GpuState } from "./gpu.js";
import type { FromRunning, FromWorker, OfCall, Setup, Shared, ToWorker } from "./protocol.js";

/** Starts a worker. */
export type Start = (events: WorkerEvents) => WorkerHandle;

/** What becomes of a crew. */
export interface CrewEvents {
  /** It can be called. */
  readonly loaded: () => void;
  readonly told: (message: OfCall) => void;
  readonly gpu: (state: GpuState) => void;
  /** It is of no more use. */
  readonly failed: (error: VelumError) => void;
}

/** No script takes that long to begin. Until a worker holds its lock there is no other sign that it was ended. */
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

  /** Calls it, once it is loaded. */
  post(message: ToWorker, transfer: Transferable[]): void {
    this.#called.post(message, transfer);
  }

  /** Whether the process must stay for it. */
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
        if (!worker.tellsItsEnd) watchLock(message.began, signal, () => failed("it was ended from outside"));
      },
      failed,
    });
    const late = setTimeout(() => failed("its script does not begin"), BEGIN_MS);
    this.#late.push(late);
    this.#workers.push(worker);
    worker.post(first, []);
    return worker;
  }
}

/**
 * Calls `ended` once the worker that holds this lock is no more. Of a Web Worker that the browser or someone else ended
 * there is no other sign.
 */
function watchLock(name: string | undefined, signal: AbortSignal, ended: () => void): void {
  if (name === undefined) return;
  locks()
    ?.request(name, { signal }, ended)
    .catch(() => {
      // The watch is over: the worker was ended here.
    });
}
