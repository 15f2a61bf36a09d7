// The engines that the package is tested in, which the page is tested in too. They are no part of what the package publishes, so they are found by
// where they lie.

import { pathToFileURL } from "node:url";

/** A page that an engine shows. */
export interface EnginePage {
  /** Which engine shows it. */
  readonly version: string;
  /** What a function resolves to on the page. It is sent as its source, and so can name nothing from outside. */
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
