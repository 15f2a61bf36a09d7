// Checks what callers pass, before it goes to a worker.

import { VelumError } from "./errors.js";
import type { CallOptions, Presentation, Profile, RequestInput, SizeClass, Suite } from "./types.js";

/** A presentation and what it must answer. */
export interface VerifyInput {
  presentation: Uint8Array | Presentation;
  /** The CBOR `SessionTranscript` of the verifier's own session. */
  transcript: Uint8Array;
  /** The request that the verifier sent. */
  request: RequestInput;
  /**
   * The suites of presentations that are accepted.
   *
   * @defaultValue `["direct", "compact"]`
   */
  suites?: readonly Suite[];
}

/** A receipt and what it must show. */
export interface ReceiptInput {
  receipt: Uint8Array;
  /** The CBOR `SessionTranscript` of the verifier's own session. */
  transcript: Uint8Array;
  /** The request that the verifier sent. */
  request: RequestInput;
  /**
   * The profiles of aggregates that are accepted. There is no default, because profiles differ in what is proven about
   * them.
   */
  profiles: readonly Profile[];
  /** For whom the aggregate must be counted, 32 bytes. If it is left out, any payee is accepted. */
  payee?: Uint8Array;
}

/** What a wallet answers with, and what its holder agreed to. */
export interface AnswerInput {
  /** A document that the device has signed for this session: a `DeviceResponse`, or a `Document` alone. */
  document: Uint8Array;
  /** The CBOR `SessionTranscript` of the session. */
  transcript: Uint8Array;
  /** The verifier's request. */
  request: RequestInput;
  /**
   * The wallet's time, by default the system's. The request's `now` must lie within five minutes of it. With `"any"`,
   * requests of any time are answered.
   */
  clock?: Date | "any";
  /** Whether elements that the device signed itself may be sent along in clear. */
  discloseDeviceNamespaces?: boolean;
}

/** What a proof is prepared for. */
export interface PrepareInput {
  /** A `DeviceResponse`, or a `Document` or an `IssuerSigned` alone. */
  document: Uint8Array;
  /** A request with the same docType, issuer and elements as the requests that the proof is to answer. */
  request: RequestInput;
  /**
   * The suite of the presentation.
   *
   * @defaultValue "direct"
   */
  suite?: Suite;
  /**
   * The size class.
   *
   * @defaultValue the smallest that fits
   */
  sizeClass?: SizeClass;
}

/** Runs `call`. Whatever it throws becomes a rejection with a `VelumError`. */
export async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof VelumError) throw cause;
    throw new VelumError("malformed", "arguments", "an argument has the wrong type; see `cause`", { cause });
  }
}

/** The options, if they have only these names. Otherwise a misspelt option would be ignored without a word. */
export function optionsOf<T extends object>(options: T, names: readonly (keyof T & string)[]): T {
  if (Object(options) !== options) {
    throw new VelumError("malformed", "options", "not an object");
  }
  const other = Object.keys(options).find((name) => !(names as readonly string[]).includes(name));
  if (other === undefined) return options;
  throw new VelumError("malformed", `options.${other}`, `unknown option; the options are ${names.join(", ")}`);
}

/** The options that follow and stop a call, taken from options that may include others. */
export function callOptions<T extends CallOptions>(
  options: T | undefined,
  ...others: (keyof T & string)[]
): Pick<T, keyof CallOptions> {
  if (options === undefined) return {};
  const { signal, onProgress } = optionsOf<T>(options, ["signal", "onProgress", ...others]);
  if (signal !== undefined && !isSignal(signal)) {
    throw new VelumError("malformed", "options.signal", "not an AbortSignal");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new VelumError("malformed", "options.onProgress", "not a function");
  }
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}

/** Accepts a signal of any realm: a test environment has its own `AbortSignal`. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

/** Whether the value is a `Uint8Array` of any realm: a frame or a test environment has its own `Uint8Array`. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** Whether the value is a `Date` of any realm. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/**
 * A copy of the bytes, if the value is a `Uint8Array`. Neither later changes of the bytes nor the rest of their buffer
 * reach the worker.
 */
export function bytes(value: Uint8Array, where: string): Uint8Array<ArrayBuffer> {
  if (!isBytes(value)) throw new VelumError("malformed", where, "not a Uint8Array");
  try {
    return new Uint8Array(value);
  } catch (cause) {
    throw new VelumError("malformed", where, "cannot be copied: its buffer was transferred, or is too large", {
      cause,
    });
  }
}

/** A copy of the input and its bytes, because bytes that are sent to a worker move to it. */
export function copied<T extends object>(input: T): T {
  const members = Object.entries(input) as [string, unknown][];
  return Object.fromEntries(
    members.map(([name, value]) => [name, isBytes(value) ? new Uint8Array(value) : value]),
  ) as T;
}

/** The text, if the value is a string. */
export function text(value: string, where: string): string {
  if (typeof value === "string") return value;
  throw new VelumError("malformed", where, "not a string");
}

/** A wallet's clock in seconds since 1970, or `undefined` for any time. */
function clockSeconds(clock: Date | "any"): number | undefined {
  if (clock === "any") return undefined;
  if (isDate(clock)) return clock.getTime() / 1000;
  throw new VelumError("malformed", "clock", 'neither a Date nor "any"');
}

