// Requests, documents and what is learnt: the JSON forms that the `velum` command reads and writes.

/**
 * How proofs are made. A presentation of `compact` has about two thirds of the bytes of one of `direct`, for Bluetooth and NFC, and takes more work
 * of the wallet. Presentations of `aggregatable` are for whoever folds many of them into one proof, and take several times as long; a verifier takes them
 * where it names the suite.
 */
export type Suite = "direct" | "compact" | "aggregatable";

/** The public size class of a proof. A larger one holds larger documents and takes longer. */
export type SizeClass = "standard" | "large" | "extra";

/**
 * A trusted issuer: a P-256 key by SEC 1 in hexadecimal, or the certificate of a document signer or of a root. A root (CA:TRUE)
 * needs a `profile` unless the document type prescribes one: `iso18013-5` is ISO/IEC 18013-5 Annex B, `pki` path validation by RFC
 * 5280, which with `require_eku` wants this purpose (dotted) in the signer's extKeyUsage. Neither checks revocation.
 */
export type Issuer =
  | { readonly sec1_hex: string }
  | { readonly x509_pem: string; readonly profile?: "iso18013-5" }
  | { readonly x509_pem: string; readonly profile: "pki"; readonly require_eku?: string };

/** A value to compare with. */
export type Literal = string | boolean | number | { readonly full_date: string };

interface Conditions {
  age_at_least: number;
  equals: Literal;
  date_before: string;
  date_after: string;
  disclose: true;
}

/** What is asked of an element: exactly one of these. Dates are `YYYY-MM-DD`. */
export type Condition = {
  [Name in keyof Conditions]: { readonly [This in Name]: Conditions[This] } & {
    readonly [Other in Exclude<keyof Conditions, Name>]?: never;
  };
}[keyof Conditions];

/** A condition on one element. */
export type Predicate = { readonly namespace: string; readonly element: string } & Condition;

/** What a verifier asks. */
export interface Request {
  /** Such as `org.iso.18013.5.1.mDL`. */
  readonly doc_type: string;
  /**
   * The time at which the document must be valid and ages are counted: UTC, `2026-01-01T00:00:00Z`. Fractions of a second, such as `Date` writes
   * into JSON, are cut off.
   */
  readonly now: string;
  /** The only issuers that are trusted. */
  readonly issuers: readonly Issuer[];
  /** What is asked, all of which must hold. */
  readonly predicates: readonly Predicate[];
  /** Namespaces of which elements are taken that the device signed itself. That the issuer lets it sign them is not proven. */
  readonly device_namespaces?: readonly string[];
}

/** A request as an object, whose time may be a `Date`, of which whole seconds count, or as JSON text. */
export type RequestInput = (Omit<Request, "now"> & { readonly now: string | Date }) | string;

/** The value of an element. What JSON has no type for is an object that names its type; other CBOR is in hexadecimal. */
export type Value =
  string | boolean | number | { full_date: string } | { tdate: string } | { integer: string } | { cbor_hex: string };

/** One thing that a verifier learns. */
export type Learnt =
  | { namespace: string; element: string; predicate: Condition; value?: Value }
  | { issuer: string; issuer_name?: string }
  | { profile: "iso18013-5" | "pki"; revocation_checked: false }
  | { doc_type: string }
  | { valid_at: string }
  | { size_class: SizeClass }
  | { device_algorithm: "ES256" | "ESP256" }
  | { device_namespaces: string; authorisation_proven: false };

/** What a request would make a document tell. */
export interface Explanation {
  /** What the verifier would learn, in words. */
  learnt: string[];
  /** The same as data. */
  facts: Learnt[];
  /** The elements whose values stay hidden: all that are neither disclosed nor equal to what the request names. */
  hidden: { namespace: string; element: string }[];
  /** What a verifier might take for checked and nobody checks, in words. The verifier does not learn that it applies. */
  not_checked: string[];
  /** Whether each predicate holds, in the order of the request. */
  predicates: PredicateOutcome[];
}

/** Whether a predicate holds, and if not, why. */
export type PredicateOutcome =
  | { text: string; holds: true }
  | { text: string; holds: false; code: "predicate" | "element_missing"; message: string };

/** A check of a document that needs nothing but the document. */
export type Check = { check: "doc_type" | "issuer_signature" | "digests" | "device_signature"; message: string } & (
  { result: "passed" | "not_checked" } | { result: "failed"; code: string; where: string }
);

