// Failures as the page shows them: a code, what went wrong, where, and what to do about it.

import { VelumError } from "@velum/prover";

import { StorageError } from "./storage/database.ts";

export interface Failure {
  readonly code: string;
  readonly where: string;
  readonly message: string;
}

/** An error that a role raises itself, before anything reaches the prover. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: string;
  readonly where: string;

  constructor(code: string, where: string, message: string) {
    super(message);
    this.code = code;
    this.where = where;
  }
}

/** Converts an error into a failure that the page can show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof VelumError || error instanceof Refusal) {
    return { code: error.code, where: error.where, message: error.message };
  }
  if (error instanceof StorageError) return { code: "storage", where: error.where, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", where: "this page", message: `${message}; reload the page and try again` };
}

/** Whether the error is a cancellation, which the user asked for. */
export function isCancelled(error: unknown): boolean {
  return error instanceof VelumError && error.code === "cancelled";
}
