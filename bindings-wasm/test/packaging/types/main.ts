// Every entry, in a server's project without the types of browsers.

import { environment, type Prepared, Prover, type ProverBase, type RequestInput } from "@velum/prover";
import { MarketClient, MarketError, type Offer } from "@velum/prover/market";
import { ProofPool } from "@velum/prover/pool";
import { ReceiptVerifier } from "@velum/prover/receipt";
import { request as ask } from "@velum/prover/request";
import { mint, type MintSpec } from "@velum/prover/testing";
import { sessionTranscript } from "@velum/prover/transcript";
import { VelumError, Verifier, type Wasm } from "@velum/prover/verify";
import * as webgpu from "@velum/prover/webgpu";

const asked = {
  doc_type: "org.iso.18013.5.1.mDL",
  now: new Date(),
  issuers: [{ x509_pem: "" }],
  predicates: [
    { namespace: "org.iso.18013.5.1", element: "birth_date", age_at_least: 18 },
    { namespace: "org.iso.18013.5.1", element: "family_name", disclose: true },
  ],
} as const;

export const frozen: RequestInput = asked;

export const two: RequestInput = {
  ...asked,
  predicates: [
    // @ts-expect-error: one predicate has one condition.
    { namespace: "org.iso.18013.5.1", element: "birth_date", age_at_least: 18, disclose: true },
  ],
};

export const offer: Offer = { profile: "standard", minimum: 1, maximum: 2 };

export async function verify(presentation: Uint8Array, transcript: Uint8Array, wasm: Wasm): Promise<string[]> {
  const verifier = new Verifier({ worker: false, wasm });
  const { learnt } = await verifier.verify({ presentation, transcript, request: asked });
  return learnt;
}

export async function prove(prover: ProverBase, document: Uint8Array, spec: MintSpec): Promise<Prepared | undefined> {
  const minted = await mint(spec);
  const transcript = await sessionTranscript({ protocol: "dcapi", encryptionInfo: "", origin: "" });
  await prover.check({ document: minted.document, transcript, request: minted.request });
  const pool = new ProofPool({ name: "proofs" });
  return pool.take(await prover.purpose({ document, request: asked }));
}

export const everything = [
  ...[environment(), new Prover(), new webgpu.Prover({ gpu: "off" })],
  ...[new ReceiptVerifier(), new MarketClient(), MarketError, VelumError],
  ask({ docType: asked.doc_type, issuers: asked.issuers }).element("birth_date").ageAtLeast(18),
];
