// Tests each build of the prover, with and without isolation, and what the page fetches for it.

import assert from "node:assert/strict";
import { env } from "node:process";
import { after, before, test, type TestContext } from "node:test";

import { serve } from "#server";
import type { Browser } from "playwright-core";

import { launch } from "./support/browser.ts";
import { Demo, DIST } from "./support/demo.ts";
import { hasBuild } from "./support/stage.ts";

let browser: Browser;

before(async () => {
  browser = await launch();
});

/** Gives Chromium an adapter for WebGPU that is implemented in software. */
const WITH_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Makes V8 run as on a processor without SSE 4.1, for which V8 has no SIMD. */
const WITHOUT_SIMD = "--js-flags=--no-enable-sse4-1";

after(async () => {
  await browser.close();
});

/** The URL of a server that is closed when the test ends, whatever its outcome. */
async function served(context: TestContext, isolation: boolean): Promise<string> {
  const { url, close } = await serve({ folder: DIST, isolation });
  context.after(close);
  return url;
}

/** Skips a test if the build that it needs was not built. */
const needs = (build: string): { skip: string | false } => ({
  skip: !hasBuild(build) && `the ${build} build is not there`,
});

interface Path {
  readonly name: string;
  readonly isolation: boolean;
  readonly query: string;
  readonly build: RegExp;
  readonly needs: string;
}

const PATHS: readonly Path[] = [
  {
    name: "isolated, so threads are used",
    isolation: true,
    query: "",
    build: /^SIMD, [2-9]\d* threads$/,
    needs: "simd-threads",
  },
  { name: "not isolated, so one thread is", isolation: false, query: "", build: /^SIMD, one thread$/, needs: "simd" },
  {
    name: "scalar, asked for",
    isolation: false,
    query: "?build=scalar",
    build: /^Scalar, one thread$/,
    needs: "scalar",
  },
  {
    name: "isolated, one thread asked for",
    isolation: true,
    query: "?build=simd",
    build: /^SIMD, one thread$/,
    needs: "simd",
  },
];

for (const { name, isolation, query, build, needs: needed } of PATHS) {
  test(name, needs(needed), async (context) => {
    const demo = await Demo.open(browser, `${await served(context, isolation)}${query}`);
    assert.match(await demo.environment("build"), build);
    assert.equal(await demo.environment("isolated"), isolation ? "yes, by COOP and COEP" : "no");
    await demo.story();
    await demo.screenshot(`build ${name}`.replaceAll(/[^a-z]+/gi, "-"));
    // Only one build is fetched.
    const provers = demo.watch.paths.filter((path) => /prover[^/]*\.wasm$/.test(path));
    assert.equal(new Set(provers).size, 1, String(provers));
    await demo.close();
  });
}

test("an engine without SIMD", needs("scalar"), async (context) => {
  const older = await launch([WITHOUT_SIMD]);
  context.after(() => older.close());
  const demo = await Demo.open(older, await served(context, true));
  assert.equal(await demo.environment("build"), "Scalar, one thread");
  assert.equal(await demo.environment("reason"), "this engine has no SIMD");
  await demo.story();
  await demo.close();
});

/** A proof takes half a minute on this adapter. */
const slow = { skip: env["VELUM_TEST_ALL"] === undefined && "takes minutes: VELUM_TEST_ALL=1" };

test("a GPU, asked for", slow, async (context) => {
  const withGpu = await launch(WITH_WEBGPU);
  context.after(() => withGpu.close());
  const demo = await Demo.open(withGpu, await served(context, false));
  demo.page.setDefaultTimeout(300_000);
  await demo.page.getByRole("navigation", { name: "Try another build" }).getByText("A GPU in any case").click();
  await demo.page.waitForURL(/gpu=require$/);
  await demo.story();
  assert.match(await demo.environment("gpu"), /swiftshader, ready: it is required$/);
  assert.equal(await demo.page.locator('svg[aria-label*="(GPU)"]').count(), 2);
  await demo.screenshot("build-gpu");
  await demo.close();
});

test("a GPU, asked for where there is none", needs("gpu-simd"), async (context) => {
  const demo = await Demo.open(browser, `${await served(context, false)}?gpu=auto`);
  await demo.story();
  assert.match(await demo.environment("gpu"), /^(absent|failed): /);
  await demo.close();
});

test("a build that cannot run here is refused, and another one takes its place", needs("scalar"), async (context) => {
  const demo = await Demo.open(browser, `${await served(context, false)}?build=simd-threads`);
  await demo.page.getByRole("alert").getByText("unsupported").waitFor();
  assert.equal(await demo.environment("build"), "SIMD, one thread");
  await demo.page.getByRole("navigation", { name: "Try another build" }).getByText("Scalar, one thread").click();
  await demo.page.waitForURL(/build=scalar$/);
  assert.equal(await demo.environment("build"), "Scalar, one thread");
  await demo.close();
});
