// The verifier's WebAssembly, in a worker or wherever a server verifies.

import init, { Verifier } from "./glue/verifier.js";
import { compile } from "./compile.js";
import type { VerifierCalls } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { Verified } from "./types.js";

export async function loadVerifier(wasmUrl: string | undefined): Promise<Handlers<VerifierCalls>> {
  const url = wasmUrl === undefined ? new URL("./verifier.wasm", import.meta.url) : new URL(wasmUrl);
  await init({ module_or_path: await compile(url) });
  const verifier = new Verifier();
  return {
    makeKeys: ({ sizeClass }) => {
      verifier.makeKeys(sizeClass);
      return undefined;
    },
    verify: ({ presentation, transcript, request, suites }, watch) => ({
      ...(JSON.parse(verifier.verify(presentation, transcript, request, suites)) as Omit<Verified, "ms">),
      ms: watch.ms,
    }),
  };
}
