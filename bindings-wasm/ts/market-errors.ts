// Errors of markets, and their form as data.

import { type ErrorCode, type Failure, type NodeCode, VelumError } from "./errors.js";

/** Every code of a node. The compiler ensures that none is missing. */
const NODE_CODES: Record<NodeCode, true> = {
  operator_only: true,
  signature_invalid: true,
  unknown: true,
  job_unknown: true,
  no_receipt: true,
  wrong_method: true,
  too_slow: true,
  not_enough: true,
  other_market: true,
  taken_before: true,
  idempotency_key_used: true,
  statement_repeated: true,
  too_late_to_cancel: true,
  too_soon: true,
  below_floor: true,
  not_yours: true,
  not_admitted: true,
  too_late: true,
  credit_spent: true,
  credit_epoch: true,
  one_time_key: true,
  refused: true,
  kept_back: true,
  stale: true,
  credit_invalid: true,
  other_proof_system: true,
  no_gateway: true,
  quota: true,
  too_many_seen: true,
  busy: true,
  unavailable: true,
};

/**
 * Codes of the package that a market answers with or that are about markets: what is wrong with a presentation, and
 * what the client itself finds.
 */
const OTHER_CODES: readonly string[] = [
  "malformed",
  "too_large",
  "internal",
  "cancelled",
  "receipt_invalid",
  "proof_invalid",
  "wrong_version",
  "issuer_untrusted",
  "doc_type",
  "predicate",
  "device_namespaces",
  "unreachable",
  "answer_malformed",
  "no_market",
  "unresolved",
  "not_saved",
  "other_hand_off",
] satisfies ErrorCode[];

/** What a market refused, or why a hand-off failed. */
export class MarketError extends VelumError {
  /** The address of the market, if the error is about one market. */
  readonly market: string | undefined;
  /** Seconds after which to ask again, if the market is `busy`. */
  readonly retryAfter: number | undefined;
  /** The receipt that does not hold, if a market gave one. It shows that the market broke its promise. */
  readonly receipt: Uint8Array<ArrayBuffer> | undefined;

  constructor(code: ErrorCode, where: string, message: string, about: MarketErrorOptions = {}) {
    super(code, where, message, about);
    this.name = "MarketError";
    this.market = about.market;
    this.retryAfter = about.retryAfter;
    this.receipt = about.receipt;
  }
}

interface MarketErrorOptions extends ErrorOptions {
  market?: string | undefined;
  retryAfter?: number | undefined;
  receipt?: Uint8Array<ArrayBuffer> | undefined;
}

/** The failure as Rust throws it. Its code may come from a newer node and be unknown here. */
export interface MarketFailure extends Omit<Failure, "code"> {
  code: string;
  /** The market's place in the plan. */
  market?: number;
  retryAfter?: number;
  receipt?: Uint8Array<ArrayBuffer>;
}

/** Converts the failure to an error about the market with this address. */
export function marketThrown(failure: MarketFailure, market: string | undefined): MarketError {
  const { where, message, retryAfter, receipt } = failure;
  const code = knownCode(failure.code);
  const text = code === failure.code ? message : `${message} (${failure.code})`;
  return new MarketError(code, where, text, { market, retryAfter, receipt });
}

/** The code, or `refused` if this version does not know it. */
export function knownCode(code: string): ErrorCode {
  return code in NODE_CODES || OTHER_CODES.includes(code) ? (code as ErrorCode) : "refused";
}
