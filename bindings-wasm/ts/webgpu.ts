/**
 * Zero-knowledge proofs about ISO 18013-5 documents, on a GPU where it is faster. This entry does what `@velum/prover`
 * does, with a prover that has more to fetch.
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

/** Options of a prover. Addresses are those of the worker and the builds that have a GPU. */
export interface ProverOptions extends OptionsWithoutGpu {
  /**
   * Whether a GPU proves.
   *
   * @defaultValue "auto"
   */
  gpu?: GpuPolicy;
  /** What {@link Prover.calibration} returned on this device before. It makes the measurement unnecessary. */
  calibration?: readonly Timing[] | undefined;
  /** Called when the state of the GPU changes: it is being opened, it is ready, or it failed. */
  onGpu?: (gpu: GpuEnvironment) => void;
}

/** What runs here, including the GPU. */
export interface GpuProverEnvironment extends Environment {
  readonly gpu: GpuEnvironment;
}

/** Says what would run here, and why. Asks the browser for an adapter, and starts nothing. */
export async function environment({ gpu = "auto" }: { gpu?: GpuPolicy } = {}): Promise<GpuProverEnvironment> {
  const environment = environmentWithoutGpu();
  return { ...environment, gpu: await look(gpuPolicy(gpu), environment.build) };
}

/** What is known about a prover's GPU. */
interface Told {
  /** What the worker reported last, or `undefined` if there is no worker. */
  gpu?: GpuState | undefined;
  calibration: readonly Timing[] | undefined;
}

const script: Script = {
  name: "velum-gpu-prover",
  file: "webgpu-worker.js",
  start: () => new Worker(new URL("./webgpu-worker.js", import.meta.url), { type: "module" }),
};

/**
 * Prepares, presents and verifies in a worker of its own, on a GPU where it is faster. Keep one prover: it keeps the
 * keys of each size class, and opens the GPU once, beside the first calls.
 *
 * If there is no WebGPU, or `gpu` is `off`, the prover fetches and does what the prover of `@velum/prover` does, unless
 * it is given an address.
 *
 * Every promise rejects with a {@link VelumError}. If the GPU fails, the call restarts on the CPU, and `onProgress`
 * reports the stage `fallback`. If the GPU is required, the call rejects with `gpu_unavailable` instead.
 */
export class Prover extends ProverBase {
  readonly #environments: [Environment, ...Environment[]];
  readonly #worker: WorkerClient<ProverCalls>;
  readonly #policy: GpuPolicy;
  readonly #told: Told;

  /**
   * Starts nothing.
   *
   * @throws VelumError `unsupported` if the build that is asked for cannot run here, `gpu_unavailable` if a GPU is
   * required and the build cannot have one, `malformed` if an option is not valid.
   */
  constructor(options: ProverOptions = {}) {
    optionsOf(options, [...OPTIONS, "gpu", "calibration", "onGpu"]);
    const policy = gpuPolicy(options.gpu ?? "auto");
    const calibration = options.calibration && calibrationOf(options.calibration);
    const found = environments(options);
    const [{ build }] = found;
    const obstacle = noGpu(build);
    if (policy === "require" && obstacle !== undefined) {
      throw new VelumError("gpu_unavailable", "gpu", `${obstacle}; ask for another build, or set gpu to "auto"`);
    }
    const wasm = address(options.wasmUrl, "wasmUrl");
    const workerUrl = address(options.workerUrl, "workerUrl");
    // Addresses are those of builds with a GPU.
    const isAddressed = wasm !== undefined || workerUrl !== undefined;
    if (isAddressed && build === "scalar") {
      throw new VelumError("unsupported", "build", "a prover with a GPU needs SIMD; use the prover of `@velum/prover`");
    }
    if (isAddressed && !canWait(build)) {
      throw new VelumError("unsupported", "build", 'this engine has no Atomics.waitAsync; ask for the build "simd"');
    }
    const usesGpuBuild = isAddressed || (policy !== "off" && obstacle === undefined);
    const told: Told = { calibration };
    const ofWorker = {
      policy,
      // If the worker ends, the next one receives what was measured.
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

  /** The build that this prover uses, the current state of its GPU, and why. */
  override get environment(): GpuProverEnvironment {
    const environment = this.#environments[this.#worker.setup] ?? this.#environments[0];
    return { ...environment, gpu: gpuEnvironment(this.#policy, environment.build, this.#told.gpu) };
  }

  /**
   * What was measured on both devices, once it was measured. A page may keep it and pass it to the next prover on this
   * device, which then need not measure. It is kept nowhere else.
   */
  get calibration(): Timing[] | undefined {
    return this.#told.calibration && calibrationOf(this.#told.calibration);
  }
}
