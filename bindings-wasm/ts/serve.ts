// The worker's side: loads its WebAssembly, then answers calls in their order.

import type { Failure } from "./errors.js";
import { buffers, locks, parent } from "./host.js";
import type { GpuState } from "./gpu.js";
import type { Call, Calls, FromWorker, Setup, Shared, ToWorker } from "./protocol.js";
import type { Device, Stage, StageTiming } from "./types.js";

/** Follows one call. */
export class Watch {
  readonly #report: (stage: Stage, fraction: number, device: Device) => void;
  readonly #stop: Int32Array<SharedArrayBuffer> | undefined;
  readonly #start = performance.now();
  #stage: { stage: Stage; device: Device; since: number } | undefined;
  readonly #spent: StageTiming[] = [];

  constructor(
    report: (stage: Stage, fraction: number, device: Device) => void,
    stop: Int32Array<SharedArrayBuffer> | undefined,
  ) {
    this.#report = report;
    this.#stop = stop;
  }

  /** Called by the prover as a stage begins. Returning false stops the prover. */
  readonly progress = (stage: Stage, fraction: number, device: Device): boolean => {
    this.#close();
    this.#stage = { stage, device, since: performance.now() };
    this.#report(stage, fraction, device);
    return !this.stopped;
  };

  get stopped(): boolean {
    return this.#stop !== undefined && Atomics.load(this.#stop, 0) !== 0;
  }

  get ms(): number {
    return performance.now() - this.#start;
  }

  /** How long each stage took. The time before the first stage belongs to none. */
  timings(): StageTiming[] {
    this.#close();
    return this.#spent;
  }

  #close(): void {
    if (this.#stage === undefined) return;
    const { stage, device, since } = this.#stage;
    let spent = this.#spent.find((timing) => timing.stage === stage && timing.device === device);
    if (spent === undefined) this.#spent.push((spent = { stage, device, ms: 0 }));
    spent.ms += performance.now() - since;
    this.#stage = undefined;
  }
}

/** The functions that answer calls. */
export type Handlers<C extends Calls> = {
  [V in keyof C]: (input: C[V]["input"], watch: Watch) => C[V]["output"] | Promise<C[V]["output"]>;
};

/** Loads the WebAssembly. `recruit` resolves once helpers have joined, and `tell` reports the state of a GPU. */
export type Load<C extends Calls> = (
  setup: Setup,
  recruit: (shared: Shared) => Promise<void>,
  tell: (gpu: GpuState) => void,
) => Promise<Handlers<C>>;

/** Prepares to lend this worker's thread. The returned function lends it, until this worker is ended. */
export type Join = (shared: Shared) => Promise<() => void>;

/** Serves the calls whose handlers `load` provides, or helps another worker. */
export function serve<C extends Calls>(load: Load<C>, join?: Join): void {
  const port = parent();
  const post = (message: FromWorker, transfer: Transferable[] = []) => port.post(message, transfer);
  const begun = holdLock().then((lock) => post({ began: lock }));
  let handlers: Handlers<C> | undefined;
  let recruited: (() => void) | undefined;

  const begin = async (setup: Setup) => {
    const recruit = (shared: Shared) =>
      new Promise<void>((resolve) => {
        recruited = resolve;
        post({ recruit: shared });
      });
    try {
      [handlers] = await Promise.all([load(setup, recruit, (gpu) => post({ gpu })), begun]);
      post({ ready: true });
    } catch (reason) {
      post({ broken: notLoaded(reason) });
    }
  };

  const help = async (shared: Shared) => {
    let lend: (() => void) | undefined;
    try {
      [lend] = await Promise.all([join?.(shared), begun]);
    } catch (reason) {
      post({ broken: notLoaded(reason) });
      return;
    }
    post({ ready: true });
    try {
      lend?.();
    } catch (reason) {
      post({ broken: broken(reason) });
    }
  };

  const answer = async ({ id, verb, input, stop }: Call) => {
    const watch = new Watch((stage, fraction, device) => post({ id, stage, fraction, device }), stop);
    try {
      if (watch.stopped) throw { code: "cancelled", where: "signal", message: "cancelled before it began" };
      const output: unknown = await handlers?.[verb as keyof C](input, watch);
      post({ id, output }, buffers(output));
    } catch (thrown) {
      // If the prover contradicts itself, the cause may last as long as this worker.
      if (isFailure(thrown)) post({ id, failure: thrown, fatal: thrown.code === "internal" });
      else post({ id, failure: broken(thrown), fatal: true });
    }
  };

  port.listen((data) => {
    const message = data as ToWorker;
    if ("setup" in message) void begin(message.setup);
    else if ("join" in message) void help(message.join);
    else if ("recruited" in message) recruited?.();
    else void answer(message);
  });
}

/** Tells the page that this worker can no longer be used. */
export function tellOf(failure: Failure): void {
  parent().post({ broken: failure } satisfies FromWorker, []);
}

/** Whether Rust threw it, as an answer. */
export function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "where" in thrown;
}

/** The failure for a trap. The cause says nothing about the input. */
export function broken(thrown: unknown): Failure {
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "an unknown value was thrown";
  return { code: "internal", where: "wasm", message: `${what}; this is a bug, please report it` };
}

/** The reason why there is no WebAssembly to call. */
export function notLoaded(reason: unknown): Failure {
  if (isFailure(reason)) return reason;
  const why = reason instanceof Error ? reason.message : String(reason);
  const message = `the WebAssembly could not be loaded (${why}); check wasmUrl, the page's CSP, and that the file is served`;
  return { code: "load_failed", where: "wasm", message };
}

/** Holds a lock until this worker has ended, from which the page learns of that. Resolves with the lock's name. */
function holdLock(): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Pages of insecure origins have no `randomUUID`.
    const name = `velum ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const held = locks()?.request(name, () => {
      resolve(name);
      return new Promise<never>(() => undefined);
    });
    // Without locks, as on insecure origins and in sandboxed frames, only errors reveal that a worker ended.
    if (held === undefined) return resolve(undefined);
    held.catch(() => resolve(undefined));
  });
}
