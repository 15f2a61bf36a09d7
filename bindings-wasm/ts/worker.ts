// The prover's worker.

import { compileFrom, type WasmFile } from "./compile.js";
import initSingle, * as single from "./glue/prover.js";
import initThreads, * as threads from "./glue/prover-threads.js";
import { factsOf, type HolderGlue, holderHandlers, timed } from "./holder.js";
import type { ProverCalls, Setup, Shared } from "./protocol.js";
import { type Handlers, serve } from "./serve.js";

serve<ProverCalls>(async (setup, recruit) => {
  const module = await compileFrom(setup.wasm, fileOf(setup));
  if (setup.build !== "simd-threads") return handlers(single, await initSingle({ module_or_path: module }));
  const exports = await initThreads({ module_or_path: module });
  const helpers = setup.threads - 1;
  if (helpers > 0) await recruit({ module, memory: exports.memory });
  threads.openPool(helpers);
  return handlers(threads, exports);
}, joinPool);

/** A helper is a thread of the pool. It shares the memory of the worker that opens the pool. */
async function joinPool({ module, memory }: Shared): Promise<() => void> {
  await initThreads({ module_or_path: module, memory });
  return threads.joinPool;
}

/** The WebAssembly file of a build. Each address is written out, because bundlers find the file by it. */
function fileOf({ build }: Setup): WasmFile {
  if (build === "simd-threads") {
    return { name: "prover-threads.wasm", url: () => new URL("./prover-threads.wasm", import.meta.url) };
  }
  if (build === "simd") return { name: "prover-simd.wasm", url: () => new URL("./prover-simd.wasm", import.meta.url) };
  return { name: "prover-scalar.wasm", url: () => new URL("./prover-scalar.wasm", import.meta.url) };
}

/** What both builds export. */
type Glue = HolderGlue & Pick<typeof single, "Prover">;

function handlers(glue: Glue, exports: { memory: WebAssembly.Memory }): Handlers<ProverCalls> {
  const prover = new glue.Prover();
  return {
    ...holderHandlers(glue, exports),
    makeKeys: ({ suite, sizeClass }, watch) => {
      prover.makeKeys(suite, sizeClass, watch.progress);
      return undefined;
    },
    prepare: ({ document, request, suite, sizeClass }, watch) => {
      const prepared = prover.prepare(document, request, suite, sizeClass, watch.progress);
      return { ...timed(prepared, watch), facts: factsOf(glue, prepared) };
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
  };
}
