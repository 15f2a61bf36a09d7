//! A pool of prepared proofs, so that an answer does not have to wait for the long part of its
//! proof.
//!
//! A prepared proof is as secret as its document. It may be used only once, because two
//! presentations made from it could be linked. Therefore:
//!
//! * Each proof is **sealed** before it is stored. The associated data names the format, the
//!   document and the entry, so an entry that was changed, moved or renamed does not open.
//! * Each proof is **taken** once: only one caller can remove it, and it is removed for good before
//!   it is handed out. A crash may lose a proof, but never lets it be used again.
//! * The pool is **bounded** in number, bytes and age ([`Bounds`]). Proofs are dropped together
//!   with the document for which they were made ([`ProofPool::sweep`]).
//!
//! Nothing can detect a copy of a whole store, such as a backup. Keep the store out of backups.
//!
//! The pool makes no proofs itself, and knows no files, keys or clocks: see [`Store`] and
//! [`Sealer`]. Both traits are asynchronous because IndexedDB is, and because a sealer may wait for
//! a fingerprint. The pool needs no runtime.
//!
//! The picture shows how a proof enters the pool and leaves it, and what an entry consists of.
//!
//! ```text
//! put(Prepared, now)                          take(Purpose, now)
//!    |                                           |
//!    v                                           v
//! entry: a name of the purpose and of now     Store::list: names with the purpose's tag
//! make_room: removes what is too old,            |  each of them, the oldest first:
//!    |  fails if the pool is full                v
//!    v                                        too old: removed
//! Sealer::seal(bytes, associated data)        Store::read, Sealer::open
//!    |                                           sealed with another key: left in place
//!    v                                           does not open, or is of no use: removed
//! room for these bytes, as before                a proof: Store::remove, for one caller only
//!    |                                           |
//!    v                                           v
//! Store::put(name, sealed)                    Taken { prepared, dropped }
//!
//! name: tag of the document (16 bytes), tag of the purpose (16), time (8), random (16), as hex
//! associated data: format, hash of the document, name
//! fill: while there are fewer proofs than wanted: make_room, prepare (the caller's), put
//! sweep: removes what is of no held document, too old, or (the oldest) beyond Bounds
//! ```
//!
//! This module holds the pool itself. Its submodules are:
//!
//! * `entry`: the names of entries and their associated data.
//! * `store` and `sealer`: the two traits.
//! * `file_store` and `key_sealer`: implementations of the traits.
//! * `error`: the errors.

mod entry;
mod error;
#[cfg(feature = "file-store")]
mod file_store;
#[cfg(feature = "key-sealer")]
mod key_sealer;
mod sealer;
mod store;

use std::sync::Arc;

use velum_credentials::{Code, Error, Prepared, Purpose, Timestamp};

use entry::{EntryName, associated_data, document_tag, purpose_tag};

pub use error::{Bound, PoolError, PutError};
#[cfg(feature = "file-store")]
pub use file_store::FileStore;
#[cfg(feature = "key-sealer")]
pub use key_sealer::KeySealer;
pub use sealer::{Sealer, SealerError};
pub use store::{Store, StoreError, StoredEntry};

/// `Send + Sync` on platforms with threads. In WebAssembly this trait requires nothing, because
/// JavaScript objects stay on their thread. Every type that meets the requirement implements it.
#[cfg(not(target_arch = "wasm32"))]
pub trait CrossesThreads: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> CrossesThreads for T {}

/// `Send + Sync` on platforms with threads. In WebAssembly this trait requires nothing, because
/// JavaScript objects stay on their thread. Every type that meets the requirement implements it.
#[cfg(target_arch = "wasm32")]
pub trait CrossesThreads {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> CrossesThreads for T {}

/// How much a pool may hold. Callers that add proofs at the same time may each find room for the
/// last one. The pool then exceeds the bound until the next [`ProofPool::sweep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Number of entries.
    pub entries: usize,
    /// Bytes of all sealed entries together.
    pub bytes: u64,
    /// Age in seconds after which a proof is dropped. A proof whose time is later than the `now` of
    /// a call, because a clock is or was wrong, has no age: it stays and may be taken.
    pub age_seconds: u64,
}

