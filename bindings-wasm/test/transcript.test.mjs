// Session transcripts: those of the specifications, and data that cannot begin a session.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { sessionTranscript } from "@velum/prover/transcript";

import { rejects } from "./support.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../../testdata/transcripts.json", import.meta.url), "utf8"));

/** Members of the vectors that are bytes in hexadecimal. */
const BYTES = ["device_engagement", "e_reader_key", "select", "request"];

const PROTOCOLS = ["openid4vp", "openid4vp_dc_api", "openid4vp_annex_b", "dcapi", "qr", "nfc"];

const camel = (name) => name.replaceAll(/_(\w)/gu, (_, letter) => letter.toUpperCase());

/** What the session of a vector began with. */
function sessionOf(vector) {
  const protocol = PROTOCOLS.find((name) => name in vector);
  const members = Object.entries(vector[protocol]).map(([name, value]) => [
    camel(name),
    BYTES.includes(name) ? new Uint8Array(Buffer.from(value, "hex")) : value,
  ]);
  return { protocol: protocol.replaceAll("_", "-"), ...Object.fromEntries(members) };
}

for (const vector of VECTORS) {
  test(`a transcript is that of ${vector.name}`, async () => {
    const transcript = await sessionTranscript(sessionOf(vector));
    assert.equal(Buffer.from(transcript).toString("hex"), vector.transcript);
  });
}

test("every protocol has a vector", () => {
  assert.deepEqual(new Set(VECTORS.map((vector) => sessionOf(vector).protocol)).size, PROTOCOLS.length);
});

test("what cannot begin a session is refused, with its place", async () => {
  const session = { protocol: "openid4vp-dc-api", origin: "https://verifier.example", nonce: "n" };
  const bytes = Uint8Array.of(0x80);
  for (const [wrong, where] of [
    [{ ...session, protocol: "oid4vp" }, "protocol"],
    [{ ...session, origin: "https://verifier.example/" }, "origin"],
    [{ ...session, origin: undefined }, "origin"],
    [{ ...session, nonce: "" }, "nonce"],
    [{ ...session, jwk: { kty: "oct" } }, "jwk"],
    [{ protocol: "qr", deviceEngagement: "text", eReaderKey: bytes }, "deviceEngagement"],
    [{ protocol: "qr", deviceEngagement: bytes, eReaderKey: bytes }, "device_engagement"],
    [null, "arguments"],
  ]) {
    const error = await rejects(sessionTranscript(wrong), "malformed");
    assert.equal(error.where, where);
  }
  await rejects(sessionTranscript(session, { wasmURL: "x" }), "malformed");
  await sessionTranscript(session);
});
