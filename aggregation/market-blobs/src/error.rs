//! What can go wrong with a blob.

use std::error::Error;
use std::io::{self, ErrorKind};

use thiserror::Error;
use velum_market_model::Hash;

use crate::MOST_BYTES;

/// Why a store did not do what it was asked. Nothing has changed, unless the answer to a write was
/// lost.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// A URL that names no known kind of store.
    #[error("{url} is not the URL of a store of blobs: {why}")]
    Url {
        /// The URL, without user and password.
        url: String,
        /// What to write in its place.
        why: &'static str,
    },
    /// There is no such blob.
    #[error("the store has no blob {0}")]
    Missing(Hash),
    /// The bytes under a name do not have that hash. Putting the right bytes repairs the blob.
    #[error("blob {0} is damaged: its content has another hash")]
    Corrupt(Hash),
    /// More bytes than a blob may have.
    #[error("the blob has {length} bytes, and a blob may have at most {MOST_BYTES}")]
    TooLong {
        /// The number of bytes.
        length: u64,
    },
    /// There is no room for what was to be written.
    #[error("the store of blobs is full; free some space and try again")]
    Full,
    /// There is no answer, or a wrong one. Asking again may help.
    #[error("the store of blobs does not answer: {0}")]
    Away(object_store::Error),
    /// The store denies access, or cannot do what is asked.
    #[error("the store of blobs refused: {0}; check its permissions and credentials")]
    Refused(object_store::Error),
}

impl BlobError {
    /// Whether asking again may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Full)
    }
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as Store;
        match (&error, io_kind(&error)) {
            (_, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) => Self::Full,
            (
                _,
                Some(
                    ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::NotADirectory
                    | ErrorKind::AlreadyExists,
                ),
            ) => Self::Refused(error),
            (Store::Generic { .. } | Store::NotFound { .. } | Store::JoinError { .. }, _) => {
                Self::Away(error)
            }
            _ => Self::Refused(error),
        }
    }
}

/// The kind of the system's error, if there is one.
fn io_kind(error: &object_store::Error) -> Option<ErrorKind> {
    let mut below: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = below {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        below = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ErrorKind) -> BlobError {
        object_store::Error::Generic { store: "folder", source: Box::new(io::Error::from(kind)) }
            .into()
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        assert!(matches!(of(ErrorKind::StorageFull), BlobError::Full));
        assert!(of(ErrorKind::StorageFull).may_pass() && of(ErrorKind::TimedOut).may_pass());
        assert!(!of(ErrorKind::PermissionDenied).may_pass());
        assert!(
            !BlobError::Corrupt(Hash::default()).may_pass()
                && !BlobError::Missing(Hash::default()).may_pass()
        );
    }
}
