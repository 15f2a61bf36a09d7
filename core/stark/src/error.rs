//! The reasons for which a proof is refused.

use thiserror::Error;

/// The reason for which a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The bytes end before the proof does.
    #[error("the proof is too short")]
    TooShort,
    /// Bytes follow the proof.
    #[error("the proof is too long")]
    TooLong,
    /// A number is not below the field's order.
    #[error("the proof has a number that is not a field element")]
    NotCanonical,
    /// The proof does not show the statement.
    #[error("the proof does not show the statement (first check that failed: {check})")]
    Invalid {
        /// The check that failed first. It does not reveal why the proof is wrong.
        check: Check,
    },
    /// No proof of such a statement can exist.
    #[error("no proof of this statement can exist: {0}")]
    Statement(String),
}

/// A check that a verifier makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// The prover did the proof of work before each challenge.
    Grinding,
    /// The buses balance.
    Lookups,
    /// The constraints hold at the out-of-domain point.
    Constraints,
    /// The opened rows belong to the committed trees.
    Openings,
    /// The opened values of the folded codewords belong to the committed layers.
    Folding,
    /// The last folded codeword agrees with the final polynomial.
    FinalPolynomial,
}

impl Check {
    /// Returns an error that names this check unless `holds` is true.
    pub(crate) fn holds(self, holds: bool) -> Result<(), VerifyError> {
        if holds { Ok(()) } else { Err(VerifyError::Invalid { check: self }) }
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Grinding => "grinding",
            Self::Lookups => "the lookup sum",
            Self::Constraints => "the constraint identity",
            Self::Openings => "a Merkle opening",
            Self::Folding => "a Merkle opening of FRI",
            Self::FinalPolynomial => "the final polynomial",
        })
    }
}
