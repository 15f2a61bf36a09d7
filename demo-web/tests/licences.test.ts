// Tests that everyone who uses Velum may use what comes from npm.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const ALLOWED = ["MIT", "Apache-2.0", "MIT OR Apache-2.0", "(MIT OR Apache-2.0)", "BSD-3-Clause", "ISC"];

/** Packages that only the tests use, and that are not modified. */
const TESTS_ONLY = new Map([["node_modules/axe-core", "MPL-2.0"]]);

interface Entry {
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
}

test("every dependency has a licence that is allowed", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
  const entries = Object.entries(lock.packages).filter(([, { link }]) => link !== true);
  assert.ok(entries.length > 20);
  const refused = entries.filter(([path, { license = "none", dev }]) => {
    const excepted = dev === true && TESTS_ONLY.get(path) === license;
    return !ALLOWED.includes(license) && !excepted;
  });
  assert.deepEqual(refused, []);
});
