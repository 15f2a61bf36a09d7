//! Why there is no proof.

use thiserror::Error;
use velum_aggregate_circuits::{AggregationError, ShapeError};
use velum_recursion::LeafError;

/// Why a task of an aggregate fails.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregatorError {
    /// A presentation has no leaf.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// Proofs do not belong together.
    #[error(transparent)]
    Aggregation(#[from] AggregationError),
    /// A circuit cannot be made.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The bytes are not a proof of the circuit.
    #[error("the bytes are not a proof of {what}")]
    Malformed {
        /// What the bytes should be a proof of.
        what: &'static str,
    },
    /// A circuit that this build makes is not the circuit that verifiers know.
    #[error(
        "the circuit of {what} is not the pinned circuit: this build differs from the verifiers' build"
    )]
    NotPinned {
        /// The name of the circuit.
        what: String,
    },
}
