//! The two proofs: their tables, and proving and verifying a statement.
//!
//! A [`Prover`] or [`Verifier`] belongs to one suite and size class. Making one commits to the fixed columns; keep it.

mod credential;
mod presentation;
#[cfg(feature = "prover")]
mod prover;
mod verifier;

pub use credential::{CredentialChip, credential_chips};
pub use presentation::{PresentationChip, presentation_chips};
pub use verifier::Verifier;

#[cfg(feature = "prover")]
pub use credential::credential_traces;
#[cfg(feature = "prover")]
pub use presentation::presentation_traces;
#[cfg(feature = "prover")]
pub use prover::{ProveError, Prover, WitnessError};

use crate::class::{SizeClass, STANDARD};
use crate::suite::Suite;
pub use crate::transcript::ProofKind;

/// Length of every proof of a kind, suite and size class.
pub fn proof_bytes(kind: ProofKind, suite: Suite, class: SizeClass) -> usize {
    let Suite::Direct = suite;
    match (kind, class == STANDARD) {
        (ProofKind::Credential, true) => 2_000_000,
        (ProofKind::Credential, false) => 2_000_000,
        (ProofKind::Presentation, true) => 1_500_000,
        (ProofKind::Presentation, false) => 1_500_000,
    }
}
