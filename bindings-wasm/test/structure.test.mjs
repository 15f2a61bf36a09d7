// The structure of the package: how its modules depend on each other, what its entries load, and how much there is to
// fetch.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { BUILDS, needs } from "./support.mjs";

const SOURCES = new URL("../ts/", import.meta.url);
const DIST = new URL("../dist/", import.meta.url);

/** Scripts that are loaded by name, by callers or as a worker. */
const ENTRIES = [
  ...[
    "index.js",
    "webgpu.js",
    "verify.js",
    "receipt.js",
    "market.js",
    "pool.js",
    "react.js",
    "request.js",
    "transcript.js",
    "testing.js",
  ],
  ...["worker.js", "webgpu-worker.js", "verify-worker.js", "receipt-worker.js"],
];

const README = readFileSync(new URL("../README.md", DIST), "utf8");

/** The WebAssembly file of each build. */
const FILES = {
  simd: "prover-simd",
  "simd-threads": "prover-threads",
  scalar: "prover-scalar",
  "gpu-simd": "prover-gpu-simd",
  "gpu-simd-threads": "prover-gpu-threads",
};
const PROVERS = BUILDS.map((build) => FILES[build]);

/** The most kilobytes to fetch. A GPU adds no more than 250. */
const limitOf = (name) => (name.startsWith("prover-gpu") ? 950 : 700);

/** What a module imports from the package, types included, as it is written there. */
const importsOf = (text) => [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/gu)].map(([, name]) => name);

/** The modules that an entry imports, itself included, with their text. */
function graph(entry, found = new Map()) {
  const url = new URL(entry, DIST);
  if (found.has(url.href)) return found;
  const text = readFileSync(url, "utf8");
  found.set(url.href, text);
  for (const name of importsOf(text)) graph(new URL(name, url), found);
  return found;
}

/** The text without its comments. */
const code = (text) => text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gmu, "");

/** The import cycles, each as the list of its modules. If several cycles share a module, some may be missing. */
function cycles(imports) {
  const [found, done] = [[], new Set()];
  const visit = (module, way) => {
    if (way.includes(module)) found.push([...way.slice(way.indexOf(module)), module].join(" -> "));
    if (way.includes(module) || done.has(module)) return;
    for (const imported of imports.get(module)) visit(imported, [...way, module]);
    done.add(module);
  };
  for (const module of imports.keys()) visit(module, []);
  return found;
}

// The sources are read, because the built modules have lost their imports of types.
test("the modules import each other in no cycle", () => {
  const modules = readdirSync(SOURCES).filter((name) => name.endsWith(".ts"));
  const imports = new Map(
    modules.map((module) => {
      const text = readFileSync(new URL(module, SOURCES), "utf8");
      const imported = importsOf(code(text)).map((name) => name.replace(/^\.\/(.*)\.js$/u, "$1.ts"));
      // Generated modules import nothing from the package.
      return [module, imported.filter((name) => !name.startsWith("glue/"))];
    }),
  );
  assert.ok(imports.get("prover-base.ts").includes("types.ts"), "imports of types are not found");
  const found = cycles(imports);
  assert.deepEqual(found, [], `${found.join(", ")}: move what these share into a module that imports none of them`);
});

test("the main entry has no way to run WebAssembly", () => {
  const modules = graph("index.js");
  assert.ok(modules.size > 4);
  for (const [url, text] of modules) {
    assert.doesNotMatch(url, /glue/u);
    assert.doesNotMatch(code(text), /WebAssembly\.(?!validate\b)|"WebAssembly"\]/u, url);
  }
});

test("neither prover nor mint is within reach of another entry", () => {
  const modules = (entry) => [...graph(entry).keys()].map((url) => url.slice(DIST.href.length)).join("\n");
  assert.doesNotMatch(modules("index.js"), /testing|verif|receipt|market|gpu/u);
  assert.doesNotMatch(modules("verify.js"), /testing|receipt|market|glue\/prover/u);
  assert.doesNotMatch(modules("receipt.js"), /testing|market|glue\/prover/u);
  assert.doesNotMatch(modules("market.js"), /testing|glue\/prover/u);
  assert.doesNotMatch(modules("testing.js"), /glue\/(prover|verifier|receipt|market)/u);
  assert.doesNotMatch(modules("pool.js"), /testing|market|worker|glue\/(prover|verifier|receipt)/u);
  assert.doesNotMatch(modules("transcript.js"), /testing|market|worker|glue\/(prover|verifier|receipt)/u);
  assert.doesNotMatch(modules("request.js"), /glue|worker/u);
  assert.doesNotMatch(modules("worker.js"), /testing|market|gpu/u);
  assert.doesNotMatch(modules("react.js"), /testing|verif|receipt|market|glue|gpu/u);
  assert.doesNotMatch(modules("webgpu.js"), /testing|verif|receipt|market|glue/u);
  assert.doesNotMatch(modules("webgpu-worker.js"), /testing|market|prover\.js|prover-threads/u);
});

