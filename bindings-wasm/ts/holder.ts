// The calls that every prover's worker answers, other than proving.

import type * as glue from "./glue/prover.js";
import type { ProverCalls } from "./protocol.js";
import type { Handlers, Watch } from "./serve.js";
import type { BrokenDocument, DocumentSummary, Explanation, PreparedFacts, Purpose, Verified } from "./types.js";

/** Bytes that WebAssembly returned. Nothing else refers to them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What every build of the prover exports. */
export type HolderGlue = Pick<
  typeof glue,
  | "Verifier"
  | "inspect"
  | "explain"
  | "check"
  | "describePrepared"
  | "purposeOf"
  | "deviceAuthenticationBytes"
  | "withDeviceSignature"
>;

/** What a prepared proof says about itself. */
export function factsOf(glue: HolderGlue, prepared: Uint8Array): PreparedFacts {
  return JSON.parse(glue.describePrepared(prepared)) as PreparedFacts;
}

/** A proof and the time that it took. */
export function timed(bytes: Uint8Array, watch: Watch) {
  return { bytes: bytes as Bytes, timings: watch.timings(), ms: watch.ms };
}

export function holderHandlers(
  glue: HolderGlue,
  { memory }: { memory: WebAssembly.Memory },
): Omit<Handlers<ProverCalls>, "makeKeys" | "prepare" | "present"> {
  const verifier = new glue.Verifier();
  return {
    memoryBytes: () => memory.buffer.byteLength,
    inspect: ({ document }) => JSON.parse(glue.inspect(document)) as (DocumentSummary | BrokenDocument)[],
    explain: ({ request, document }) => JSON.parse(glue.explain(request, document)) as Explanation,
    deviceAuthenticationBytes: ({ document, docType, transcript }) =>
      glue.deviceAuthenticationBytes(document, docType, transcript) as Bytes,
    withDeviceSignature: ({ document, docType, signature }) =>
      glue.withDeviceSignature(document, docType, signature) as Bytes,
    purposeOf: ({ document, request, suite, sizeClass }) =>
      JSON.parse(glue.purposeOf(document, request, suite, sizeClass)) as Purpose,
    describePrepared: ({ prepared }) => factsOf(glue, prepared),
    check: ({ document, transcript, request, clock, discloseDeviceNamespaces }) => {
      glue.check(document, transcript, request, clock, discloseDeviceNamespaces);
      return undefined;
    },
    verify: ({ presentation, transcript, request, suites }, watch) => ({
      ...(JSON.parse(verifier.verify(presentation, transcript, request, suites)) as Omit<Verified, "ms">),
      ms: watch.ms,
    }),
  };
}
