// Provers with a GPU, in Chromium with its software adapter: that they prove what the CPU proves, and what they do when
// the GPU fails.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, pageOf } from "./browser.mjs";
import { ISOLATION } from "./server.mjs";
import { needs } from "./support.mjs";

/**
 * Tests that make several proofs in software run only if all tests are asked for. Each of these proofs takes half a
 * minute.
 */
const ALL = process.env.VELUM_TEST_ALL !== undefined;
const slow = { skip: !ALL && "takes minutes: VELUM_TEST_ALL=1" };

const SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** The stages that the host computes in every proof. */
const OF_HOST = ["check", "keys", "witness"];

/** The line in which transforms read. */
const READ = "cell = source[place(transform.source, coset, column % transform.columns, row)];";

/** A calibration by which the GPU is faster. */
const PREFERRED = [{ logHeight: 14, cpuMs: 2, gpuMs: 1 }];

/** The address of the worker in a changed engine. */
const changed = (changes) => `changed-worker.js?${new URLSearchParams(changes)}`;

/**
 * Makes both proofs on the page. With `waits`, it makes them once the GPU is open. Returns the proofs and what was
 * reported about them, or the error.
 */
function prove(page, options, { suite = "direct", waits = false } = {}) {
  return page.evaluate(
    async ({ options, suite, waits }) => {
      const { Verifier, webgpu } = globalThis.velum;
      const { document, transcript, request } = globalThis.licence;
      const [prover, verifier] = [new webgpu.Prover(options), new Verifier()];
      const before = prover.environment.gpu;
      const stages = { prepare: [], present: [] };
      const follow = (told) => (stage, fraction, device) => told.push({ stage, fraction, device });
      try {
        if (waits) {
          await prover.inspect(document);
          while (prover.environment.gpu.state === "opening") await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const start = performance.now();
        const prepared = await prover.prepare({ document, request, suite }, { onProgress: follow(stages.prepare) });
        const proofs = [[...prepared.toBytes()]];
        const answer = { prepared, document, transcript, request, clock: "any" };
        const presentation = await prover.present(answer, { onProgress: follow(stages.present) });
        const ms = performance.now() - start;
        proofs.push([...presentation.bytes]);
        const { facts } = await verifier.verify({ presentation, transcript, request, suites: [suite] });
        const { environment, calibration } = prover;
        return { before, environment, calibration, proofs, stages, facts: facts.length, ms };
      } catch ({ code, message }) {
        return { code, message, environment: prover.environment };
      } finally {
        prover.dispose();
        verifier.dispose();
      }
    },
    { options, suite, waits },
  );
}

/** The stages of both proofs that a device computed. */
function stagesOf({ prepare, present }, device) {
  const computed = [...prepare, ...present].filter((told) => told.device === device);
  return [...new Set(computed.map(({ stage }) => stage))].sort();
}

/** Whether the reported progress of a call ever falls. */
const falls = (told) => told.some(({ fraction }, at) => fraction < (told[at - 1]?.fraction ?? 0));

describe("a page with WebGPU", needs("gpu-simd"), () => {
  let browser;
  before(async () => {
    browser = await launch(SOFTWARE);
  });
  after(() => browser.close());

  test("tells of its adapter", async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const [auto, required, off] = await page.evaluate(async () => {
      const { environment } = globalThis.velum.webgpu;
      return [await environment(), await environment({ gpu: "require" }), await environment({ gpu: "off" })];
    });
    assert.deepEqual([auto.gpu.state, auto.gpu.software, auto.build], ["absent", true, "simd"]);
    assert.match(auto.gpu.adapter, /swiftshader/iu);
    assert.match(auto.gpu.reason, /never chooses/u);
    assert.match(required.gpu.reason, /measures/u);
    assert.deepEqual([off.gpu.state, off.gpu.adapter], ["off", undefined]);
    assert.deepEqual(troubles, []);
  });

  for (const suite of ALL ? ["direct", "compact"] : ["direct"]) {
    test(`proves on a GPU what the processor proves, bit for bit: ${suite}`, async (context) => {
      const { page, troubles } = await pageOf(context, browser);
      const workerUrl = changed({ coins: 7 });
      const cpu = await prove(page, { gpu: "off", workerUrl }, { suite });
      const gpu = await prove(page, { gpu: "require", workerUrl }, { suite });
      assert.equal(gpu.code, undefined, gpu.message);
      assert.ok(cpu.proofs[0].length > 100_000);
      assert.deepEqual(gpu.proofs, cpu.proofs);
      assert.deepEqual([cpu.facts, gpu.facts], [6, 6]);
      assert.deepEqual(stagesOf(cpu.stages, "gpu"), []);
      assert.deepEqual(stagesOf(gpu.stages, "cpu"), OF_HOST);
      assert.ok(stagesOf(gpu.stages, "gpu").length >= 7, JSON.stringify(gpu.stages));
      assert.deepEqual([gpu.before.state, gpu.environment.gpu.state], ["available", "ready"]);
      assert.match(gpu.environment.gpu.adapter, /swiftshader/iu);
      assert.deepEqual(troubles, []);
      context.diagnostic(`on the processor ${cpu.ms.toFixed()} ms, in software ${gpu.ms.toFixed()} ms`);
    });
  }

  test("never proves on an adapter in software by itself", async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const { stages, environment, facts } = await prove(page, {});
    assert.deepEqual([stagesOf(stages, "gpu"), facts], [[], 6]);
    assert.equal(environment.gpu.state, "absent");
    assert.match(environment.gpu.reason, /software/u);
    assert.deepEqual(troubles, []);
  });

  for (const [what, changes] of [
    ["is lost", { lose: 2 }],
    ["has no memory left", { memory: 40 }],
    // Only rows of the main matrix are read one after the other. The changed kernel leaves out the last ones.
    [
      "leaves out blinding",
      {
        from: READ,
        to: `${READ} if transform.source.column == 1u && row + 13u >= (1u << log_size) { cell = zero(); }`,
      },
    ],
  ]) {
    test(`begins anew on the processor where a GPU ${what}`, what === "is lost" ? {} : slow, async (context) => {
      const { page, troubles } = await pageOf(context, browser);
      const workerUrl = changed({ ...changes, software: "" });
      const options = { gpu: "auto", workerUrl, calibration: PREFERRED };
      const { stages, environment, facts, message } = await prove(page, options, { waits: true });
      assert.equal(message ?? facts, 6);
      assert.ok(
        stages.prepare.some(({ stage }) => stage === "fallback"),
        JSON.stringify(stages),
      );
      assert.ok(stagesOf(stages, "gpu").length > 0, JSON.stringify(stages));
      assert.deepEqual([falls(stages.prepare), falls(stages.present)], [false, false]);
      assert.equal(environment.gpu.state, "failed");
      assert.deepEqual(troubles, []);
    });
  }

  for (const [what, changes, pattern] of [
    ["lacks what kernels need", { limits: 4 }, /4 storage buffers per kernel/u],
    ["refuses kernels", { refuse: "" }, /refused on purpose/u],
  ]) {
    test(`proves on the processor where an adapter ${what}, unless a GPU is required`, async (context) => {
      const { page, troubles } = await pageOf(context, browser);
      const workerUrl = changed({ ...changes, software: "" });
      const { stages, environment, facts } = await prove(page, { workerUrl });
      assert.deepEqual([stagesOf(stages, "gpu"), facts], [[], 6]);
      assert.equal(environment.gpu.state, "failed");
      assert.match(environment.gpu.reason, pattern);
      const { code, message } = await prove(page, { gpu: "require", workerUrl });
      assert.equal(code, "gpu_unavailable");
      assert.match(message, pattern);
      assert.deepEqual(troubles, []);
    });
  }

  test("proves nothing where a GPU that is required is lost", slow, async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const { code, message } = await prove(page, { gpu: "require", workerUrl: changed({ lose: 2 }) });
    assert.equal(code, "gpu_unavailable");
    assert.match(message, /"auto"/u);
    assert.deepEqual(troubles, []);
  });

  test("fetches what a page without a GPU fetches where none is asked for", async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const fetched = [];
    page.on("request", (request) => fetched.push(request.url().split("/").at(-1)));
    const { stages, environment, facts } = await prove(page, { gpu: "off" });
    assert.deepEqual([stagesOf(stages, "gpu"), facts, environment.gpu.state], [[], 6, "off"]);
    assert.deepEqual(
      fetched.filter((name) => name.startsWith("prover-") && name.endsWith(".wasm")),
      ["prover-simd.wasm"],
    );
    assert.deepEqual(troubles, []);
  });

  test("refuses options that are none", async (context) => {
    const { page } = await pageOf(context, browser);
    const codes = await page.evaluate(() => {
      const { Prover } = globalThis.velum.webgpu;
      return [
        { gpu: "maybe" },
        { calibration: [] },
        { calibration: [{ logHeight: 1.5, cpuMs: 1, gpuMs: 1 }] },
        { calibration: [{ logHeight: 12, cpuMs: -1, gpuMs: 1 }] },
        { calibration: [null] },
        { calibration: 7 },
        { gpu: "require", build: "scalar" },
      ].map((options) => {
        try {
          new Prover(options);
          return "none";
        } catch ({ code, where }) {
          return `${code} ${where}`;
        }
      });
    });
    const calibration = "malformed calibration";
    assert.deepEqual(codes, ["malformed gpu", ...Array(5).fill(calibration), "gpu_unavailable gpu"]);
  });

  test("measures a GPU, and takes what was measured again", slow, async (context) => {
    const { page, troubles } = await pageOf(context, browser);
    const workerUrl = changed({ software: "" });
    const { calibration, environment } = await prove(page, { workerUrl }, { waits: true });
    assert.deepEqual(
      calibration.map(({ logHeight }) => logHeight),
      [11, 12, 13, 14],
    );
    assert.ok(calibration.every(({ cpuMs, gpuMs }) => cpuMs >= 0 && gpuMs > 0));
    assert.match(environment.gpu.reason, /CPU/u);
    const again = await prove(page, { workerUrl, calibration }, { waits: true });
    assert.deepEqual(again.calibration, calibration);
    assert.deepEqual(troubles, []);
  });

  test(
    "proves with threads and a GPU where it is isolated",
    ALL ? needs("gpu-simd-threads") : slow,
    async (context) => {
      const { page, troubles } = await pageOf(context, browser, ISOLATION);
      const { stages, environment, facts } = await prove(page, { gpu: "require", threads: 3 });
      assert.deepEqual([environment.build, environment.threads, facts], ["simd-threads", 3, 6]);
      assert.deepEqual(stagesOf(stages, "cpu"), OF_HOST);
      assert.deepEqual(troubles, []);
    },
  );

  test("proves in two tabs at once, one of which is hidden", slow, async (context) => {
    const pages = [await pageOf(context, browser), await pageOf(context, browser)];
    await pages[1].page.bringToFront();
    const session = await pages[0].page.context().newCDPSession(pages[0].page);
    await session.send("Emulation.setFocusEmulationEnabled", { enabled: false });
    const outcomes = await Promise.all(pages.map(({ page }) => prove(page, { gpu: "require" })));
    assert.deepEqual(
      outcomes.map(({ facts, message }) => message ?? facts),
      [6, 6],
    );
    for (const { troubles } of pages) assert.deepEqual(troubles, []);
  });
});

// Pages of insecure origins have no WebGPU.
test("a page without WebGPU proves as before", needs("gpu-simd"), async (context) => {
  const browser = await launch(["--host-resolver-rules=MAP velum.test 127.0.0.1"]);
  context.after(() => browser.close());
  const { page, troubles } = await pageOf(context, browser, {}, "velum.test");
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url().split("/").at(-1)));
  const { stages, environment, facts } = await prove(page, {});
  assert.deepEqual([stagesOf(stages, "gpu"), facts, environment.gpu.state], [[], 6, "absent"]);
  assert.ok(
    fetched.every((name) => !name.includes("gpu-simd")),
    String(fetched),
  );
  const required = await page.evaluate(() => {
    try {
      return String(new globalThis.velum.webgpu.Prover({ gpu: "require" }));
    } catch ({ code }) {
      return code;
    }
  });
  assert.equal(required, "gpu_unavailable");
  assert.deepEqual(troubles, []);
});
