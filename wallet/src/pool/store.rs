//! The interface of what keeps sealed entries.

use crate::pool::CrossesThreads;

/// Keeps sealed entries under names of lower-case letters, digits and hyphens. It sees no secret.
///
/// An implementation may be a folder, an IndexedDB store or a table. It must be able to remove an
/// entry for exactly one caller.
#[cfg_attr(not(target_arch = "wasm32"), async_trait::async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait::async_trait(?Send))]
pub trait Store: CrossesThreads {
    /// Lists every entry, in any order.
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError>;

    /// Adds an entry, whole or not at all, so that it survives a crash. Never replaces another
    /// entry. If adding fails, the pool removes the entry, so that the proof in it may be used
    /// otherwise.
    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError>;

    /// Reads an entry and leaves it in place. Returns `None` if it does not exist.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes an entry. Returns `true` to only one caller for each entry, however many threads and
    /// processes ask, and only once the removal survives a crash. The caller that receives `true`
    /// may use the content of the entry.
    async fn remove(&self, name: &str) -> Result<bool, StoreError>;
}

/// An entry in a [`Store`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The name of the entry.
    pub name: String,
    /// The length of the entry.
    pub bytes: u64,
}

/// Why a [`Store`] did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no space left, or a quota is used up.
    #[error("{place}: {message}; free some space")]
    Full {
        /// The path, or what names the place in a store of another kind.
        place: String,
        /// The system's message.
        message: String,
    },
    /// An entry is longer than the store accepts, because the sealer adds too much.
    #[error(
        "{place}: the entry has {bytes} bytes, but the store accepts at most {most}; let the \
         sealer add less"
    )]
    TooLong {
        /// The path, or what names the place in a store of another kind.
        place: String,
        /// The length of the entry.
        bytes: usize,
        /// The greatest length that the store accepts.
        most: usize,
    },
    /// The store failed in another way.
    #[error("{place}: {message}")]
    Failed {
        /// The path, or what names the place in a store of another kind.
        place: String,
        /// The system's message.
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
