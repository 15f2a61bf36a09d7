/// <reference lib="esnext.disposable" preserve="true" />
// The calls of a prover, on whatever device its worker proves.

import { retireWith } from "./dropped.js";
import type { Environment } from "./environment.js";
import { VelumError } from "./errors.js";
import {
  type AnswerInput,
  answerInput,
  attempt,
  bytes,
  callOptions,
  copied,
  prepareInput,
  type PrepareInput,
  requestText,
  sizeClass,
  suite,
  text,
  verifyInput,
  type VerifyInput,
} from "./input.js";
import { type Prepared, preparedOf, takePrepared } from "./prepared.js";
import type { ProverCalls } from "./protocol.js";
import type {
  AbortOptions,
  CallOptions,
  BrokenDocument,
  DocumentSummary,
  Explanation,
  Presentation,
  Purpose,
  RequestInput,
  SizeClass,
  Suite,
  Verified,
} from "./types.js";
import type { WorkerClient } from "./worker-client.js";

/** A proof that failed the prover's own check and is made once more. */
export interface Retry {
  /** The call that makes the proof. */
  readonly call: "prepare" | "present";
  /** What the check found: `internal`. */
  readonly error: VelumError;
  /** The environment in which the proof was made. */
  readonly environment: Environment;
}

/** Options of a prover that makes a failed proof once more. */
export interface RetryOptions {
  /**
   * Called if a proof fails the check that the prover makes before it returns a proof. The proof is then made once
   * more, in a new worker and with fresh randomness. If that fails too, the call rejects with `internal`.
   *
   * The same code on the same input does not fail everywhere: WebKit computes it wrongly once in several hundred
   * proofs. Count these events: many of them on one engine are worth a report.
   */
  onRetry?: (retry: Retry) => void;
}

/** The calls of every prover. */
export abstract class ProverBase {
  readonly #worker: WorkerClient<ProverCalls>;
  readonly #onRetry: RetryOptions["onRetry"];

