#!/usr/bin/env node
// Proves and verifies with the package as the command `velum` does, with the same options, JSON and statuses. It serves
// the tests of other bindings, which exchange proofs with WebAssembly.

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { Prover, VelumError } from "@velum/prover";
import { Verifier } from "@velum/prover/verify";

const text = { type: "string" };
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    document: text,
    transcript: text,
    request: text,
    presentation: text,
    suite: text,
    out: text,
    "any-clock": { type: "boolean" },
    json: { type: "boolean" },
  },
});
const read = (option) => new Uint8Array(readFileSync(values[option]));
const session = () => ({ transcript: read("transcript"), request: JSON.parse(readFileSync(values.request, "utf8")) });

async function prove() {
  const prover = new Prover();
  const answered = { document: read("document"), ...session() };
  const prepared = await prover.prepare({ ...answered, suite: values.suite });
  const clock = values["any-clock"] ? "any" : new Date();
  const { bytes } = await prover.present({ prepared, ...answered, clock });
  prover.dispose();
  writeFileSync(values.out, bytes);
  return { out: values.out };
}

async function verify() {
  const verifier = new Verifier();
  try {
    const { facts } = await verifier.verify({ presentation: read("presentation"), ...session() });
    return { verified: true, learnt: facts };
  } catch (error) {
    if (!(error instanceof VelumError)) throw error;
    process.exitCode = 1;
    return { verified: false, error: { code: error.code, message: error.message } };
  } finally {
    verifier.dispose();
  }
}

const verbs = { prove, verify };
console.log(JSON.stringify(await verbs[positionals[0]]()));
