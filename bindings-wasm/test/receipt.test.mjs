// Receipts: what a receipt shows, and that everything else is refused with a typed error. testdata/README.md says how
// the recorded receipts were made.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ReceiptVerifier } from "@velum/prover/receipt";

import { RECEIPT_PAYEE, receipt, rejects } from "./support.mjs";

/**
 * Profiles, with the bits that are proven, and how many bytes are changed. A proof of the second profile takes longer
 * to verify.
 */
const PROFILES = [
  ["standard", 58, 160],
  ["proven-100", 100, 40],
];

/** The approximate length of a receipt before its proof, and the length of the public inputs at its end. */
const BEFORE_PROOF = 170;
const PUBLIC_INPUTS = 8 * 20;

/** An issuer that no request names. Its key is the curve's generator. */
const OTHER_ISSUER = {
  sec1_hex:
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
};

for (const worker of [true, false]) {
  describe(worker ? "in a worker" : "without a worker", () => {
    let verifier;
    before(() => {
      verifier = new ReceiptVerifier({ worker });
    });
    after(() => verifier.dispose());

    for (const [profile, provenBits, few] of PROFILES) {
      const input = { ...receipt(profile), profiles: [profile] };
      const verify = (change) => verifier.verify({ ...input, ...change });

      test(`a receipt of profile ${profile} tells what its presentation does, and of its aggregate`, async () => {
        const verified = await verify();
        const { facts, learnt, ms, ...aggregate } = verified;
        assert.deepEqual(aggregate, { profile, provenBits, count: 2, payee: RECEIPT_PAYEE });
        assert.equal(facts.length, learnt.length);
        assert.deepEqual(facts[0].predicate, { equals: "Mustermann" });
        assert.match(learnt[1], /18 years or older/u);
        assert.ok(ms > 0);
        const both = await verify({ profiles: ["standard", "proven-100"], payee: RECEIPT_PAYEE });
        assert.deepEqual(both.payee, RECEIPT_PAYEE);
        await verify({ request: JSON.stringify(input.request) });
      });

      test(`a receipt of profile ${profile} is of one session, request, payee and profile`, async () => {
        const { request, transcript } = input;
        const refusedAt = async (change, where) => {
          const error = await rejects(verify(change), "receipt_invalid");
          assert.equal(error.where, where);
        };
        const otherTranscript = transcript.slice();
        otherTranscript[otherTranscript.length - 1] ^= 1;
        await refusedAt({ transcript: otherTranscript }, "receipt.path");
        await refusedAt({ transcript: Uint8Array.of(0x83, 0xf6, 0xf6, 0xf6) }, "receipt.path");
        await refusedAt({ request: { ...request, now: new Date("2024-10-16T00:00:00Z") } }, "receipt.path");
        const [first, birth, ...others] = request.predicates;
        const older = { ...request, predicates: [first, { ...birth, age_at_least: 21 }, ...others] };
        await refusedAt({ request: older }, "receipt.path");
        await refusedAt({ payee: new Uint8Array(32) }, "receipt.payee");
        const [[other]] = PROFILES.filter(([name]) => name !== profile);
        await refusedAt({ profiles: [other] }, "receipt.profile");
        await refusedAt({ request: { ...request, issuers: [OTHER_ISSUER] } }, "receipt.path");
        await verify();
      });

      test(`no changed byte of a receipt of profile ${profile} goes unnoticed`, async () => {
        // The proof is most of the receipt, and comes last.
        const { length } = input.receipt;
        for (const [from, to, samples] of [
          [0, BEFORE_PROOF, few],
          [BEFORE_PROOF, length - PUBLIC_INPUTS, few],
          [length - PUBLIC_INPUTS, length, few / 2],
        ]) {
          for (let sample = 0; sample < samples; sample += 1) {
            const at = from + Math.floor((sample * (to - from)) / samples);
            const receipt = input.receipt.slice();
            receipt[at] ^= 1 << (at % 8);
            await refused(verify({ receipt }), `byte ${at}`);
          }
        }
      });

      test(`no part of a receipt of profile ${profile} is a receipt, nor one that goes on`, async () => {
        const { length } = input.receipt;
        for (const end of [0, 1, 2, 20, 50, 100, 500, 1000, length >> 1, length - 8, length - 1]) {
          await rejects(verify({ receipt: input.receipt.subarray(0, end) }), "malformed");
        }
        await rejects(verify({ receipt: Buffer.concat([input.receipt, Uint8Array.of(0)]) }), "malformed");
      });
    }

    test("what is no receipt is refused", async () => {
      const input = { ...receipt("standard"), profiles: ["standard"] };
      let state = 1;
      const random = () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      };
      for (let length = 0; length < 300; length += 1) {
        const bytes = Uint8Array.from({ length }, random);
        await refused(verifier.verify({ ...input, receipt: bytes }), `${length} random bytes`);
        // Bytes that begin as a receipt does.
        bytes.set(input.receipt.subarray(0, Math.min(length, 60)));
        await refused(verifier.verify({ ...input, receipt: bytes }), `${length} bytes`);
      }
      await rejects(verifier.verify({ ...input, receipt: new Uint8Array(1 << 22) }), "too_large");
      await rejects(verifier.verify({ ...input, receipt: Uint8Array.of(0x86, 9) }), "wrong_version");
    });

    test("nothing is taken for granted of what a call is given", async () => {
      const input = { ...receipt("standard"), profiles: ["standard"] };
      for (const change of [
        { profiles: undefined },
        { profiles: [] },
        { profiles: "standard" },
        { profiles: ["standard", "100"] },
        { profiles: [undefined] },
        { payee: "7a".repeat(32) },
        { payee: new Uint8Array(31) },
        { payee: new Uint8Array() },
        { receipt: "text" },
        { receipt: undefined },
        { transcript: new Uint8Array(2) },
        { transcript: undefined },
        { request: "{" },
        { request: undefined },
        { request: { ...input.request, issuers: [] } },
      ]) {
        await rejects(verifier.verify({ ...input, ...change }), "malformed");
      }
      await rejects(verifier.verify(), "malformed");
      await rejects(verifier.verify(input, { signal: AbortSignal.abort() }), "cancelled");
      await verifier.verify(input);
    });
  });
}

test("a verifier of receipts is ready before it is called, and disposed for good", async () => {
  for (const worker of [true, false]) {
    const verifier = new ReceiptVerifier({ worker });
    await verifier.ready();
    verifier.dispose();
    await rejects(verifier.ready(), "disposed");
    const lost = new ReceiptVerifier({ worker, wasmUrl: new URL("nowhere.wasm", import.meta.url) });
    await rejects(lost.ready(), "load_failed");
    lost.dispose();
  }
  assert.throws(() => new ReceiptVerifier({ wasmUrl: "receipt.wasm" }), { name: "VelumError", code: "malformed" });
});

/**
 * Passes if a promise rejects with a `VelumError` about the input, and not with a trap or an error of the package
 * itself.
 */
async function refused(promise, what) {
  const error = await promise.then(
    () => assert.fail(`${what}: taken`),
    (reason) => reason,
  );
  assert.equal(error.name, "VelumError", `${what}: ${error.stack}`);
  const codes = ["malformed", "too_large", "wrong_version", "receipt_invalid", "issuer_untrusted", "device_namespaces"];
  assert.ok(codes.includes(error.code), `${what}: ${error.code}: ${error.message}`);
}
