// What becomes of a proof that fails the prover's own check, when memory fails in a worker of Node.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { VelumError } from "@velum/prover";

import { licence, needs, rejects } from "./support.mjs";
import { proverOf, startingWith } from "./workers.mjs";

const { document, transcript, request } = licence();

/** A prover whose first `workers` workers have failing memory in a call. */
function failingIn(context, call, workers, onRetry) {
  let started = 0;
  startingWith(context, (Worker, _url, options) => {
    const workerData = { failing: started < workers ? call : undefined };
    started += 1;
    return new Worker(new URL("faulty-worker.mjs", import.meta.url), { ...options, workerData });
  });
  return proverOf(context, { build: "simd", onRetry });
}

describe("a proof that fails the prover's own check", needs("simd"), () => {
  for (const call of ["prepare", "present"]) {
    test(`is made once more where it was to ${call}, and told`, async (context) => {
      const retries = [];
      const prover = failingIn(context, call, 1, (retry) => retries.push(retry));
      const fractions = { prepare: [], present: [] };
      const following = (name) => ({ onProgress: (_stage, fraction) => fractions[name].push(fraction) });
      const prepared = await prover.prepare({ document, request }, following("prepare"));
      const input = { prepared, document, transcript, request, clock: "any" };
      const presentation = await prover.present(input, following("present"));
      await prover.verify({ presentation, transcript, request });

      assert.equal(retries.length, 1);
      const [{ error, environment, ...others }] = retries;
      assert.deepEqual(others, { call });
      assert.ok(error instanceof VelumError && error.code === "internal", String(error));
      assert.match(error.message, /does not show the statement/u);
      assert.equal(environment.build, "simd");
      for (const seen of Object.values(fractions)) {
        assert.ok(
          seen.every((fraction, index) => fraction >= (seen[index - 1] ?? 0)),
          seen.join(),
        );
        assert.deepEqual([seen.at(-1), seen.filter((fraction) => fraction === 1).length], [1, 1]);
      }
      // The caller's input is still whole.
      assert.ok(document.length > 0 && transcript.length > 0);
    });
  }

  test("is not made a third time", async (context) => {
    let retries = 0;
    const prover = failingIn(context, "prepare", 2, () => (retries += 1));
    await rejects(prover.prepare({ document, request }), "internal");
    assert.equal(retries, 1);
    await prover.prepare({ document, request });
  });

  test("is not made again for a caller who aborts when told", async (context) => {
    const controller = new AbortController();
    const prover = failingIn(context, "prepare", 1, () => controller.abort("enough"));
    const { signal } = controller;
    assert.equal((await rejects(prover.prepare({ document, request }, { signal }), "cancelled")).cause, "enough");
  });

  test("is not made again for a caller who throws when told", async (context) => {
    const cause = new Error("on purpose");
    const prover = failingIn(context, "prepare", 1, () => {
      throw cause;
    });
    const error = await rejects(prover.prepare({ document, request }), "cancelled");
    assert.deepEqual([error.where, error.cause], ["onRetry", cause]);
    await prover.prepare({ document, request });
  });
});
