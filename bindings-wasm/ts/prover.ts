/// <reference lib="esnext.disposable" preserve="true" />
// Preparing and presenting, in a worker.

import { type BuildOptions, choose, type Environment, withoutThreads } from "./environment.js";
import { VelumError } from "./errors.js";
import {
  address,
  type AnswerInput,
  answerInput,
  attempt,
  bytes,
  requestText,
  sizeClass,
  suite,
  text,
  verifyInput,
  type VerifyInput,
} from "./input.js";
import { type Prepared, preparedOf, takePrepared } from "./prepared.js";
import type { ProverCalls } from "./protocol.js";
import { type Script, start } from "./start.js";
import type {
  AbortOptions,
  CallOptions,
  BrokenDocument,
  DocumentSummary,
  Explanation,
  Presentation,
  RequestInput,
  SizeClass,
  Suite,
  Verified,
} from "./types.js";
import { WorkerClient } from "./worker-client.js";

/** How a prover is made. */
export interface ProverOptions extends BuildOptions {
  /** Where the WebAssembly of the chosen build is, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** Where the worker's script is, of the page's own origin. */
  workerUrl?: string | URL;
}

const script: Script = {
  name: "velum-prover",
  file: "./worker.js",
  start: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

/**
 * Prepares, presents and verifies in a worker of its own, which the first call starts and which answers one call after
 * the other. Keep one: it keeps the keys of each size class.
 *
 * Every promise rejects with a {@link VelumError}.
 */
export class Prover {
  readonly #environments: [Environment, ...Environment[]];
  readonly #worker: WorkerClient<ProverCalls>;

  /** Starts nothing.
   *
   * @throws VelumError `unsupported` if a build is asked for that cannot run here, `malformed` if an option is none.
   */
  constructor(options: ProverOptions = {}) {
    const { build = "auto" } = options;
    const chosen = choose(options);
    const wasmUrl = address(options.wasmUrl, "wasmUrl");
    const workerUrl = address(options.workerUrl, "workerUrl");
    // An address of WebAssembly is that of one build.
    const mayFallBack = build === "auto" && chosen.build === "simd-threads" && wasmUrl === undefined;
    this.#environments = mayFallBack ? [chosen, withoutThreads()] : [chosen];
    const setups = this.#environments.map(({ build, threads }) => ({ wasmUrl, build, threads }));
    this.#worker = new WorkerClient((events) => start(script, workerUrl, events), setups);
  }

  /**
   * The build that this prover uses, and why. Where threads cannot be started that it chose by itself, it is another once a
   * call found that out.
   */
  get environment(): Environment {
    return this.#environments[this.#worker.setup] ?? this.#environments[0];
  }

  /**
   * Starts the worker and makes the keys of a size class, in the suite that the options name or `direct`, so that the next call need not wait
   * for them.
   */
  ready(size: SizeClass = "standard", options?: CallOptions & { suite?: Suite }): Promise<void> {
    return attempt(() => {
      const input = { suite: suite(options?.suite ?? "direct", "suite"), sizeClass: sizeClass(size) };
      return this.#worker.call("makeKeys", input, options);
    });
  }

  /**
   * What each document of a `DeviceResponse` holds, or that of a `Document` or `IssuerSigned` alone. One among others that cannot be
   * read has an `error`.
   */
  inspect(document: Uint8Array, options?: AbortOptions): Promise<(DocumentSummary | BrokenDocument)[]> {
    return attempt(() => this.#worker.call("inspect", { document: bytes(document, "document") }, options));
  }

  /** What an answer to the request would tell the verifier, to ask for consent. No signature is checked. */
  explain(request: RequestInput, document: Uint8Array, options?: AbortOptions): Promise<Explanation> {
    return attempt(() => {
      const input = { request: requestText(request), document: bytes(document, "document") };
      return this.#worker.call("explain", input, options);
    });
  }

  /** What the device signs with ES256 for a session: hand it to `crypto.subtle.sign`. */
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
   * The document with the device's signature, `r || s` as WebCrypto gives it, in place of the one there or as its first: a
   * `DeviceResponse`, also of a `Document` or `IssuerSigned`.
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
   * Makes the heavy proof ahead of time, for requests of the same docType, issuer and elements. Time, what is asked of
   * the elements, and session may differ. The presentation is of the suite named here, `direct` without a name.
   */
  prepare(
    input: { document: Uint8Array; request: RequestInput; suite?: Suite; sizeClass?: SizeClass },
    options?: CallOptions,
  ): Promise<Prepared> {
    return attempt(async () => {
      const document = bytes(input.document, "document");
      const request = requestText(input.request);
      const proofs = { suite: suite(input.suite ?? "direct", "suite"), sizeClass: sizeClass(input.sizeClass) };
      const prepared = await this.#worker.call("prepare", { document, request, ...proofs }, options);
      return preparedOf(prepared.bytes, prepared.purpose);
    });
  }

  /**
   * Reads what {@link Prepared.toBytes} gave. The caller sees to it that no bytes are used twice: two presentations from one
   * prepared proof can be linked.
   *
   * Rejects with `malformed` or `wrong_version` for what does not begin like a prepared proof. What lies beyond its purpose is looked
   * at by {@link present}.
   */
  readPrepared(prepared: Uint8Array, options?: AbortOptions): Promise<Prepared> {
    return attempt(async () => {
      const kept = bytes(prepared, "prepared");
      // What is sent is the worker's.
      const purpose = await this.#worker.call("describePrepared", { prepared: new Uint8Array(kept) }, options);
      return preparedOf(kept, purpose);
    });
  }

  /** Rejects where {@link present} would for the document or the request, before it proves, and uses no prepared proof up. */
  check(input: AnswerInput, options?: AbortOptions): Promise<void> {
    return attempt(() => this.#worker.call("check", answerInput(input), options));
  }

  /**
   * Answers a request in a session, with a document that the device has signed for it.
   *
   * Uses the prepared proof up, whatever the outcome, abort and a lost worker included; everything else stays as it is.
   */
  present(input: AnswerInput & { prepared: Prepared }, options?: CallOptions): Promise<Presentation> {
    return attempt(() => {
      const answer = answerInput(input);
      const prepared = takePrepared(input.prepared);
      return this.#worker.call("present", { prepared, ...answer }, options);
    });
  }

  /** Verifies, as {@link https://www.npmjs.com/package/@velum/prover | `@velum/prover/verify`} does with much less to fetch. */
  verify(input: VerifyInput, options?: AbortOptions): Promise<Verified> {
    return attempt(() => this.#worker.call("verify", verifyInput(input), options));
  }

  /** Bytes of WebAssembly memory that the worker has. They grow with the first proofs, and are given back when the worker ends. */
  memoryBytes(options?: AbortOptions): Promise<number> {
    return attempt(() => this.#worker.call("memoryBytes", undefined, options));
  }

  /** Ends the worker. Calls under way reject with `disposed`, and so do later ones. */
  dispose(): void {
    this.#worker.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
