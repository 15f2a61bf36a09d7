import receiptWasm from "@velum/prover/receipt.wasm";
import testingWasm from "@velum/prover/testing.wasm";
import transcriptWasm from "@velum/prover/transcript.wasm";
import verifierWasm from "@velum/prover/verifier.wasm";

import { ReceiptVerifier } from "@velum/prover/receipt";
import { mint } from "@velum/prover/testing";
import { sessionTranscript } from "@velum/prover/transcript";
import { Verifier } from "@velum/prover/verify";

import { SESSION, SPEC } from "./licence.js";

const verifier = new Verifier({ worker: false, wasm: verifierWasm });
const receipts = new ReceiptVerifier({ worker: false, wasm: receiptWasm, verifierWasm });

/** A client posts JSON with its bytes in base64. */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export default {
  async fetch(posted) {
    const { presentation, receipt, transcript, request } = await posted.json();
    const answered = { transcript: bytesOf(transcript), request };
    const { learnt } = await verifier.verify({ presentation: bytesOf(presentation), ...answered });
    const profiles = ["standard"];
    const { count } = await receipts.verify({ receipt: bytesOf(receipt), profiles, ...answered });
    const { document } = await mint(SPEC, { wasm: testingWasm });
    const built = await sessionTranscript(SESSION, { wasm: transcriptWasm });
    // A call that needs a worker rejects with a code that says so.
    const refused = await new Verifier().ready().catch(({ code }) => code);
    return Response.json({ learnt, count, minted: document.length, transcript: built.length, refused });
  },
};
