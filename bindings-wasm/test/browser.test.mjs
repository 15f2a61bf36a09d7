// The package as a page uses it in Chromium: under a strict CSP, with threads, without SIMD, and when its worker is
// lost.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, pageOf } from "./browser.mjs";
import { ISOLATION } from "./server.mjs";
import { receipt } from "./support.mjs";

/**
 * Makes every call on the page, three times. Returns the build and the longest time during which the main thread did
 * not tick.
 */
function prove(page, options) {
  return page.evaluate(async (options) => {
    const { Prover, Verifier } = globalThis.velum;
    const { document, transcript, request } = globalThis.licence;
    const [prover, verifier] = [new Prover(options), new Verifier()];
    let [facts, longest] = [0, Infinity];
    for (let run = 0; run < 3; run += 1) {
      let [last, gap] = [performance.now(), 0];
      const heart = setInterval(() => {
        const now = performance.now();
        [last, gap] = [now, Math.max(gap, now - last)];
      }, 1);
      await prover.inspect(document);
      await prover.explain(request, document);
      const prepared = await prover.prepare({ document, request });
      const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
      await prover.verify({ presentation, transcript, request });
      ({ length: facts } = (await verifier.verify({ presentation, transcript, request })).facts);
      clearInterval(heart);
      // Of the three runs, the one that the rest of the machine disturbed least.
      longest = Math.min(longest, gap);
    }
    const bytes = await prover.memoryBytes();
    prover.dispose();
    verifier.dispose();
    return { environment: prover.environment, facts, longest, bytes };
  }, options);
}

/** Collects the page's workers in `started`. */
function countWorkers(page) {
  return page.evaluate(() => {
    globalThis.started = [];
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        globalThis.started.push(this);
      }
    };
  });
}

