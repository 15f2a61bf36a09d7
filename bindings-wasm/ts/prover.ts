// Preparing and presenting, in a worker.

import type { BuildOptions, Environment } from "./environment.js";
import { address, optionsOf } from "./input.js";
import { ProverBase, type RetryOptions } from "./prover-base.js";
import { environments, OPTIONS, script } from "./prover-setup.js";
import type { ProverCalls } from "./protocol.js";
import { start } from "./start.js";
import { WorkerClient } from "./worker-client.js";

/** How a prover is made. */
export interface ProverOptions extends BuildOptions, RetryOptions {
  /** Where the WebAssembly of the chosen build is, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** Where the worker's script is, of the page's own origin. */
  workerUrl?: string | URL;
}

/**
 * Prepares, presents and verifies in a worker of its own, which the first call starts and which answers one call after
 * the other. Keep one: it keeps the keys of each size class.
 *
 * Every promise rejects with a {@link VelumError}.
 */
export class Prover extends ProverBase {
  readonly #environments: [Environment, ...Environment[]];
  readonly #worker: WorkerClient<ProverCalls>;

  /** Starts nothing.
   *
   * @throws VelumError `unsupported` if a build is asked for that cannot run here, `malformed` if an option is none.
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
   * The build that this prover uses, and why. Where threads cannot be started that it chose by itself, it is another once a
   * call found that out.
   */
  override get environment(): Environment {
    return this.#environments[this.#worker.setup] ?? this.#environments[0];
  }
}
