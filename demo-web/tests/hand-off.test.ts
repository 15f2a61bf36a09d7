// Tests the messages between devices with the test vectors that the phone demos use too. No browser is needed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fromBase45, toBase45 } from "../src/exchange/base45.ts";
import { checksumOf } from "../src/exchange/checksum.ts";
import {
  CodeCollector,
  codesOf,
  type MessageKind,
  MESSAGE_MAX_BYTES,
  type Reading,
} from "../src/exchange/code-sequence.ts";
import { questionMessage, readQuestion } from "../src/exchange/question-message.ts";
import { sessionTranscript } from "../src/exchange/session.ts";
import { Refusal } from "../src/failure.ts";

interface Vectors {
  readonly base45: readonly { readonly bytes: string; readonly text: string }[];
  readonly no_base45: readonly string[];
  readonly checksums: readonly { readonly bytes: string; readonly checksum: string }[];
  readonly sequences: readonly {
    readonly kind: MessageKind;
    readonly message: string;
    readonly part_bytes: number;
    readonly texts: readonly string[];
  }[];
  readonly no_codes: readonly string[];
  readonly questions: readonly {
    readonly message: string;
    readonly origin: string;
    readonly nonce: string;
    readonly request: unknown;
    readonly transcript: string;
  }[];
  readonly no_questions: readonly string[];
}

const FOLDER = "../testdata/hand-off";
const VECTORS = readFileSync(`${FOLDER}/vectors.json`, "utf8");
const vectors = JSON.parse(VECTORS) as Vectors;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const messageOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The refusal with which reading a question ends. Any other error fails the test. */
function refusalOf(message: Uint8Array): Refusal {
  try {
    readQuestion(message);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  assert.fail("it was read as a question");
}

test("the vectors are those that their script writes", () => {
  assert.equal(execFileSync("node", [`${FOLDER}/vectors.mjs`], { encoding: "utf8" }), VECTORS);
});

test("base45 and checksums are those of their standards", () => {
  for (const { bytes, text } of vectors.base45) {
    assert.equal(toBase45(bytesOf(bytes)), text);
    assert.deepEqual(fromBase45(text), bytesOf(bytes));
  }
  for (const text of vectors.no_base45) assert.equal(fromBase45(text), undefined, text);
  for (const { bytes, checksum } of vectors.checksums) assert.equal(checksumOf(bytesOf(bytes)), checksum);
});

test("a message becomes codes, and codes in any order and more than once become the message", () => {
  for (const { kind, message, part_bytes: partBytes, texts } of vectors.sequences) {
    assert.deepEqual(codesOf(kind, bytesOf(message), partBytes), texts);
    const collector = new CodeCollector();
    const [first = "", ...others] = texts;
    const readings = [...others, ...others].reverse().map((text) => collector.read(text));
    assert.ok(readings.every((reading) => reading.kind === "reading" && reading.count === texts.length));
    assert.deepEqual(collector.read(first), { kind: "done", message: kind, bytes: bytesOf(message) });
  }
});

test("codes fit the version of QR that they are meant for", () => {
  // The capacity of a code of version 22 at error correction level L in alphanumeric mode.
  for (const text of codesOf("answer", new Uint8Array(330_000))) assert.ok(text.length <= 1460, `${text.length}`);
});

test("codes of others leave what was read, and those of a newer message take its place", () => {
  const message = Uint8Array.from({ length: 2500 }, (_, index) => index * 31);
  const [one = "", two = "", three = ""] = codesOf("answer", message);
  const others = codesOf("question", message);
  const collector = new CodeCollector();
  const read = (...texts: string[]): Reading[] => texts.map((text) => collector.read(text));
  const reading = (have: number): Reading => ({ kind: "reading", have, count: 3 });
  assert.deepEqual(read(one), [reading(1)]);
  for (const text of vectors.no_codes) assert.deepEqual(read(text), [{ kind: "foreign" }], text);
  assert.deepEqual(read(two, others[2] ?? "", three, one), [reading(2), reading(1), reading(1), reading(2)]);
  assert.deepEqual(read(two), [{ kind: "done", message: "answer", bytes: message }]);
});

test("parts that do not fit together are seen at the end, and read anew", () => {
  const message = Uint8Array.from({ length: 2500 }, (_, index) => index * 7);
  const texts = codesOf("answer", message);
  const damaged = texts.map((text, index) => (index === 1 ? `${text.slice(0, -3)}000` : text));
  const collector = new CodeCollector();
  const read = (all: readonly string[]): Reading | undefined => all.map((text) => collector.read(text)).at(-1);
  assert.deepEqual(read(damaged), { kind: "damaged" });
  assert.deepEqual(read(texts), { kind: "done", message: "answer", bytes: message });
});

test("what is too large is neither shown nor collected", () => {
  for (const [bytes, part] of [[0], [MESSAGE_MAX_BYTES + 1, 2000], [4097, 1]] as const) {
    assert.throws(() => codesOf("answer", new Uint8Array(bytes), part), { name: "Refusal", code: "too_large" });
  }
  const collector = new CodeCollector();
  const part = toBase45(new Uint8Array(4000));
  const readings = Array.from({ length: 1100 }, (_, index) =>
    collector.read(`VELUM:1:A:${index + 1}:4096:00000000:${part}`),
  );
  const first = readings.findIndex(({ kind }) => kind === "damaged");
  assert.equal(first, Math.floor(MESSAGE_MAX_BYTES / 4000));
});

test("a question travels, and the transcript follows from it", async () => {
  for (const { message, origin, nonce, request, transcript } of vectors.questions) {
    const asked = readQuestion(messageOf(message));
    assert.deepEqual([asked.origin, asked.nonce, JSON.parse(asked.request)], [origin, bytesOf(nonce), request]);
    assert.deepEqual(await sessionTranscript(asked.origin, asked.nonce), bytesOf(transcript));
    assert.deepEqual(JSON.parse(Buffer.from(questionMessage(asked)).toString()), JSON.parse(message));
  }
});

test("what is no question is refused, with where it goes wrong and what to do", () => {
  for (const text of vectors.no_questions) {
    const { code, where, message } = refusalOf(messageOf(text));
    assert.equal(code, "malformed", text);
    assert.match(where, /^question/, text);
    assert.match(message, /; the verifier has to ask again$/, text);
  }
  const [known] = vectors.questions;
  const question = JSON.parse(known?.message ?? "") as Record<string, unknown>;
  const changed = (change: object): Uint8Array => messageOf(JSON.stringify({ ...question, ...change }));
  assert.equal(refusalOf(changed({ nonce: "AAAA" })).where, "question.nonce");
  assert.equal(refusalOf(changed({ request: [] })).where, "question.request");
  assert.equal(refusalOf(changed({ origin: "\ud800" })).where, "question.origin");
  assert.match(refusalOf(changed({ more: 1 })).message, /an unknown member, "more"/);
  assert.match(
    refusalOf(changed({ request: { age: 2 ** 53 } })).message,
    /"age" is a number that this page cannot represent/,
  );
  assert.equal(refusalOf(messageOf("[".repeat(100_000))).code, "malformed");
  assert.equal(refusalOf(changed({ nonce: "A".repeat(100_000) })).where, "question.nonce");
  assert.equal(refusalOf(messageOf(" ".repeat(200_000))).code, "too_large");
  assert.equal(refusalOf(Uint8Array.of(0x22, 0xff, 0x22)).code, "malformed");
});
