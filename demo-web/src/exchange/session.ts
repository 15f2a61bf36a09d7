// The session that a presentation is bound to. Wallet and verifier each compute its transcript from what they know
// themselves, so that an answer is worth nothing in another session or at another origin.

import { encode } from "cborg";

import { type Bytes, toBase64url } from "../bytes.ts";

const NONCE_BYTES = 32;

/** A nonce for a new session. */
export function newNonce(): Bytes {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/**
 * The `SessionTranscript` of a browser session without encryption of the answer, as OpenID for Verifiable Presentations
 * 1.0, B.2.6.2, writes it: `[null, null, ["OpenID4VPDCAPIHandover", SHA-256([origin, nonce, null])]]`.
 */
export async function sessionTranscript(origin: string, nonce: Uint8Array): Promise<Bytes> {
  const info = encode([origin, toBase64url(nonce), null]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(info)));
  return new Uint8Array(encode([null, null, ["OpenID4VPDCAPIHandover", digest]]));
}
