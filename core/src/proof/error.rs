//! Errors for statements and witnesses that do not fit into the tables of their size class.

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
    /// An error in the names or elements.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// An error in the counts, dates or predicates.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a witness does not fit its size class.
#[cfg(feature = "prover")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// An error in the hashed bytes.
    #[error(transparent)]
    Streams(#[from] StreamError),
    /// An error in the structure of the document.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// An error in the record.
    #[error(transparent)]
    Record(#[from] RecordError),
}
