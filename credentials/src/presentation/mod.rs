//! The three verbs: [`Prover::prepare`], [`Prover::present`] and [`Verifier::verify`].
//!
//! * `prepare` makes the expensive credential proof ahead of time, without a session.
//! * `present` answers one request in one session with a cheap proof that opens the same
//!   commitment.
//! * `verify` derives everything public from the verifier's own request and transcript. From the
//!   presentation it takes only what the request leaves open: the commitment, disclosed values,
//!   what the device signed in clear, and which of the trusted issuers signed the document.
//!
//! All three know documents and sessions only through
//! [`CredentialFormat`](crate::CredentialFormat).
//!
//! # Order of the source
//!
//! `envelope` is the presentation on the wire, and `claim` is what it states. `verifier` checks it.
//! With feature `prover`, `prepared` holds a prepared proof, `purpose` says what it may be used
//! for, and `prover` prepares and presents.

mod claim;
mod envelope;
mod verifier;

#[cfg(feature = "prover")]
mod prepared;
#[cfg(feature = "prover")]
mod prover;
#[cfg(feature = "prover")]
mod purpose;

pub use claim::Claim;
pub use envelope::{FORMAT_VERSION, Presentation};
pub use verifier::{Verified, Verifier};

#[cfg(feature = "prover")]
pub use prepared::Prepared;
#[cfg(feature = "prover")]
pub use prover::{Clock, PrepareOptions, PresentOptions, Prover};
#[cfg(feature = "prover")]
pub use purpose::Purpose;
