//! Certificates: a signer's key, and its chain to a trusted certificate, under one of two profiles.
//!
//! [`verify_chain`] follows ISO/IEC 18013-5:2021 Annex B (the profiles of the IACA root, B.1.2, and
//! of the mdoc document signer, B.1.4) and the path validation that 9.3.3 requires. That is RFC
//! 5280, section 6.1, for a path of exactly two certificates: the profile fixes `pathLenConstraint`
//! to 0, so an IACA root signs document signers directly and no certificate stands between them. An
//! `x5chain` may repeat the root after the signer. Any other certificate there is refused.
//!
//! [`verify_path`] is the path validation of RFC 5280 for paths of any length. It is for issuers
//! that do not follow Annex B.
//!
//! The picture shows the rules of both profiles, in the order in which they are checked.
//!
//! ```text
//! x5chain (DER, the signer's first), trusted certificate, times: signed (of the MSO), now
//!    |
//!    |  Certificate::from_der
//!    v
//! verify_chain: Annex B                        verify_path: RFC 5280, 6.1
//! signer  P-256 key, profile B.1.4,            anchor  subject is the issuer of the path top;
//!         valid at signed and at now                   valid at now; a CA as below
//! root    has the name of the signer's         each certificate, from the top down:
//!         issuer and its key identifier;               issuer is the name above; signature;
//!         profile B.1.2, valid at now                  valid at now; names within constraints
//! both    signature, country, state,             a CA: adds constraints; CA:TRUE, path
//!         validity of the signer within                length, keyUsage, critical extensions,
//!         that of the root                             purposes
//! rest    of x5chain: only the root            signer  critical extensions, no CA, keyUsage,
//!    |                                                 purposes; valid at signed and at now
//!    |                                            |    (may say CA:TRUE if it is the anchor)
//!    v                                            v
//! SignerCertificate                            ValidPath { signer, certificates }
//!
//! either one: ChainError { certificate, fault } for the first rule that fails
//! ```
//!
//! Certificates are read lazily. Only the fields and extensions that a rule needs are decoded, so
//! that a real signer with other, malformed extensions still gives its key. Signatures are checked
//! over the original bytes.
//!
//! The following is not checked:
//!
//! * a root's signature of itself, because a verifier trusts the root's bytes;
//! * revocation, because this module has no network access;
//! * the longest validity that Annex B allows an issuer to give;
//! * the presence of `issuerAlternativeName` and `cRLDistributionPoints`, which bind nothing that
//!   is proven.
//!
//! This module knows nothing of CBOR, COSE or documents.
//!
//! # Order of the source
//!
//! * `members` and `fields` read DER, `general_names` reads extensions that hold general names,
//!   `pem` reads PEM, and `oid` reads object identifiers in dotted form.
//! * `certificate` is one certificate with the rules that need no other. `key` names unsupported
//!   keys in its messages.
//! * `names` compares distinguished names, and `name_constraints` applies the name constraints of a
//!   path.
//! * `chain` and `path` are the two profiles.

mod certificate;
mod chain;
mod fields;
mod general_names;
mod key;
mod members;
mod name_constraints;
mod names;
mod oid;
mod path;
mod pem;

pub use certificate::{
    CertificateFault, Extension, Moment, SignerCertificate, certificate_public_key, is_ca,
};
pub use chain::{CertificateRole, ChainError, check_annex_b_signer, verify_chain};
pub(crate) use chain::{check_validity, names_as_issuer};
pub use oid::{InvalidOid, Oid};
pub use path::{ValidPath, check_pinned_signer, verify_path};
pub use pem::{PemError, read_pem};
