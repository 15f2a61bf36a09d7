// The error type of the package, and its form as data. This module imports nothing, so that every module can use it.

/** What is wrong with a document, a request or a proof. A Rust test compares these codes with those of `Code`. */
type CredentialsCode =
  /** No issuer of the request vouches for the document. */
  | "issuer_untrusted"
  /** The issuer's signature over the MSO does not verify. */
  | "issuer_signature"
  /** The document type is not the one that was asked for. */
  | "doc_type"
  /** An item does not hash to its digest in the MSO. */
  | "digest"
  /** The document is not yet valid at the time of the request. */
  | "not_yet_valid"
  /** The document is no longer valid at the time of the request. */
  | "expired"
  /** The device's signature over the session does not verify. */
  | "device_signature"
  /** The device authenticated by MAC, which only the reader of that session can check. */
  | "device_mac_unsupported"
  /** The document has no signature of its device: it is as its issuer handed it out. */
  | "device_signature_missing"
  /** A predicate of the request does not hold. */
  | "predicate"
  /** The document lacks an element that the request asks for. */
  | "element_missing"
  /** The input exceeds a limit, or every size class. */
  | "too_large"
  /** The prepared proof belongs to another document or another kind of request. */
  | "prepared_mismatch"
  /** The prepared proof was already used. */
  | "prepared_used"
  /** The input does not follow its format. */
  | "malformed"
  /** The proof does not verify. */
  | "proof_invalid"
  /** This package does not know the version of the format. */
  | "wrong_version"
  /** The request's time is too far from the wallet's clock. */
  | "clock"
  /** The device signed elements of its own that the wallet did not agree to show or the request does not ask for. */
  | "device_namespaces"
  /** The device signed elements of its own that its issuer does not let it sign. */
  | "device_namespaces_unauthorised"
  /** The device that computes the proof failed. Prove again. */
  | "backend"
  /** The caller stopped the call, by its signal or because one of its functions threw. */
  | "cancelled"
  /** A bug. */
  | "internal";

/** What goes wrong in the package itself. Only this package has these codes. */
type PackageCode =
  /** The receipt does not show that an aggregate of an allowed profile, for that payee, counts its presentation. */
  | "receipt_invalid"
  /** The worker ended while it worked. The next call starts a new one. */
  | "worker_failed"
  /** `dispose()` was called. */
  | "disposed"
  /** A GPU was required, but there is none, or it failed. */
  | "gpu_unavailable"
  /** The environment lacks something without which nothing runs. */
  | "unsupported"
  /** The worker's script or its WebAssembly could not be loaded. */
  | "load_failed";

/**
 * What goes wrong with a pool of prepared proofs. Only `@velum/prover/pool` has these codes. A Rust test compares them
 * with those of `PoolError`.
 */
type PoolCode =
  /** The pool holds as many proofs, or bytes, as it may. */
  | "pool_full"
  /** The browser grants no more space. */
  | "store_full"
  /** The browser's storage failed. */
  | "store_failed"
  /** The sealing key cannot be used. */
  | "sealer_refused"
  /** The proofs are sealed with another key. */
  | "other_key";

/** What goes wrong between the client and markets. Only `@velum/prover/market` has these codes. */
type MarketCode =
  /** A market did not answer. Asking again may help. */
  | "unreachable"
  /** A market's answer cannot be read. */
  | "answer_malformed"
  /** No market counted the presentation, and no market is paid. */
  | "no_market"
  /** A market that may have the job does not say how it ended. Until it does, hand the presentation to no other. */
  | "unresolved"
  /** The state of the hand-off could not be saved, so nothing more is done. */
  | "not_saved"
  /** The saved state is of another presentation, or of no hand-off at all. */
  | "other_hand_off";

/**
 * Codes with which a market's node refuses, other than the codes above. A Rust test compares them with
 * `docs/market-api.yaml`.
 */
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

/** What went wrong, as a fixed code that programs can match on. */
export type ErrorCode = CredentialsCode | PackageCode | PoolCode | MarketCode | NodeCode;

/**
 * An error with a code, the place in the input, and a message that says what to do. It never holds the value of an
 * element.
 */
export class VelumError extends Error {
  /** The fixed code. */
  readonly code: ErrorCode;
  /** The place in the input, as a path such as `documents[0].issuerSigned`. */
  readonly where: string;

  constructor(code: ErrorCode, where: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "VelumError";
    this.code = code;
    this.where = where;
  }
}

/** An error as data: the form in which Rust throws it and in which a worker passes it on. */
export interface Failure {
  code: ErrorCode;
  where: string;
  message: string;
}

/** Converts a failure to an error. */
export function thrown({ code, where, message }: Failure): VelumError {
  return new VelumError(code, where, message);
}

export function cancelled(signal: AbortSignal): VelumError {
  return new VelumError("cancelled", "signal", "the call was aborted", { cause: signal.reason });
}

export function disposed(): VelumError {
  return new VelumError("disposed", "dispose", "this object was disposed; make a new one");
}

export function trappedBefore(): VelumError {
  const message = "an earlier call hit a bug, so the WebAssembly is no longer safe to use; restart, or use a worker";
  return new VelumError("internal", "wasm", message);
}

export function workerFailed(reason: string): VelumError {
  const message = `the worker ended (${reason}); call again to start a new one`;
  return new VelumError("worker_failed", "worker", message);
}

export function loadFailed(reason: string): VelumError {
  const message = `the worker could not be loaded (${reason}); check the page's CSP, and that the script and the WebAssembly are served`;
  return new VelumError("load_failed", "worker", message);
}
