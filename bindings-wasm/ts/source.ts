// What callers say of a module's WebAssembly: where it is, or what it is.

import { VelumError } from "./errors.js";
import { address, bytes, isBytes } from "./input.js";

/** A compiled `WebAssembly.Module`. TypeScript declares that type for browsers alone, and without members. */
export type WasmModule = object;

/** WebAssembly that is at hand: compiled, or its bytes. */
export type Wasm = WasmModule | Uint8Array;

/** WebAssembly, or the address of some. */
export type Source = Wasm | string;

/** The WebAssembly that a caller gives, if it gives one. `where` is the option's name, beside which the one of its address ends in `Url`. */
export function source(wasm: Wasm | undefined, wasmUrl: string | URL | undefined, where = "wasm"): Source | undefined {
  if (wasm === undefined) return address(wasmUrl, `${where}Url`);
  if (wasmUrl !== undefined) throw new VelumError("malformed", where, `leave out either this or ${where}Url`);
  if (isBytes(wasm)) return bytes(wasm, where);
  if (isModule(wasm)) return wasm;
  throw new VelumError("malformed", where, "neither a WebAssembly.Module nor a Uint8Array");
}

/** Of any realm, as bytes are. */
function isModule(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}
