// Checking what callers give before it goes to a worker.

import { VelumError } from "./errors.js";
import type { Presentation, RequestInput, SizeClass } from "./types.js";

/** A presentation and what it should answer. */
export interface VerifyInput {
  presentation: Uint8Array | Presentation;
  /** The CBOR `SessionTranscript` of the verifier's own session. */
  transcript: Uint8Array;
  /** What the verifier asked. */
  request: RequestInput;
}

/** Runs `call` so that whatever it throws rejects. */
export async function attempt<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

/** The bytes, if they are some. */
export function bytes(value: Uint8Array, where: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new VelumError("malformed", where, "not a Uint8Array");
}

/** The request as JSON text. */
export function requestText(request: RequestInput): string {
  // `JSON.stringify` gives undefined for what is none.
  const text = typeof request === "string" ? request : (JSON.stringify(request) as string | undefined);
  if (text === undefined) throw new VelumError("malformed", "request", "neither a request nor its JSON");
  return text;
}

/** The name of a size class, if it is one. */
export function sizeClass<T extends SizeClass | undefined>(name: T): T {
  if (name === undefined || name === "standard" || name === "large") return name;
  throw new VelumError("malformed", "sizeClass", 'neither "standard" nor "large"');
}

/** What a verifier's worker takes. */
export function verifyInput(input: VerifyInput) {
  const { presentation, transcript, request } = input;
  return {
    presentation: bytes(presentation instanceof Uint8Array ? presentation : presentation.bytes, "presentation"),
    transcript: bytes(transcript, "transcript"),
    request: requestText(request),
  };
}

/** An address as its caller means it, which a worker would resolve against its own. */
export function address(url: string | URL | undefined): string | undefined {
  if (url === undefined) return undefined;
  const base = (globalThis as { location?: { href: string } }).location?.href;
  return new URL(url, base).href;
}
