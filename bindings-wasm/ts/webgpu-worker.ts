// The worker of the prover that may have a GPU.

import { compileFrom, type WasmFile } from "./compile.js";
import initSingle, * as single from "./glue/prover-gpu.js";
import initThreads, * as threads from "./glue/prover-gpu-threads.js";
import type { GpuState } from "./gpu.js";
import { factsOf, type HolderGlue, holderHandlers, timed } from "./holder.js";
import type { ProverCalls, Setup, Shared } from "./protocol.js";
import { broken, type Handlers, serve, tellOf } from "./serve.js";

// A trap in a future rejects no promise that anyone awaits.
self.addEventListener("error", (event) => {
  event.preventDefault();
  tellOf(broken(event.error));
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tellOf(broken(event.reason));
});

type Tell = (gpu: GpuState) => void;

serve<ProverCalls>(async (setup, recruit, tell) => {
  const module = await compileFrom(setup.wasm, fileOf(setup));
  if (setup.build !== "simd-threads") {
    return handlers(single, await initSingle({ module_or_path: module }), setup, tell);
  }
  const exports = await initThreads({ module_or_path: module });
  const helpers = setup.threads - 1;
  if (helpers > 0) await recruit({ module, memory: exports.memory });
  threads.openPool(helpers);
  return handlers(threads, exports, setup, tell);
}, joinPool);

/** A helper is a thread of the pool. It shares the memory of the worker that opens the pool. */
async function joinPool({ module, memory }: Shared): Promise<() => void> {
  await initThreads({ module_or_path: module, memory });
  return threads.joinPool;
}

/** The WebAssembly file of a build. Each address is written out, because bundlers find the file by it. */
function fileOf({ build }: Setup): WasmFile {
  if (build === "simd-threads") {
    return { name: "prover-gpu-threads.wasm", url: () => new URL("./prover-gpu-threads.wasm", import.meta.url) };
  }
  return { name: "prover-gpu-simd.wasm", url: () => new URL("./prover-gpu-simd.wasm", import.meta.url) };
}

/** What both builds export. */
type Glue = HolderGlue & Pick<typeof single, "GpuProver">;

function handlers(
  glue: Glue,
  exports: { memory: WebAssembly.Memory },
  { gpu }: Setup,
  tell: Tell,
): Handlers<ProverCalls> {
  const calibration = gpu?.calibration?.flatMap(({ logHeight, cpuMs, gpuMs }) => [logHeight, cpuMs, gpuMs]);
  const prover = new glue.GpuProver(gpu?.policy ?? "off", calibration && Float64Array.from(calibration));
  let last: string | undefined;
  const tellState = () => {
    const state = prover.state();
    if (state !== last) tell(JSON.parse((last = state)) as GpuState);
  };
  tellState();
  // The GPU is opened beside the first calls, which do not wait for it.
  void prover.open().then(tellState);
  /** Reports the state of the GPU after a call. */
  const told = async <T>(call: Promise<T>): Promise<T> => call.finally(tellState);
  return {
    ...holderHandlers(glue, exports),
    makeKeys: async ({ suite, sizeClass }, watch) => {
      await told(prover.makeKeys(suite, sizeClass, watch.progress));
      return undefined;
    },
    prepare: async ({ document, request, suite, sizeClass }, watch) => {
      const prepared = await told(prover.prepare(document, request, suite, sizeClass, watch.progress));
      return { ...timed(prepared, watch), facts: factsOf(glue, prepared) };
    },
    present: async ({ prepared, document, transcript, request, clock, discloseDeviceNamespaces }, watch) => {
      const presented = prover.present(
        prepared,
        document,
        transcript,
        request,
        clock,
        discloseDeviceNamespaces,
        watch.progress,
      );
      return timed(await told(presented), watch);
    },
  };
}
