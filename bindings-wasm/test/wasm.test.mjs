// WebAssembly that callers already have, compiled or as bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { ReceiptVerifier } from "@velum/prover/receipt";
import { mint } from "@velum/prover/testing";
import { sessionTranscript } from "@velum/prover/transcript";
import { Verifier } from "@velum/prover/verify";

import { receipt, recorded, rejects } from "./support.mjs";

const bytesOf = (name) => new Uint8Array(readFileSync(new URL(`../dist/${name}.wasm`, import.meta.url)));

for (const [form, of] of [
  ["a module", (name) => new WebAssembly.Module(bytesOf(name))],
  ["bytes", bytesOf],
]) {
  for (const worker of [false, true]) {
    describe(`given as ${form}, ${worker ? "in a worker" : "in this thread"}`, () => {
      test("a verifier verifies", async () => {
        const verifier = new Verifier({ worker, wasm: of("verifier") });
        const { learnt } = await verifier.verify(recorded("direct-standard"));
        assert.ok(learnt.length > 0);
      });

      test("a verifier of receipts verifies", async () => {
        const receipts = new ReceiptVerifier({ worker, wasm: of("receipt"), verifierWasm: of("verifier") });
        const { count } = await receipts.verify({ ...receipt("standard"), profiles: ["standard"] });
        assert.equal(count, 2);
      });
    });
  }
}

test("what is no WebAssembly is refused, and what is given twice", async () => {
  const malformed = (where) => ({ name: "VelumError", code: "malformed", where });
  assert.throws(() => new Verifier({ wasm: {} }), malformed("wasm"));
  assert.throws(() => new Verifier({ wasm: "verifier.wasm" }), malformed("wasm"));
  assert.throws(() => new Verifier({ wasm: bytesOf("verifier"), wasmUrl: "https://x.example/" }), malformed("wasm"));
  assert.throws(() => new ReceiptVerifier({ verifierWasm: 1 }), malformed("verifierWasm"));
  for (const worker of [false, true]) {
    const verifier = new Verifier({ worker, wasm: new Uint8Array(8) });
    await rejects(verifier.ready(), "load_failed");
  }
  const session = { protocol: "openid4vp-dc-api", origin: "https://verifier.example", nonce: "n" };
  await rejects(sessionTranscript(session, { wasm: new Uint8Array(8) }), "load_failed");
  await rejects(mint({}, { wasm: null }), "malformed");
});