  /** @internal */
  protected constructor(worker: WorkerClient<ProverCalls>, { onRetry }: RetryOptions) {
    if (onRetry !== undefined && typeof onRetry !== "function") {
      throw new VelumError("malformed", "options.onRetry", "not a function");
    }
    [this.#worker, this.#onRetry] = [worker, onRetry];
    retireWith(this, worker);
  }

  /** The build that this prover uses, and why. */
  abstract get environment(): Environment;

  /**
   * Starts the worker and makes the keys of a size class, so that the next call need not wait for them. The keys are of
   * the suite in the options, by default `direct`.
   */
  ready(size: SizeClass = "standard", options?: CallOptions & { suite?: Suite }): Promise<void> {
    return attempt(() => {
      const input = { suite: suite(options?.suite ?? "direct", "suite"), sizeClass: sizeClass(size) };
      return this.#worker.call("makeKeys", input, callOptions(options, "suite"));
    });
  }

  /**
   * Describes the documents of a `DeviceResponse`, or a single `Document` or `IssuerSigned`. A document among others
   * that cannot be read has an `error`.
   */
  inspect(document: Uint8Array, options?: AbortOptions): Promise<(DocumentSummary | BrokenDocument)[]> {
    return attempt(() => this.#worker.call("inspect", { document: bytes(document, "document") }, options));
  }

  /**
   * Describes what an answer to the request would tell the verifier, so that the holder can consent. Whether the device
   * signed is not checked.
   */
  explain(request: RequestInput, document: Uint8Array, options?: AbortOptions): Promise<Explanation> {
    return attempt(() => {
      const input = { request: requestText(request), document: bytes(document, "document") };
      return this.#worker.call("explain", input, options);
    });
  }

  /** The bytes that the device signs with ES256 for a session. Pass them to `crypto.subtle.sign`. */
  deviceAuthenticationBytes(
    input: { document: Uint8Array; docType: string; transcript: Uint8Array },
    options?: AbortOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return attempt(() => {
      const docType = text(input.docType, "docType");
      const document = bytes(input.document, "document");
      const transcript = bytes(input.transcript, "transcript");
      return this.#worker.call("deviceAuthenticationBytes", { document, docType, transcript }, options);
    });
  }

  /**
   * The document with this signature of the device, as a `DeviceResponse`. The signature, `r || s` as WebCrypto returns
   * it, replaces the document's signature or is its first. The document may be a `DeviceResponse`, a `Document` or an
   * `IssuerSigned`.
   */
  withDeviceSignature(
    input: { document: Uint8Array; docType: string; signature: Uint8Array },
    options?: AbortOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return attempt(() => {
      const docType = text(input.docType, "docType");
      const document = bytes(input.document, "document");
      const signature = bytes(input.signature, "signature");
      if (signature.length !== 64) throw new VelumError("malformed", "signature", "not the 64 bytes of r || s");
      return this.#worker.call("withDeviceSignature", { document, docType, signature }, options);
    });
  }

  /**
   * Makes the heavy proof ahead of time, for requests of the same docType, issuer and elements. The time, the
   * conditions on the elements, and the session may differ. The presentation is of the suite in the input, by default
   * `direct`.
   */
  prepare(input: PrepareInput, options?: CallOptions): Promise<Prepared> {
    return attempt(async () => {
      const prepared = await this.#prove("prepare", prepareInput(input), options);
      return preparedOf(prepared.bytes, prepared.facts);
    });
  }

  /**
   * What a prepared proof must be for, so that it can answer a request with a document. A pool (`@velum/prover/pool`)
   * is asked for proofs of a purpose. Rejects where {@link prepare} would.
   */
  purpose(input: PrepareInput, options?: AbortOptions): Promise<Purpose> {
    return attempt(() => this.#worker.call("purposeOf", prepareInput(input), options));
  }

  /**
   * Reads what {@link Prepared.toBytes} returned. The caller must ensure that no bytes are used twice: two
   * presentations from one prepared proof can be linked.
   *
   * Rejects with `malformed` for bytes that are no prepared proof or were damaged, and with `wrong_version` for a proof
   * of another version.
   */
  readPrepared(prepared: Uint8Array, options?: AbortOptions): Promise<Prepared> {
    return attempt(async () => {
      const kept = bytes(prepared, "prepared");
      // Sending moves the bytes to the worker.
      const facts = await this.#worker.call("describePrepared", { prepared: new Uint8Array(kept) }, options);
      return preparedOf(kept, facts);
    });
  }

  /**
   * Rejects if {@link present} would reject the document or the request before it proves. Uses no prepared proof up.
   */
  check(input: AnswerInput, options?: AbortOptions): Promise<void> {
    return attempt(() => this.#worker.call("check", answerInput(input), options));
  }

  /**
   * Answers a request in a session, with a document that the device has signed for that session.
   *
   * Uses the prepared proof up, whatever the outcome, including an abort and a lost worker. Everything else stays as it
   * is.
   */
  present(input: AnswerInput & { prepared: Prepared }, options?: CallOptions): Promise<Presentation> {
    return attempt(() => {
      const answer = answerInput(input);
      const prepared = takePrepared(input.prepared);
      return this.#prove("present", { prepared, ...answer }, options);
    });
  }

  /**
   * Verifies a presentation, as {@link https://www.npmjs.com/package/@velum/prover | `@velum/prover/verify`} does with
   * much less to fetch.
   */
  verify(input: VerifyInput, options?: AbortOptions): Promise<Verified> {
    return attempt(() => this.#worker.call("verify", verifyInput(input), options));
  }

  /**
   * Size of the worker's WebAssembly memory, in bytes. It grows with the first proofs, and is given back when the
   * worker ends.
   */
  memoryBytes(options?: AbortOptions): Promise<number> {
    return attempt(() => this.#worker.call("memoryBytes", undefined, options));
  }

  /**
   * Ends the worker. Calls under way reject with `disposed`, and so do later ones. A prover that was dropped ends its
   * worker once it is collected.
   */
  dispose(): void {
    this.#worker.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return Promise.resolve();
  }

  /** Makes a proof, and makes it once more if the prover finds that it does not verify. */
  async #prove<V extends Retry["call"]>(
    call: V,
    input: ProverCalls[V]["input"],
    options: CallOptions | undefined,
  ): Promise<ProverCalls[V]["output"]> {
    const { onProgress, ...follow } = callOptions(options);
    let most = 0;
    const advance: CallOptions["onProgress"] = (stage, fraction, device) => {
      most = Math.max(most, fraction);
      onProgress?.(stage, most, device);
    };
    const following = { ...follow, ...(onProgress && { onProgress: advance }) };
    try {
      return await this.#worker.call(call, copied(input), following);
    } catch (error) {
      if (!failedOwnCheck(error)) throw error;
      this.#tellRetry({ call, error, environment: this.environment });
    }
    return this.#worker.call(call, input, following);
  }

  #tellRetry(retry: Retry): void {
    try {
      this.#onRetry?.(retry);
    } catch (cause) {
      const message = "onRetry threw, so the call stopped; see `cause`";
      throw new VelumError("cancelled", "onRetry", message, { cause });
    }
  }
}

/** Whether the prover made a proof that does not verify. A trap in WebAssembly is not such a proof. */
function failedOwnCheck(error: unknown): error is VelumError {
  return error instanceof VelumError && error.code === "internal" && error.where === "velum";
}
