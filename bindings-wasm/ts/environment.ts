// Chooses the build that runs here, and says why.

import { VelumError } from "./errors.js";
import { node, processors } from "./host.js";

/** A build of the prover: with SIMD and threads, with SIMD, or for engines without SIMD. */
export type Build = "simd-threads" | "simd" | "scalar";

/** What runs here. */
export interface Environment {
  /** The build that proves. */
  readonly build: Build;
  /** Number of threads that prove. */
  readonly threads: number;
  /** Why this build was chosen. */
  readonly reason: string;
  /** Whether the engine has SIMD. */
  readonly simd: boolean;
  /** Whether the page is isolated by COOP and COEP. */
  readonly crossOriginIsolated: boolean;
}

/** Options that choose the build. */
export interface BuildOptions {
  /**
   * The build to use. By default, a prover uses the fastest build that runs here. It uses threads only on pages that
   * are isolated by COOP and COEP, because memory cannot be shared elsewhere. In Node, it uses threads only if they are
   * asked for.
   *
   * @defaultValue "auto"
   */
  build?: Build | "auto";
  /**
   * Number of threads that prove, in a build with threads: 1 to 64. The default is one per processor, at most eight.
   */
  threads?: number;
}

const BUILDS: readonly string[] = ["auto", "simd-threads", "simd", "scalar"] satisfies (Build | "auto")[];

/** More threads than this gain nothing, because the remaining work is done by one thread. */
const MOST_THREADS = 8;
/** A larger number is a mistake. */
const LIMIT = 64;

// (module (func (result v128) (i8x16.splat (i32.const 0))))
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
]);

/** Says which build would run here, and why. Starts nothing. */
export function environment(): Environment {
  return choose({});
}

/** The environment for the given options. */
export function choose({ build = "auto", threads }: BuildOptions): Environment {
  const isCount = threads === undefined || (Number.isInteger(threads) && threads >= 1 && threads <= LIMIT);
  if (!isCount) throw new VelumError("malformed", "threads", `not a whole number from 1 to ${LIMIT}`);
  const found = look();
  if (!BUILDS.includes(build)) {
    throw new VelumError("malformed", "build", `not one of "${BUILDS.join('", "')}"`);
  }
  if (build !== "auto") {
    const missing = lacks(build, found);
    if (missing !== undefined)
      throw new VelumError("unsupported", "build", `${missing}; ask for "auto" or another build`);
    return environmentOf(build, "it was asked for", found, threads);
  }
  if (!found.wasm) return environmentOf("scalar", "this engine has no WebAssembly, so nothing can be proven", found);
  if (!found.simd) return environmentOf("scalar", "this engine has no SIMD", found);
  const obstacle = noThreads(found);
  if (obstacle !== undefined) return withoutThreads(obstacle, found);
  const reason = "this engine has SIMD, and the page is isolated, so threads can share memory";
  return environmentOf("simd-threads", reason, found, threads);
}

/** The environment without threads, for engines that have SIMD but cannot use threads. */
export function withoutThreads(obstacle = "they could not be started", found = look()): Environment {
  return environmentOf("simd", `this engine has SIMD, but no threads are used: ${obstacle}`, found);
}

interface Found {
  wasm: boolean;
  simd: boolean;
  sharedMemory: boolean;
  crossOriginIsolated: boolean;
  /** Whether this is a page or a worker of a page. Nothing else can be isolated. */
  isPage: boolean;
  processors: number;
}

function look(): Found {
  const wasm = typeof WebAssembly === "object" && typeof WebAssembly.validate === "function";
  return {
    wasm,
    simd: wasm && WebAssembly.validate(SIMD_PROBE),
    sharedMemory: typeof SharedArrayBuffer === "function",
    crossOriginIsolated: (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true,
    isPage: node()?.getBuiltinModule === undefined,
    processors: processors(),
  };
}

/** What the build needs and this engine lacks, if anything. */
function lacks(build: Build, found: Found): string | undefined {
  if (build === "scalar") return undefined;
  if (!found.simd) return "this engine has no SIMD";
  return build === "simd-threads" ? noSharedMemory(found) : undefined;
}

/** Why memory cannot be shared, if it cannot. */
function noSharedMemory({ sharedMemory, crossOriginIsolated, isPage }: Found): string | undefined {
  if (sharedMemory) return undefined;
  return isPage && !crossOriginIsolated
    ? "the page is not isolated by COOP and COEP, so memory cannot be shared"
    : "this engine cannot share memory";
}

/** Why threads are not used by default, if they are not. */
function noThreads(found: Found): string | undefined {
  const obstacle = noSharedMemory(found);
  if (obstacle !== undefined) return obstacle;
  if (!found.isPage) return "outside of pages they are used only if they are asked for";
  if (!found.crossOriginIsolated) return "the page is not isolated by COOP and COEP";
  return found.processors < 2 ? "there is only one processor" : undefined;
}

function environmentOf(build: Build, reason: string, found: Found, threads?: number): Environment {
  const { simd, crossOriginIsolated, processors } = found;
  const most = threads ?? Math.min(processors, MOST_THREADS);
  return {
    build,
    threads: build === "simd-threads" ? most : 1,
    reason,
    simd,
    crossOriginIsolated,
  };
}