impl Default for Bounds {
    /// 32 entries, 32 MiB, 30 days. A proof takes about 0.3 MiB, or 0.4 MiB in size class `large`.
    fn default() -> Self {
        Self { entries: 32, bytes: 32 << 20, age_seconds: 30 * 86_400 }
    }
}

/// A pool of prepared proofs. Any number of pools, in any number of processes, may share a store.
pub struct ProofPool {
    store: Arc<dyn Store>,
    sealer: Arc<dyn Sealer>,
    bounds: Bounds,
}

/// What [`ProofPool::take`] found.
pub struct Taken {
    /// The proof, if there was one.
    pub prepared: Option<Prepared>,
    /// Entries of the purpose that the call found unfit and removed.
    pub dropped: Vec<Dropped>,
}

/// An entry that was removed without being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The name of the entry in its store.
    pub name: String,
    /// Why it was removed.
    pub why: Why,
}

/// Why an entry was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The entry was older than the pool's bound.
    #[error("too old")]
    Age,
    /// The entry is for a document that is no longer held, or in a format that this build does not
    /// read.
    #[error("made for a document that is no longer held, or in another format")]
    Document,
    /// There were more entries or bytes than the pool's bounds allow.
    #[error("more than the pool's bounds allow")]
    Bounds,
    /// The entry was changed, moved, or sealed with a key that no longer exists.
    #[error("cannot be opened: it was changed, moved, or sealed with another key")]
    DoesNotOpen,
    /// The content is not a prepared proof that this build can use for its purpose.
    #[error("not a prepared proof for its purpose, or made by another version")]
    Unusable,
}

struct Listed {
    name: EntryName,
    bytes: u64,
}

