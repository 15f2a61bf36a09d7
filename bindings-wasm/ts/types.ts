// Requests, documents and learnt facts, in the JSON forms that the `velum` command reads and writes.

/**
 * How proofs are made:
 *
 * - `direct`: the default.
 * - `compact`: a presentation has about two thirds of the bytes, for Bluetooth and NFC, and takes more work of the
 *   wallet.
 * - `aggregatable`: for those who fold many presentations into one proof. A presentation takes about an order of
 *   magnitude longer. A verifier accepts it only if it names the suite.
 */
export type Suite = "direct" | "compact" | "aggregatable";

/** The public size class of a proof. A larger class holds larger documents and takes longer. */
export type SizeClass = "standard" | "large" | "extra";

/**
 * A trusted issuer: a P-256 key by SEC 1 in hexadecimal, or the certificate of a document signer or of a root.
 *
 * A root (CA:TRUE) needs a `profile`, unless the document type prescribes one:
 *
 * - `iso18013-5` is ISO/IEC 18013-5 Annex B.
 * - `pki` is path validation by RFC 5280. With `require_eku`, the signer's extKeyUsage must hold this purpose, an OID
 *   in dotted form.
 *
 * Neither profile checks revocation.
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

/** What is asked about an element: exactly one of these conditions. Dates are `YYYY-MM-DD`. */
export type Condition = {
  [Name in keyof Conditions]: { readonly [This in Name]: Conditions[This] } & {
    readonly [Other in Exclude<keyof Conditions, Name>]?: never;
  };
}[keyof Conditions];

/** A condition on one element. */
export type Predicate = { readonly namespace: string; readonly element: string } & Condition;

/** A verifier's request. */
export interface Request {
  /** The document type, such as `org.iso.18013.5.1.mDL`. */
  readonly doc_type: string;
  /**
   * The time at which the document must be valid, and at which ages are counted: UTC, `2026-01-01T00:00:00Z`. Fractions
   * of a second, such as `Date` writes into JSON, are cut off.
   */
  readonly now: string;
  /** The only issuers that are trusted. */
  readonly issuers: readonly Issuer[];
  /** The predicates, all of which must hold. */
  readonly predicates: readonly Predicate[];
  /**
   * Elements that the device signed itself are accepted if they are in these namespaces. That the issuer lets the
   * device sign them is not proven.
   */
  readonly device_namespaces?: readonly string[];
}

/** A request as an object or as JSON text. The time of an object may be a `Date`, of which whole seconds count. */
export type RequestInput = (Omit<Request, "now"> & { readonly now: string | Date }) | string;

/**
 * The value of an element. If JSON lacks its type, it is an object that names the type. Other CBOR is in hexadecimal.
 */
export type Value =
  string | boolean | number | { full_date: string } | { tdate: string } | { integer: string } | { cbor_hex: string };

/** One fact that a verifier learns. */
export type Learnt =
  | { namespace: string; element: string; predicate: Condition; value?: Value }
  | { issuer: string; issuer_name?: string }
  | { profile: "iso18013-5" | "pki"; revocation_checked: false }
  | { doc_type: string }
  | { valid_at: string }
  | { size_class: SizeClass }
  | { device_algorithm: "ES256" | "ESP256" }
  | { device_namespaces: string; authorisation_proven: false };

/** What a document would tell in answer to a request. */
export interface Explanation {
  /** What the verifier would learn, in words. */
  learnt: string[];
  /** The same facts as data. */
  facts: Learnt[];
  /**
   * The elements whose values stay hidden: all that are neither disclosed nor equal to a value that the request names.
   */
  hidden: { namespace: string; element: string }[];
  /**
   * What a verifier might assume to be checked although nobody checks it, in words. The verifier does not learn that
   * this applies.
   */
  not_checked: string[];
  /** Whether each predicate holds, in the order of the request. */
  predicates: PredicateOutcome[];
}

