// Which build runs here, and why.

import { VelumError } from "./errors.js";

/** A build of the prover: with SIMD, or for engines without it. */
export type Build = "simd" | "scalar";

/** What runs here. */
export interface Environment {
  /** The build that proves. */
  readonly build: Build;
  /** Threads that prove. */
  readonly threads: number;
  /** Why this build and not another. */
  readonly reason: string;
  /** Whether the engine has SIMD. */
  readonly simd: boolean;
  /** Whether the page is isolated by COOP and COEP. */
  readonly crossOriginIsolated: boolean;
}

/** What a caller asks for. */
export interface BuildOptions {
  build?: Build | "auto";
  threads?: number;
}

// (module (func (result v128) (i8x16.splat (i32.const 0))))
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
]);

/** Says which build would run here, and why. Starts nothing. */
export function environment(): Environment {
  return choose({});
}

/** The build for what is asked. */
export function choose({ build = "auto" }: BuildOptions): Environment {
  const supported = typeof WebAssembly === "object" && typeof WebAssembly.validate === "function";
  const simd = supported && WebAssembly.validate(SIMD_PROBE);
  const crossOriginIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  const found = { threads: 1, simd, crossOriginIsolated };
  if (build === "simd" && !simd) {
    throw new VelumError("unsupported", "build", 'this engine has no SIMD; ask for "auto" or "scalar"');
  }
  if (build !== "auto") return { ...found, build, reason: "it was asked for" };
  if (!supported) return { ...found, build: "scalar", reason: "there is no WebAssembly here: nothing can be proven" };
  if (!simd) return { ...found, build: "scalar", reason: "this engine has no SIMD" };
  return { ...found, build: "simd", reason: "this engine has SIMD" };
}
