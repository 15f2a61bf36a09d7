import { mint } from "@velum/prover/testing";
import { sessionTranscript } from "@velum/prover/transcript";
import { Verifier } from "@velum/prover/verify";

import { SESSION, SPEC } from "../../licence.js";

const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));
const verifiers = { thread: new Verifier({ worker: false }), worker: new Verifier() };

export async function POST(posted) {
  return Response.json(await answer(await posted.json()).catch(({ message }) => ({ error: message })));
}

async function answer({ presentation, transcript, request }) {
  const input = { presentation: bytesOf(presentation), transcript: bytesOf(transcript), request };
  const by = async (verifier) => (await verifier.verify(input)).learnt;
  const [thread, worker] = [await by(verifiers.thread), await by(verifiers.worker)];
  const { document } = await mint(SPEC);
  const built = await sessionTranscript(SESSION);
  return { thread, worker, minted: document.length, transcript: built.length };
}
