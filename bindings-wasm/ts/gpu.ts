// What a prover may do with a GPU, and what becomes of it.

import type { Build } from "./environment.js";
import { VelumError } from "./errors.js";

/**
 * Whether a GPU proves. `auto`: where it is faster, once it is ready; until then, and where it fails, the processor does. Adapters that
 * compute on the processor are never chosen. `off`: never. `require`: always, on whatever adapter there is: calls wait until it is ready, and
 * reject with `gpu_unavailable` where it fails.
 */
export type GpuPolicy = "auto" | "off" | "require";

const POLICIES: readonly string[] = ["auto", "off", "require"] satisfies GpuPolicy[];

/** What proofs of tables of 2^`logHeight` rows took on both devices. */
export interface Timing {
  logHeight: number;
  cpuMs: number;
  gpuMs: number;
}

/** What has become of a worker's GPU, as Rust tells it. */
export interface GpuState {
  state: "off" | "absent" | "opening" | "ready" | "failed";
  adapter: string | null;
  software: boolean;
  error: string | null;
  calibration: Timing[] | null;
}

/** What a prover has of a GPU. */
export interface GpuEnvironment {
  readonly policy: GpuPolicy;
  /**
   * `off`: it is not asked for. `absent`: there is none. `available`: nobody has opened it yet, and before its first call a prover does not know whether there is one. `opening`: its kernels are compiled, and
   * it is measured. `ready`: it proves what it is faster at. `failed`: it is used no more.
   */
  readonly state: "off" | "absent" | "available" | "opening" | "ready" | "failed";
  /** What the browser says of it: as much as it likes to. */
  readonly adapter: string | undefined;
  /** Whether it computes on the processor. */
  readonly software: boolean;
  /** Why it proves, or does not. */
  readonly reason: string;
}

// TypeScript's own types of WebGPU differ between its versions.
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

/** WebGPU, of engines whose adapters and devices say what they are: `wgpu` asks both, and fails where they cannot tell. */
function webgpu(): Gpu | undefined {
  const { navigator, GPUAdapter, GPUDevice } = globalThis as Scope;
  const tells = GPUAdapter && "info" in GPUAdapter.prototype && GPUDevice && "adapterInfo" in GPUDevice.prototype;
  return tells ? navigator?.gpu : undefined;
}

/** Why a build can have no GPU here, if so. */
export function noGpu(build: Build): string | undefined {
  if (webgpu() === undefined) return NO_WEBGPU;
  if (build === "scalar") return 'the build "scalar" has none';
  return canWait(build)
    ? undefined
    : 'this engine has no Atomics.waitAsync, which the build "simd-threads" needs for one';
}

/** Whether calls of a build with a GPU are woken: elsewhere that would take a worker that no strict policy allows. */
export function canWait(build: Build): boolean {
  return build !== "simd-threads" || typeof (Atomics as { waitAsync?: unknown }).waitAsync === "function";
}

/** The policy, if it is one. */
export function gpuPolicy(policy: GpuPolicy): GpuPolicy {
  if (POLICIES.includes(policy)) return policy;
  throw new VelumError("malformed", "gpu", 'not "auto", "off" or "require"');
}

/** A copy of a calibration, if it is one. */
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
  throw new VelumError("malformed", "calibration", "not what a prover gave as its calibration");
}

/** What there is where no prover has asked yet. */
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

const OPENING = "its kernels are compiled, and it is measured; the processor proves";
const OPENING_REQUIRED = "its kernels are compiled; calls wait";
const OFF = "it is switched off";
const NO_WEBGPU = "this engine has no WebGPU";
const SOFTWARE = 'it computes on the processor, for which "auto" never chooses it';

/** What a prover has, by what its worker told last; `undefined` where it told nothing. */
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
  if (faster.length === 0) return "the processor was faster at every height that was measured";
  return `it was faster than the processor at tables of ${faster.join(", ")} rows`;
}
