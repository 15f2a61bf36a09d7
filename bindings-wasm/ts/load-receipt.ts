// The WebAssembly that verifies receipts, in a worker or wherever a server verifies: the verifier's says what a receipt's presentation claims, and another
// what its aggregate shows of that.

import init, { ReceiptVerifier } from "./glue/receipt.js";
import { keptBack, receiptClaim, submission } from "./glue/verifier.js";
import { Instance } from "./instance.js";
import { verifierInstance, verifierUrl } from "./load-verifier.js";
import type { ReceiptCalls, Setup } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { Profile, SizeClass, Verified } from "./types.js";

/** What is called, each of which may trap. */
export const receiptInstances = [verifierInstance, new Instance(init)] as const;

export async function loadReceiptVerifier({
  wasmUrl,
  verifierWasmUrl,
}: Pick<Setup, "wasmUrl" | "verifierWasmUrl">): Promise<Handlers<ReceiptCalls>> {
  const url = wasmUrl === undefined ? new URL("./receipt.wasm", import.meta.url) : new URL(wasmUrl);
  const [claims, aggregates] = receiptInstances;
  await Promise.all([claims.load(verifierUrl(verifierWasmUrl)), aggregates.load(url)]);
  const verifier = new ReceiptVerifier();
  return {
    load: () => undefined,
    keptBack: ({ request }) => reasons(request),
    submission: ({ presentation, transcript, request }) => {
      const told = reasons(request);
      if (told.length > 0) throw { code: "kept_back", where: "request", message: told.join("; ") };
      const made = submission(presentation, transcript, request) as [Uint8Array<ArrayBuffer>, Uint8Array, SizeClass];
      const [bytes, statement, sizeClass] = made;
      return { bytes, statement, sizeClass };
    },
    verify: ({ receipt, transcript, request, profiles, payee: wanted }, watch) => {
      const claim = receiptClaim(receipt, transcript, request);
      const { statement, learnt } = claim;
      claim.free();
      const counted = verifier.verify(receipt, statement, profiles, wanted);
      const { profile, provenBits, count, payee } = counted;
      counted.free();
      return {
        ...(JSON.parse(learnt) as Pick<Verified, "facts" | "learnt">),
        profile: profile as Profile,
        provenBits,
        count,
        payee: payee as Uint8Array<ArrayBuffer>,
        ms: watch.ms,
      };
    },
  };
}

/** Why the answer to a request is for its verifier alone. */
function reasons(request: string): string[] {
  return keptBack(request).split("\n").filter(Boolean);
}
