// Where the package is installed, for bundles of servers that leave its files behind.

import { VelumError } from "./errors.js";
import { node } from "./host.js";

// Next replaces exactly this expression in what it bundles.
declare const process: { env: { NEXT_RUNTIME?: string } };

const ADVICE = 'outputFileTracingIncludes: { "/**": ["./node_modules/@velum/prover/**"] }';

/**
 * Where a file of the package is installed, for bundles of Next's. Next runs in its project's folder. Other programs run in anyone's, from
 * which no code may be loaded.
 */
export function installed(file: string): URL {
  try {
    if (process.env.NEXT_RUNTIME !== "nodejs") throw new Error("this is not Next");
    const [modules, urls] = [node()?.getBuiltinModule?.("node:module"), node()?.getBuiltinModule?.("node:url")];
    if (modules === undefined || urls === undefined) throw new Error("this is not Node");
    const manifest = modules.createRequire(`${node()?.cwd() ?? ""}/`).resolve("@velum/prover/package.json");
    return new URL(`dist/${file}`, urls.pathToFileURL(manifest));
  } catch (cause) {
    const message = `a bundle for servers left this file of @velum/prover behind. In Next, add ${ADVICE} to next.config.js; elsewhere, do not bundle the package`;
    throw new VelumError("load_failed", file, message, { cause });
  }
}
