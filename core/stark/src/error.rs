//! Why proofs are refused.

use thiserror::Error;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The bytes end before the proof does.
    #[error("the proof is too short")]
    TooShort,
    /// Bytes follow the proof.
    #[error("the proof is too long")]
    TooLong,
    /// A number is not below the field's order.
    #[error("the proof has a number that is no field element")]
    NotCanonical,
    /// The proof does not show the statement.
    #[error("the proof does not show the statement (first check to fail: {check})")]
    Invalid {
        /// Which check failed first, which tells nothing of why.
        check: Check,
    },
    /// There is no proof of such a statement.
    #[error("no proof can be of this statement: {0}")]
    Statement(String),
}

/// What a verifier checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Work was done before a challenge.
    Grinding,
    /// The buses balance.
    Lookups,
    /// The constraints hold at the out-of-domain point.
    Constraints,
    /// The opened rows are those committed to.
    Openings,
    /// The folded codewords are those committed to.
    Folding,
    /// The last folded codeword is the final polynomial's.
    FinalPolynomial,
}

impl Check {
    /// Fails where the check does not hold.
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
