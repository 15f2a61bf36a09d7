//! The three verbs: [`Prover::prepare`], [`Prover::present`] and [`Verifier::verify`].
//!
//! * `prepare` makes the expensive credential proof ahead of time, without a session.
//! * `present` answers one request in one session with a cheap proof that opens the same
//!   commitment.
//! * `verify` derives everything public from the verifier's own request and transcript. From the
//!   presentation it takes only what the request leaves open: the suite and the size class, the
//!   commitment, disclosed values, what the device signed in clear and by which algorithm, which of
//!   the trusted issuers signed the document and by which certificates, and the salt of suites for
//!   circuits.
//!
//! All three know documents and sessions only through
//! [`CredentialFormat`](crate::CredentialFormat).
//!
//! The picture shows the steps of the three verbs, and what passes between them. `C` is the
//! commitment to the record of a document.
//!
//! ```text
//! holder: Prover                                      verifier: Verifier
//!
//! prepare(document, request)
//!   | CredentialFormat::credential: the checks without
//!   |   a session; statement, witness
//!   | velum_core: credential proof
//!   v
//! Prepared { subject, C, opening of C, proof }
//!   |
//!   v
//! present(Prepared, document, session, request)
//!   | CredentialFormat::presented: every check        verify(Presentation, session, request)
//!   | Answer: request, session, disclosed               | Claim::new: the statements of both
//!   |   values --> statement                            |   proofs, from request and session
//!   | opening of C, device's signature --> witness      | velum_core: presentation proof,
//!   | velum_core: presentation proof                    |   then credential proof
//!   v                                                   v
//! Presentation { C, disclosed, ..., both proofs } --> Verified { learnt }
//! ```
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
