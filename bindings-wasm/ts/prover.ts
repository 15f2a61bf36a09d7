// Prepares and presents in a worker.

import type { BuildOptions, Environment } from "./environment.js";
import { address, optionsOf } from "./input.js";
import { ProverBase, type RetryOptions } from "./prover-base.js";
import { environments, OPTIONS, script } from "./prover-setup.js";
import type { ProverCalls } from "./protocol.js";
import { start } from "./start.js";
import { WorkerClient } from "./worker-client.js";

/** Options of a prover. */
export interface ProverOptions extends BuildOptions, RetryOptions {
  /** The address of the WebAssembly of the chosen build, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** The address of the worker's script, which must be of the page's own origin. */
  workerUrl?: string | URL;
}

/**
 * Prepares, presents and verifies in a worker of its own. The first call starts the worker, which answers one call
 * after the other. Keep one prover: it keeps the keys of each size class.
 *
 * Every promise rejects with a {@link VelumError}.
 */
export class Prover extends ProverBase {
  readonly #environments: [Environment, ...Environment[]];
  readonly #worker: WorkerClient<ProverCalls>;

  /**
   * Starts nothing.
   *
   * @throws VelumError `unsupported` if the build that is asked for cannot run here, `malformed` if an option is not
   * valid.
   */
  constructor(options: ProverOptions = {}) {
    const found = environments(optionsOf(options, OPTIONS));
    const wasm = address(options.wasmUrl, "wasmUrl");
    const workerUrl = address(options.workerUrl, "workerUrl");
    const setups = found.map(({ build, threads }) => ({ wasm, build, threads }));
    const worker = new WorkerClient<ProverCalls>((events) => start(script, workerUrl, events), setups);
    super(worker, options);
    [this.#environments, this.#worker] = [found, worker];
  }

  /**
   * The build that this prover uses, and why. If the prover chose threads by itself and they cannot be started, the
   * build changes once a call has found that out.
   */
  override get environment(): Environment {
    return this.#environments[this.#worker.setup] ?? this.#environments[0];
  }
}
