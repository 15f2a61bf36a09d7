// Tests what needs no browser: sessions, requests, dates, facts in words, the envelope.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { decode, encode } from "cborg";

import { AGE_ATTESTATION, LICENCE } from "../src/documents.ts";
import { newNonce, sessionTranscript } from "../src/exchange/session.ts";
import { documentSpec } from "../src/issuer/spec.ts";
import { hasReached, timestamp } from "../src/time.ts";
import { issuerIndex, membersOf } from "../src/verifier/envelope.ts";
import { firstQuestion, requestOf } from "../src/verifier/question.ts";
import { shapeOf } from "../src/wallet/shape.ts";
import { factInWords } from "../src/words.ts";

const NOW = new Date("2026-03-01T12:34:56.789Z");

test("a session transcript binds origin and nonce as OpenID4VP writes them", async () => {
  const nonce = new Uint8Array(32).fill(0xfb);
  const [engagement, reader, handover] = decode(await sessionTranscript("https://shop.example", nonce)) as [
    null,
    null,
    [string, Uint8Array],
  ];
  assert.deepEqual([engagement, reader, handover[0]], [null, null, "OpenID4VPDCAPIHandover"]);
  const info = encode(["https://shop.example", Buffer.from(nonce).toString("base64url"), null]);
  assert.deepEqual(Buffer.from(handover[1]), createHash("sha256").update(info).digest());
  assert.notDeepEqual(newNonce(), newNonce());
});

test("a form becomes a request", () => {
  const questions = [
    firstQuestion(LICENCE),
    { element: "issuing_country", condition: "equals", value: "UT" } as const,
    { element: "expiry_date", condition: "equals", value: "2030-01-01" } as const,
    { element: "given_name", condition: "disclose", value: "" } as const,
  ];
  const namespace = "org.iso.18013.5.1";
  assert.deepEqual(requestOf(LICENCE, questions, ["PEM"], NOW), {
    doc_type: "org.iso.18013.5.1.mDL",
    now: "2026-03-01T12:34:56Z",
    issuers: [{ x509_pem: "PEM", profile: "iso18013-5" }],
    predicates: [
      { namespace, element: "birth_date", age_at_least: 18 },
      { namespace, element: "issuing_country", equals: "UT" },
      { namespace, element: "expiry_date", equals: { full_date: "2030-01-01" } },
      { namespace, element: "given_name", disclose: true },
    ],
  });
  assert.deepEqual(requestOf(AGE_ATTESTATION, [firstQuestion(AGE_ATTESTATION)], ["PEM"], NOW).predicates, [
    { namespace: "eu.europa.ec.av.1", element: "age_over_18", equals: true },
  ]);
  for (const value of ["", "0", "17.5", "abc", "151"]) {
    const question = { element: "birth_date", condition: "age_at_least", value } as const;
    assert.throws(() => requestOf(LICENCE, [question], ["PEM"], NOW), { code: "malformed" }, value);
  }
});

test("a prepared proof is tied to the distinct elements in their order", () => {
  const name = (element: string) => ({ namespace: "n", element });
  const predicates = [
    { ...name("b"), disclose: true as const },
    { ...name("a"), disclose: true as const },
    { ...name("b"), age_at_least: 18 },
  ];
  assert.deepEqual(shapeOf({ id: "card" }, { predicates }), { card: "card", elements: [name("b"), name("a")] });
});

test("an age is reached on the birthday, and on 1 March by those born on 29 February", () => {
  const on = (day: string): Date => new Date(`${day}T00:00:00Z`);
  assert.equal(hasReached(18, "2008-03-01", on("2026-02-28")), false);
  assert.equal(hasReached(18, "2008-03-01", on("2026-03-01")), true);
  assert.equal(hasReached(18, "2008-02-29", on("2026-02-28")), false);
  assert.equal(hasReached(18, "2008-02-29", on("2026-03-01")), true);
});

test("a spec carries the public half of the device key only, and what the kind calls for", () => {
  const person = {
    givenName: "Ada",
    familyName: "Sample",
    birthDate: "2008-03-02",
    country: "UT",
    portrait: new Uint8Array([0xff, 0xd8]),
  };
  const keys = { root: "01".repeat(32), signer: "02".repeat(32) };
  const point = new Uint8Array(65).fill(4);
  const licence = JSON.stringify(documentSpec(LICENCE, person, keys, point, NOW));
  assert.match(licence, /"device_public":"(04){65}"/);
  assert.match(licence, /"element":"portrait","value":\{"bytes":"ffd8"\}/);
  const age = documentSpec(AGE_ATTESTATION, person, keys, point, NOW) as {
    elements: { element: string; value: unknown }[];
  };
  const flags = age.elements.map(({ element, value }) => `${element} ${value}`);
  assert.deepEqual(flags, ["age_over_16 true", "age_over_18 false", "age_over_21 false", "age_over_65 false"]);
});

test("facts are put in plain words", () => {
  const fact = { namespace: LICENCE.namespace, element: "birth_date", predicate: { age_at_least: 18 } };
  assert.equal(factInWords(fact, "you", "X"), "You are 18 or older");
  assert.equal(factInWords(fact, "the holder", "X"), "The holder is 18 or older");
  const shown = {
    namespace: LICENCE.namespace,
    element: "issuing_country",
    predicate: { disclose: true as const },
    value: "UT",
  };
  assert.equal(factInWords(shown, "the holder", "X"), "Their issuing country: Utopia");
  const flag = { namespace: AGE_ATTESTATION.namespace, element: "age_over_18", predicate: { equals: true } };
  assert.equal(factInWords(flag, "you", "X"), "You are over 18");
  const profile = { profile: "iso18013-5", revocation_checked: false } as const;
  assert.match(factInWords(profile, "you", "X"), /ISO\/IEC 18013-5; revocation is not checked/);
  assert.equal(factInWords({ device_algorithm: "ES256" }, "you", "X"), "The device signs with ES256");
  assert.equal(factInWords({ valid_at: timestamp(NOW) }, "you", "X"), "It is valid on 1 March 2026");
});

test("an envelope is taken apart", () => {
  const envelope = encode([
    3,
    1,
    3,
    1,
    3,
    [],
    new Uint8Array(32),
    [null],
    Uint8Array.of(0xa0),
    -7,
    new Uint8Array(2000),
    new Uint8Array(1),
  ]);
  assert.equal(issuerIndex(envelope), 3);
  assert.deepEqual(
    membersOf(envelope)
      .map(({ name, content }) => `${name}: ${content}`)
      .slice(7),
    [
      "Disclosed values: [null]",
      "DeviceNameSpaces: h'a0'",
      "Device’s algorithm: -7",
      "Credential proof: 2.0 kB, h'000000000000000000000000…'",
      "Presentation proof: h'00'",
    ],
  );
});