/** What a document holds. */
export interface DocumentSummary {
  doc_type: string;
  /** Length of the signed MSO. */
  mso_bytes: number;
  /** The smallest class that the MSO fits, if any. */
  size_class: SizeClass | null;
  validity: { signed: string; valid_from: string; valid_until: string };
  /** What the signer's certificate says. `annex_b_fault` is why no IACA root can vouch for it, or null. */
  document_signer:
    | { sec1_hex: string; not_before: string; not_after: string; annex_b_fault: string | null }
    | { annex_b_fault: string }
    | null;
  /** The device's key by SEC 1, in hexadecimal. */
  device_key: string;
  /**
   * How the device authenticated. `missing`: it has not, and the document is as its issuer handed it out. `unreadable`: what is there
   * cannot be read, and a failed check says why.
   */
  device_auth: "signature" | "mac" | "missing" | "unreadable";
  /** The CBOR of what the device signed itself, in hexadecimal. */
  device_namespaces: string | null;
  namespaces: { namespace: string; elements: DocumentElement[] }[];
  /** That the issuer says where to look up whether it revoked the document, which nobody does, or null. */
  status: "not_checked" | null;
  checks: Check[];
  /** What holds of every request that trusts the issuer, or null if nothing can be proven from the document. */
  provable: Provable | null;
}

/** How a document can be proven. */
export interface Provable {
  /** The smallest class that the document fits. */
  size_class: SizeClass;
  /** Whether the device must sign the session first. */
  device_must_sign: boolean;
  /** The elements about which nothing can be proven. */
  but: { namespace: string; element: string }[];
}

/** A document of a response that cannot be read. */
export interface BrokenDocument {
  doc_type: string | null;
  provable: null;
  /** Why it cannot be read. */
  error: { code: string; message: string; where: string };
}

/** An element of a document. */
export interface DocumentElement {
  element: string;
  value: Value;
  digest_id: number;
  item_bytes: number;
  /** Why nothing can be proven of it, if so. */
  unprovable?: string;
}

/** What a prepared proof is for: a request that it answers is about the same. None of it is secret from the document's holder. */
export interface Purpose {
  /** The suite of the proofs, and its version. */
  suite: Suite;
  suite_version: number;
  size_class: SizeClass;
  doc_type: string;
  /** The issuer's key by SEC 1, in hexadecimal. */
  issuer: string;
  /** The elements in the order of the request. */
  elements: { namespace: string; element: string }[];
  /** The document: SHA-256 of what its issuer signed, in hexadecimal. */
  document: string;
}

/** What a prepared proof says of itself. */
export interface PreparedFacts {
  purpose: Purpose;
  /** The time of the request that it was prepared for: UTC, `2026-01-01T00:00:00Z`. */
  prepared_for: string;
}

/** What the prover is doing. Some stages come several times. */
export type Stage =
  | "keys"
  | "witness"
  | "low-degree extension"
  | "hashing"
  | "grinding"
  | "lookup columns"
  | "quotient"
  | "openings"
  | "FRI"
  | "queries"
  | "check"
  | "fallback";

/** What computes: the processor, or a GPU, which only provers of `@velum/prover/webgpu` have. */
export type Device = "cpu" | "gpu";

/** How long a stage took on a device, all its turns together. */
export interface StageTiming {
  stage: Stage;
  device: Device;
  ms: number;
}

/** How a caller stops a call. */
export interface AbortOptions {
  /** Aborts the call, which then rejects with `cancelled`. */
  signal?: AbortSignal;
}

/** How a caller follows and stops a call that takes its time. */
export interface CallOptions extends AbortOptions {
  /**
   * Called as each stage begins, with the part of the call's work that is done, 0 to 1, never falling, and with what computes it. Where it was
   * called at all it is called once more before the call resolves, with 1. If it throws, the call is stopped and rejects with `cancelled`.
   */
  onProgress?: (stage: Stage, fraction: number, device: Device) => void;
}

/** An answer to a request. */
export interface Presentation {
  /** What goes to the verifier. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the time went. */
  readonly timings: StageTiming[];
  /** Milliseconds in the worker. */
  readonly ms: number;
}

/** What a verifier has learnt from a presentation that holds. */
export interface Verified {
  /** Everything that was learnt, as data. */
  facts: Learnt[];
  /** The same in words. */
  learnt: string[];
  /** Milliseconds that verifying took. */
  ms: number;
}

/**
 * How sure the proofs of an aggregate are. `proven-100` has 100 bits that are proven; `standard` has 58, and 100 by conjecture alone, for less work
 * of whoever aggregates.
 */
export type Profile = "standard" | "proven-100";

/** What a verifier has learnt from a receipt that holds. */
export interface VerifiedReceipt extends Verified {
  /** The profile of the aggregate's proofs. */
  profile: Profile;
  /** Bits of soundness that are proven of them. */
  provenBits: number;
  /** Presentations that the aggregate counts. */
  count: number;
  /** For whom it is counted, 32 bytes; zeros for nobody. */
  payee: Uint8Array<ArrayBuffer>;
}
