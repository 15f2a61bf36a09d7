// A wallet with a minted licence, for the tests of the server.

import { Prover } from "@velum/prover";
import { mint } from "@velum/prover/testing";
import { sessionTranscript } from "@velum/prover/transcript";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DOC_TYPE = "org.iso.18013.5.1.mDL";
const VALIDITY = {
  signed: "2026-01-01T00:00:00Z",
  valid_from: "2026-01-01T00:00:00Z",
  valid_until: "2046-01-01T00:00:00Z",
};

/** A licence, its issuer and the key of its device. */
export async function issue() {
  const device = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
  const point = await crypto.subtle.exportKey("raw", device.publicKey);
  const { document, iaca } = await mint({
    seed: "5e".repeat(32),
    doc_type: DOC_TYPE,
    validity: VALIDITY,
    elements: [{ namespace: "org.iso.18013.5.1", element: "birth_date", value: { full_date: "1990-02-28" } }],
    keys: { device_public: Buffer.from(point).toString("hex") },
  });
  return { document, device, issuers: [{ x509_pem: iaca }] };
}

/** Answers a request for the origin that asks. */
export async function answer({ document, device }, { origin, nonce, request }) {
  const prover = new Prover();
  const transcript = await sessionTranscript({ protocol: "openid4vp-dc-api", origin, nonce });
  const toBeSigned = await prover.deviceAuthenticationBytes({ document, docType: DOC_TYPE, transcript });
  const signature = new Uint8Array(await crypto.subtle.sign(ALGORITHM, device.privateKey, toBeSigned));
  const signed = await prover.withDeviceSignature({ document, docType: DOC_TYPE, signature });
  const prepared = await prover.prepare({ document, request });
  const { bytes } = await prover.present({ prepared, document: signed, transcript, request });
  prover.dispose();
  return bytes;
}
