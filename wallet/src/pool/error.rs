//! The errors of a pool.

use velum_credentials::{Code, Error, Prepared};

use crate::pool::{SealerError, StoreError};

/// Why a pool did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The pool is full.
    #[error("the pool is full: it holds {0}; use or clear some of its proofs")]
    Full(Bound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sealer did not seal or did not open.
    #[error(transparent)]
    Sealer(#[from] SealerError),
    /// A proof could not be prepared.
    #[error(transparent)]
    Prepare(#[from] Error),
    /// The operating system gives no random bytes.
    #[error("the operating system gave no random bytes: {message}")]
    Random {
        /// The system's message.
        message: String,
    },
}

/// A bound that a pool has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Bound {
    /// The number of entries.
    #[error("{0} proofs")]
    Entries(usize),
    /// The number of bytes. Fewer bytes are left than one more proof needs.
    #[error("nearly {0} bytes")]
    Bytes(u64),
}

/// Why a pool did not add a proof, together with the proof.
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct PutError {
    /// The proof, if one was made. It was not used: put it again, or present it. It is also `None`
    /// if the store failed and may hold the proof all the same, because a proof must not be used
    /// twice.
    pub prepared: Option<Box<Prepared>>,
    /// What went wrong.
    pub error: PoolError,
}

/// Leaves out the proof, which is secret.
impl std::fmt::Debug for PutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PutError").field("error", &self.error).finish_non_exhaustive()
    }
}

impl PutError {
    pub(super) fn returning(prepared: Prepared, error: impl Into<PoolError>) -> Self {
        Self { prepared: Some(Box::new(prepared)), error: error.into() }
    }
}

/// For errors that occur while there is no proof.
impl From<PoolError> for PutError {
    fn from(error: PoolError) -> Self {
        Self { prepared: None, error }
    }
}

impl PoolError {
    /// The codes that [`Self::code`] returns in addition to those of [`velum_credentials::Code`].
    pub const CODES: &'static [&'static str] =
        &["pool_full", "store_full", "store_failed", "sealer_refused", "other_key"];

    /// What went wrong, as a fixed code that scripts can match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "pool_full",
            Self::Store(StoreError::Full { .. }) => "store_full",
            Self::Store(StoreError::TooLong { .. }) => Code::TooLarge.as_str(),
            Self::Store(StoreError::Failed { .. }) => "store_failed",
            Self::Sealer(SealerError::OtherKey) => "other_key",
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

    /// What is wrong, and what to do about it.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// One error of each kind.
    fn errors() -> Vec<PoolError> {
        let (place, message) = ("place".to_owned(), "message".to_owned());
        let full = StoreError::Full { place: place.clone(), message: message.clone() };
        let too_long = StoreError::TooLong { place: place.clone(), bytes: 2, most: 1 };
        let failed = StoreError::Failed { place, message: message.clone() };
        let mut errors = vec![
            PoolError::Full(Bound::Entries(1)),
            PoolError::Full(Bound::Bytes(1)),
            PoolError::Sealer(SealerError::Refused { message: message.clone() }),
            PoolError::Sealer(SealerError::DoesNotOpen),
            PoolError::Sealer(SealerError::OtherKey),
            PoolError::Prepare(Error::new(Code::Cancelled, "place", "message")),
            PoolError::Random { message },
        ];
        errors.extend([full, too_long, failed].map(PoolError::Store));
        // A new kind of error does not compile until it is named here. Then add it to the list
        // above too.
        for error in &errors {
            match error {
                PoolError::Full(Bound::Entries(_) | Bound::Bytes(_))
                | PoolError::Store(
                    StoreError::Full { .. }
                    | StoreError::TooLong { .. }
                    | StoreError::Failed { .. },
                )
                | PoolError::Sealer(
                    SealerError::Refused { .. } | SealerError::DoesNotOpen | SealerError::OtherKey,
                )
                | PoolError::Prepare(_)
                | PoolError::Random { .. } => {}
            }
        }
        errors
    }

    #[test]
    fn codes_are_those_that_errors_give() {
        let others: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let given: BTreeSet<_> =
            errors().iter().map(PoolError::code).filter(|code| !others.contains(code)).collect();
        assert_eq!(given, PoolError::CODES.iter().copied().collect());
        assert_eq!(given.len(), PoolError::CODES.len());
    }

    #[test]
    fn every_code_is_documented() {
        let documented: Vec<_> = include_str!("../../README.md")
            .lines()
            .skip_while(|line| *line != "## Codes of the pool")
            .skip(1)
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(code, _)| code)
            .collect();
        assert_eq!(documented, PoolError::CODES, "\"Codes of the pool\" in the README");
    }

    #[test]
    fn typescript_has_every_code() {
        let errors = include_str!("../../../bindings-wasm/ts/errors.ts");
        let (_, members) = errors.split_once("type PoolCode =\n").unwrap();
        let (members, _) = members.split_once(";\n").unwrap();
        let copied: Vec<_> = members
            .lines()
            .filter_map(|line| line.trim().strip_prefix("| \"")?.strip_suffix('"'))
            .collect();
        assert_eq!(copied, PoolError::CODES, "PoolCode in bindings-wasm/ts/errors.ts");
    }
}
