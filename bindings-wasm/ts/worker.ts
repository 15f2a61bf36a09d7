// The prover's worker.

import { compile } from "./host.js";
import initScalar, * as scalar from "./glue/prover-scalar.js";
import initSimd, * as simd from "./glue/prover-simd.js";
import type { ProverCalls, Setup } from "./protocol.js";
import { type Handlers, serve, type Watch } from "./serve.js";

/** What every build exports. */
type Glue = Pick<
  typeof simd,
  "Prover" | "Verifier" | "inspect" | "explain" | "deviceAuthenticationBytes" | "withDeviceSignature"
>;

serve<ProverCalls>(async (setup) => handlers(await load(setup)));

async function load({ build, wasmUrl }: Setup): Promise<Glue> {
  // Each address is written out where bundlers look for it.
  if (build === "simd") {
    const url = wasmUrl === undefined ? new URL("./prover-simd.wasm", import.meta.url) : new URL(wasmUrl);
    await initSimd({ module_or_path: await compile(url) });
    return simd;
  }
  const url = wasmUrl === undefined ? new URL("./prover-scalar.wasm", import.meta.url) : new URL(wasmUrl);
  await initScalar({ module_or_path: await compile(url) });
  return scalar;
}

function handlers(glue: Glue): Handlers<ProverCalls> {
  const [prover, verifier] = [new glue.Prover(), new glue.Verifier()];
  const timed = (bytes: Uint8Array, watch: Watch) => ({
    bytes: bytes as Uint8Array<ArrayBuffer>,
    timings: watch.timings(),
    ms: watch.ms,
  });
  return {
    makeKeys: ({ sizeClass }, watch) => {
      prover.makeKeys(sizeClass, watch.progress);
      return undefined;
    },
    inspect: ({ document }) => JSON.parse(glue.inspect(document)),
    explain: ({ request, document }) => JSON.parse(glue.explain(request, document)),
    deviceAuthenticationBytes: ({ document, docType, transcript }) =>
      glue.deviceAuthenticationBytes(document, docType, transcript) as Uint8Array<ArrayBuffer>,
    withDeviceSignature: ({ document, docType, signature }) =>
      glue.withDeviceSignature(document, docType, signature) as Uint8Array<ArrayBuffer>,
    prepare: ({ document, request, sizeClass }, watch) =>
      timed(prover.prepare(document, request, sizeClass, watch.progress), watch),
    present: ({ prepared, document, transcript, request, clock, discloseDeviceNamespaces }, watch) =>
      timed(
        prover.present(prepared, document, transcript, request, clock, discloseDeviceNamespaces, watch.progress),
        watch,
      ),
    verify: ({ presentation, transcript, request }, watch) => ({
      ...JSON.parse(verifier.verify(presentation, transcript, request)),
      ms: watch.ms,
    }),
  };
}
