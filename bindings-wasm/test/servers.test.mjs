// The packed package where servers and their tests run it: in other runtimes, in server bundles, and as types.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";

import { launch, open } from "./browser.mjs";
import { LEARNT, pack, PACKAGE, run, tool } from "./projects.mjs";
import { receipt, recorded } from "./support.mjs";

/** The lengths of a minted licence and of a transcript, which are the same in every environment. */
const MADE = { minted: 1334, transcript: 61 };
const EXAMPLE = new URL("../examples/server/", import.meta.url);

let packed;
before(() => {
  packed = pack();
});
after(() => packed.remove());

/**
 * What is posted to a server: a recorded presentation and its receipt, with the session and the request that they
 * answer.
 */
function posted() {
  const base64 = (bytes) => Buffer.from(bytes).toString("base64");
  const { presentation, transcript, request } = recorded("direct-standard");
  return JSON.stringify({
    presentation: base64(presentation),
    receipt: base64(receipt("standard").receipt),
    transcript: base64(transcript),
    request,
  });
}

/** A project that contains what is posted. */
function verifying(kind, shared = []) {
  const path = packed.project(kind, shared);
  writeFileSync(join(path, "recorded.json"), posted());
  return path;
}

// Each of these processes ends by itself, with a verifier that nobody disposed of.
for (const [kind, ...command] of [
  ["bun", "node_modules/.bin/bun", "main.js"],
  ["deno", "node_modules/.bin/deno", "run", "--allow-read", "main.js"],
]) {
  test(`a project of ${kind} proves, and ends`, () => {
    const [program, ...args] = command;
    const path = packed.project(kind, ["proof.js", "licence.js"]);
    assert.deepEqual(JSON.parse(run(path, join(path, program), ...args)), { build: "simd", learnt: LEARNT });
  });
}

test("an edge runtime verifies, mints and builds transcripts by modules that were compiled before", () => {
  const path = verifying("edge", ["licence.js"]);
  run(path, "npm", "run", "--silent", "build");
  const { learnt, count, refused, ...made } = JSON.parse(run(path, process.execPath, "main.js"));
  assert.ok(learnt.includes(LEARNT));
  assert.deepEqual([count, refused, made], [2, "unsupported", MADE]);
});

for (const kind of ["jest", "vitest"]) {
  test(`tests run in ${kind}, with jsdom and without`, () => {
    run(verifying(kind, ["verifies.js", "licence.js"]), "npm", "test", "--silent");
  });
}

test("a CommonJS project in TypeScript verifies", () => {
  const path = verifying("commonjs");
  tool("tsc", "--project", path);
  assert.ok(JSON.parse(run(path, process.execPath, "main.js")).includes(LEARNT));
});

test("every entry has types in a strict project without those of browsers", () => {
  tool("tsc", "--project", packed.project("types"));
});

test("the server of the README takes each answer once", () => {
  const path = packed.project("server", [], EXAMPLE);
  const [, sample] = /^```js\n(import \{ randomBytes[^]*?)^```$/mu.exec(
    readFileSync(join(PACKAGE, "README.md"), "utf8"),
  );
  assert.equal(sample, readFileSync(join(path, "server.js"), "utf8"));
  run(path, process.execPath, "--test");
});

describe("a Next project", () => {
  let browser, path;
  before(async () => {
    browser = await launch();
    path = verifying("next", ["licence.js"]);
  });
  after(() => browser.close());

  /** Starts the built project, and returns its address. */
  async function started(context) {
    const next = join(path, "node_modules/next/dist/bin/next");
    const server = spawn(process.execPath, [next, "start", "--port", "0"], {
      cwd: path,
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => server.kill());
    let address;
    for await (const line of createInterface({ input: server.stdout })) {
      address ??= /http:\/\/localhost:\d+/u.exec(line)?.[0];
      if (line.includes("Ready")) break;
    }
    return address;
  }

  async function verified(address) {
    const answer = await fetch(`${address}/verify`, { method: "POST", body: posted() });
    return answer.json();
  }

  for (const bundler of ["turbopack", "webpack"]) {
    test(`verifies on the server and proves in a page, by ${bundler}`, async (context) => {
      run(path, "npm", "run", "--silent", `build:${bundler}`);
      const address = await started(context);
      const { thread, worker, ...made } = await verified(address);
      assert.ok(thread.includes(LEARNT));
      assert.deepEqual([worker, made], [thread, MADE]);

      const { page, troubles } = await open(browser, address);
      const outcome = await page.waitForSelector("[data-status=done], [data-status=failed]");
      assert.deepEqual([await outcome.textContent(), troubles], [LEARNT, []]);
      await page.close();

      // If the project's packages were left behind, the error says what to do.
      const [there, away] = ["@velum", "@away"].map((name) => join(path, "node_modules", name));
      renameSync(there, away);
      context.after(() => renameSync(away, there));
      const { error } = await verified(await started(context));
      assert.ok(error.includes('outputFileTracingIncludes: { "/**": ["./node_modules/@velum/prover/**"] }'), error);
    });
  }
});
