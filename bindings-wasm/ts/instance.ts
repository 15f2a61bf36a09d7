// A module's WebAssembly, of which each thread has one instance, whoever calls it.

import { compileFrom, type WasmFile } from "./compile.js";
import type { Source } from "./source.js";

/** The function that wasm-bindgen writes to instantiate a module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;

/** The WebAssembly of one module. */
export class Instance {
  /** Whether a call trapped. After a trap, the instance is not safe to use. */
  trapped = false;
  readonly #init: Init;
  readonly #file: WasmFile;
  #made: Promise<unknown> | undefined;

  constructor(init: Init, file: WasmFile) {
    [this.#init, this.#file] = [init, file];
  }

  /**
   * Loads the module, from its file unless a source is given. Two callers that load it get the same instance, because
   * what one instance made is of no use in another.
   */
  async load(source: Source | undefined): Promise<void> {
    const module = await compileFrom(source, this.#file);
    this.#made ??= this.#init({ module_or_path: module });
    await this.#made.catch((reason: unknown) => {
      this.#made = undefined;
      throw reason;
    });
  }
}
