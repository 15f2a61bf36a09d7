// The tests of an application, for any runner. The application verifies, with bytes, dates and signals of the realm
// that its environment makes.

import { readFileSync } from "node:fs";

import { request as ask } from "@velum/prover/request";
import { sessionTranscript } from "@velum/prover/transcript";
import { Verifier } from "@velum/prover/verify";

import { SESSION } from "./licence.js";

const { presentation, transcript, request } = JSON.parse(readFileSync("recorded.json", "utf8"));

/** Bytes of this realm, decoded from base64. */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** Declares the tests with the runner's `test` and `expect`. */
export function declare(test, expect) {
  for (const worker of [true, false]) {
    test(`verifies, ${worker ? "in a worker" : "in this thread"}`, async () => {
      const verifier = new Verifier({ worker });
      const { signal } = new AbortController();
      const asked = { ...request, now: new Date(request.now) };
      const input = { presentation: bytesOf(presentation), transcript: bytesOf(transcript), request: asked };
      const { learnt } = await verifier.verify(input, { signal });
      verifier.dispose();
      expect(learnt).toContain("birth_date (org.iso.18013.5.1) makes the holder 18 years or older");
    });
  }

  test("builds requests and transcripts", async () => {
    const { now } = ask({ docType: "org.iso.18013.5.1.mDL", issuers: [], now: new Date(0) });
    expect(now).toBe("1970-01-01T00:00:00Z");
    expect(await sessionTranscript(SESSION)).toHaveLength(61);
  });
}
