//! What can go wrong with a blob.

use std::error::Error;
use std::io::{self, ErrorKind};

use thiserror::Error;
use velum_market_model::Hash;

use crate::MOST_BYTES;

/// Why a store did not do what it was asked. Nothing has changed, unless it was lost while it wrote.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// A URL of no store that is known here.
    #[error("{url} is no store of blobs: {why}")]
    Url {
        /// Without user and password.
        url: String,
        /// What to write in its place.
        why: &'static str,
    },
    /// There is no such blob.
    #[error("there is no blob {0}")]
    Missing(Hash),
    /// What stands under a name is not what has that hash. Putting the right bytes mends it.
    #[error("the blob {0} is damaged: its content has another hash")]
    Corrupt(Hash),
    /// More than a blob may have.
    #[error("{length} bytes are more than the {MOST_BYTES} that a blob may have")]
    TooLong {
        /// How many.
        length: u64,
    },
    /// No room for what was to be written.
    #[error("the store of blobs has no room left; free some and try again")]
    Full,
    /// There is no answer, or a wrong one. Asking again may help.
    #[error("the store of blobs does not answer: {0}")]
    Away(object_store::Error),
    /// It does not let us, or cannot do what is asked.
    #[error("the store of blobs refuses: {0}; look at its permissions and credentials")]
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

/// What the system said, where it said something.
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
