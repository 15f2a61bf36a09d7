// The prover's worker.

import { compile } from "./compile.js";
import initSingle, * as single from "./glue/prover.js";
import initThreads, * as threads from "./glue/prover-threads.js";
import type { ProverCalls, Setup, Shared } from "./protocol.js";
import { type Handlers, serve, type Watch } from "./serve.js";
import type { BrokenDocument, DocumentSummary, Explanation, Purpose, Verified } from "./types.js";

type Bytes = Uint8Array<ArrayBuffer>;

serve<ProverCalls>(async (setup, recruit) => {
  const module = await compile(address(setup));
  if (setup.build !== "simd-threads") return handlers(single, await initSingle({ module_or_path: module }));
  const exports = await initThreads({ module_or_path: module });
  const helpers = setup.threads - 1;
  if (helpers > 0) await recruit({ module, memory: exports.memory });
  threads.openPool(helpers);
  return handlers(threads, exports);
}, joinPool);

/** A helper is a thread of the pool, with the memory of the worker that opens it. */
async function joinPool({ module, memory }: Shared): Promise<() => void> {
  await initThreads({ module_or_path: module, memory });
  return threads.joinPool;
}

/** What both builds export. */
type Glue = Pick<
  typeof single,
  | "Prover"
  | "Verifier"
  | "inspect"
  | "explain"
  | "check"
  | "describePrepared"
  | "deviceAuthenticationBytes"
  | "withDeviceSignature"
>;

/** Where the WebAssembly is. Each address is written out, which is how bundlers find it. */
function address({ build, wasmUrl }: Setup): URL {
  if (wasmUrl !== undefined) return new URL(wasmUrl);
  if (build === "simd-threads") return new URL("./prover-threads.wasm", import.meta.url);
  if (build === "simd") return new URL("./prover-simd.wasm", import.meta.url);
  return new URL("./prover-scalar.wasm", import.meta.url);
}

function handlers(glue: Glue, { memory }: { memory: WebAssembly.Memory }): Handlers<ProverCalls> {
  const [prover, verifier] = [new glue.Prover(), new glue.Verifier()];
  const timed = (bytes: Uint8Array, watch: Watch) => {
    return { bytes: bytes as Bytes, timings: watch.timings(), ms: watch.ms };
  };
  const purpose = (prepared: Uint8Array) => JSON.parse(glue.describePrepared(prepared)) as Purpose;
  return {
    memoryBytes: () => memory.buffer.byteLength,
    makeKeys: ({ suite, sizeClass }, watch) => {
      prover.makeKeys(suite, sizeClass, watch.progress);
      return undefined;
    },
    inspect: ({ document }) => JSON.parse(glue.inspect(document)) as (DocumentSummary | BrokenDocument)[],
    explain: ({ request, document }) => JSON.parse(glue.explain(request, document)) as Explanation,
    deviceAuthenticationBytes: ({ document, docType, transcript }) =>
      glue.deviceAuthenticationBytes(document, docType, transcript) as Bytes,
    withDeviceSignature: ({ document, docType, signature }) =>
      glue.withDeviceSignature(document, docType, signature) as Bytes,
    prepare: ({ document, request, suite, sizeClass }, watch) => {
      const prepared = prover.prepare(document, request, suite, sizeClass, watch.progress);
      return { ...timed(prepared, watch), purpose: purpose(prepared) };
    },
    describePrepared: ({ prepared }) => purpose(prepared),
    check: ({ document, transcript, request, clock, discloseDeviceNamespaces }) => {
      glue.check(document, transcript, request, clock, discloseDeviceNamespaces);
      return undefined;
    },
    present: ({ prepared, document, transcript, request, clock, discloseDeviceNamespaces }, watch) => {
      const presented = prover.present(
        prepared,
        document,
        transcript,
        request,
        clock,
        discloseDeviceNamespaces,
        watch.progress,
      );
      return timed(presented, watch);
    },
    verify: ({ presentation, transcript, request, suites }, watch) => ({
      ...(JSON.parse(verifier.verify(presentation, transcript, request, suites)) as Omit<Verified, "ms">),
      ms: watch.ms,
    }),
  };
}
