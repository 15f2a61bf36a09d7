/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Verification of receipts. A receipt shows that an aggregate counts a presentation, which the receipt's verifier need
 * not have seen.
 *
 * @packageDocumentation
 */

import { retireWith } from "./dropped.js";
import type { Engine } from "./here.js";
import { attempt, optionsOf, receiptInput, type ReceiptInput } from "./input.js";
import type { ReceiptCalls } from "./protocol.js";
import { receiptEngine } from "./receipt-engine.js";
import type { Wasm } from "./source.js";
import type { AbortOptions, VerifiedReceipt } from "./types.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { ReceiptInput } from "./input.js";
export type { Wasm, WasmModule } from "./source.js";
export type {
  AbortOptions,
  Condition,
  Issuer,
  Learnt,
  Literal,
  Predicate,
  Profile,
  Request,
  RequestInput,
  SizeClass,
  Value,
  Verified,
  VerifiedReceipt,
} from "./types.js";

/** Options of a verifier of receipts. */
export interface ReceiptVerifierOptions {
  /** The address of `receipt.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `receipt.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
  /**
   * The address of `verifier.wasm`, for pages that serve it elsewhere. Pages that also use `@velum/prover/verify`
   * already have it.
   */
  verifierWasmUrl?: string | URL;
  /** `verifier.wasm` itself, for the same environments. */
  verifierWasm?: Wasm;
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

const NAMES = ["wasmUrl", "wasm", "verifierWasmUrl", "verifierWasm", "workerUrl", "worker"] as const;

/**
 * Verifies receipts.
 *
 * Every promise rejects with a {@link VelumError}.
 */
export class ReceiptVerifier {
  readonly #engine: Engine<ReceiptCalls>;

  /**
   * Starts nothing.
   *
   * @throws VelumError `malformed` if an option is not valid.
   */
  constructor(options: ReceiptVerifierOptions = {}) {
    this.#engine = receiptEngine(optionsOf(options, NAMES));
    retireWith(this, this.#engine);
  }

  /** Loads the verifier, so that the next call need not wait for it. */
  ready(options?: AbortOptions): Promise<void> {
    return attempt(() => this.#engine.call("load", undefined, options));
  }

  /**
   * Verifies that the presentation of a receipt answers a request in a session, and that an aggregate of one of the
   * named profiles counts it. Everything public is derived from the request and the transcript given here. Rejects with
   * `receipt_invalid` if the aggregate does not show it.
   */
  verify(input: ReceiptInput, options?: AbortOptions): Promise<VerifiedReceipt> {
    return attempt(() => this.#engine.call("verify", receiptInput(input), options));
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