/** Whether a predicate holds, and if not, why not. */
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
  /** Length of the signed MSO, in bytes. */
  mso_bytes: number;
  /** The smallest class that the MSO fits, or null if there is none. */
  size_class: SizeClass | null;
  validity: { signed: string; valid_from: string; valid_until: string };
  /** What the signer's certificate says. `annex_b_fault` is the reason why no IACA root can vouch for it, or null. */
  document_signer:
    | { sec1_hex: string; not_before: string; not_after: string; annex_b_fault: string | null }
    | { annex_b_fault: string }
    | null;
  /** The device's key by SEC 1, in hexadecimal. */
  device_key: string;
  /**
   * How the device authenticated:
   *
   * - `signature`: by a signature.
   * - `mac`: by a MAC.
   * - `missing`: the device has not authenticated, and the document is as its issuer handed it out.
   * - `unreadable`: what is there cannot be read. A failed check says why.
   */
  device_auth: "signature" | "mac" | "missing" | "unreadable";
  /** The CBOR of what the device signed itself, in hexadecimal. */
  device_namespaces: string | null;
  namespaces: { namespace: string; elements: DocumentElement[] }[];
  /**
   * `not_checked` if the issuer says where to look up whether it revoked the document, which nobody does. Otherwise
   * null.
   */
  status: "not_checked" | null;
  checks: Check[];
  /** What holds for every request that trusts the issuer, or null if nothing can be proven from the document. */
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
  /** Why nothing can be proven about the element, if so. */
  unprovable?: string;
}

/**
 * What a prepared proof is for. It can answer only requests with the same purpose. None of it is secret from the
 * document's holder.
 */
export interface Purpose {
  /** The suite of the proofs, and its version. */
  suite: Suite;
  suite_version: number;
  size_class: SizeClass;
  doc_type: string;
  /** The issuer's key by SEC 1, in hexadecimal. */
  issuer: string;
  /** The elements, in the order of the request. */
  elements: { namespace: string; element: string }[];
  /** The document, as SHA-256 of what its issuer signed, in hexadecimal. */
  document: string;
}

/** What a prepared proof says about itself. */
export interface PreparedFacts {
  purpose: Purpose;
  /** The time of the request that it was prepared for: UTC, `2026-01-01T00:00:00Z`. */
  prepared_for: string;
}

/** What the prover is doing. Some stages occur several times. */
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

/** The device that computes: the CPU, or a GPU, which only provers of `@velum/prover/webgpu` have. */
export type Device = "cpu" | "gpu";

/** How long a stage took on a device, in all its occurrences together. */
export interface StageTiming {
  stage: Stage;
  device: Device;
  ms: number;
}

/** Options to stop a call. */
export interface AbortOptions {
  /** Aborts the call, which then rejects with `cancelled`. */
  signal?: AbortSignal;
}

/** Options to follow and stop a call that takes long. */
export interface CallOptions extends AbortOptions {
  /**
   * Called as each stage begins, with the part of the call's work that is done and with the device that computes. The
   * part goes from 0 to 1 and never falls. A function that was called at all is called once more with 1, before the
   * call resolves. If the function throws, the call is stopped and rejects with `cancelled`.
   */
  onProgress?: (stage: Stage, fraction: number, device: Device) => void;
}

/** An answer to a request. */
export interface Presentation {
  /** The bytes for the verifier. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How long each stage took. */
  readonly timings: StageTiming[];
  /** Milliseconds in the worker. */
  readonly ms: number;
}

/** What a verifier has learnt from a presentation that holds. */
export interface Verified {
  /** Everything that was learnt, as data. */
  facts: Learnt[];
  /** The same facts in words. */
  learnt: string[];
  /** Milliseconds that verifying took. */
  ms: number;
}

/**
 * How sound the proofs of an aggregate are. `proven-100` has 100 bits that are proven. `standard` has 58 bits that are
 * proven, and 100 bits only by conjecture, for less work of whoever aggregates.
 */
export type Profile = "standard" | "proven-100";

/** What a verifier has learnt from a receipt that holds. */
export interface VerifiedReceipt extends Verified {
  /** The profile of the aggregate's proofs. */
  profile: Profile;
  /** Bits of soundness that are proven for these proofs. */
  provenBits: number;
  /** Number of presentations that the aggregate counts. */
  count: number;
  /** For whom the aggregate is counted, 32 bytes. All are zero if it is counted for nobody. */
  payee: Uint8Array<ArrayBuffer>;
}