/** A value as JSON text. */
export function json(value: unknown, where: string): string {
  // `JSON.stringify` returns undefined for a value that JSON lacks.
  const text = typeof value === "string" ? value : (JSON.stringify(value) as string | undefined);
  if (text === undefined) throw new VelumError("malformed", where, "neither an object nor JSON text");
  return text;
}

/** The request as JSON text. */
export function requestText(request: RequestInput): string {
  const { now } = Object(request) as { now?: unknown };
  if (isDate(now) && Number.isNaN(now.getTime())) throw new VelumError("malformed", "request.now", "an invalid Date");
  return json(request, "request");
}

/** The name of a size class, if it is valid. */
export function sizeClass<T extends SizeClass | undefined>(name: T): T {
  if (name === undefined || name === "standard" || name === "large" || name === "extra") return name;
  throw new VelumError("malformed", "sizeClass", 'not one of "standard", "large" and "extra"');
}

/** All suites, in Rust's order. */
const SUITES: readonly Suite[] = ["direct", "compact", "aggregatable"];

/** The name of a suite, if it is valid. */
export function suite(name: Suite, where: string): Suite {
  if (SUITES.includes(name)) return name;
  throw new VelumError("malformed", where, `not one of "${SUITES.join('", "')}"`);
}

/**
 * The allowed suites as bits, by their places in the list. 0 stands for the suites that a verifier accepts by default.
 */
function allowedSuites(suites: readonly Suite[] | undefined): number {
  if (suites === undefined) return 0;
  if (!Array.isArray(suites)) throw new VelumError("malformed", "suites", "not an array of suites");
  const allowed = suites.map((name: Suite) => suite(name, "suites"));
  if (allowed.length === 0) throw new VelumError("malformed", "suites", "empty: no presentation would be accepted");
  return allowed.reduce((bits, name) => bits | (1 << SUITES.indexOf(name)), 0);
}

/** The input of a prover's worker for preparing. */
export function prepareInput(input: PrepareInput) {
  return {
    document: bytes(input.document, "document"),
    request: requestText(input.request),
    suite: suite(input.suite ?? "direct", "suite"),
    sizeClass: sizeClass(input.sizeClass),
  };
}

/** The input of a prover's worker for an answer. */
export function answerInput(input: AnswerInput) {
  return {
    document: bytes(input.document, "document"),
    transcript: bytes(input.transcript, "transcript"),
    request: requestText(input.request),
    clock: clockSeconds(input.clock ?? new Date()),
    discloseDeviceNamespaces: input.discloseDeviceNamespaces === true,
  };
}

/** A copy of a presentation's bytes. */
export function presentationBytes(presentation: Uint8Array | Presentation): Uint8Array<ArrayBuffer> {
  const given = isBytes(presentation) ? presentation : (Object(presentation) as Presentation).bytes;
  return bytes(given, "presentation");
}

/** The input of a worker that verifies presentations. */
export function verifyInput(input: VerifyInput) {
  const { presentation, transcript, request, suites } = input;
  return {
    presentation: presentationBytes(presentation),
    transcript: bytes(transcript, "transcript"),
    request: requestText(request),
    suites: allowedSuites(suites),
  };
}

const PROFILES: readonly unknown[] = ["standard", "proven-100"] satisfies Profile[];

/** The profile, if it is valid. */
export function profile(name: Profile, where: string): Profile {
  if (PROFILES.includes(name)) return name;
  throw new VelumError("malformed", where, 'neither "standard" nor "proven-100"');
}

/** The allowed profiles, if they are valid. */
function allowedProfiles(profiles: readonly Profile[]): Profile[] {
  const name = 'name "standard", "proven-100" or both';
  if (!Array.isArray(profiles)) throw new VelumError("malformed", "profiles", `not an array of profiles: ${name}`);
  if (profiles.length === 0) throw new VelumError("malformed", "profiles", `empty: ${name}`);
  if (!profiles.every((profile) => PROFILES.includes(profile)))
    throw new VelumError("malformed", "profiles", `not a profile: ${name}`);
  return [...(profiles as readonly Profile[])];
}

const PAYEE_BYTES = 32;

/** The payee, if it is valid. */
export function payeeBytes(payee: Uint8Array): Uint8Array {
  const copy = bytes(payee, "payee");
  if (copy.length === PAYEE_BYTES) return copy;
  throw new VelumError("malformed", "payee", `${copy.length} bytes instead of ${PAYEE_BYTES}`);
}

/** The input of the worker that verifies receipts. */
export function receiptInput(input: ReceiptInput) {
  const { receipt, transcript, request, profiles, payee } = input;
  return {
    receipt: bytes(receipt, "receipt"),
    transcript: bytes(transcript, "transcript"),
    request: requestText(request),
    profiles: allowedProfiles(profiles),
    payee: payee === undefined ? undefined : payeeBytes(payee),
  };
}

/** An address, resolved as its caller means it. A worker would resolve it against its own address. */
export function address(url: string | URL | undefined, where: string): string | undefined {
  if (url === undefined) return undefined;
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  try {
    return new URL(url, document?.baseURI ?? location?.href).href;
  } catch (cause) {
    throw new VelumError("malformed", where, "not a URL; outside of pages, give an absolute URL", { cause });
  }
}
