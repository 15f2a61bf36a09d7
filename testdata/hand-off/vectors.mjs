// Writes what a reader of docs/hand-off.md must make of messages: `node vectors.mjs > vectors.json`. It is written apart from the demos
// that are tested by it, by other means: base45 by whole numbers of any size, checksums by zlib, CBOR byte by byte.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

function base45(bytes) {
  return (bytes.toString("hex").match(/.{1,4}/g) ?? [])
    .map((group) => {
      const number = Number.parseInt(group, 16);
      const digits = [number % 45, Math.trunc(number / 45) % 45, Math.trunc(number / 2025)];
      return digits.slice(0, group.length === 4 ? 3 : 2).map((digit) => ALPHABET[digit]);
    })
    .flat()
    .join("");
}

function checksum(bytes) {
  return crc32(bytes).toString(16).toUpperCase().padStart(8, "0");
}

function codes(letter, message, partBytes) {
  const count = Math.ceil(message.length / partBytes);
  return Array.from({ length: count }, (_, index) => {
    const part = message.subarray(index * partBytes, (index + 1) * partBytes);
    return `VELUM:1:${letter}:${index + 1}:${count}:${checksum(message)}:${base45(part)}`;
  });
}

/** A text string of CBOR, its length in as few bytes as go (RFC 8949, 4.2.1). */
function text(string) {
  const bytes = Buffer.from(string);
  const length = bytes.length;
  const head = length < 24 ? [0x60 + length] : length < 256 ? [0x78, length] : [0x79, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
}

function transcript(origin, nonce) {
  const info = Buffer.concat([Buffer.from([0x83]), text(origin), text(nonce.toString("base64url")), Buffer.from([0xf6])]);
  const digest = createHash("sha256").update(info).digest();
  const handover = [text("OpenID4VPDCAPIHandover"), Buffer.from([0x58, 0x20]), digest];
  return Buffer.concat([Buffer.from([0x83, 0xf6, 0xf6, 0x82]), ...handover]);
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const counted = (length) => Buffer.from(Array.from({ length }, (_, index) => index % 256));

const nonce = counted(32);
const request = { doc_type: "org.iso.18013.5.1.mDL", now: "2026-01-01T00:00:00Z" };
const question = (change) => ({ origin: "https://verifier.example", nonce: nonce.toString("base64url"), request, ...change });
const without = (name) => Object.fromEntries(Object.entries(question({})).filter(([member]) => member !== name));

const questions = [
  { origin: "https://verifier.example", nonce },
  { origin: "the café at the corner", nonce: counted(16) },
  { origin: "a", nonce: Buffer.alloc(64, 0xfb) },
  // Lengths of a text in CBOR take one byte more from 24 and from 256 on.
  { origin: "b".repeat(23), nonce },
  { origin: "c".repeat(24), nonce },
  { origin: "d".repeat(255), nonce },
  { origin: "e".repeat(256), nonce },
  { origin: "f".repeat(300), nonce },
];

const sequences = [
  { kind: "question", message: Buffer.from(JSON.stringify(question({}))), part_bytes: 50 },
  { kind: "answer", message: counted(1), part_bytes: 900 },
  { kind: "answer", message: counted(900), part_bytes: 900 },
  { kind: "answer", message: counted(2501), part_bytes: 900 },
];

const vectors = {
  // The first four are the examples of RFC 9285, 4.3 and 4.4.
  base45: ["AB", "Hello!!", "base-45", "ietf!", "\0", "\0\0"].map((bytes) => ({
    bytes: hex(Buffer.from(bytes)),
    text: base45(Buffer.from(bytes)),
  })),
  no_base45: ["A", "GGW", "::::", "ZZ", "ab8", "é00", "::"],
  checksums: [Buffer.from("123456789"), Buffer.from("a"), counted(256)].map((bytes) => ({
    bytes: hex(bytes),
    checksum: checksum(bytes),
  })),
  sequences: sequences.map(({ kind, message, part_bytes }) => ({
    kind,
    message: hex(message),
    part_bytes,
    texts: codes(kind === "question" ? "Q" : "A", message, part_bytes),
  })),
  no_codes: [
    "",
    "VELUM",
    "https://verifier.example",
    "velum:1:A:1:1:00000000:BB8",
    "VELUM:2:A:1:1:00000000:BB8",
    "VELUM:1:B:1:1:00000000:BB8",
    "VELUM:1:A:0:1:00000000:BB8",
    "VELUM:1:A:2:1:00000000:BB8",
    "VELUM:1:A:01:1:00000000:BB8",
    "VELUM:1:A:+1:1:00000000:BB8",
    "VELUM:1:A:1:4097:00000000:BB8",
    "VELUM:1:A:1:10000:00000000:BB8",
    "VELUM:1:A:1:1:0000000:BB8",
    "VELUM:1:A:1:1:0000000g:BB8",
    "VELUM:1:A:1:1:abcdef01:BB8",
    "VELUM:1:A:1:1:00000000",
    "VELUM:1:A:1:1:00000000:",
    "VELUM:1:A:1:1:00000000:b",
    "VELUM:1:A:1:1:00000000:A",
    " VELUM:1:A:1:1:00000000:BB8",
  ],
  questions: questions.map(({ origin, nonce: bytes }) => ({
    message: JSON.stringify(question({ origin, nonce: bytes.toString("base64url") })),
    origin,
    nonce: hex(bytes),
    request,
    transcript: hex(transcript(origin, bytes)),
  })),
  no_questions: [
    "",
    "question",
    "[]",
    "null",
    "{}",
    ...["origin", "nonce", "request"].map((name) => JSON.stringify(without(name))),
    ...[
      { more: 1 },
      { origin: "" },
      { origin: 1 },
      { origin: null },
      { nonce: 1 },
      { nonce: "" },
      { nonce: counted(15).toString("base64url") },
      { nonce: counted(65).toString("base64url") },
      { nonce: counted(32).toString("base64") },
      { nonce: Buffer.alloc(33, 0xfb).toString("base64") },
      // Bits of the last character that no byte takes.
      { nonce: `${"A".repeat(42)}B` },
      { nonce: `${"A".repeat(41)}` },
      { nonce: ` ${"A".repeat(43)}` },
      { nonce: `${"A".repeat(42)}é` },
      { request: [] },
      { request: "{}" },
      { request: null },
    ].map((change) => JSON.stringify(question(change))),
  ],
};

process.stdout.write(`${JSON.stringify(vectors, undefined, 2)}\n`);
