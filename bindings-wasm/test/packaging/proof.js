// What each project of the packaging tests does: it mints a licence, proves with it, verifies the proof, and loads what
// verifies receipts and what talks to markets.

import { environment, Prover } from "@velum/prover";
import { MarketClient } from "@velum/prover/market";
import { ReceiptVerifier } from "@velum/prover/receipt";
import { mint } from "@velum/prover/testing";
import { Verifier } from "@velum/prover/verify";

import { SPEC } from "./licence.js";

export default async function proof() {
  const { document, transcript, request } = await mint(SPEC);
  const [prover, verifier] = [new Prover(), new Verifier()];
  const [receipts, markets] = [new ReceiptVerifier(), new MarketClient()];
  const prepared = await prover.prepare({ document, request });
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  const { learnt } = await verifier.verify({ presentation, transcript, request });
  await receipts.ready();
  await markets.ready();
  for (const each of [prover, verifier, receipts, markets]) each.dispose();
  return { build: environment().build, learnt: learnt[0] };
}
