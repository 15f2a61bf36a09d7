//! Puts, reads, finds, removes and lists blobs.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt};
use velum_market_model::{Hash, Time};

use crate::BlobError;
use crate::open::open;

/// The most bytes of a blob.
pub const MOST_BYTES: u64 = 64 << 20;

/// The folder of blobs that are named by their content.
const CONTENTS: &str = "blobs";

/// An open store of blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the store at a URL: `file:///path`, which is created if it does not exist, or
    /// `s3://bucket/prefix`. For a bucket, region, endpoint and credentials come from the
    /// environment variables `AWS_…`, as in all programs for S3.
    ///
    /// # Errors
    /// Returns [`BlobError`]. A bucket that does not exist or denies access is noticed only at its
    /// first use.
    pub fn open(url: &str) -> Result<Self, BlobError> {
        Ok(Self { store: open(url)? })
    }

    /// Puts bytes under their hash. Putting them again changes nothing but the time at which they
    /// were written.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn put(&self, bytes: Bytes) -> Result<Hash, BlobError> {
        let hash = Hash::of(&[&bytes]);
        self.write(&path(CONTENTS, hash), bytes).await?;
        Ok(hash)
    }

    /// The bytes that have this hash.
    ///
    /// # Errors
    /// Returns [`BlobError::Missing`], [`BlobError::Corrupt`] and other errors.
    pub async fn get(&self, hash: Hash) -> Result<Bytes, BlobError> {
        let bytes = match self.read(&path(CONTENTS, hash)).await {
            Ok(bytes) => bytes.ok_or(BlobError::Missing(hash))?,
            // No writer can have put this many bytes.
            Err(BlobError::TooLong { .. }) => return Err(BlobError::Corrupt(hash)),
            Err(error) => return Err(error),
        };
        if Hash::of(&[&bytes]) == hash { Ok(bytes) } else { Err(BlobError::Corrupt(hash)) }
    }

    /// Whether there is a blob with this name. Its content is not checked.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn has(&self, hash: Hash) -> Result<bool, BlobError> {
        Ok(found(self.store.head(&path(CONTENTS, hash)).await)?.is_some())
    }

    /// Removes a blob, if it exists.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn remove(&self, hash: Hash) -> Result<(), BlobError> {
        self.delete(&path(CONTENTS, hash)).await
    }

    /// All blobs that are named by their content, in no order. Each comes with the time at which it
    /// was last written, by the store's clock. Entries whose name is not a blob's name are skipped.
    pub fn list(&self) -> impl Stream<Item = Result<(Hash, Time), BlobError>> + Send + 'static {
        let listed = self.store.list(Some(&Path::from(CONTENTS)));
        listed.filter_map(|entry| async {
            match entry {
                Ok(entry) => Some(Ok((name(&entry)?, written(&entry)))),
                Err(error) => Some(Err(error.into())),
            }
        })
    }

    /// Puts bytes under a name that is not their hash, in a folder of such names. It replaces
    /// atomically what was there.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn put_named(
        &self,
        folder: &'static str,
        name: Hash,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        self.write(&path(&named(folder), name), bytes).await
    }

    /// The bytes under such a name, if there are any. The reader has to check what they are.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn get_named(
        &self,
        folder: &'static str,
        name: Hash,
    ) -> Result<Option<Bytes>, BlobError> {
        self.read(&path(&named(folder), name)).await
    }

    /// Removes the bytes under such a name, if there are any.
    ///
    /// # Errors
    /// Returns [`BlobError`].
    pub async fn remove_named(&self, folder: &'static str, name: Hash) -> Result<(), BlobError> {
        self.delete(&path(&named(folder), name)).await
    }

    async fn write(&self, path: &Path, bytes: Bytes) -> Result<(), BlobError> {
        check_length(bytes.len() as u64)?;
        self.store.put(path, bytes.into()).await?;
        Ok(())
    }

    async fn read(&self, path: &Path) -> Result<Option<Bytes>, BlobError> {
        let Some(found) = found(self.store.get(path).await)? else { return Ok(None) };
        check_length(found.meta.size)?;
        Ok(Some(found.bytes().await?))
    }

    async fn delete(&self, path: &Path) -> Result<(), BlobError> {
        found(self.store.delete(path).await)?;
        Ok(())
    }
}

fn check_length(length: u64) -> Result<(), BlobError> {
    if length <= MOST_BYTES { Ok(()) } else { Err(BlobError::TooLong { length }) }
}

/// The path of a blob. There are 256 subfolders, so that none of them has too many entries.
fn path(folder: &str, name: Hash) -> Path {
    let name = name.to_string();
    Path::from_iter([folder, &name[..2], &name])
}

/// The folder of named results. Its prefix keeps it apart from the contents, whatever the name is.
fn named(folder: &str) -> String {
    format!("named-{folder}")
}

fn name(entry: &ObjectMeta) -> Option<Hash> {
    Hash::try_from(entry.location.filename()?.to_owned()).ok()
}

fn written(entry: &ObjectMeta) -> Time {
    let since_1970 = u64::try_from(entry.last_modified.timestamp_millis()).unwrap_or_default();
    Time::new(since_1970).unwrap_or(Time::MOST)
}

/// Turns a missing entry into `None`.
fn found<T>(answer: Result<T, StoreError>) -> Result<Option<T>, BlobError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
