//! ISO 18013-5 documents, requests and presentations for the Velum prover.
//!
//! Untrusted input never panics here: every reader is bounded by [`limits`] and ends in an [`Error`] that says what,
//! where and what to do.

mod cbor;
mod cose;
mod date;
mod device;
mod error;
mod item;
pub mod limits;
#[cfg(feature = "mint")]
pub mod mint;
mod mso;
mod predicate;
mod request;
mod response;
mod trust;
mod value;
mod verify;
pub mod x509;

pub use cbor::{Field, Span};
pub use cose::{PROTECTED_ES256, SIG_STRUCTURE_PREFIX, SIGNATURE_BYTES, sig_structure};
pub use date::{Date, InvalidDate, Timestamp};
pub use device::{
    DeviceAuth, DeviceSigned, EMPTY_NAME_SPACES, SessionTranscript, device_authentication_bytes,
    device_authentication_digest,
};
pub use error::{Code, Error};
pub use item::{IssuerSignedItem, ItemLayout};
pub use mso::{DIGEST_BYTES, DigestLayout, MobileSecurityObject, MsoLayout, NameSpaceLayout, ValidityInfo};
pub use predicate::{Condition, Literal, Predicate};
pub use request::{Explanation, Learnt, Request, Slot};
pub use response::{DeviceResponse, Document, IssuerSigned, NameSpace};
pub use trust::{Issuer, TrustedIssuer};
pub use value::Value;
pub use velum_core::class::SizeClass;
