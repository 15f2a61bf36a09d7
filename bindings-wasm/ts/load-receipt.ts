// The WebAssembly that verifies receipts, in a worker or wherever a server verifies. The verifier's module says what
// the presentation of a receipt claims. A second module verifies what the receipt's aggregate shows about that claim.

import init, { ReceiptVerifier } from "./glue/receipt.js";
import { keptBack, receiptClaim, submission } from "./glue/verifier.js";
import { Instance } from "./instance.js";
import { verifierInstance } from "./load-verifier.js";
import type { ReceiptCalls, Setup } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { Profile, SizeClass, Verified } from "./types.js";

/** Length of the hash of a statement, in bytes. */
const STATEMENT_BYTES = 32;

/** The size classes by their ids, which begin with 1. */
const SIZE_CLASSES: readonly SizeClass[] = ["standard", "large", "extra"];

/** The instances that are called. Each of them may trap. */
export const receiptInstances = [
  verifierInstance,
  new Instance(init, { name: "receipt.wasm", url: () => new URL("./receipt.wasm", import.meta.url) }),
] as const;

export async function loadReceiptVerifier({
  wasm,
  verifierWasm,
}: Pick<Setup, "wasm" | "verifierWasm">): Promise<Handlers<ReceiptCalls>> {
  const [claims, aggregates] = receiptInstances;
  await Promise.all([claims.load(verifierWasm), aggregates.load(wasm)]);
  const verifier = new ReceiptVerifier();
  return {
    load: () => undefined,
    keptBack: ({ request }) => reasons(request),
    submission: ({ presentation, transcript, request }) => {
      const told = reasons(request);
      if (told.length > 0) throw { code: "kept_back", where: "request", message: told.join("; ") };
      const made = submission(presentation, transcript, request);
      const sizeClass = SIZE_CLASSES[(made[STATEMENT_BYTES] ?? 0) - 1];
      if (sizeClass === undefined) throw new Error("unknown size class");
      return { bytes: made.slice(STATEMENT_BYTES + 1), statement: made.slice(0, STATEMENT_BYTES), sizeClass };
    },
    verify: ({ receipt, transcript, request, profiles, payee: wanted }, watch) => {
      const claim = receiptClaim(receipt, transcript, request);
      const statement = claim.subarray(0, STATEMENT_BYTES);
      const learnt = new TextDecoder().decode(claim.subarray(STATEMENT_BYTES));
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

/** The reasons why the answer to a request is for its verifier alone. */
function reasons(request: string): string[] {
  return keptBack(request).split("\n").filter(Boolean);
}
