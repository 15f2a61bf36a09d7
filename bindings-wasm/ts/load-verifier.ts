// The verifier's WebAssembly, in a worker or wherever a server verifies.

import init, { Verifier } from "./glue/verifier.js";
import { Instance } from "./instance.js";
import type { VerifierCalls } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { Verified } from "./types.js";

/** The WebAssembly, which verifiers of receipts call too. */
export const verifierInstance = new Instance(init);

/** Where the WebAssembly is, if it is not said. */
export function verifierUrl(wasmUrl: string | undefined): URL {
  return wasmUrl === undefined ? new URL("./verifier.wasm", import.meta.url) : new URL(wasmUrl);
}

export async function loadVerifier(wasmUrl: string | undefined): Promise<Handlers<VerifierCalls>> {
  await verifierInstance.load(verifierUrl(wasmUrl));
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
