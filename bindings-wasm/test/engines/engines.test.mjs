// The package as a page uses it, with the same tests in every engine. Unless all tests are asked for, each engine runs
// one short story.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ISOLATION } from "../server.mjs";
import { needs } from "../support.mjs";
import { ENGINES, openPackage, startEngine } from "./engines.mjs";

const ALL = process.env.VELUM_TEST_ALL !== undefined;

/** Options of a test that is not part of the short story, and that needs a build of the prover. */
const whole = (build = "simd") => (ALL ? needs(build) : { skip: "not in the short story: VELUM_TEST_ALL=1" });

/** The options of a prover, the headers of its page, and what the prover then uses. */
const PROVERS = [
  { options: {}, headers: {}, build: "simd", threads: 1 },
  { options: { build: "scalar" }, headers: {}, build: "scalar", threads: 1 },
  { options: { threads: 3 }, headers: ISOLATION, build: "simd-threads", threads: 3 },
  { options: { build: "simd" }, headers: ISOLATION, build: "simd", threads: 1 },
];

/** Prepares, presents and verifies on the page. Returns what ran and how much was proven. */
function prove(page, options) {
  return page.evaluate(async (options) => {
    const { Prover, Verifier } = globalThis.velum;
    const { document, transcript, request } = globalThis.licence;
    const [prover, verifier] = [new Prover(options), new Verifier()];
    const prepared = await prover.prepare({ document, request });
    const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
    const { facts } = await verifier.verify({ presentation, transcript, request });
    const { build, threads } = prover.environment;
    prover.dispose();
    verifier.dispose();
    return { build, threads, facts: facts.length };
  }, options);
}

/** Aborts a call once it works. Returns how the call ended, after how long, and which stages the next call had. */
function abort(page) {
  return page.evaluate(async () => {
    const { document, request } = globalThis.licence;
    const prover = new globalThis.velum.Prover();
    await prover.ready();
    const controller = new AbortController();
    let start;
    // A worker that is stopped while it makes its keys makes them again.
    const onProgress = (stage) => {
      if (stage === "keys" || start !== undefined) return;
      start = performance.now();
      controller.abort();
    };
    const call = prover.prepare({ document, request }, { signal: controller.signal, onProgress });
    const code = await call.catch((error) => error.code);
    const ms = performance.now() - start;
    const stages = [];
    await prover.prepare({ document, request }, { onProgress: (stage) => stages.push(stage) });
    prover.dispose();
    return { code, ms, stages };
  });
}

/** Ends one of a prover's workers while they prove. Returns how the call ended, and what the next call found. */
function loseWorker(page, which, options) {
  return page.evaluate(
    async ({ which, options }) => {
      const { document, request } = globalThis.licence;
      const started = [];
      globalThis.Worker = class extends Worker {
        constructor(...given) {
          super(...given);
          started.push(this);
        }
      };
      const prover = new globalThis.velum.Prover(options);
      await prover.ready();
      started[which].terminate();
      // An engine may let a busy worker live for a while, in which it still answers calls.
      let code = "done";
      for (let call = 0; code === "done" && call < 100; call += 1) {
        code = await prover.prepare({ document, request }).then(
          () => "done",
          (error) => error.code,
        );
      }
      const { length: documents } = await prover.inspect(document);
      prover.dispose();
      return { code, documents };
    },
    { which, options },
  );
}

/** Orders a worker to go wrong. Returns how the call ended, and what the next call found. */
function order(page, docType) {
  return page.evaluate(async (docType) => {
    const { document } = globalThis.licence;
    const prover = new globalThis.velum.Prover({ workerUrl: "mortal-worker.js" });
    await prover.inspect(document);
    const call = prover.withDeviceSignature({ document, docType, signature: new Uint8Array(64) });
    const code = await call.catch((error) => error.code);
    const { length: documents } = await prover.inspect(document);
    prover.dispose();
    return { code, documents };
  }, docType);
}

/** Starts a prover of a build four times, and returns how each start ended. */
function start(page, build) {
  return page.evaluate(async (build) => {
    const outcomes = [];
    while (outcomes.length < 4) {
      const prover = new globalThis.velum.Prover({ build });
      outcomes.push(
        await prover.ready().then(
          () => "ready",
          ({ code }) => code,
        ),
      );
      prover.dispose();
    }
    return outcomes;
  }, build);
}

/**
 * Starts a worker whose script is missing the first `missing` times. Returns how this ended, and how often the script
 * was requested.
 */
