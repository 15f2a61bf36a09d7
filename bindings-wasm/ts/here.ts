// Calls that run in the thread that makes them, for what takes milliseconds: as a worker's client, without a worker.

import { cancelled, disposed, thrown, trappedBefore } from "./errors.js";
import type { Calls } from "./protocol.js";
import { broken, type Handlers, isFailure, notLoaded, Watch } from "./serve.js";
import type { AbortOptions } from "./types.js";

/** What answers calls: a worker, or this very thread. */
export interface Engine<C extends Calls> {
  call<V extends keyof C & string>(verb: V, input: C[V]["input"], options?: AbortOptions): Promise<C[V]["output"]>;
  dispose(): void;
}

/** One module's WebAssembly, of which a thread has but one instance. */
export class Instance {
  trapped = false;
}

/** Answers calls in this thread. */
export class Here<C extends Calls> implements Engine<C> {
  readonly #load: (wasmUrl: string | undefined) => Promise<Handlers<C>>;
  readonly #instance: Instance;
  readonly #wasmUrl: string | undefined;
  #handlers: Promise<Handlers<C>> | undefined;
  #disposed = false;

  constructor(
    load: (wasmUrl: string | undefined) => Promise<Handlers<C>>,
    instance: Instance,
    wasmUrl: string | undefined,
  ) {
    this.#load = load;
    this.#instance = instance;
    this.#wasmUrl = wasmUrl;
  }

  async call<V extends keyof C & string>(
    verb: V,
    input: C[V]["input"],
    { signal }: AbortOptions = {},
  ): Promise<C[V]["output"]> {
    const check = () => {
      if (this.#disposed) throw disposed();
      if (this.#instance.trapped) throw trappedBefore();
      if (signal?.aborted) throw cancelled(signal);
    };
    check();
    this.#handlers ??= this.#load(this.#wasmUrl);
    const handlers = await this.#handlers.catch((reason: unknown) => {
      this.#handlers = undefined;
      throw thrown(notLoaded(reason));
    });
    check();
    try {
      return handlers[verb](input, new Watch(() => undefined, undefined));
    } catch (reason) {
      if (isFailure(reason)) throw thrown(reason);
      this.#instance.trapped = true;
      throw thrown(broken(reason));
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#handlers = undefined;
  }
}
