//! Statements and witnesses that have no place in the tables of their size class.

use thiserror::Error;

#[cfg(feature = "prover")]
pub use crate::chips::common::streams::StreamError;
#[cfg(feature = "prover")]
pub use crate::chips::mdoc::cbor::TreeError;
pub use crate::chips::mdoc::grammar::SubjectError;
pub use crate::record::RecordError;

/// Why a statement does not fit its size class.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    /// Names or elements.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// Counts, dates or predicates.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a witness does not fit its size class.
#[cfg(feature = "prover")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// The hashed bytes.
    #[error(transparent)]
    Streams(#[from] StreamError),
    /// The structure of the document.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}
