// Loads and compiles WebAssembly, in a worker or on a server. The entry for pages imports nothing from this module.

import { node } from "./host.js";
import { isBytes } from "./input.js";
import { installed } from "./installed.js";
import type { Source } from "./source.js";

/** A WebAssembly file of the package. */
export interface WasmFile {
  readonly name: string;
  /** Its address, written out in full where this object is made, because bundlers find the file by that expression. */
  readonly url: () => URL;
}

/** Compiles what a caller provided, or else a file of the package. */
export async function compileFrom(source: Source | undefined, file: WasmFile): Promise<WebAssembly.Module> {
  if (typeof source === "string") return compile(new URL(source));
  if (source === undefined) return compile(addressOf(file));
  return isBytes(source) ? WebAssembly.compile(source as Uint8Array<ArrayBuffer>) : source;
}

function addressOf({ name, url }: WasmFile): URL {
  const address = url();
  // Next's bundles give the address at which pages find the file, which has no origin. Some bundles do so on servers
  // too.
  const isForPages = address.protocol === "" && node()?.getBuiltinModule !== undefined;
  return isForPages ? installed(name) : address;
}

/** Compiles a module, which is fetched or, in Node, read from a file. */
async function compile(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:") {
    const files = node()?.getBuiltinModule?.("node:fs/promises");
    if (files !== undefined) return WebAssembly.compile(await files.readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  // Engines stream exactly this type, without parameters. If a server sends another type, this costs time and nothing
  // else.
  const type = response.headers.get("content-type")?.toLowerCase();
  if (type !== "application/wasm") return WebAssembly.compile(await response.arrayBuffer());
  return WebAssembly.compileStreaming(response);
}
