// Calls that run in the calling thread, because they take milliseconds. `Here` has the interface of a worker's client,
// without a worker.

import { cancelled, disposed, thrown, trappedBefore } from "./errors.js";
import { callOptions } from "./input.js";
import type { Instance } from "./instance.js";
import type { Calls } from "./protocol.js";
import { broken, type Handlers, isFailure, notLoaded, Watch } from "./serve.js";
import type { AbortOptions } from "./types.js";

/** What answers calls: a worker, or the calling thread. */
export interface Engine<C extends Calls> {
  call<V extends keyof C & string>(verb: V, input: C[V]["input"], options?: AbortOptions): Promise<C[V]["output"]>;
  dispose(): void;
  /** Called when the owner was dropped. Ends once the calls under way have been answered. */
  retire(): void;
}

/** Answers calls in the calling thread. */
export class Here<C extends Calls> implements Engine<C> {
  readonly #load: () => Promise<Handlers<C>>;
  readonly #instances: readonly Instance[];
  #handlers: Promise<Handlers<C>> | undefined;
  #disposed = false;

  /** `instances` are the WebAssembly instances that the handlers call. */
  constructor(load: () => Promise<Handlers<C>>, instances: readonly Instance[]) {
    this.#load = load;
    this.#instances = instances;
  }

  async call<V extends keyof C & string>(
    verb: V,
    input: C[V]["input"],
    options?: AbortOptions,
  ): Promise<C[V]["output"]> {
    const { signal } = callOptions(options);
    const check = () => {
      if (this.#disposed) throw disposed();
      if (this.#instances.some(({ trapped }) => trapped)) throw trappedBefore();
      if (signal?.aborted) throw cancelled(signal);
    };
    check();
    this.#handlers ??= this.#load();
    const handlers = await this.#handlers.catch((reason: unknown) => {
      this.#handlers = undefined;
      throw thrown(notLoaded(reason));
    });
    check();
    try {
      return await handlers[verb](input, new Watch(() => undefined, undefined));
    } catch (reason) {
      if (isFailure(reason)) throw thrown(reason);
      // It is not known which instance trapped.
      for (const instance of this.#instances) instance.trapped = true;
      throw thrown(broken(reason));
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#handlers = undefined;
  }

  retire(): void {
    // There is no worker to end.
  }
}
