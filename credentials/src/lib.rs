//! ISO/IEC 18013-5 documents, requests and presentations for the Velum prover.
//!
//! A wallet holds a [`DeviceResponse`], and a verifier asks a [`Request`]. [`Request::explain`]
//! says what an answer would reveal. [`Document::verify`] says which check fails. [`MsoLayout`] and
//! [`ItemLayout`] say where every field lies in the original bytes that a proof is about.
//!
//! The crate builds on `velum-core` and `velum-stark`, which make and verify the proofs. It opens
//! no files and no connections, and reads no clock: callers give it bytes and times.
//!
//! The picture shows the three inputs, the modules that read them, and the calls. Each `+` is an
//! input of the call in that row.
//!
//! ```text
//!                    document         request       session             (mint makes all three)
//!                       | mdoc           | request     | mdoc
//!                       v                v             v
//!                    DeviceResponse   Request       SessionTranscript
//!                       | document()     |             |
//!                       v                |             |
//!                    Document            |             |                  returns
//! Request::explain      +----------------+             |                  Explanation
//! Document::verify      +----------------+-------------+                  TrustedIssuer
//!                       |                |             |
//! presentation, which knows documents and sessions only by format::CredentialFormat:
//!   Prover::prepare     +----------------+             |                  Prepared
//!   Prover::present     +----------------+-------------+-- Prepared       Presentation
//!   Verifier::verify                     +-------------+-- Presentation   Verified
//!   Claim::new                           +-------------+-- Presentation   Claim
//!
//! all of them: trust finds the issuer that vouches, by the certificate rules of x509
//! prepare, present, verify: velum_core makes or verifies the proofs
//! aggregate: the files of an aggregate, which proves a Claim in place of the two proofs
//! ```
//!
//! An example:
//!
//! ```
//! # fn main() -> Result<(), velum_credentials::Error> {
//! use velum_credentials::{DeviceResponse, Request, SessionTranscript};
//! use velum_testdata::MUSTERMANN;
//!
//! let request = Request::from_json(MUSTERMANN.request.as_bytes())?;
//! let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript)?;
//! let response = DeviceResponse::parse(MUSTERMANN.device_response)?;
//! let document = response.document(request.doc_type())?;
//!
//! println!("{}", request.explain(document));
//! document.verify(&request, &transcript)?;
//! # Ok(())
//! # }
//! ```
//!
//! Untrusted input never causes a panic in this crate. Every reader of a document, a session, a
//! request or a proof is bounded by [`limits`], and its errors are of the type [`Error`], which
//! says what is wrong, where, and what to do. The functions of [`x509`] have error types of their
//! own.
//!
//! # Order of the source
//!
//! * `error`, [`limits`], `names`, `algorithm`, `date`, `cbor` and `members` are the foundations.
//!   They know nothing of documents or requests.
//! * [`x509`] reads and checks certificates. `trust` decides on top of it which issuer vouches for
//!   a document.
//! * `value` and `predicate` say what is asked about an element. `request` is the whole question of
//!   a verifier. They know no document format.
//! * `format` is the interface between credential formats and proofs. `mdoc` implements it for
//!   ISO/IEC 18013-5.
//! * `presentation` prepares, presents and verifies. It knows documents by `format` alone.
//! * `aggregate` holds the files of an aggregate, and `mint` makes test documents. Both depend on a
//!   feature.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

#[cfg(feature = "aggregatable")]
pub mod aggregate;
mod algorithm;
mod cbor;
mod date;
mod error;
mod format;
pub mod limits;
mod mdoc;
mod members;
#[cfg(feature = "mint")]
pub mod mint;
mod names;
mod predicate;
mod presentation;
mod request;
mod trust;
mod value;
pub mod x509;

pub use algorithm::SignatureAlgorithm;
pub use cbor::{Field, Span};
pub use date::{Date, InvalidDate, Timestamp};
pub use error::{Code, Error};
pub use format::{Answer, CredentialFormat, Issued, Presented, Session};
pub use mdoc::{
    BrokenDocument, Check, DIGEST_BYTES, DeviceAuth, DeviceResponse, DeviceSigned, DigestLayout,
    Document, EMPTY_NAME_SPACES, Form, Handover, Inspection, IssuerSigned, IssuerSignedItem,
    ItemLayout, KeyAuthorizations, MobileSecurityObject, MsoLayout, NameSpace, NameSpaceLayout,
    OpaqueItem, Outcome, Provable, SIGNATURE_BYTES, SessionTranscript, THUMBPRINT_BYTES,
    ValidityInfo, X5ChainFault, device_authentication_bytes, device_authentication_digest,
    jwk_thumbprint, sig_structure,
};
pub use predicate::{Condition, Literal, Predicate};
pub use presentation::{Claim, FORMAT_VERSION, Presentation, Verified, Verifier};
#[cfg(feature = "prover")]
pub use presentation::{Clock, PrepareOptions, Prepared, PresentOptions, Prover, Purpose};
pub use request::{Explanation, Learnt, Request, Slot};
pub use trust::{Issuer, Profile, TrustedIssuer};
pub use value::Value;
pub use velum_core::class::SizeClass;
#[cfg(feature = "prover")]
pub use velum_core::proof::ProofKind;
pub use velum_core::suite::{SUITES, Suite};
#[cfg(feature = "prover")]
pub use velum_stark::control::{CancelToken, Control, Device, Memory, Progress, Stage};
#[cfg(feature = "prover")]
pub use velum_stark::{Cpu, backend::Backend, block_on};

/// The examples of the README, which are compiled with the documentation tests.
#[cfg(all(doctest, feature = "prover"))]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    #[test]
    fn documents_and_requests_cross_threads() {
        fn crosses<T: Send + Sync>() {}
        crosses::<crate::DeviceResponse>();
        crosses::<crate::Request>();
        crosses::<crate::SessionTranscript>();
        crosses::<crate::Explanation>();
        crosses::<crate::Error>();
    }
}
