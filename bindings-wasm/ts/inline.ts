// Modules whose calls are so short that they run in the calling thread, without a worker and without keys.

import { compileFrom, type WasmFile } from "./compile.js";
import { thrown, trappedBefore } from "./errors.js";
import { optionsOf } from "./input.js";
import { broken, isFailure, notLoaded } from "./serve.js";
import { type Source, source, type Wasm } from "./source.js";

/** The function that wasm-bindgen writes to instantiate a module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;

/** The address of the WebAssembly, or the WebAssembly itself. */
export interface InlineOptions {
  wasmUrl?: string | URL | undefined;
  wasm?: Wasm | undefined;
}

/** One module, of which each thread has one instance. */
export class Inline {
  readonly #init: Init;
  readonly #file: WasmFile;
  #loading: Promise<void> | undefined;
  /** Whether a call trapped. After a trap, the instance is not safe to use. */
  #trapped = false;

  /** Loads nothing. The WebAssembly comes from the file, unless the first caller provides it. */
  constructor(init: Init, file: WasmFile) {
    [this.#init, this.#file] = [init, file];
  }

  /** Loads the module if it is not loaded yet, and calls it. */
  async call<T>(options: InlineOptions, call: () => T | Promise<T>): Promise<T> {
    const { wasm, wasmUrl } = optionsOf(options, ["wasmUrl", "wasm"]);
    const given = source(wasm, wasmUrl);
    this.#loading ??= this.#load(given);
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

  async #load(given: Source | undefined): Promise<void> {
    await this.#init({ module_or_path: await compileFrom(given, this.#file) });
  }
}
