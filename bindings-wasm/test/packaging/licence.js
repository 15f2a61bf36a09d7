// The licence that the projects of the packaging tests mint.

export const SPEC = {
  seed: "5e".repeat(32),
  doc_type: "org.iso.18013.5.1.mDL",
  validity: {
    signed: "2026-01-01T00:00:00Z",
    valid_from: "2026-01-01T00:00:00Z",
    valid_until: "2026-12-31T00:00:00Z",
  },
  elements: [{ namespace: "org.iso.18013.5.1", element: "birth_date", value: { full_date: "1990-02-28" } }],
};

/** A session whose transcript both the verifier and the wallet build. */
export const SESSION = {
  protocol: "openid4vp-dc-api",
  origin: "https://verifier.example",
  nonce: "exc7gBkxjx1rdc9udRrveA",
};
