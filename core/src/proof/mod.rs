//! The two proofs: their tables, and proving and verifying a statement.
//!
//! A [`Verifier`] belongs to one suite and size class, a [`Prover`] to one of the proofs besides. Making one computes what does not
//! depend on the statement; keep it.

pub(crate) mod credential;
mod error;
mod keys;
mod presentation;
#[cfg(feature = "prover")]
mod prover;
mod security;
mod verifier;

pub use credential::{CredentialChip, credential_chips};
pub use error::{RecordError, StatementError, SubjectError};
pub use keys::pinned_keys;
pub use presentation::{PresentationChip, presentation_chips};
pub use security::PairSecurity;
pub use verifier::{Verifier, key_chips};

#[cfg(feature = "prover")]
pub use credential::credential_traces;
#[cfg(feature = "prover")]
pub use error::{StreamError, TreeError, WitnessError};
#[cfg(feature = "prover")]
pub use presentation::presentation_traces;
#[cfg(feature = "prover")]
pub use prover::{CredentialProver, PresentationProver, Provable, ProveError, Prover};

pub use crate::kind::ProofKind;

/// No proof of any kind, suite and size class is longer, in bytes.
pub const MAX_PROOF_BYTES: usize = 1 << 20;

#[cfg(all(test, feature = "prover"))]
mod fixture;
#[cfg(all(test, feature = "prover"))]
mod tests;
