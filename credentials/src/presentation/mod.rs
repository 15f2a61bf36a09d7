//! The three verbs: [`Prover::prepare`], [`Prover::present`] and [`Verifier::verify`].
//!
//! `prepare` makes the heavy credential proof ahead of time, without a session. `present` answers one request in one session
//! with a light proof that opens the same commitment. `verify` derives everything public from the verifier's own request
//! and transcript, and takes from the presentation only what the request leaves open: the commitment, disclosed values,
//! what the device signed in clear, and which of the trusted issuers it was.
//!
//! All three know documents and sessions by [`CredentialFormat`](crate::CredentialFormat) alone.

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
