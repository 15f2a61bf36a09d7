//! What is put, read, looked for, removed and listed.

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

/// Where blobs by their content stand.
const CONTENTS: &str = "blobs";

/// A store of blobs that is open.
#[derive(Clone, Debug)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the store of a URL: `file:///path`, which is made where it is not there, or `s3://bucket/prefix`, with region, endpoint and credentials from the
    /// environment's variables `AWS_…`, as all programs for S3 take them.
    ///
    /// # Errors
    /// [`BlobError`]. A bucket that is not there, or not ours, is seen when it is first used.
    pub fn open(url: &str) -> Result<Self, BlobError> {
        Ok(Self { store: open(url)? })
    }

    /// Puts bytes under their hash. Putting them again changes nothing but when they were written.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn put(&self, bytes: Bytes) -> Result<Hash, BlobError> {
        let hash = Hash::of(&[&bytes]);
        self.write(&path(CONTENTS, hash), bytes).await?;
        Ok(hash)
    }

    /// The bytes that have this hash.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Corrupt`] and others.
    pub async fn get(&self, hash: Hash) -> Result<Bytes, BlobError> {
        let bytes = match self.read(&path(CONTENTS, hash)).await {
            Ok(bytes) => bytes.ok_or(BlobError::Missing(hash))?,
            // Nobody has put as many.
            Err(BlobError::TooLong { .. }) => return Err(BlobError::Corrupt(hash)),
            Err(error) => return Err(error),
        };
        if Hash::of(&[&bytes]) == hash { Ok(bytes) } else { Err(BlobError::Corrupt(hash)) }
    }

    /// Whether there is a blob with this name. Its content is not looked at.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn has(&self, hash: Hash) -> Result<bool, BlobError> {
        Ok(found(self.store.head(&path(CONTENTS, hash)).await)?.is_some())
    }

    /// Removes a blob, if it is there.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn remove(&self, hash: Hash) -> Result<(), BlobError> {
        self.delete(&path(CONTENTS, hash)).await
    }

    /// All blobs by their content, in no order, each with when it was last written, by the store's clock. What has no blob's name is passed over.
    pub fn list(&self) -> impl Stream<Item = Result<(Hash, Time), BlobError>> + Send + 'static {
        let listed = self.store.list(Some(&Path::from(CONTENTS)));
        listed.filter_map(|entry| async {
            match entry {
                Ok(entry) => Some(Ok((name(&entry)?, written(&entry)))),
                Err(error) => Some(Err(error.into())),
            }
        })
    }

    /// Puts bytes under a name that is not their hash, in a folder of such names. What was there is replaced at once.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn put_named(
        &self,
        folder: &'static str,
        name: Hash,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        self.write(&path(&named(folder), name), bytes).await
    }

    /// The bytes under such a name, where there are some. Whoever reads them checks what they are.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn get_named(
        &self,
        folder: &'static str,
        name: Hash,
    ) -> Result<Option<Bytes>, BlobError> {
        self.read(&path(&named(folder), name)).await
    }

    /// Removes what stands under such a name, if something does.
    ///
    /// # Errors
    /// [`BlobError`].
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

/// Folders of 256 kinds, so that none has too many entries.
fn path(folder: &str, name: Hash) -> Path {
    let name = name.to_string();
    Path::from_iter([folder, &name[..2], &name])
}

/// Apart from contents, whatever the folder's name.
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

/// None where there is nothing.
fn found<T>(answer: Result<T, StoreError>) -> Result<Option<T>, BlobError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