describe("a page", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  test("proves with SIMD, and stays responsive", async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const { environment, facts, longest, bytes } = await prove(page, {});
    assert.equal(environment.build, "simd");
    assert.match(environment.reason, /COOP/u);
    assert.equal(facts, 6);
    assert.ok(longest < 50, `${longest} ms`);
    assert.ok(bytes < 256 << 20);
    assert.deepEqual(troubles, []);
    context.diagnostic(`longest gap ${longest.toFixed(1)} ms`);
  });

  test("verifies receipts", async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    for (const profile of ["standard", "proven-100"]) {
      const { receipt: bytes, transcript, request } = receipt(profile);
      const outcome = await page.evaluate(
        async ({ profile, request, ...arrays }) => {
          const verifier = new globalThis.velum.ReceiptVerifier();
          const [receipt, transcript] = [Uint8Array.from(arrays.bytes), Uint8Array.from(arrays.transcript)];
          const input = { receipt, transcript, request, profiles: [profile] };
          const { provenBits, count, facts } = await verifier.verify(input);
          transcript[transcript.length - 1] ^= 1;
          const code = await verifier.verify(input).catch((error) => error.code);
          verifier.dispose();
          return { provenBits, count, facts: facts.length, code };
        },
        { profile, request, bytes: [...bytes], transcript: [...transcript] },
      );
      const provenBits = profile === "standard" ? 58 : 100;
      assert.deepEqual(outcome, { provenBits, count: 2, facts: 9, code: "receipt_invalid" });
    }
    assert.deepEqual(troubles, []);
  });

  test("proves with threads where it is isolated", async (context) => {
    const { page, troubles } = await pageOf(context, browser, ISOLATION);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    const { environment, facts, bytes } = await prove(page, { threads: 3 });
    assert.deepEqual([environment.build, environment.threads], ["simd-threads", 3]);
    assert.equal(facts, 6);
    assert.ok(bytes < 256 << 20, `${bytes} bytes`);
    assert.deepEqual(troubles, []);
  });

  test("proves without threads where none can be started", async (context) => {
    const { page } = await pageOf(context, browser, ISOLATION);
    const builds = await page.evaluate(async () => {
      const { Prover } = globalThis.velum;
      const prover = new Prover({ threads: 2 });
      const [first, Started] = [prover.environment, Worker];
      let started = 0;
      globalThis.Worker = class extends Started {
        constructor(...given) {
          if (++started === 2) throw new DOMException("no more workers", "QuotaExceededError");
          super(...given);
        }
      };
      await prover.inspect(globalThis.licence.document);
      return [first, prover.environment];
    });
    assert.deepEqual(
      builds.map(({ build, threads }) => [build, threads]),
      [
        ["simd-threads", 2],
        ["simd", 1],
      ],
    );
    assert.match(builds[1].reason, /could not be started/u);
  });

  test("is told when its worker dies without a word, and goes on with another", async (context) => {
    const { page } = await pageOf(context, browser);
    const codes = await page.evaluate(async () => {
      const { Prover } = globalThis.velum;
      const { document } = globalThis.licence;
      const prover = new Prover({ workerUrl: "mortal-worker.js" });
      await prover.inspect(document);
      const lost = prover.withDeviceSignature({ document, docType: "close", signature: new Uint8Array(64) });
      const outcome = await lost.catch((error) => error.code);
      return [outcome, (await prover.inspect(document)).length];
    });
    assert.deepEqual(codes, ["worker_failed", 1]);
  });

  for (const [build, headers, workers] of [
    ["simd", {}, 3],
    ["simd-threads", ISOLATION, 4],
  ]) {
    test(`is told when its worker is lost while it loads ${build}, and can stop waiting`, async (context) => {
      const { page } = await pageOf(context, browser, headers);
      // Nothing loads until the test lets it through.
      let letThrough;
      const letting = new Promise((resolve) => {
        letThrough = resolve;
      });
      await page.route("**/*.wasm", (route) => letting.then(() => route.continue()));
      await countWorkers(page);
      const outcomes = page.evaluate(async (build) => {
        const { Prover } = globalThis.velum;
        const prover = new Prover({ build, threads: 2 });
        const code = (call) =>
          call.then(
            () => "done",
            ({ code }) => code,
          );
        const lost = code(prover.ready());
        // Wait until the page waits for the lock that the worker holds.
        while ((await navigator.locks.query()).pending.length === 0)
          await new Promise((resolve) => setTimeout(resolve, 1));
        globalThis.started[0].terminate();
        const outcomes = [await lost];
        outcomes.push(await code(prover.ready("standard", { signal: AbortSignal.timeout(200) })));
        return [...outcomes, await code(prover.ready()), globalThis.started.length];
      }, build);
      await page.waitForFunction(() => globalThis.started.length === 3);
      letThrough();
      assert.deepEqual(await outcomes, ["load_failed", "cancelled", "done", workers]);
    });
  }

  test("is told when its worker never begins", async (context) => {
    const { page } = await pageOf(context, browser);
    await countWorkers(page);
    await page.clock.install();
    const code = page.evaluate(async () => {
      const lost = new globalThis.velum.Prover().ready().catch(({ code }) => code);
      globalThis.started[0].terminate();
      return lost;
    });
    await page.waitForFunction(() => globalThis.started.length === 1);
    await page.clock.fastForward(30_000);
    assert.equal(await code, "load_failed");
  });

  test("is told when it loses a helper that works, and goes on with others", async (context) => {
    const { page, troubles } = await pageOf(context, browser, ISOLATION);
    await countWorkers(page);
    const outcome = await page.evaluate(async () => {
      const { Prover } = globalThis.velum;
      const { document, request } = globalThis.licence;
      const prover = new Prover({ threads: 2 });
      await prover.ready();
      globalThis.started[1].terminate();
      // Chromium lets a busy worker live for another two seconds, in which it still answers calls.
      let outcome;
      while (outcome !== "worker_failed") {
        outcome = await prover.prepare({ document, request }).catch(({ code }) => code);
      }
      return [(await prover.inspect(document)).length, globalThis.started.length];
    });
    assert.deepEqual([outcome, troubles], [[1, 4], []]);
  });

  for (const headers of [{}, ISOLATION]) {
    const isolated = headers === ISOLATION;
    const label = isolated ? "and keeps its worker where it is isolated" : "and loses its worker";
    test(`aborts at once ${label}`, async (context) => {
      const { page } = await pageOf(context, browser, headers);
      const { code, took, stages } = await page.evaluate(async () => {
        const { Prover } = globalThis.velum;
        const { document, request } = globalThis.licence;
        const prover = new Prover({ threads: 2 });
        await prover.ready();
        const controller = new AbortController();
        let start;
        const onProgress = () => {
          start = performance.now();
          controller.abort();
        };
        const call = prover.prepare({ document, request }, { signal: controller.signal, onProgress });
        const code = await call.catch((error) => error.code);
        const took = performance.now() - start;
        const stages = [];
        await prover.prepare({ document, request }, { onProgress: (stage) => stages.push(stage) });
        return { code, took, stages };
      });
      assert.equal(code, "cancelled");
      assert.ok(took < 50, `${took} ms`);
      assert.equal(stages.includes("keys"), !isolated);
    });
  }

  test("is told what its CSP forbids", async (context) => {
    const csp = {
      "Content-Security-Policy": "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'",
    };
    const { page } = await pageOf(context, browser, csp);
    const code = await page.evaluate(() => new globalThis.velum.Prover().ready().catch((error) => error.code));
    assert.equal(code, "load_failed");
  });
});

test("a page without SIMD proves with the scalar build", async (context) => {
  const browser = await launch(["--js-flags=--no-enable-sse4-1"]);
  context.after(() => browser.close());
  const { page, troubles } = await pageOf(context, browser);
  const { environment, facts } = await prove(page, {});
  assert.deepEqual([environment.build, environment.simd], ["scalar", false]);
  assert.equal(facts, 6);
  assert.deepEqual(troubles, []);
});

test("a page of an insecure origin proves", async (context) => {
  const browser = await launch(["--host-resolver-rules=MAP velum.test 127.0.0.1"]);
  context.after(() => browser.close());
  const { page, troubles } = await pageOf(context, browser, {}, "velum.test");
  assert.equal(await page.evaluate(() => isSecureContext), false);
  const { environment, facts } = await prove(page, {});
  assert.equal(environment.build, "simd");
  assert.equal(facts, 6);
  assert.deepEqual(troubles, []);
});