impl ProofPool {
    /// A pool in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, sealer: Arc<dyn Sealer>, bounds: Bounds) -> Self {
        Self { store, sealer, bounds }
    }

    /// Adds a prepared proof, made at `now`. Entries that are too old are removed to make room, and
    /// no others.
    ///
    /// If the proof is not kept, the error returns it. If the future is dropped before it is done,
    /// the proof is lost.
    ///
    /// # Errors
    /// [`PoolError::Full`]; [`PoolError::Sealer`] if the proof cannot be sealed;
    /// [`PoolError::Store`].
    pub async fn put(&self, prepared: Prepared, now: Timestamp) -> Result<(), PutError> {
        match self.sealed(&prepared, now).await {
            Ok((name, sealed)) => match self.store.put(&name, &sealed).await {
                Ok(()) => Ok(()),
                // A store may fail after it added the entry. The entry must then be removed before
                // the proof is used otherwise.
                Err(error) => match self.store.remove(&name).await {
                    Ok(_) => Err(PutError::returning(prepared, error)),
                    Err(_) => Err(PoolError::from(error).into()),
                },
            },
            Err(error) => Err(PutError::returning(prepared, error)),
        }
    }

    /// The sealed entry and its name. The pool has room for it.
    async fn sealed(
        &self,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Result<(String, Vec<u8>), PoolError> {
        let purpose = prepared.purpose();
        let name = EntryName::new(&purpose, now).map_err(|error| PoolError::random(&error))?;
        // Room is made first, because the sealer may ask a person.
        self.make_room(now).await?;
        let plain = prepared.to_bytes();
        let sealed = self.sealer.seal(&plain, &associated_data(&purpose.document, &name)).await?;
        drop(plain);
        self.make_room_for(sealed.len() as u64, now).await?;
        Ok((name.to_string(), sealed))
    }

    /// Drops entries that are too old, and checks that there is room for one more proof. Call it
    /// before you make the proof.
    ///
    /// # Errors
    /// [`PoolError::Full`], [`PoolError::Store`].
    pub async fn make_room(&self, now: Timestamp) -> Result<(), PoolError> {
        self.make_room_for(0, now).await
    }

    /// Takes a prepared proof of this purpose out of the pool for good. The oldest is taken first.
    ///
    /// If the future is dropped before it is done, the proof is lost if its removal has begun. It
    /// can never be used twice.
    ///
    /// # Errors
    /// * [`PoolError::Sealer`] if the sealer refuses, or if there are proofs of the purpose and all
    ///   that are left are sealed with another key.
    /// * [`PoolError::Store`].
    ///
    /// These errors lose no proof, with one exception: a store that fails while it removes a proof
    /// may lose that proof.
    pub async fn take(&self, purpose: &Purpose, now: Timestamp) -> Result<Taken, PoolError> {
        let (mut dropped, mut other_key) = (Vec::new(), false);
        for Listed { name, .. } in self.listed_for(purpose).await? {
            let key = name.to_string();
            let why = if name.is_older(self.bounds.age_seconds, now) {
                Why::Age
            } else {
                match self.opened(purpose, &name).await? {
                    Opened::Gone => continue,
                    Opened::OtherKey => {
                        other_key = true;
                        continue;
                    }
                    Opened::Unfit(why) => why,
                    // Only the caller that removes the entry may use it. All other callers see no
                    // entry.
                    Opened::Proof(prepared) if self.store.remove(&key).await? => {
                        return Ok(Taken { prepared: Some(*prepared), dropped });
                    }
                    Opened::Proof(_) => continue,
                }
            };
            self.drop_entry(key, why, &mut dropped).await?;
        }
        if other_key {
            return Err(SealerError::OtherKey.into());
        }
        Ok(Taken { prepared: None, dropped })
    }

    /// The number of proofs of this purpose. No proof is opened.
    ///
    /// # Errors
    /// [`PoolError::Store`].
    pub async fn count(&self, purpose: &Purpose, now: Timestamp) -> Result<usize, PoolError> {
        let listed = self.listed_for(purpose).await?;
        Ok(listed.iter().filter(|entry| !entry.name.is_older(self.bounds.age_seconds, now)).count())
    }

    /// Prepares until there are `wanted` proofs of this purpose. Returns the number of proofs that
    /// it added.
    ///
    /// Proofs that were added stay in the pool if a later one fails. If a proof is not kept, the
    /// error returns it. If the future is dropped before it is done, a proof that is being added is
    /// lost.
    ///
    /// # Errors
    /// The errors of `prepare`; `prepared_mismatch` if it makes a proof of another purpose; the
    /// errors of [`Self::put`].
    pub async fn fill(
        &self,
        purpose: &Purpose,
        wanted: usize,
        now: Timestamp,
        mut prepare: impl AsyncFnMut() -> Result<Prepared, Error>,
    ) -> Result<usize, PutError> {
        let mut added = 0;
        while self.count(purpose, now).await? < wanted {
            self.make_room(now).await?;
            let prepared = prepare().await.map_err(PoolError::from)?;
            if prepared.purpose() != *purpose {
                let message = "the proof was prepared for a purpose other than the requested one";
                let mismatch = Error::new(Code::PreparedMismatch, "prepared", message);
                return Err(PutError::returning(prepared, mismatch));
            }
            self.put(prepared, now).await?;
            added += 1;
        }
        Ok(added)
    }

    /// Drops proofs that are no longer of use:
    ///
    /// * proofs for documents other than those that are held (by [`Purpose::document_hash`]), and
    ///   proofs in a format that this build does not read;
    /// * proofs that are too old;
    /// * the oldest of the proofs that exceed the bounds.
    ///
    /// Call it when the program starts, and whenever a document is added, removed or renewed. No
    /// proof is opened.
    ///
    /// # Errors
    /// [`PoolError::Store`].
    pub async fn sweep(
        &self,
        held: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<Vec<Dropped>, PoolError> {
        let held: Vec<_> = held.iter().map(document_tag).collect();
        let mut dropped = Vec::new();
        let (mut entries, mut bytes) = (0, 0_u64);
        // The newest entries come first, so the entries that exceed the bounds are the oldest.
        for entry in self.listed().await?.into_iter().rev() {
            let why = if !held.contains(&entry.name.document) {
                Why::Document
            } else if entry.name.is_older(self.bounds.age_seconds, now) {
                Why::Age
            } else if entries == self.bounds.entries
                || bytes.saturating_add(entry.bytes) > self.bounds.bytes
            {
                Why::Bounds
            } else {
                (entries, bytes) = (entries + 1, bytes + entry.bytes);
                continue;
            };
            self.drop_entry(entry.name.to_string(), why, &mut dropped).await?;
        }
        Ok(dropped)
    }

    /// Removes every entry. Returns the number of removed entries.
    ///
    /// # Errors
    /// [`PoolError::Store`].
    pub async fn clear(&self) -> Result<usize, PoolError> {
        let mut removed = 0;
        for entry in self.listed().await? {
            removed += usize::from(self.store.remove(&entry.name.to_string()).await?);
        }
        Ok(removed)
    }

    /// The entries of a purpose, the oldest first.
    async fn listed_for(&self, purpose: &Purpose) -> Result<Vec<Listed>, PoolError> {
        let tag = purpose_tag(purpose);
        let mut listed = self.listed().await?;
        listed.retain(|entry| entry.name.purpose == tag);
        Ok(listed)
    }

    /// The entries of the pool, the oldest first. Anything else in the store does not belong to the
    /// pool.
    async fn listed(&self) -> Result<Vec<Listed>, PoolError> {
        let named =
            |StoredEntry { name, bytes }| Some(Listed { name: EntryName::parse(&name)?, bytes });
        let mut listed: Vec<_> = self.store.list().await?.into_iter().filter_map(named).collect();
        listed.sort_by_key(|entry| entry.name.made);
        Ok(listed)
    }

    /// Drops entries that are too old, and checks that there is room for one more entry of this
    /// length.
    async fn make_room_for(&self, bytes: u64, now: Timestamp) -> Result<(), PoolError> {
        let Bounds { entries: most, bytes: most_bytes, age_seconds } = self.bounds;
        let (mut entries, mut total) = (0, bytes);
        for entry in self.listed().await? {
            if entry.name.is_older(age_seconds, now) {
                self.store.remove(&entry.name.to_string()).await?;
            } else {
                (entries, total) = (entries + 1, total.saturating_add(entry.bytes));
            }
        }
        if entries >= most {
            return Err(PoolError::Full(Bound::Entries(most)));
        }
        if total > most_bytes {
            return Err(PoolError::Full(Bound::Bytes(most_bytes)));
        }
        Ok(())
    }

    async fn opened(&self, purpose: &Purpose, name: &EntryName) -> Result<Opened, PoolError> {
        let Some(sealed) = self.store.read(&name.to_string()).await? else {
            return Ok(Opened::Gone);
        };
        let opened = self.sealer.open(&sealed, &associated_data(&purpose.document, name)).await;
        let plain = match opened {
            Ok(plain) => plain,
            Err(SealerError::DoesNotOpen) => return Ok(Opened::Unfit(Why::DoesNotOpen)),
            Err(SealerError::OtherKey) => return Ok(Opened::OtherKey),
            Err(error) => return Err(error.into()),
        };
        Ok(match Prepared::from_bytes(&plain) {
            Ok(prepared) if prepared.purpose() == *purpose => Opened::Proof(Box::new(prepared)),
            _ => Opened::Unfit(Why::Unusable),
        })
    }

    async fn drop_entry(
        &self,
        name: String,
        why: Why,
        dropped: &mut Vec<Dropped>,
    ) -> Result<(), PoolError> {
        if self.store.remove(&name).await? {
            dropped.push(Dropped { name, why });
        }
        Ok(())
    }
}

enum Opened {
    /// Another caller took it.
    Gone,
    /// It is sealed with another key.
    OtherKey,
    Unfit(Why),
    Proof(Box<Prepared>),
}
