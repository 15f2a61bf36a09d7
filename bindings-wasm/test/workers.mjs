// Provers in worker threads of Node, and how these threads are started.

import { Prover } from "@velum/prover";

/** A prover that is disposed of when the test ends. */
export function proverOf(context, options) {
  const prover = new Prover(options);
  context.after(() => prover.dispose());
  return prover;
}

/** Makes `start` start workers until the test ends. */
export function startingWith(context, start) {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { Worker } = threads;
  context.after(() => Object.assign(threads, { Worker }));
  threads.Worker = function (...given) {
    return start(Worker, ...given);
  };
}
