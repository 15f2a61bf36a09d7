// The messages between a page and its worker. Both belong to the same version of the package.

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

/** The calls that a worker answers, with the input and the output of each. */
export interface Calls {
  [verb: string]: { input: unknown; output: unknown };
}

type Bytes = Uint8Array<ArrayBuffer>;

interface VerifyBytes {
  presentation: Uint8Array;
  transcript: Uint8Array;
  request: string;
  /** The allowed suites, each as a bit. 0 stands for the suites that a verifier accepts by default. */
  suites: number;
}

export type VerifierCalls = {
  makeKeys: { input: { sizeClass: SizeClass }; output: undefined };
  verify: { input: VerifyBytes; output: Verified };
};

/** What is handed to a market, and what a job says about it. */
export interface Submission {
  bytes: Bytes;
  /** The hash by which an aggregate will know the statement. */
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

/** The input of an answer, and what the holder agreed to. */
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

/** How a worker must start. */
export interface Setup {
  /** The WebAssembly, or its address, if it is not beside the worker's script. */
  readonly wasm: Source | undefined;
  /** The verifier's WebAssembly, for a worker that verifies receipts. */
  readonly verifierWasm?: Source | undefined;
  readonly build: Build | "verifier" | "receipt";
  readonly threads: number;
  /** For a prover that may have a GPU. */
  readonly gpu?: { readonly policy: GpuPolicy; readonly calibration: readonly Timing[] | undefined };
}

/** What helpers need to lend their threads. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export type ToWorker =
  | { setup: Setup }
  /** For a helper. */
  | { join: Shared }
  /** Every helper has joined. */
  | { recruited: true }
  | Call;

/** A call. Both sides share `stop`. A number other than zero in it asks the call to stop. */
export interface Call {
  id: number;
  verb: string;
  input: unknown;
  stop: Int32Array<SharedArrayBuffer> | undefined;
}

export type FromWorker =
  /** The worker's script runs. It holds the Web Lock of this name as long as it lives, if there are Web Locks. */
  { began: string | undefined } | { broken: Failure } | FromRunning;

export type FromRunning =
  /** The worker cannot be called before helpers have joined. */
  | { recruit: Shared }
  /** The worker can be called, or the helper has joined. */
  | { ready: true }
  /** The state of the worker's GPU. */
  | { gpu: GpuState }
  | OfCall;

/** What becomes of a call. After a fatal failure, the worker can no longer be used. */
export type OfCall =
  | { id: number; stage: Stage; fraction: number; device: Device }
  | { id: number; output: unknown }
  | { id: number; failure: Failure; fatal: boolean };
