// The real documents of testdata/, and what the tests make of them.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import assert from "node:assert/strict";

/** The builds of the prover. `VELUM_BUILDS` names them if not all were built. */
export const BUILDS = process.env.VELUM_BUILDS?.split(",") ?? [
  ...["simd", "simd-threads", "scalar"],
  ...["gpu-simd", "gpu-simd-threads"],
];

/** The builds that have no GPU. */
export const PLAIN_BUILDS = BUILDS.filter((build) => !build.startsWith("gpu-"));

/** Options of a test that needs a build of the prover. */
export const needs = (build) => ({ skip: !BUILDS.includes(build) && `the ${build} build is not there` });

const FOLDER = new URL("../../testdata/", import.meta.url);

/** A case of testdata/, by name. */
export function testCase(name) {
  const read = (file) => readFileSync(new URL(`${name}/${file}`, FOLDER));
  return {
    name,
    document: new Uint8Array(read("device_response.cbor")),
    transcript: new Uint8Array(read("session_transcript.cbor")),
    request: JSON.parse(read("request.json")),
    about: JSON.parse(read("case.json")),
  };
}

/** The payee of the recorded receipts. */
export const RECEIPT_PAYEE = new Uint8Array(32).fill(0x7a);

/** A recorded file, with the session and the request that it answers. */
function golden(name) {
  const { transcript, request } = testCase("mdl-mustermann");
  return { bytes: new Uint8Array(readFileSync(new URL(`golden/${name}.cbor`, FOLDER))), transcript, request };
}

/** A recorded presentation, by suite and size class. */
export function recorded(name) {
  const { bytes, ...answered } = golden(name);
  return { presentation: bytes, ...answered };
}

/** A recorded receipt of a profile. */
export function receipt(profile) {
  const { bytes, ...answered } = golden(`receipt-${profile}`);
  return { receipt: bytes, ...answered };
}

/** Every case: a folder with facts about its document. */
export function testCases() {
  return readdirSync(FOLDER)
    .filter((name) => existsSync(new URL(`${name}/case.json`, FOLDER)))
    .map(testCase);
}

/** The licence that most tests prove about, with one predicate. */
export function licence() {
  const { document, transcript, request } = testCase("mdl-mustermann");
  const predicates = request.predicates.filter(({ element }) => element === "birth_date");
  return { document, transcript, request: { ...request, predicates } };
}

/** Passes if a promise rejects with a `VelumError` of this code. Returns the error. */
export async function rejects(promise, code) {
  const error = await promise.then(
    () => assert.fail(`resolved, where ${code} was due`),
    (reason) => reason,
  );
  assert.match(error.name, /^(Velum|Market)Error$/u, String(error.stack));
  assert.equal(error.code, code, error.message);
  return error;
}
