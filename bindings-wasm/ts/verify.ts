/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Verification alone, for servers and for pages that only check. It fetches a fraction of what proving needs.
 *
 * @packageDocumentation
 */

import { retireWith } from "./dropped.js";
import { type Engine, Here } from "./here.js";
import { address, attempt, optionsOf, sizeClass, verifyInput, type VerifyInput } from "./input.js";
import { loadVerifier, verifierInstance } from "./load-verifier.js";
import type { VerifierCalls } from "./protocol.js";
import { source, type Wasm } from "./source.js";
import { type Script, start } from "./start.js";
import type { AbortOptions, SizeClass, Verified } from "./types.js";
import { WorkerClient } from "./worker-client.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { VerifyInput } from "./input.js";
export type { Wasm, WasmModule } from "./source.js";
export type {
  AbortOptions,
  Condition,
  Issuer,
  Learnt,
  Literal,
  Predicate,
  Presentation,
  Request,
  RequestInput,
  SizeClass,
  Stage,
  StageTiming,
  Suite,
  Value,
  Verified,
} from "./types.js";

/** Options of a verifier. */
export interface VerifierOptions {
  /** The address of `verifier.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `verifier.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
  /** The address of the worker's script, which must be of the page's own origin. */
  workerUrl?: string | URL;
  /**
   * Whether to verify in a worker, as pages should do. Without a worker, each call keeps its thread busy for the
   * milliseconds that verifying takes, which servers may prefer.
   *
   * @defaultValue true
   */
  worker?: boolean;
}

const script: Script = {
  name: "velum-verifier",
  file: "verify-worker.js",
  start: () => new Worker(new URL("./verify-worker.js", import.meta.url), { type: "module" }),
};

/**
 * Verifies presentations. Keep one verifier: it keeps the keys of each size class.
 *
 * Every promise rejects with a {@link VelumError}.
 */
export class Verifier {
  readonly #engine: Engine<VerifierCalls>;

  /**
   * Starts nothing.
   *
   * @throws VelumError `malformed` if an option is not valid.
   */
  constructor(options: VerifierOptions = {}) {
    optionsOf(options, ["wasmUrl", "wasm", "workerUrl", "worker"]);
    const wasm = source(options.wasm, options.wasmUrl);
    const workerUrl = address(options.workerUrl, "workerUrl");
    const setup = { wasm, build: "verifier", threads: 1 } as const;
    this.#engine =
      options.worker === false
        ? new Here(() => loadVerifier(wasm), [verifierInstance])
        : new WorkerClient<VerifierCalls>((events) => start(script, workerUrl, events), [setup]);
    retireWith(this, this.#engine);
  }

  /** Loads the verifier and makes the keys of a size class, so that the next call need not wait for them. */
  ready(size: SizeClass = "standard", options?: AbortOptions): Promise<void> {
    return attempt(() => this.#engine.call("makeKeys", { sizeClass: sizeClass(size) }, options));
  }

  /**
   * Verifies that a presentation answers a request in a session. Everything public is derived from the request and the
   * transcript given here. Use each transcript once: a verifier that accepts one twice can be shown a presentation
   * twice.
   */
  verify(input: VerifyInput, options?: AbortOptions): Promise<Verified> {
    return attempt(() => this.#engine.call("verify", verifyInput(input), options));
  }

  /**
   * Ends the worker. Calls under way reject with `disposed`, and so do later ones. A verifier that was dropped ends its
   * worker once it is collected.
   */
  dispose(): void {
    this.#engine.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return Promise.resolve();
  }
}