function startMissing(page, missing) {
  return page.evaluate(async (missing) => {
    const Real = Worker;
    let tried = 0;
    globalThis.Worker = class extends Real {
      constructor(url, options) {
        super(++tried <= missing ? "/missing.js" : url, options);
      }
    };
    const prover = new globalThis.velum.Prover({ build: "simd" });
    const outcome = await prover.ready().then(
      () => "ready",
      ({ code }) => code,
    );
    prover.dispose();
    globalThis.Worker = Real;
    return { outcome, tried };
  }, missing);
}

/** The size of a prover's memory after each of some proofs, in bytes. */
function memory(page, proofs) {
  return page.evaluate(async (proofs) => {
    const { document, transcript, request } = globalThis.licence;
    const prover = new globalThis.velum.Prover();
    const bytes = [];
    for (let proof = 0; proof < proofs; proof += 1) {
      const prepared = await prover.prepare({ document, request });
      await prover.present({ prepared, document, transcript, request, clock: "any" });
      bytes.push(await prover.memoryBytes());
    }
    prover.dispose();
    return bytes;
  }, proofs);
}

for (const name of ENGINES) {
  describe(name, () => {
    let engine;
    before(async () => {
      engine = await startEngine(name);
    });
    after(() => engine?.close());

    /** Opens a page of the package, on which nothing may go wrong unexpectedly. */
    async function withPage(context, headers, use, unchanged) {
      const page = await openPackage(engine, headers, unchanged);
      context.diagnostic(page.version);
      try {
        await use(page);
        assert.deepEqual(await page.evaluate(() => globalThis.troubles), []);
      } finally {
        await page.close();
      }
    }

    test("proves under a strict CSP, stops when it is told to, and goes on", needs("simd"), (context) =>
      withPage(context, {}, async (page) => {
        assert.deepEqual(await prove(page, {}), { build: "simd", threads: 1, facts: 6 });
        const { code, ms, stages } = await abort(page);
        assert.equal(code, "cancelled");
        assert.ok(ms < 50, `${ms} ms`);
        assert.ok(stages.includes("keys"), "by another worker");
      }),
    );

    for (const { options, headers, build, threads } of PROVERS) {
      const isolated = headers === ISOLATION;
      const label = `${JSON.stringify(options)} is ${build} on a page that is ${isolated ? "" : "not "}isolated`;
      test(label, whole(build), (context) =>
        withPage(context, headers, async (page) => {
          assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
          assert.deepEqual(await prove(page, options), { build, threads, facts: 6 });
        }),
      );
    }

    test("aborts at once and keeps its worker where it is isolated", whole("simd-threads"), (context) =>
      withPage(context, ISOLATION, async (page) => {
        const { code, ms, stages } = await abort(page);
        assert.equal(code, "cancelled");
        assert.ok(ms < 50, `${ms} ms`);
        assert.ok(!stages.includes("keys"), "by the same worker");
      }),
    );

    for (const { which, options, headers, build } of [
      { which: 0, options: {}, headers: {}, build: "simd" },
      { which: 0, options: { threads: 2 }, headers: ISOLATION, build: "simd-threads" },
      { which: 1, options: { threads: 2 }, headers: ISOLATION, build: "simd-threads" },
    ]) {
      test(`goes on when worker ${which} of ${build} is lost`, whole(build), (context) =>
        withPage(context, headers, async (page) => {
          assert.deepEqual(await loseWorker(page, which, options), { code: "worker_failed", documents: 1 });
        }),
      );
    }

    for (const [ordered, code] of [
      ["close", "worker_failed"],
      ["trap", "internal"],
    ]) {
      test(`goes on when a worker ends by ${ordered}`, whole(), (context) =>
        withPage(context, {}, async (page) => {
          assert.deepEqual(await order(page, ordered), { code, documents: 1 });
        }),
      );
    }

    for (const build of ["simd", "simd-threads"]) {
      test(
        `starts ${build} whose script has not changed, as a server says without its policy`,
        whole(build),
        (context) => {
          const use = async (page) => assert.deepEqual(await start(page, build), ["ready", "ready", "ready", "ready"]);
          return withPage(context, ISOLATION, use, "/dist/worker.js");
        },
      );
    }

    test("starts a worker twice more where its script does not load, and no more than that", whole(), (context) =>
      withPage(context, {}, async (page) => {
        assert.deepEqual(await startMissing(page, 1), { outcome: "ready", tried: 2 });
        assert.deepEqual(await startMissing(page, 2), { outcome: "ready", tried: 3 });
        assert.deepEqual(await startMissing(page, 3), { outcome: "load_failed", tried: 3 });
      }),
    );

    test("takes no more memory in the long run", whole(), (context) =>
      withPage(context, {}, async (page) => {
        const bytes = await memory(page, 30);
        assert.ok(bytes[0] < 256 << 20, `${bytes[0]} bytes`);
        assert.deepEqual(new Set(bytes.slice(2)), new Set([bytes[2]]));
      }),
    );
  });
}
