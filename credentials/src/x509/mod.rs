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
//! `members`, `fields` and `oid` read DER, and `pem` reads PEM. `certificate` is one certificate
//! with the rules that need no other. `names`, `general_names` and `name_constraints` compare
//! names. `chain` and `path` are the two profiles. `key` names unsupported keys in messages.

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
