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
    /// Proofs do not go together.
    #[error(transparent)]
    Aggregation(#[from] AggregationError),
    /// A circuit cannot be made.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Bytes that are no proof of the circuit.
    #[error("the bytes are no proof of {what}")]
    Malformed {
        /// Of what they should be one.
        what: &'static str,
    },
    /// A circuit that this build makes is not the one that verifiers know.
    #[error(
        "the circuit of {what} is not the pinned one: this build differs from that of verifiers"
    )]
    NotPinned {
        /// Which.
        what: String,
    },
}
