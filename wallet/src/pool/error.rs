//! What goes wrong with a pool.

use velum_credentials::{Code, Error};

use crate::pool::{SealerError, StoreError};

/// Why a pool did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The pool holds as much as it may.
    #[error("the pool holds {0}, as much as it may; use or clear what is in it")]
    Full(Bound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sealer did not seal, or would not open.
    #[error(transparent)]
    Sealer(#[from] SealerError),
    /// A proof could not be prepared.
    #[error(transparent)]
    Prepare(#[from] Error),
    /// The operating system gives no random bytes.
    #[error("the system gives no random bytes: {message}")]
    Random {
        /// What the system says.
        message: String,
    },
}

/// A bound of a pool that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Bound {
    /// So many entries.
    #[error("{0} proofs")]
    Entries(usize),
    /// So many bytes, less than what one more proof takes.
    #[error("nearly {0} bytes")]
    Bytes(u64),
}

impl PoolError {
    /// Every code that [`Self::code`] gives besides those of [`velum_credentials::Code`].
    pub const CODES: &'static [&'static str] = &["pool_full", "store_full", "store_failed", "sealer_refused"];

    /// What went wrong, as a fixed code that scripts can match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "pool_full",
            Self::Store(StoreError::Full { .. }) => "store_full",
            Self::Store(StoreError::TooLong { .. }) => Code::TooLarge.as_str(),
            Self::Store(StoreError::Failed { .. }) => "store_failed",
            Self::Sealer(_) => "sealer_refused",
            Self::Prepare(error) => error.code().as_str(),
            Self::Random { .. } => Code::Internal.as_str(),
        }
    }

    /// Where it went wrong: a path of the store, a place in the input, or `pool`.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Store(error) => error.place(),
            Self::Prepare(error) => error.place(),
            _ => "pool",
        }
    }

    /// What is wrong and what to do about it.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Prepare(error) => error.message().to_owned(),
            other => other.to_string(),
        }
    }

    pub(super) fn random(error: &getrandom::Error) -> Self {
        Self::Random { message: error.to_string() }
    }
}
