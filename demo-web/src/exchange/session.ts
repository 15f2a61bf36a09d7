// The session that a presentation is bound to. Wallet and verifier each compute its transcript from what they know
// themselves, so that an answer is worth nothing in another session or at another origin.

import { sessionTranscript as transcriptOf } from "@velum/prover/transcript";

import { type Bytes, toBase64url } from "../bytes.ts";

const NONCE_BYTES = 32;

/** A nonce for a new session. */
export function newNonce(): Bytes {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/** The `SessionTranscript` of a browser session in which the answer is not encrypted (OpenID4VP 1.0, B.2.6.2). */
export function sessionTranscript(origin: string, nonce: Uint8Array): Promise<Bytes> {
  return transcriptOf({ protocol: "openid4vp-dc-api", origin, nonce: toBase64url(nonce) });
}
