// What a prover may do with a GPU, and the state of that GPU.

import type { Build } from "./environment.js";
import { VelumError } from "./errors.js";

/**
 * Whether a GPU proves:
 *
 * - `auto`: the GPU proves what it is faster at, once it is ready. The CPU proves until then, and if the GPU fails.
 *   Adapters that compute on the CPU are never chosen.
 * - `off`: the GPU never proves.
 * - `require`: the GPU always proves, on whatever adapter there is. Calls wait until it is ready, and reject with
 *   `gpu_unavailable` if it fails.
 */
export type GpuPolicy = "auto" | "off" | "require";

const POLICIES: readonly string[] = ["auto", "off", "require"] satisfies GpuPolicy[];

/** How long proofs of tables with 2^`logHeight` rows took on both devices. */
export interface Timing {
  logHeight: number;
  cpuMs: number;
  gpuMs: number;
}

/** The state of a worker's GPU, as Rust reports it. */
export interface GpuState {
  state: "off" | "absent" | "opening" | "ready" | "failed";
  adapter: string | null;
  software: boolean;
  error: string | null;
  calibration: Timing[] | null;
}

/** The GPU of a prover. */
export interface GpuEnvironment {
  readonly policy: GpuPolicy;
  /**
   * The state of the GPU:
   *
   * - `off`: it is not asked for.
   * - `absent`: there is no GPU that may be used.
   * - `available`: nobody has opened it yet. Before its first call, a prover does not know whether there is one.
   * - `opening`: its kernels are being compiled, and it is being measured.
   * - `ready`: it proves what it is faster at, or everything if it is required.
   * - `failed`: it is no longer used.
   */
  readonly state: "off" | "absent" | "available" | "opening" | "ready" | "failed";
  /** The adapter, as far as the browser describes it. */
  readonly adapter: string | undefined;
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
  /** Why the GPU proves, or why it does not. */
  readonly reason: string;
}

// TypeScript's own types for WebGPU differ between its versions.
interface Adapter {
  readonly info: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    isFallbackAdapter?: boolean;
  };
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

interface Scope {
  readonly navigator?: { readonly gpu?: Gpu };
  readonly GPUAdapter?: { readonly prototype: object };
  readonly GPUDevice?: { readonly prototype: object };
}

/**
 * WebGPU, in engines whose adapters and devices describe themselves. `wgpu` asks both, and fails if they cannot answer.
 */
function webgpu(): Gpu | undefined {
  const { navigator, GPUAdapter, GPUDevice } = globalThis as Scope;
  const tells = GPUAdapter && "info" in GPUAdapter.prototype && GPUDevice && "adapterInfo" in GPUDevice.prototype;
  return tells ? navigator?.gpu : undefined;
}

/** Why a build cannot use a GPU here, if it cannot. */
export function noGpu(build: Build): string | undefined {
  if (webgpu() === undefined) return NO_WEBGPU;
  if (build === "scalar") return 'the build "scalar" cannot use a GPU';
  return canWait(build)
    ? undefined
    : 'this engine has no Atomics.waitAsync, which the build "simd-threads" needs for a GPU';
}

/**
 * Whether pending calls of a build with a GPU can be woken. Without `Atomics.waitAsync`, a build with threads would
 * need a worker that no strict policy allows.
 */
export function canWait(build: Build): boolean {
  return build !== "simd-threads" || typeof (Atomics as { waitAsync?: unknown }).waitAsync === "function";
}

/** The policy, if it is valid. */
export function gpuPolicy(policy: GpuPolicy): GpuPolicy {
  if (POLICIES.includes(policy)) return policy;
  throw new VelumError("malformed", "gpu", 'not "auto", "off" or "require"');
}

/** A copy of a calibration, if it is valid. */
export function calibrationOf(given: readonly Timing[]): Timing[] {
  const isTime = (ms: unknown) => typeof ms === "number" && ms >= 0 && ms < 1e9;
  const copy = Array.from(given, (timing) => {
    const { logHeight, cpuMs, gpuMs } = Object(timing) as Timing;
    return { logHeight, cpuMs, gpuMs };
  });
  const ascend = copy.every(({ logHeight }, at) => at === 0 || logHeight > (copy[at - 1]?.logHeight ?? 0));
  const isOne = ({ logHeight, cpuMs, gpuMs }: Timing) =>
    Number.isInteger(logHeight) && logHeight > 0 && logHeight < 32 && isTime(cpuMs) && isTime(gpuMs);
  if (copy.length > 0 && ascend && copy.every(isOne)) return copy;
  throw new VelumError("malformed", "calibration", "not the calibration of a prover");
}

/** The state of the GPU before any prover has asked for it. */
export async function look(policy: GpuPolicy, build: Build): Promise<GpuEnvironment> {
  const environment = { policy, adapter: undefined, software: false };
  if (policy === "off") return { ...environment, state: "off", reason: OFF };
  const [gpu, obstacle] = [webgpu(), noGpu(build)];
  if (gpu === undefined || obstacle !== undefined) {
    return { ...environment, state: "absent", reason: obstacle ?? NO_WEBGPU };
  }
  const info = (await gpu.requestAdapter().catch(() => null))?.info;
  if (info === undefined) return { ...environment, state: "absent", reason: "the browser offers no adapter" };
  const software = info.isFallbackAdapter === true;
  const unused = software && policy === "auto";
  return {
    policy,
    state: unused ? "absent" : "available",
    adapter: [info.description, info.vendor, info.architecture, info.device].filter((part) => part !== "").join(" "),
    software,
    reason: unused ? SOFTWARE : "a prover compiles kernels for it and measures whether it is faster",
  };
}

const OPENING = "its kernels are being compiled and measured; the CPU proves until then";
const OPENING_REQUIRED = "its kernels are being compiled; calls wait";
const OFF = "it is switched off";
const NO_WEBGPU = "this engine has no WebGPU";
const SOFTWARE = 'it computes on the CPU, so "auto" never chooses it';

/** The GPU of a prover, from the state that its worker reported last. `told` is `undefined` if it reported none. */
export function gpuEnvironment(policy: GpuPolicy, build: Build, told: GpuState | undefined): GpuEnvironment {
  const { adapter, software } = { adapter: told?.adapter ?? undefined, software: told?.software ?? false };
  const environment = { policy, adapter, software };
  if (policy === "off") return { ...environment, state: "off", reason: OFF };
  const obstacle = noGpu(build);
  if (obstacle !== undefined) return { ...environment, state: "absent", reason: obstacle };
  switch (told?.state) {
    case undefined:
      return { ...environment, state: "available", reason: "it is opened with the first call" };
    case "absent":
    case "failed":
      return { ...environment, state: told.state, reason: told.error ?? "it gave no reason" };
    case "ready":
      return { ...environment, state: "ready", reason: policy === "require" ? "it is required" : measured(told) };
    default:
      return { ...environment, state: "opening", reason: policy === "require" ? OPENING_REQUIRED : OPENING };
  }
}

function measured({ calibration }: GpuState): string {
  const faster =
    calibration?.filter(({ cpuMs, gpuMs }) => gpuMs < cpuMs).map(({ logHeight }) => `2^${logHeight}`) ?? [];
  if (faster.length === 0) return "the CPU was faster at every height that was measured";
  return `it was faster than the CPU at tables of ${faster.join(", ")} rows`;
}
