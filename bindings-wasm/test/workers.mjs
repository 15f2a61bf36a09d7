// Provers in worker threads of Node's, and what starts those.

import { Prover } from "@velum/prover";

/** A prover that goes when the test does. */
export function proverOf(context, options) {
  const prover = new Prover(options);
  context.after(() => prover.dispose());
  return prover;
}

/** Has `start` start workers until the test ends. */
export function startingWith(context, start) {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { Worker } = threads;
  context.after(() => Object.assign(threads, { Worker }));
  threads.Worker = function (...given) {
    return start(Worker, ...given);
  };
}
