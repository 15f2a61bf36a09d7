// The verifier's WebAssembly, in a worker or wherever a server verifies.

import init, { Verifier } from "./glue/verifier.js";
import { Instance } from "./instance.js";
import type { VerifierCalls } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { Source } from "./source.js";
import type { Verified } from "./types.js";

/** The instance, which verifiers of receipts call too. */
export const verifierInstance = new Instance(init, {
  name: "verifier.wasm",
  url: () => new URL("./verifier.wasm", import.meta.url),
});

export async function loadVerifier(wasm: Source | undefined): Promise<Handlers<VerifierCalls>> {
  await verifierInstance.load(wasm);
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
