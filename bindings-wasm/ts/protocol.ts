// What goes between a page and its worker. Both are of one version of the package.

import type { Build } from "./environment.js";
import type { Failure } from "./errors.js";
import type { GpuPolicy, GpuState, Timing } from "./gpu.js";
import type { Source } from "./source.js";
import type {
  BrokenDocument,
  Device,
  DocumentSummary,
  Explanation,
  Profile,
  PreparedFacts,
  Purpose,
  SizeClass,
  Stage,
  StageTiming,
  Suite,
  Verified,
  VerifiedReceipt,
} from "./types.js";

/** The calls that a worker answers: what each takes and gives. */
export interface Calls {
  [verb: string]: { input: unknown; output: unknown };
}

type Bytes = Uint8Array<ArrayBuffer>;

interface VerifyBytes {
  presentation: Uint8Array;
  transcript: Uint8Array;
  request: string;
  /** Those that are allowed, each a bit; those that a verifier allows that is not told, if 0. */
  suites: number;
}

export type VerifierCalls = {
  makeKeys: { input: { sizeClass: SizeClass }; output: undefined };
  verify: { input: VerifyBytes; output: Verified };
};

/** What is handed to a market, and what a job says of it. */
export interface Submission {
  bytes: Bytes;
  /** The hash that an aggregate will know its statement by. */
  statement: Uint8Array;
  sizeClass: SizeClass;
}

export type ReceiptCalls = {
  load: { input: undefined; output: undefined };
  keptBack: { input: { request: string }; output: string[] };
  submission: {
    input: { presentation: Uint8Array; transcript: Uint8Array; request: string };
    output: Submission;
  };
  verify: {
    input: {
      receipt: Uint8Array;
      transcript: Uint8Array;
      request: string;
      profiles: Profile[];
      payee: Uint8Array | undefined;
    };
    output: VerifiedReceipt;
  };
};

/** What a document answers, and what its holder agreed to. */
interface Answer {
  document: Uint8Array;
  transcript: Uint8Array;
  request: string;
  clock: number | undefined;
  discloseDeviceNamespaces: boolean;
}

export type ProverCalls = {
  memoryBytes: { input: undefined; output: number };
  makeKeys: { input: { suite: Suite; sizeClass: SizeClass }; output: undefined };
  inspect: { input: { document: Uint8Array }; output: (DocumentSummary | BrokenDocument)[] };
  explain: { input: { request: string; document: Uint8Array }; output: Explanation };
  deviceAuthenticationBytes: {
    input: { document: Uint8Array; docType: string; transcript: Uint8Array };
    output: Bytes;
  };
  withDeviceSignature: { input: { document: Uint8Array; docType: string; signature: Uint8Array }; output: Bytes };
  prepare: {
    input: { document: Uint8Array; request: string; suite: Suite; sizeClass: SizeClass | undefined };
    output: { bytes: Bytes; facts: PreparedFacts; timings: StageTiming[]; ms: number };
  };
  purposeOf: {
    input: { document: Bytes; request: string; suite: Suite; sizeClass: SizeClass | undefined };
    output: Purpose;
  };
  describePrepared: { input: { prepared: Bytes }; output: PreparedFacts };
  check: { input: Answer; output: undefined };
  present: {
    input: Answer & { prepared: Bytes };
    output: { bytes: Bytes; timings: StageTiming[]; ms: number };
  };
  verify: { input: VerifyBytes; output: Verified };
};

/** How a worker is to start. */
export interface Setup {
  /** The WebAssembly, or where it is, if not beside the worker's script. */
  readonly wasm: Source | undefined;
  /** The verifier's, of one that verifies receipts. */
  readonly verifierWasm?: Source | undefined;
  readonly build: Build | "verifier" | "receipt";
  readonly threads: number;
  /** Of a prover that may have a GPU. */
  readonly gpu?: { readonly policy: GpuPolicy; readonly calibration: readonly Timing[] | undefined };
}

/** What helpers need to lend their threads. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export type ToWorker =
  | { setup: Setup }
  /** To a helper. */
  | { join: Shared }
  /** Every helper has joined. */
  | { recruited: true }
  | Call;

/** A number other than zero in `stop`, which both sides share, asks the call to stop. */
export interface Call {
  id: number;
  verb: string;
  input: unknown;
  stop: Int32Array<SharedArrayBuffer> | undefined;
}

export type FromWorker =
  /** Its script runs. It holds a Web Lock of this name for as long as it lives, where there are such locks. */
  { began: string | undefined } | { broken: Failure } | FromRunning;

export type FromRunning =
  /** It cannot be called before helpers have joined. */
  | { recruit: Shared }
  /** It can be called, or has joined. */
  | { ready: true }
  /** What has become of its GPU. */
  | { gpu: GpuState }
  | OfCall;

/** What becomes of a call. After a fatal failure the worker is of no more use. */
export type OfCall =
  | { id: number; stage: Stage; fraction: number; device: Device }
  | { id: number; output: unknown }
  | { id: number; failure: Failure; fatal: boolean };
