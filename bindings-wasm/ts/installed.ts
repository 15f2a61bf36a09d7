// Finds where the package is installed, for server bundles that leave its files behind.

import { VelumError } from "./errors.js";
import { node } from "./host.js";

// Next replaces exactly this expression in its bundles.
declare const process: { env: { NEXT_RUNTIME?: string } };

const ADVICE = 'outputFileTracingIncludes: { "/**": ["./node_modules/@velum/prover/**"] }';

/**
 * The address of an installed file of the package, for bundles that Next makes. Next runs in the folder of its project.
 * Other programs run in anyone's folder, from which no code may be loaded.
 */
export function installed(file: string): URL {
  try {
    if (process.env.NEXT_RUNTIME !== "nodejs") throw new Error("this is not Next");
    const [modules, urls] = [node()?.getBuiltinModule?.("node:module"), node()?.getBuiltinModule?.("node:url")];
    if (modules === undefined || urls === undefined) throw new Error("this is not Node");
    const manifest = modules.createRequire(`${node()?.cwd() ?? ""}/`).resolve("@velum/prover/package.json");
    return new URL(`dist/${file}`, urls.pathToFileURL(manifest));
  } catch (cause) {
    const message = `the server bundle lacks this file of @velum/prover; in Next, add ${ADVICE} to next.config.js; elsewhere, do not bundle the package`;
    throw new VelumError("load_failed", file, message, { cause });
  }
}
