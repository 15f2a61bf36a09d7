// Looks for proofs that an engine computes wrongly. `node test/engines/faults.mjs N [ENGINE] [MODE]` makes N proofs and
// prints how the proofs of each page ended. It fails if a proof was neither verified nor aborted. A proof that the
// package made once more counts as a fault, whatever became of it.
//
// All proofs draw the same random bytes, so each must equal the first. If one worker proves what another cannot, the
// engine computed it wrongly.
//
// MODE is one of:
//
// - `abort` aborts every other proof at a random time.
// - `fresh` aborts none, and makes each proof in a worker of its own.
// - `keep` aborts none.

import { ISOLATION } from "../server.mjs";
import { BUILDS } from "../support.mjs";
import { openPackage, startEngine } from "./engines.mjs";

/** Number of proofs on a page. */
const ON_A_PAGE = 20;

/** If memory is shared, an abort asks the worker to stop. Otherwise it ends the worker. */
const WAYS = [
  { headers: {}, options: { build: "simd" } },
  { headers: ISOLATION, options: { build: "simd" } },
  { headers: ISOLATION, options: { build: "simd-threads", threads: 2 } },
  { headers: {}, options: { build: "scalar" } },
];

/**
 * Makes proofs on the page. Returns how often each outcome occurred, and what else is known about the outcomes that
 * should not occur.
 */
function prove(page, options, proofs, mode) {
  return page.evaluate(
    async ({ options, proofs, mode }) => {
      const { Prover, Verifier } = globalThis.velum;
      const { document, transcript, request } = globalThis.licence;
      const [outcomes, faults] = [{}, []];
      let [last, before, proof, stage, first] = [0, "none", 0, ""];
      const onRetry = ({ call, error }) => {
        faults.push({ proof, call, retried: true, message: error.message, stage, before });
      };
      const make = () => new Prover({ ...options, onRetry, workerUrl: "coins-worker.js?coins=7" });
      let prover = make();
      const verifier = new Verifier();
      for (proof = 1; proof <= proofs; proof += 1) {
        if (mode === "fresh") {
          prover.dispose();
          prover = make();
        }
        const controller = new AbortController();
        const isAborted = mode === "abort" && proof % 2 === 0;
        const abortAfter = Math.random() * last;
        if (isAborted) setTimeout(() => controller.abort(), abortAfter);
        const start = performance.now();
        let step = "prepare";
        const follow = { signal: controller.signal, onProgress: (begun) => (stage = begun) };
        let outcome = "verified";
        try {
          const prepared = await prover.prepare({ document, request }, follow);
          const bytes = String(prepared.toBytes());
          first ??= bytes;
          if (bytes !== first) throw { code: "differs", where: "prepared", message: "it is not the first again" };
          step = "present";
          const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" }, follow);
          step = "verify";
          await verifier.verify({ presentation, transcript, request });
          if (!isAborted) last = performance.now() - start;
        } catch ({ code, where, message }) {
          outcome = code === "cancelled" ? code : `${step}: ${code} at ${where}: ${message}`;
        }
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome !== "verified" && outcome !== "cancelled") {
          faults.push({ proof, outcome, stage, before, isAborted, abortAfter, after: performance.now() - start });
        }
        before = outcome === "cancelled" ? `cancelled: ${step}, ${stage}` : outcome;
      }
      const { build, threads } = prover.environment;
      prover.dispose();
      verifier.dispose();
      return { build, threads, sharesMemory: typeof SharedArrayBuffer === "function", outcomes, faults };
    },
    { options, proofs, mode },
  );
}

const [wanted, name = "webkit", mode = "abort"] = process.argv.slice(2);
if (!["abort", "fresh", "keep"].includes(mode)) throw new Error(`${mode} is none of abort, fresh and keep`);
const ways = WAYS.filter(({ options }) => BUILDS.includes(options.build));
const engine = await startEngine(name);
try {
  let [left, at] = [Number(wanted), 0];
  while (left > 0) {
    const { headers, options } = ways[at % ways.length];
    const proofs = Math.min(left, ON_A_PAGE);
    const page = await openPackage(engine, headers);
    const found = await prove(page, options, proofs, mode);
    console.log(JSON.stringify({ engine: page.version, mode, proofs, ...found }));
    if (found.faults.length > 0) process.exitCode = 1;
    await page.close();
    left -= proofs;
    at += 1;
  }
} finally {
  await engine.close();
}
