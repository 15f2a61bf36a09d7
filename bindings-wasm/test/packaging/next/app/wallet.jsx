"use client";

import { ProverProvider, useProver, useProverCall } from "@velum/prover/react";
import { mint } from "@velum/prover/testing";
import { StrictMode, useEffect } from "react";

import { SPEC } from "../licence.js";

async function prove(prover, options) {
  const { document, transcript, request } = await mint(SPEC);
  const prepared = await prover.prepare({ document, request }, options);
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" }, options);
  const { learnt } = await prover.verify({ presentation, transcript, request }, options);
  return learnt[0];
}

function Proof() {
  const prover = useProver();
  const { run, status, progress, result, error } = useProverCall(prove);
  useEffect(() => {
    if (prover !== undefined) void run();
  }, [prover, run]);
  return <output data-status={status}>{result ?? error?.message ?? `${progress}`}</output>;
}

export function Wallet() {
  return (
    <StrictMode>
      <ProverProvider>
        <Proof />
      </ProverProvider>
    </StrictMode>
  );
}
