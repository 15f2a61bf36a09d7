// What tests of applications do: verify, with bytes, dates and signals of the realm that their environment makes.

import { request as ask } from "@velum/prover/request";
import { sessionTranscript } from "@velum/prover/transcript";
import { Verifier } from "@velum/prover/verify";

import { SESSION } from "./licence.js";

/** Bytes of this realm, of base64. */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** What is learnt of the recorded presentation, by a worker or by this very thread. */
export async function learntBy(options, { presentation, transcript, request }) {
  const verifier = new Verifier(options);
  const { signal } = new AbortController();
  const asked = { ...request, now: new Date(request.now) };
  const input = { presentation: bytesOf(presentation), transcript: bytesOf(transcript), request: asked };
  const { learnt } = await verifier.verify(input, { signal });
  verifier.dispose();
  return learnt;
}

/** The time of a request that is put together by calls, and the bytes of a transcript. */
export async function built() {
  const { now } = ask({ docType: "org.iso.18013.5.1.mDL", issuers: [], now: new Date(0) });
  return { now, transcript: (await sessionTranscript(SESSION)).length };
}
