//! Where sealed entries are kept.

use crate::pool::CrossesThreads;

/// Keeps sealed entries under names of lower-case letters, digits and hyphens. It sees no secret.
///
/// An implementation may be a folder, an IndexedDB store or a table: whatever can remove an entry for one caller alone.
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
pub trait Store: CrossesThreads {
    /// Every entry that is there, in any order.
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError>;

    /// Adds an entry: whole or not at all, outlasting a crash, and never over another. Where it fails, the pool removes the entry, so
    /// that the proof in it may be used otherwise.
    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError>;

    /// Reads an entry and leaves it where it is; none if it is not there.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes an entry. Says `true` to one caller for each entry, however many threads and processes ask, and not before the
    /// removal outlasts a crash: who hears `true` may use what was in it.
    async fn remove(&self, name: &str) -> Result<bool, StoreError>;
}

/// An entry in a [`Store`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// Why a [`Store`] did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no space left, or a quota is used up.
    #[error("{place}: {message}; free some space")]
    Full {
        /// The path, or whatever names the place in another store.
        place: String,
        /// What the system says.
        message: String,
    },
    /// An entry is longer than the store takes: the sealer adds too much.
    #[error(
        "{place}: an entry of {bytes} bytes, where the store takes {most}; let the sealer add less"
    )]
    TooLong {
        /// The path, or whatever names the place in another store.
        place: String,
        /// The length of the entry.
        bytes: usize,
        /// The longest that the store takes.
        most: usize,
    },
    /// Something else went wrong.
    #[error("{place}: {message}")]
    Failed {
        /// The path, or whatever names the place in another store.
        place: String,
        /// What the system says.
        message: String,
    },
}

impl StoreError {
    /// Where it went wrong.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Full { place, .. } | Self::TooLong { place, .. } | Self::Failed { place, .. } => {
                place
            }
        }
    }
}
