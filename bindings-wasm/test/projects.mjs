// Fresh projects of each kind, with the packed package installed.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const PROJECTS = new URL("packaging/", import.meta.url);

/** What every project learns about its own licence. */
export const LEARNT = "birth_date (org.iso.18013.5.1) makes the holder 18 years or older";

/** Longer than any program takes. A program that does not end fails its test. */
const TIMEOUT_MS = 900_000;

/** Runs a program and returns what it printed. */
export function run(cwd, program, ...args) {
  return execFileSync(program, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIMEOUT_MS,
  });
}

/** Runs a tool of this package. */
export const tool = (name, ...args) => run(PACKAGE, join(PACKAGE, "node_modules/.bin", name), ...args);

/** Packs the package. `project` makes fresh projects until `remove` is called. */
export function pack() {
  const folder = mkdtempSync(join(tmpdir(), "velum-packaging-"));
  const [packed] = JSON.parse(run(PACKAGE, "npm", "pack", "--json", "--pack-destination", folder));
  const tarball = join(folder, basename(packed.filename));

  /**
   * Makes a fresh project of a kind, with its own dependencies from its lock file, the package from the tarball, and
   * files that several kinds share. Its folder is in `test/packaging`, unless `source` is given.
   */
  function project(kind, shared = [], source = new URL(`${kind}/`, PROJECTS)) {
    const path = join(folder, kind);
    cpSync(fileURLToPath(source), path, { recursive: true });
    for (const file of shared) cpSync(fileURLToPath(new URL(file, PROJECTS)), join(path, file));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    if (kind !== "plain") run(path, "npm", "ci", ...quiet);
    run(path, "npm", "install", ...quiet, "--no-save", "--no-package-lock", tarball);
    return path;
  }

  return { folder, tarball, project, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
