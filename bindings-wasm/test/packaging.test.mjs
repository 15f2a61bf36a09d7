// The packed package, installed in fresh projects of each kind. Each project builds and runs a proof.

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { launch, open } from "./browser.mjs";
import { LEARNT, pack, PACKAGE, run, tool } from "./projects.mjs";
import { ISOLATION, serve } from "./server.mjs";

/** The build that a page runs, by the page's headers. */
const BUILDS = [
  [{}, "simd"],
  [ISOLATION, "simd-threads"],
];
/** The files with which each project proves, and the file that starts the proof in a page. */
const PROOF = ["proof.js", "licence.js"];
const PAGE = [...PROOF, "main.js"];
const ENTRIES = ["webgpu", "verify", "receipt", "market", "pool", "request", "react", "transcript", "testing"];

let packed;
before(() => {
  packed = pack();
});
after(() => packed.remove());

test("the tarball holds what the entries need, and nothing else", () => {
  const files = run(packed.folder, "tar", "-tzf", packed.tarball).trim().split("\n").sort();
  const others = files.filter((file) => !/^package\/dist\/(glue\/)?[\w-]+(\.js|\.d\.ts|\.wasm)$/u.test(file));
  assert.deepEqual(
    others,
    ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"].map((name) => `package/${name}`),
  );
  assert.equal(files.filter((file) => file.endsWith(".wasm")).length, 11);
});

test("publint finds nothing", () => {
  tool("publint", "run", packed.tarball, "--strict");
});

test("types are found as modules are", () => {
  // CommonJS can only `import()` it, like every package of ES modules.
  const entries = [".", ...ENTRIES].flatMap((entry) => ["--entrypoints", entry]);
  tool("attw", packed.tarball, "--profile", "esm-only", ...entries);
});

test("an import does nothing where there is neither window nor worker", () => {
  const program = `
    for (const name of ["Worker", "fetch", "WebAssembly", "navigator", "crypto", "performance"]) delete globalThis[name];
    for (const entry of ${JSON.stringify(ENTRIES)}) await import("@velum/prover/" + entry);
    await import("@velum/prover");
  `;
  // The process ends by itself, because nothing was started.
  run(PACKAGE, process.execPath, "--input-type=module", "--eval", program);
});

test("a Node project proves", () => {
  const { build, learnt } = JSON.parse(run(packed.project("node", PROOF), process.execPath, "main.js"));
  assert.deepEqual({ build, learnt }, { build: "simd", learnt: LEARNT });
});

test("the README's samples are of the right types, in a strict project, and run", () => {
  const path = join(packed.folder, "node");
  const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const samples = [...readme.matchAll(/^```ts\n([^]*?)^```$/gmu)].map(([, sample]) => sample);
  assert.ok(samples.length > 4);
  // No sample ends its workers. The process does not wait for idle workers.
  writeFileSync(join(path, "readme.ts"), samples.join("\n"));
  tool("tsc", "--project", path);
  assert.ok(run(path, process.execPath, "readme.js").includes(LEARNT));
});

describe("in a browser", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  /** Checks that the page of a built project proves, with and without threads. */
  async function proves(context, path) {
    for (const [headers, build] of BUILDS) {
      const server = await serve({ "/": pathToFileURL(`${path}/`) }, headers);
      context.after(() => server.close());
      await provesAt(`${server.origin}/`, build);
    }
  }

  /** Checks that a bundle contains no path of the machine that built it. */
  function namesNoPath(dist) {
    const scripts = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".js"));
    assert.ok(scripts.length > 2);
    for (const name of scripts) assert.doesNotMatch(readFileSync(join(dist, name), "utf8"), /file:\/\//u, name);
  }

  async function provesAt(address, build) {
    const { page, troubles } = await open(browser, address);
    const outcome = await page.waitForFunction(() => globalThis.outcome);
    assert.deepEqual([await outcome.jsonValue(), troubles], [{ build, learnt: LEARNT }, []]);
    await page.close();
  }

  test("a project without a bundler proves", async (context) => {
    const path = packed.project("plain", PAGE);
    // Browsers know no packages, so files have addresses.
    for (const file of ["proof.js"]) {
      const text = readFileSync(join(path, file), "utf8");
      const entry = (_, name) => `"/node_modules/@velum/prover/dist/${name?.slice(1) ?? "index"}.js"`;
      writeFileSync(join(path, file), text.replaceAll(/"@velum\/prover(\/\w+)?"/gu, entry));
    }
    await proves(context, path);
  });

  test("a Vite project proves, built and while it is developed", async (context) => {
    const path = packed.project("vite", PAGE);
    run(path, "npm", "run", "--silent", "build");
    namesNoPath(join(path, "dist"));
    await proves(context, join(path, "dist"));

    const vite = await import(pathToFileURL(join(path, "node_modules/vite/dist/node/index.js")));
    for (const [headers, build] of BUILDS) {
      const server = await vite.createServer({ root: path, logLevel: "error", server: { port: 0, headers } });
      context.after(() => server.close());
      await server.listen();
      await provesAt(server.resolvedUrls.local[0], build);
    }
  });

  test("a webpack project proves", async (context) => {
    const path = packed.project("webpack", PAGE);
    run(path, "npm", "run", "--silent", "build");
    namesNoPath(join(path, "dist"));
    cpSync(join(path, "index.html"), join(path, "dist/index.html"));
    await proves(context, join(path, "dist"));
  });
});
