// Getting at WebAssembly, in a worker or on a server: the entry for pages imports nothing of this.

import { node } from "./host.js";
import { isBytes } from "./input.js";
import { installed } from "./installed.js";
import type { Source } from "./source.js";

/** A file of the package. */
export interface WasmFile {
  readonly name: string;
  /** Its address, written out in full where this is made: bundlers find it by that. */
  readonly url: () => URL;
}

/** Compiles what a caller gave, or else a file of the package. */
export async function compileFrom(source: Source | undefined, file: WasmFile): Promise<WebAssembly.Module> {
  if (typeof source === "string") return compile(new URL(source));
  if (source === undefined) return compile(addressOf(file));
  return isBytes(source) ? WebAssembly.compile(source as Uint8Array<ArrayBuffer>) : source;
}

function addressOf({ name, url }: WasmFile): URL {
  const address = url();
  // Next's bundles tell where pages find it, by an address without an origin, and some on servers too.
  const isForPages = address.protocol === "" && node()?.getBuiltinModule !== undefined;
  return isForPages ? installed(name) : address;
}

/** Fetches, or in Node reads, and compiles a module. */
async function compile(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:") {
    const files = node()?.getBuiltinModule?.("node:fs/promises");
    if (files !== undefined) return WebAssembly.compile(await files.readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  // Engines stream this very type, without parameters. Servers that say another cost time, and nothing else.
  const type = response.headers.get("content-type")?.toLowerCase();
  if (type !== "application/wasm") return WebAssembly.compile(await response.arrayBuffer());
  return WebAssembly.compileStreaming(response);
}
