// A module's WebAssembly, of which a thread has one instance, whoever calls it.

import { compileFrom, type WasmFile } from "./compile.js";
import type { Source } from "./source.js";

/** What wasm-bindgen writes to make an instance of a module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;

/** One module's WebAssembly. */
export class Instance {
  /** Whether a call trapped, after which it is not safe to use. */
  trapped = false;
  readonly #init: Init;
  readonly #file: WasmFile;
  #made: Promise<unknown> | undefined;

  constructor(init: Init, file: WasmFile) {
    [this.#init, this.#file] = [init, file];
  }

  /** Loads it, from its file where nothing else is given. Two that load it get the same instance: what the one made is of no use in that of the other. */
  async load(source: Source | undefined): Promise<void> {
    const module = await compileFrom(source, this.#file);
    this.#made ??= this.#init({ module_or_path: module });
    await this.#made.catch((reason: unknown) => {
      this.#made = undefined;
      throw reason;
    });
  }
}
