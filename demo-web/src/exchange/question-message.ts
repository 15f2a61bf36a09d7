// Encodes and decodes a question for another device, in the format of docs/hand-off.md.

import { type Bytes, fromBase64url, toBase64url } from "../bytes.ts";
import { Refusal } from "../failure.ts";
import type { Asked } from "./messages.ts";

const MAX_BYTES = 128 * 1024;
const NONCE_MIN_BYTES = 16;
const NONCE_MAX_BYTES = 64;
const MEMBERS: readonly string[] = ["origin", "nonce", "request"];

/** Encodes a question. */
export function questionMessage({ origin, nonce, request }: Asked): Bytes {
  const question = { origin, nonce: toBase64url(nonce), request: JSON.parse(request) as unknown };
  return new TextEncoder().encode(JSON.stringify(question));
}

/** Decodes a question. The prover checks the content of its request. */
export function readQuestion(message: Uint8Array): Asked {
  if (message.length > MAX_BYTES) {
    throw refusal("question", `it has ${message.length} bytes, more than the ${MAX_BYTES} of a question`, "too_large");
  }
  const question = parsed(message);
  if (!isObject(question)) throw refusal("question", "it is not a JSON object");
  const unknown = Object.keys(question).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw refusal("question", `it has an unknown member, ${quoted(unknown)}`);
  const { origin, nonce, request } = question;
  if (!isObject(request)) throw refusal("question.request", "it is not an object");
  return { origin: originOf(origin), nonce: nonceOf(nonce), request: JSON.stringify(request) };
}

function parsed(message: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message);
    return JSON.parse(text, kept) as unknown;
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw refusal("question", `it is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

/**
 * Returns a value of the JSON unchanged. Refuses numbers other than safe integers, because JavaScript could read them
 * as different numbers.
 */
function kept(member: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  throw refusal("question", `${quoted(member)} is a number that this page cannot represent, ${value}`);
}

function originOf(origin: unknown): string {
  if (typeof origin !== "string" || origin === "") throw refusal("question.origin", "it is not text, or it is empty");
  // A lone surrogate would become a different character in the transcript.
  if (/\p{Cs}/u.test(origin)) throw refusal("question.origin", "it contains half a character");
  return origin;
}

function nonceOf(nonce: unknown): Bytes {
  const bytes = typeof nonce === "string" ? fromBase64url(nonce) : undefined;
  if (bytes === undefined) throw refusal("question.nonce", "it is not base64url without padding");
  if (bytes.length < NONCE_MIN_BYTES || bytes.length > NONCE_MAX_BYTES) {
    const wanted = `${NONCE_MIN_BYTES} to ${NONCE_MAX_BYTES}`;
    throw refusal("question.nonce", `it has ${bytes.length} bytes instead of ${wanted}`);
  }
  return bytes;
}

const SHOWN_CHARACTERS = 40;

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(where: string, reason: string, code = "malformed"): Refusal {
  return new Refusal(code, where, `${reason}; the verifier has to ask again`);
}
