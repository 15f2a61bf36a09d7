import { randomBytes } from "node:crypto";

import { sessionTranscript } from "@velum/prover/transcript";
import { VelumError, Verifier } from "@velum/prover/verify";
import express from "express";

/** A verifier with its own origin. It asks whether the holder is at least 18 years old. */
export function application({ origin, issuers, lifetimeMs = 300_000, mostPending = 10_000 }) {
  const verifier = new Verifier({ worker: false });
  const pending = new Map(); // the request that was sent with each nonce, the oldest first

  function forgetExpired() {
    for (const [nonce, { until }] of pending) {
      if (until > Date.now()) return;
      pending.delete(nonce);
    }
  }

  const app = express();
  app.get("/request", (_, response) => {
    forgetExpired();
    if (pending.size >= mostPending) return response.status(503).json({ code: "busy" });
    const nonce = randomBytes(16).toString("base64url");
    const request = {
      doc_type: "org.iso.18013.5.1.mDL",
      now: new Date().toISOString(),
      issuers,
      predicates: [{ namespace: "org.iso.18013.5.1", element: "birth_date", age_at_least: 18 }],
    };
    pending.set(nonce, { request, until: Date.now() + lifetimeMs });
    response.set("Cache-Control", "no-store").json({ nonce, request });
  });

  // An answer has about 330 kB. It is sent as bytes, because JSON would be longer and exceed the limit of express.json.
  const raw = express.raw({ type: "application/octet-stream", limit: "1mb" });
  app.post("/answer/:nonce", raw, async ({ params: { nonce }, body }, response) => {
    forgetExpired();
    const asked = pending.get(nonce);
    pending.delete(nonce); // before the first await, so that a nonce serves only once, whatever the outcome
    if (asked === undefined) return response.status(410).json({ code: "nonce" });
    try {
      // Only the presentation is taken from the answer. The nonce, the origin and the request are the server's own.
      const transcript = await sessionTranscript({ protocol: "openid4vp-dc-api", origin, nonce });
      const input = { presentation: new Uint8Array(body), transcript, request: asked.request };
      const { learnt } = await verifier.verify(input);
      response.json({ learnt });
    } catch (error) {
      if (!(error instanceof VelumError)) throw error;
      response.status(422).json({ code: error.code });
    }
  });
  return app;
}
