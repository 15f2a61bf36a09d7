//! What can go wrong in a workshop.

use thiserror::Error;
use velum_market_blobs::BlobError;
use velum_market_model::Hash;
use velum_market_sql::DatabaseError;

use crate::PlanError;

/// Why a workshop did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The store of blobs failed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The presentations cannot be folded together.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no such lot.
    #[error("the workshop has no lot {0}; take the lot first")]
    NoLot(Hash),
    /// The lot is here already, and is a different one.
    #[error(
        "the workshop already has lot {0}, with other presentations, payee or profile; drop it first"
    )]
    OtherLot(Hash),
    /// The task has not failed for good.
    #[error("task {0} is not dead or does not exist; see the list of dead tasks")]
    NotDead(Hash),
    /// The engine gave up.
    #[error("the worker has ended: {0}; start it again")]
    Ended(String),
}

impl WorkError {
    /// Whether asking again may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Database(error) => error.may_pass(),
            Self::Blobs(error) => error.may_pass(),
            _ => false,
        }
    }
}
