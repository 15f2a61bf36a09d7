// Checks what callers pass about markets, and writes it in the form of jobs.

import { VelumError } from "./errors.js";
import { bytes, payeeBytes, presentationBytes, profile, requestText } from "./input.js";
import { MarketError } from "./market-errors.js";
import type { HandOffStep, MarketInput, Offer, SavedHandOff } from "./market-types.js";
import type { Submission } from "./protocol.js";
import type { Profile } from "./types.js";

/** Length of a secret key, in bytes. */
const KEY_BYTES = 32;

/** The longest time in which a price rises from the minimum to the maximum, in milliseconds. */
const RAMP_MS = 300_000;

const WITHIN_MS = 7_200_000;

const STEPS: readonly unknown[] = [
  "submitting",
  "waiting",
  "cancelling",
  "stopping",
  "committed",
] satisfies HandOffStep[];

/** The secret key, if it is valid. */
export function keyBytes(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = bytes(key, "key");
  if (copy.length === KEY_BYTES) return copy;
  throw new VelumError("malformed", "key", `${copy.length} bytes instead of ${KEY_BYTES}`);
}

/** The id of a job or of a market, if it is valid. */
export function hashText(hash: string, where: string): string {
  if (typeof hash === "string" && /^[0-9a-f]{64}$/u.test(hash)) return hash;
  throw new VelumError("malformed", where, "not 64 lower-case hexadecimal digits");
}

/** The value, if it is a whole number from 0 to 2^53 - 1. */
export function quantity(value: number, where: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new VelumError("malformed", where, "not a whole number from 0 to 2^53 - 1");
}

/** Random text, so that a message that is sent twice counts once. */
export function randomText(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The input from which a submission is made. */
export function submissionInput({ presentation, transcript, request }: MarketInput) {
  return {
    presentation: presentationBytes(presentation),
    transcript: bytes(transcript, "transcript"),
    request: requestText(request),
  };
}

/** The input by which a receipt is judged. */
export function judgedBy(input: Omit<MarketInput, "presentation">, profile: Profile, payee: Uint8Array | undefined) {
  return {
    transcript: bytes(input.transcript, "transcript"),
    request: requestText(input.request),
    profiles: [profile],
    payee: payee === undefined ? undefined : payeeBytes(payee),
  };
}

/**
 * The terms of a job as JSON, without the members that Rust derives from the submission's bytes and the key, and the
 * time until which the job's market is preferred. The market has this place among `of` markets.
 */
export function terms(offer: Offer, submission: Submission, market: string, place: number, of: number) {
  const now = Date.now();
  const within = quantity(offer.withinMs ?? WITHIN_MS, "offer.withinMs");
  const lockBy = now + Math.floor(((within / 2) * (place + 1)) / of);
  const { order = "dutch", company } = offer;
  const json = {
    market,
    size_class: submission.sizeClass,
    statement: hex(submission.statement),
    offer: {
      order,
      minimum: quantity(offer.minimum, "offer.minimum"),
      maximum: quantity(offer.maximum, "offer.maximum"),
      ramp: { start: now, duration: Math.min(RAMP_MS, Math.floor((lockBy - now) / 2)), price: "rises" },
      lock_by: lockBy,
      deliver_by: lockBy + Math.ceil(within / 2),
      collateral: 0,
    },
    profile: profile(offer.profile, "offer.profile"),
    latency:
      company === undefined
        ? "single"
        : {
            aggregated: {
              max_wait: quantity(company.maxWaitMs, "offer.company.maxWaitMs"),
              min_batch: quantity(company.presentations, "offer.company.presentations"),
            },
          },
    idempotency_key: randomText(),
  };
  return { json: JSON.stringify(json), preferredUntil: lockBy };
}

/** The saved state of a hand-off, if it is valid. Its signed messages are checked when the hand-off begins. */
export function savedHandOff(saved: SavedHandOff): { plan: SavedHandOff; profile: Profile } {
  const { version, markets, at } = saved;
  const isOne =
    (version as unknown) === 1 &&
    Array.isArray(markets) &&
    markets.every(({ url, id }) => typeof url === "string" && typeof id === "string") &&
    Number.isSafeInteger(at.market) &&
    STEPS.includes(at.step);
  const first = isOne ? markets[0] : undefined;
  if (first === undefined) throw new MarketError("other_hand_off", "saved", "not a state that `save` received");
  return { plan: saved, profile: profile(first.job.message["profile"] as Profile, "saved") };
}
