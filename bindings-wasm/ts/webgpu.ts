/**
 * Zero-knowledge proofs about ISO 18013-5 documents, on a GPU where it is faster: what `@velum/prover` does, with a prover that has more to
 * fetch.
 *
 * @packageDocumentation
 */

import { type Environment, environment as environmentWithoutGpu } from "./environment.js";
import { VelumError } from "./errors.js";
import {
  calibrationOf,
  canWait,
  type GpuEnvironment,
  gpuEnvironment,
  type GpuPolicy,
  gpuPolicy,
  type GpuState,
  look,
  noGpu,
  type Timing,
} from "./gpu.js";
import { address, optionsOf } from "./input.js";
import type { ProverOptions as OptionsWithoutGpu } from "./prover.js";
import { ProverBase } from "./prover-base.js";
import { environments, OPTIONS, script as withoutGpu } from "./prover-setup.js";
import type { ProverCalls } from "./protocol.js";
import { type Script, start } from "./start.js";
import { WorkerClient } from "./worker-client.js";

export type { Build, BuildOptions, Environment } from "./environment.js";
export { type ErrorCode, VelumError } from "./errors.js";
export type { GpuEnvironment, GpuPolicy, Timing } from "./gpu.js";
export { Prepared } from "./prepared.js";
export type { ProverBase, Retry, RetryOptions } from "./prover-base.js";
export type { AnswerInput, PrepareInput, VerifyInput } from "./input.js";
export type * from "./types.js";

/** How a prover is made. Addresses are those of the worker and the builds that have a GPU. */
export interface ProverOptions extends OptionsWithoutGpu {
  /**
   * Whether a GPU proves.
   *
   * @defaultValue "auto"
   */
  gpu?: GpuPolicy;
  /** What {@link Prover.calibration} gave on this device before, which spares the measurement. */
  calibration?: readonly Timing[] | undefined;
  /** Called when something has become of the GPU: it is opened, ready, or failed. */
  onGpu?: (gpu: GpuEnvironment) => void;
}

/** What runs here, a GPU included. */
export interface GpuProverEnvironment extends Environment {
  readonly gpu: GpuEnvironment;
}

/** Says what would run here, and why. Asks the browser for an adapter, and starts nothing. */
export async function environment({ gpu = "auto" }: { gpu?: GpuPolicy } = {}): Promise<GpuProverEnvironment> {
  const environment = environmentWithoutGpu();
  return { ...environment, gpu: await look(gpuPolicy(gpu), environment.build) };
}

/** What is known of a prover's GPU. */
interface Told {
  /** What its worker said last; nothing where there is no worker. */
  gpu?: GpuState | undefined;
  calibration: readonly Timing[] | undefined;
}

const script: Script = {
  name: "velum-gpu-prover",
  file: "webgpu-worker.js",
  start: () => new Worker(new URL("./webgpu-worker.js", import.meta.url), { type: "module" }),
};

/**
 * Prepares, presents and verifies in a worker of its own, on a GPU where it is faster. Keep one: it keeps the keys of each size class, and
 * opens the GPU once, beside the first calls. Where there is no WebGPU, or `gpu` is `off`, it fetches and does what the prover of `@velum/prover` does, unless it is
 * given an address.
 *
 * Every promise rejects with a {@link VelumError}. Where a GPU fails, the call begins anew on the processor, of which `onProgress` tells by the stage
 * `fallback`; where it is required, the call rejects with `gpu_unavailable`.
 */
export class Prover extends ProverBase {
  readonly #environments: [Environment, ...Environment[]];
  readonly #worker: WorkerClient<ProverCalls>;
  readonly #policy: GpuPolicy;
  readonly #told: Told;

  /** Starts nothing.
   *
   * @throws VelumError `unsupported` if a build is asked for that cannot run here, `gpu_unavailable` if a GPU is required where the build
   * can have none, `malformed` if an option is none.
   */
  constructor(options: ProverOptions = {}) {
    optionsOf(options, [...OPTIONS, "gpu", "calibration", "onGpu"]);
    const policy = gpuPolicy(options.gpu ?? "auto");
    const calibration = options.calibration && calibrationOf(options.calibration);
    const found = environments(options);
    const [{ build }] = found;
    const obstacle = noGpu(build);
    if (policy === "require" && obstacle !== undefined) {
      throw new VelumError("gpu_unavailable", "gpu", `${obstacle}; ask for another build, or for "auto"`);
    }
    const wasm = address(options.wasmUrl, "wasmUrl");
    const workerUrl = address(options.workerUrl, "workerUrl");
    // Addresses are those of builds with a GPU.
    const isAddressed = wasm !== undefined || workerUrl !== undefined;
    if (isAddressed && build === "scalar") {
      throw new VelumError("unsupported", "build", "a prover with a GPU needs SIMD; use that of `@velum/prover`");
    }
    if (isAddressed && !canWait(build)) {
      throw new VelumError("unsupported", "build", 'this engine has no Atomics.waitAsync; ask for the build "simd"');
    }
    const usesGpuBuild = isAddressed || (policy !== "off" && obstacle === undefined);
    const told: Told = { calibration };
    const ofWorker = {
      policy,
      // What was measured goes to the next worker, should one end.
      get calibration() {
        return told.calibration;
      },
    };
    const gpu = usesGpuBuild ? { gpu: ofWorker } : {};
    const setups = found.map(({ build, threads }) => ({ wasm, build, threads, ...gpu }));
    const worker = new WorkerClient<ProverCalls>(
      (events) => start(usesGpuBuild ? script : withoutGpu, workerUrl, events),
      setups,
      (state) => {
        told.gpu = state;
        if (state?.calibration?.length) told.calibration = state.calibration;
        if (state !== undefined) options.onGpu?.(gpuEnvironment(policy, build, state));
      },
    );
    super(worker, options);
    [this.#environments, this.#worker, this.#policy, this.#told] = [found, worker, policy, told];
  }

  /** The build that this prover uses, what has become of its GPU so far, and why. */
  override get environment(): GpuProverEnvironment {
    const environment = this.#environments[this.#worker.setup] ?? this.#environments[0];
    return { ...environment, gpu: gpuEnvironment(this.#policy, environment.build, this.#told.gpu) };
  }

  /**
   * What was measured of both devices, once it was. A page may keep it and give it back to spare the next prover of this device the measurement;
   * it is kept nowhere else.
   */
  get calibration(): Timing[] | undefined {
    return this.#told.calibration && calibrationOf(this.#told.calibration);
  }
}
