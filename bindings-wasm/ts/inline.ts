// Modules whose calls take so little that they run where they are made, without a worker and without keys.

import { compile } from "./compile.js";
import { thrown, trappedBefore } from "./errors.js";
import { address, optionsOf } from "./input.js";
import { broken, isFailure, notLoaded } from "./serve.js";

/** What wasm-bindgen writes to make an instance of a module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;

/** Where its WebAssembly is, for pages that serve it elsewhere. */
export interface InlineOptions {
  wasmUrl?: string | URL;
}

/** One module, of which a thread has one instance. */
export class Inline {
  readonly #init: Init;
  readonly #url: () => URL;
  #loading: Promise<void> | undefined;
  /** Whether a call trapped, after which it is not safe to use. */
  #trapped = false;

  /** Loads nothing. `url` is where the WebAssembly is, unless the first caller says otherwise. */
  constructor(init: Init, url: () => URL) {
    this.#init = init;
    this.#url = url;
  }

  /** Loads the module if it is not there yet, and calls it. */
  async call<T>(options: InlineOptions, call: () => T | Promise<T>): Promise<T> {
    const wasmUrl = address(optionsOf(options, ["wasmUrl"]).wasmUrl, "wasmUrl");
    this.#loading ??= this.#load(wasmUrl === undefined ? this.#url() : new URL(wasmUrl));
    await this.#loading.catch((reason: unknown) => {
      this.#loading = undefined;
      throw thrown(notLoaded(reason));
    });
    if (this.#trapped) throw trappedBefore();
    try {
      return await call();
    } catch (reason) {
      if (isFailure(reason)) throw thrown(reason);
      this.#trapped = true;
      throw thrown(broken(reason));
    }
  }

  async #load(url: URL): Promise<void> {
    await this.#init({ module_or_path: await compile(url) });
  }
}
