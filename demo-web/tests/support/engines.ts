// The engines in which the package is tested. The page is tested in them too. They are not part of what the package
// publishes, so they are found by their location.

import { pathToFileURL } from "node:url";

/** A page in an engine. */
export interface EnginePage {
  /** Which engine shows the page. */
  readonly version: string;
  /**
   * Runs a function on the page, and resolves to its result. The function is sent as its source, so it cannot refer to
   * anything outside.
   */
  evaluate<A, R>(work: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  reload(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Engine {
  open(url: string, options: { readonly sharesMemory: boolean }): Promise<EnginePage>;
  close(): Promise<void>;
}

interface Engines {
  startEngine(name: string): Promise<Engine>;
}

export async function startEngine(name: string): Promise<Engine> {
  const engines = (await import(pathToFileURL("../bindings-wasm/test/engines/engines.mjs").href)) as Engines;
  return engines.startEngine(name);
}
