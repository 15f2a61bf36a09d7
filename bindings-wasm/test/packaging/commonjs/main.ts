// A CommonJS module. In some versions of Node it cannot `require` ES modules, but it can always `import()` them.

import { readFileSync } from "node:fs";

import type { Verifier } from "@velum/prover/verify" with { "resolution-mode": "import" };

let verifier: Promise<Verifier> | undefined;

/** One verifier for the process, which keeps its keys. */
async function open(): Promise<Verifier> {
  const { Verifier } = await import("@velum/prover/verify");
  return new Verifier({ worker: false });
}

async function main(): Promise<void> {
  const { presentation, transcript, request } = JSON.parse(readFileSync("recorded.json", "utf8"));
  verifier ??= open();
  const { learnt } = await (
    await verifier
  ).verify({
    presentation: new Uint8Array(Buffer.from(presentation, "base64")),
    transcript: new Uint8Array(Buffer.from(transcript, "base64")),
    request,
  });
  console.log(JSON.stringify(learnt));
}

void main();
