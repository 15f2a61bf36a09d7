// The WebAssembly that verifies receipts, in a worker or wherever a server verifies.

import init, { ReceiptVerifier } from "./glue/receipt.js";
import { compile } from "./compile.js";
import type { ReceiptCalls } from "./protocol.js";
import type { Handlers } from "./serve.js";
import type { VerifiedReceipt } from "./types.js";

export async function loadReceiptVerifier(wasmUrl: string | undefined): Promise<Handlers<ReceiptCalls>> {
  const url = wasmUrl === undefined ? new URL("./receipt.wasm", import.meta.url) : new URL(wasmUrl);
  await init({ module_or_path: await compile(url) });
  const verifier = new ReceiptVerifier();
  return {
    load: () => undefined,
    verify: ({ receipt, transcript, request, profiles, payee }, watch) => {
      const text = verifier.verify(receipt, transcript, request, profiles, payee);
      const { payee: counted, ...others } = JSON.parse(text) as Omit<VerifiedReceipt, "ms" | "payee"> & {
        payee: number[];
      };
      return { ...others, payee: Uint8Array.from(counted), ms: watch.ms };
    },
  };
}
