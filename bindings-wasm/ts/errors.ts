// The one error type of the package, and its form as data. It imports nothing, so that every module can use it.

/** What is wrong with a document, a request or a proof. A Rust test compares these codes with those of `Code` there. */
type CredentialsCode =
  /** No issuer of the request vouches for the document. */
  | "issuer_untrusted"
  /** The issuer's signature over the MSO does not verify. */
  | "issuer_signature"
  /** The document is of another type than the one asked for. */
  | "doc_type"
  /** An item does not hash to its digest in the MSO. */
  | "digest"
  /** The document is not valid yet at the asked time. */
  | "not_yet_valid"
  /** The document is no longer valid at the asked time. */
  | "expired"
  /** The device's signature over the session does not verify. */
  | "device_signature"
  /** The device authenticated by MAC, which only the reader of that session can check. */
  | "device_mac_unsupported"
  /** The document carries no signature of its device: it is as its issuer handed it out. */
  | "device_signature_missing"
  /** A predicate of the request does not hold. */
  | "predicate"
  /** The document does not hold an element that the request asks for. */
  | "element_missing"
  /** Input larger than a limit or than every size class. */
  | "too_large"
  /** The prepared proof belongs to another document or kind of request. */
  | "prepared_mismatch"
  /** The prepared proof was used before. */
  | "prepared_used"
  /** Input that does not follow its format. */
  | "malformed"
  /** A proof that does not verify. */
  | "proof_invalid"
  /** A format version that this package does not know. */
  | "wrong_version"
  /** The request's time is too far from the wallet's clock. */
  | "clock"
  /** The device signed elements of its own, which the wallet did not agree to show or the request does not ask for. */
  | "device_namespaces"
  /** The device signed elements of its own that its issuer does not let it sign. */
  | "device_namespaces_unauthorised"
  /** The device that proves failed; prove again. */
  | "backend"
  /** The caller's signal aborted the call. */
  | "cancelled"
  /** A bug. */
  | "internal";

/** What goes wrong around that: codes that only this package has. */
type PackageCode =
  /** A receipt does not show that an aggregate counts its presentation, or not one of an allowed profile and for that payee. */
  | "receipt_invalid"
  /** The worker ended while it worked. The next call starts a new one. */
  | "worker_failed"
  /** `dispose()` was called. */
  | "disposed"
  /** A GPU was required, and there is none, or it failed. */
  | "gpu_unavailable"
  /** The environment lacks something without which nothing runs. */
  | "unsupported"
  /** The worker's script or its WebAssembly could not be loaded. */
  | "load_failed";

/** What goes wrong with a pool of prepared proofs: codes that only `@velum/prover/pool` has. A Rust test compares these with `PoolError` there. */
type PoolCode =
  /** The pool holds as much as it may. */
  | "pool_full"
  /** The browser grants no more space. */
  | "store_full"
  /** The browser's storage failed. */
  | "store_failed"
  /** The sealing key cannot be used. */
  | "sealer_refused"
  /** The proofs are sealed with another key. */
  | "other_key";

/** What goes wrong between here and markets: codes that only `@velum/prover/market` has. */
type MarketCode =
  /** A market gave no answer. Asking again may help. */
  | "unreachable"
  /** A market's answer cannot be read. */
  | "answer_malformed"
  /** No market counted the presentation, and none is paid. */
  | "no_market"
  /** A market that may have the job does not say how it ended. Hand the presentation to no other before it does. */
  | "unresolved"
  /** Where a hand-off stands could not be saved, so that nothing more is done. */
  | "not_saved"
  /** What was saved is of another presentation, or no hand-off at all. */
  | "other_hand_off";

/** What a market's node refuses with, where it is none of the codes before. A Rust test compares these with `docs/market-api.yaml`. */
export type NodeCode =
  | "operator_only"
  | "signature_invalid"
  | "unknown"
  | "job_unknown"
  | "no_receipt"
  | "wrong_method"
  | "too_slow"
  | "not_enough"
  | "other_market"
  | "taken_before"
  | "idempotency_key_used"
  | "statement_repeated"
  | "too_late_to_cancel"
  | "too_soon"
  | "below_floor"
  | "not_yours"
  | "not_admitted"
  | "too_late"
  | "credit_spent"
  | "credit_epoch"
  | "one_time_key"
  | "refused"
  | "kept_back"
  | "stale"
  | "credit_invalid"
  | "other_proof_system"
  | "no_gateway"
  | "quota"
  | "too_many_seen"
  | "busy"
  | "unavailable";

/** What went wrong, as a fixed code to match on. */
export type ErrorCode = CredentialsCode | PackageCode | PoolCode | MarketCode | NodeCode;

/** An error with its code, its place in the input and a message that says what to do. It never holds the value of an element. */
export class VelumError extends Error {
  /** The fixed code. */
  readonly code: ErrorCode;
  /** Where in the input, as a path such as `documents[0].issuerSigned`. */
  readonly where: string;

  constructor(code: ErrorCode, where: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "VelumError";
    this.code = code;
    this.where = where;
  }
}

/** An error as data, which is how Rust throws it and how a worker passes it on. */
export interface Failure {
  code: ErrorCode;
  where: string;
  message: string;
}

/** The failure as an error. */
export function thrown({ code, where, message }: Failure): VelumError {
  return new VelumError(code, where, message);
}

export function cancelled(signal: AbortSignal): VelumError {
  return new VelumError("cancelled", "signal", "the call was aborted", { cause: signal.reason });
}

export function disposed(): VelumError {
  return new VelumError("disposed", "dispose", "dispose() was called; make a new one");
}

export function trappedBefore(): VelumError {
  const message = "an earlier call hit a bug, and what it left behind is not safe to use; restart, or use a worker";
  return new VelumError("internal", "wasm", message);
}

export function workerFailed(reason: string): VelumError {
  const message = `the worker ended (${reason}); call again, which starts a new one`;
  return new VelumError("worker_failed", "worker", message);
}

export function loadFailed(reason: string): VelumError {
  const message = `the worker could not be loaded (${reason}); check that its script and the WebAssembly are served, and the page's CSP`;
  return new VelumError("load_failed", "worker", message);
}
