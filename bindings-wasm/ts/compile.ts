// Getting at WebAssembly, in a worker or on a server: the entry for pages imports nothing of this.

import { node } from "./host.js";

/** Fetches, or in Node reads, and compiles a module. */
export async function compile(url: URL): Promise<WebAssembly.Module> {
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
