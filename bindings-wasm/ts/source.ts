// What callers provide for a module's WebAssembly: its address, or the WebAssembly itself.

import { VelumError } from "./errors.js";
import { address, bytes, isBytes } from "./input.js";

/** A compiled `WebAssembly.Module`. TypeScript declares that type only for browsers, and without members. */
export type WasmModule = object;

/** WebAssembly that the caller already has, compiled or as bytes. */
export type Wasm = WasmModule | Uint8Array;

/** WebAssembly, or its address. */
export type Source = Wasm | string;

/**
 * The WebAssembly that a caller provides, if any. `where` is the name of the option. The option for the address has the
 * same name with `Url` at its end.
 */
export function source(wasm: Wasm | undefined, wasmUrl: string | URL | undefined, where = "wasm"): Source | undefined {
  if (wasm === undefined) return address(wasmUrl, `${where}Url`);
  if (wasmUrl !== undefined) throw new VelumError("malformed", where, `give either this or ${where}Url, not both`);
  if (isBytes(wasm)) return bytes(wasm, where);
  if (isModule(wasm)) return wasm;
  throw new VelumError("malformed", where, "neither a WebAssembly.Module nor a Uint8Array");
}

/** Accepts a module of any realm, as `isBytes` does for bytes. */
function isModule(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}
