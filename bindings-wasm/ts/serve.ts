// The worker's side: loads its WebAssembly, then answers calls in their order.

import { locks, parent } from "./host.js";
import type { Calls, Failure, FromWorker, Setup, ToWorker } from "./protocol.js";
import type { Stage, StageTiming } from "./types.js";

/** Follows one call. */
export class Watch {
  readonly #report: (stage: Stage, fraction: number) => void;
  readonly #stop: Int32Array<SharedArrayBuffer> | undefined;
  readonly #start = performance.now();
  #stage: { name: Stage; since: number } | undefined;
  readonly #spent = new Map<Stage, number>();

  constructor(report: (stage: Stage, fraction: number) => void, stop: Int32Array<SharedArrayBuffer> | undefined) {
    this.#report = report;
    this.#stop = stop;
  }

  /** Called by the prover as a stage begins; false stops it. */
  readonly progress = (stage: Stage, fraction: number): boolean => {
    this.#close();
    this.#stage = { name: stage, since: performance.now() };
    this.#report(stage, fraction);
    return !this.stopped;
  };

  get stopped(): boolean {
    return this.#stop !== undefined && Atomics.load(this.#stop, 0) !== 0;
  }

  get ms(): number {
    return performance.now() - this.#start;
  }

  /** How long each stage took; what comes before the first is in none. */
  timings(): StageTiming[] {
    this.#close();
    return [...this.#spent].map(([stage, ms]) => ({ stage, ms }));
  }

  #close(): void {
    if (this.#stage === undefined) return;
    const { name, since } = this.#stage;
    this.#spent.set(name, (this.#spent.get(name) ?? 0) + performance.now() - since);
    this.#stage = undefined;
  }
}

/** What answers each call. */
export type Handlers<C extends Calls> = { [V in keyof C]: (input: C[V]["input"], watch: Watch) => C[V]["output"] };

/** Lends this worker's thread to another, until it is ended. */
export type Join = (module: WebAssembly.Module, memory: WebAssembly.Memory, ready: () => void) => Promise<void>;

/** Serves the calls that `load` gives the handlers of, or joins another worker. */
export function serve<C extends Calls>(load: (setup: Setup) => Promise<Handlers<C>>, join?: Join): void {
  const port = parent();
  const post = (message: FromWorker, transfer: Transferable[] = []) => port.post(message, transfer);
  let handlers: Promise<Handlers<C>> | undefined;

  const begin = async (setup: Setup) => {
    const [loaded] = await Promise.all([load(setup), holdLock(setup.lock)]);
    post({ ready: true });
    return loaded;
  };

  const receive = async (message: ToWorker) => {
    if ("setup" in message) {
      handlers = begin(message.setup);
      handlers.catch((reason: unknown) => post({ broken: notLoaded(reason) }));
      return;
    }
    if ("join" in message) {
      const { module, memory } = message.join;
      await join?.(module, memory, () => post({ ready: true }));
      return;
    }
    const { id, verb, input, stop } = message;
    const serving = await handlers?.catch(() => undefined);
    if (serving === undefined) return; // The whole worker was reported as broken.
    const watch = new Watch((stage, fraction) => post({ id, stage, fraction }), stop);
    try {
      if (watch.stopped) throw { code: "cancelled", where: "signal", message: "cancelled before it began" };
      const output: unknown = serving[verb as keyof C](input, watch);
      post({ id, output }, buffers(output));
    } catch (thrown) {
      if (isFailure(thrown)) post({ id, failure: thrown, fatal: false });
      else post({ id, failure: broken(thrown), fatal: true });
    }
  };
  port.listen((data) => void receive(data as ToWorker));
}

/** Whether Rust threw it, as an answer. */
export function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "where" in thrown;
}

/** A trap: what it was tells nothing of the input. */
export function broken(thrown: unknown): Failure {
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "an unknown value was thrown";
  return { code: "internal", where: "wasm", message: `${what}; this is a bug, please report it` };
}

/** Why there is no WebAssembly to call. */
export function notLoaded(reason: unknown): Failure {
  if (isFailure(reason)) return reason;
  const why = reason instanceof Error ? reason.message : String(reason);
  const message = `the WebAssembly could not be loaded (${why}); check that it is served, wasmUrl, and the page's CSP`;
  return { code: "load_failed", where: "wasm", message };
}

/** Holds a lock until this worker is no more, which is how the page learns of it. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve) => {
    const held = locks()?.request(name, () => {
      resolve();
      return new Promise<never>(() => undefined);
    });
    if (held === undefined) return resolve();
    // Without locks, as in a sandboxed frame, only errors tell.
    held.catch(() => resolve());
  });
}

/** The buffers of an answer, which are moved and not copied. */
function buffers(output: unknown): Transferable[] {
  if (output instanceof Uint8Array) return [output.buffer as ArrayBuffer];
  const bytes = (output as { bytes?: unknown } | undefined)?.bytes;
  return bytes instanceof Uint8Array ? [bytes.buffer as ArrayBuffer] : [];
}