test("no script uses what the oldest engines lack that the README names", () => {
  for (const entry of ENTRIES) {
    for (const [url, text] of graph(entry)) assert.doesNotMatch(code(text), /static \{|randomUUID/u, url);
  }
});

/**
 * The line from which wasm-bindgen makes a worker if an engine has no `Atomics.waitAsync`. No prover with a GPU and
 * threads runs in such an engine.
 */
const POLYFILL = /^.*typeof URL\.createObjectURL === 'undefined'.*$/mu;

test("nothing needs eval, and nothing is made a blob", () => {
  for (const entry of ENTRIES) {
    for (const [url, text] of graph(entry)) {
      const without = url.endsWith("/prover-gpu-threads.js") ? text.replace(POLYFILL, "") : text;
      assert.doesNotMatch(code(without), /\beval\(|new Function\(|createObjectURL|data:/u, url);
    }
  }
});

test("whoever installs the package installs nothing else", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", DIST), "utf8"));
  const { dependencies, peerDependencies, peerDependenciesMeta, scripts } = manifest;
  assert.deepEqual([dependencies, scripts.install, scripts.postinstall], Array(3).fill(undefined));
  // Projects that use it with React have React, and no other project needs it.
  assert.deepEqual([peerDependencies, peerDependenciesMeta], [{ react: ">=18" }, { react: { optional: true } }]);
});

test("no path of the machine that built it is in a module", () => {
  for (const name of [...PROVERS, "verifier", "receipt", "market", "testing", "transcript", "pool"]) {
    const bytes = readFileSync(new URL(`${name}.wasm`, DIST)).toString("latin1");
    assert.doesNotMatch(bytes, /\/(root|home|Users|work)\//u, name);
  }
});

const LIMITS = { verifier: 250, receipt: 150, market: 150, transcript: 50, pool: 100 };
for (const [name, limit] of [...PROVERS.map((name) => [name, limitOf(name)]), ...Object.entries(LIMITS)]) {
  test(`${name}.wasm has no more than ${limit} kB to fetch`, () => {
    const bytes = gzipSync(readFileSync(new URL(`${name}.wasm`, DIST)), { level: 9 }).length;
    assert.ok(bytes <= limit * 1000, `${bytes} bytes`);
  });
}

for (const [entry, scripts] of Object.entries({
  "@velum/prover": ["index.js", "worker.js"],
  "@velum/prover/webgpu": ["webgpu.js", "webgpu-worker.js"],
  "@velum/prover/verify": ["verify.js", "verify-worker.js"],
  "@velum/prover/receipt": ["receipt.js", "receipt-worker.js"],
  "@velum/prover/market": ["market.js", "receipt-worker.js"],
  "@velum/prover/pool": ["pool.js"],
  "@velum/prover/request": ["request.js"],
  "@velum/prover/react": ["react.js", "worker.js"],
  "@velum/prover/transcript": ["transcript.js"],
  "@velum/prover/testing": ["testing.js"],
})) {
  // The entries of provers also fetch the script of provers with threads.
  const threads = {
    "@velum/prover": "simd-threads",
    "@velum/prover/react": "simd-threads",
    "@velum/prover/webgpu": "gpu-simd-threads",
  }[entry];
  const options = threads === undefined ? {} : needs(threads);
  test(`${entry} has no more script to fetch than the README says`, options, () => {
    const files = scripts.reduce((found, script) => graph(script, found), new Map());
    const bytes = [...files.values()].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
    const row = README.split("\n").find((line) => line.startsWith(`| \`${entry}\``));
    const [, limit] = /(\d+) kB of script/u.exec(row);
    assert.ok(bytes <= limit * 1000 && bytes > (limit - 2) * 1000, `${bytes} bytes`);
  });
}
