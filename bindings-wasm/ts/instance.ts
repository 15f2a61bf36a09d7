// A module's WebAssembly, of which a thread has one instance, whoever calls it.

import { compile } from "./compile.js";

/** What wasm-bindgen writes to make an instance of a module. */
type Init = (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;

/** One module's WebAssembly. */
export class Instance {
  /** Whether a call trapped, after which it is not safe to use. */
  trapped = false;
  readonly #init: Init;
  #made: Promise<unknown> | undefined;

  constructor(init: Init) {
    this.#init = init;
  }

  /** Loads it from an address. Two that load it get the same instance: what the one made is of no use in that of the other. */
  async load(url: URL): Promise<void> {
    const module = await compile(url);
    this.#made ??= this.#init({ module_or_path: module });
    await this.#made.catch((reason: unknown) => {
      this.#made = undefined;
      throw reason;
    });
  }
}
