/**
 * Zero-knowledge proofs about ISO 18013-5 documents. No WebAssembly runs in the calling thread: the first call of a
 * {@link Prover} starts a worker that runs it.
 *
 * @packageDocumentation
 */

export { type Build, type BuildOptions, type Environment, environment } from "./environment.js";
export { type ErrorCode, VelumError } from "./errors.js";
export { Prepared } from "./prepared.js";
export { Prover, type ProverOptions } from "./prover.js";
export type { ProverBase, Retry, RetryOptions } from "./prover-base.js";
export type { AnswerInput, PrepareInput, VerifyInput } from "./input.js";
export type * from "./types.js";
