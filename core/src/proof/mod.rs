//! The two proofs: their tables, and proving and verifying a statement.
//!
//! A [`Prover`] or [`Verifier`] belongs to one suite and size class. Making one commits to the fixed columns; keep it.

mod credential;
mod error;
mod presentation;
#[cfg(feature = "prover")]
mod prover;
mod verifier;

pub use credential::{CredentialChip, credential_chips};
pub use error::StatementError;
pub use presentation::{PresentationChip, presentation_chips};
pub use verifier::Verifier;

#[cfg(feature = "prover")]
pub use credential::credential_traces;
#[cfg(feature = "prover")]
pub use error::WitnessError;
#[cfg(feature = "prover")]
pub use presentation::presentation_traces;
#[cfg(feature = "prover")]
pub use prover::{ProveError, Prover};

use crate::class::{STANDARD, SizeClass};
use crate::suite::Suite;
pub use crate::transcript::ProofKind;

/// Length of every proof of a kind, suite and size class.
///
/// The content of a proof varies by some kilobytes with how many Merkle paths its queries happen to share; these lengths lie
/// ten standard deviations above its mean.
pub fn proof_bytes(kind: ProofKind, suite: Suite, class: SizeClass) -> usize {
    let Suite::Direct = suite;
    match (kind, class == STANDARD) {
        (ProofKind::Credential, true) => 990_000,
        (ProofKind::Credential, false) => 1_350_000,
        (ProofKind::Presentation, true) => 497_000,
        (ProofKind::Presentation, false) => 527_000,
    }
}

#[cfg(all(test, feature = "prover"))]
mod fixture;
#[cfg(all(test, feature = "prover"))]
mod tests;
