//! `--pool` and `--pool-key`: a folder of prepared proofs, sealed under a key in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use velum_credentials::block_on;
use velum_credentials::{Code, Error, Prepared, Purpose, Timestamp};
use velum_wallet::{Bounds, FileStore, KeySealer, PoolError, ProofPool, Store};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::{files, inputs};

const KEY_BYTES: usize = 32;

#[derive(clap::Args)]
pub struct Arguments {
    /// A folder of prepared proofs of one document; created if it does not exist. Leave it out of
    /// backups
    #[arg(long, value_name = "DIR", requires = "pool_key")]
    pool: Option<PathBuf>,
    /// The file with the key that seals the proofs of the folder, 32 bytes. `velum prepare` creates
    /// it for a folder without proofs
    #[arg(long, value_name = "F", requires = "pool")]
    pool_key: Option<PathBuf>,
}

impl Arguments {
    /// Opens the pool to take proofs out, if a pool is named.
    pub fn open_to_take(&self) -> Result<Option<Pool>, Failure> {
        self.open(false)
    }

    /// Opens the pool to add proofs, if a pool is named. Makes the key if the pool is new.
    pub fn open_to_add(&self) -> Result<Option<Pool>, Failure> {
        self.open(true)
    }

    fn open(&self, adding: bool) -> Result<Option<Pool>, Failure> {
        let (Some(folder), Some(key_file)) = (&self.pool, &self.pool_key) else { return Ok(None) };
        let is_missing =
            key_file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if is_missing && !adding {
            let message =
                "it does not exist; name the key that `velum prepare --pool` made for this folder";
            return Err(unusable(key_file, message));
        }
        let store = FileStore::open(folder).map_err(PoolError::from)?;
        check_apart(key_file, folder)?;
        if is_missing {
            // A new key could not open proofs that are already in the folder.
            if !block_on(store.list()).map_err(PoolError::from)?.is_empty() {
                let message = "it does not exist, and the folder holds proofs that are sealed with \
                               another key; name that key, or another folder";
                return Err(unusable(key_file, message));
            }
            make_key(key_file)?;
        }
        let key = key_in(key_file)?;
        let proofs =
            ProofPool::new(Arc::new(store), Arc::new(KeySealer::new(&key)), Bounds::default());
        // The pool bounds the age of its proofs, so it cannot work without a clock.
        let now = inputs::clock().map_err(|error| Failure::from(error).without_option())?;
        Ok(Some(Pool { proofs, now }))
    }
}

/// A pool at the time of the command.
pub struct Pool {
    proofs: ProofPool,
    now: Timestamp,
}

/// The state of a pool after the command.
pub struct Outcome {
    /// Number of proofs of the purpose that are in the pool now. `None` if the pool could not be
    /// listed, which must not cost the proof that was taken.
    pub left: Option<usize>,
    /// Number of proofs that were dropped as unfit for use.
    pub dropped: usize,
}

impl Outcome {
    /// The outcome as a member of a report.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "left": self.left, "dropped": self.dropped })
    }

    /// The outcome as a line of a report.
    pub fn to_text(&self) -> String {
        let dropped = match self.dropped {
            0 => String::new(),
            dropped => format!("; dropped as unusable: {dropped}"),
        };
        let left = self.left.map_or("unknown".to_owned(), |left| left.to_string());
        format!("Proofs in the pool for such requests: {left}{dropped}")
    }
}

impl Pool {
    /// Drops proofs that are of no use with a document, and ensures that there is room for one
    /// more. Returns the number of proofs that it dropped.
    pub fn tidy(&self, document: [u8; 32]) -> Result<usize, Failure> {
        let dropped = block_on(self.proofs.sweep(&[document], self.now))?;
        block_on(self.proofs.make_room(self.now))?;
        Ok(dropped.len())
    }

    /// Adds a proof.
    pub fn put(&self, prepared: Prepared, dropped: usize) -> Result<Outcome, Failure> {
        let purpose = prepared.purpose();
        block_on(self.proofs.put(prepared, self.now)).map_err(|failed| failed.error)?;
        Ok(self.outcome(&purpose, dropped))
    }

    /// Takes a proof out for good, if there is one.
    pub fn take(&self, purpose: &Purpose) -> Result<(Option<Prepared>, Outcome), Failure> {
        let taken = block_on(self.proofs.take(purpose, self.now))?;
        Ok((taken.prepared, self.outcome(purpose, taken.dropped.len())))
    }

    fn outcome(&self, purpose: &Purpose, dropped: usize) -> Outcome {
        Outcome { left: block_on(self.proofs.count(purpose, self.now)).ok(), dropped }
    }
}

/// The failure for a key file that cannot be used, with what to do about it.
fn unusable(path: &Path, message: &str) -> Failure {
    Failure::file(path, "use the key", &std::io::Error::other(message))
}

/// Checks that the key is not in the folder of the pool, so that a copy of the pool does not
/// include the key.
fn check_apart(key_file: &Path, folder: &Path) -> Result<(), Failure> {
    // The folder decides for a key that is not made yet. If neither path resolves, the code that
    // reads or makes the key reports the error.
    let place = key_file.canonicalize().or_else(|_| files::folder(key_file).canonicalize());
    let folder = folder.canonicalize().map_err(|error| Failure::file(folder, "read", &error))?;
    match place {
        Ok(place) if place.starts_with(&folder) => {
            let message = "it is in the folder of the pool; keep it elsewhere, so that a copy of \
                           the pool does not include the key";
            Err(unusable(key_file, message))
        }
        _ => Ok(()),
    }
}

fn make_key(path: &Path) -> Result<(), Failure> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(key.as_mut_slice())
        .map_err(|error| Failure::file(path, "make a key for", &std::io::Error::other(error)))?;
    match files::write_new(path, key.as_slice()) {
        // Another process made a key in the meantime.
        Err(_) if path.exists() => Ok(()),
        written => written,
    }
}

fn key_in(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, Failure> {
    let bytes = files::read(path, KEY_BYTES)?;
    if files::is_shared(path)? {
        let message = "users other than its owner may use the file; make another key or, if nobody \
                       has read this one, remove their rights (`chmod 600`)";
        return Err(unusable(path, message));
    }
    let key: Option<&[u8; KEY_BYTES]> = bytes.as_slice().try_into().ok();
    let wrong = || {
        let message = "not a key of 32 bytes; name the key that `velum prepare --pool` made";
        Error::new(Code::Malformed, path.display().to_string(), message)
    };
    Ok(Zeroizing::new(*key.ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use velum_credentials::{PrepareOptions, Suite};
    use velum_testdata::MUSTERMANN;
    use velum_wallet::{Question, StoreError, StoredEntry, Wallet, clock_at};

    /// A folder that can be listed only a given number of times.
    struct Unlisted(FileStore, AtomicUsize);

    #[async_trait::async_trait]
    impl Store for Unlisted {
        async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
            let left = self
                .1
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match left {
                Ok(_) => self.0.list().await,
                Err(_) => Err(StoreError::Failed {
                    place: "folder".to_owned(),
                    message: "unlisted".to_owned(),
                }),
            }
        }

        async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
            self.0.put(name, sealed).await
        }

        async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.read(name).await
        }

        async fn remove(&self, name: &str) -> Result<bool, StoreError> {
            self.0.remove(name).await
        }
    }

    #[test]
    fn a_proof_that_was_taken_is_used_though_the_rest_cannot_be_counted() {
        let folder = tempfile::tempdir().unwrap();
        let pool = |lists| {
            let store = Unlisted(FileStore::open(folder.path()).unwrap(), AtomicUsize::new(lists));
            let sealer = Arc::new(KeySealer::new(&[7; KEY_BYTES]));
            let proofs = ProofPool::new(Arc::new(store), sealer, Bounds::default());
            Pool { proofs, now: clock_at(1_800_000_000).unwrap() }
        };
        let question =
            Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes()).unwrap();
        let prepared =
            Wallet::new().prepare(&question, Suite::Direct, PrepareOptions::default()).unwrap();
        let purpose = prepared.purpose();
        // The pool lists the folder twice to see that there is room. The listing for the count then
        // fails.
        let outcome = pool(2).put(prepared, 0).unwrap();
        assert_eq!(outcome.to_json(), serde_json::json!({ "left": null, "dropped": 0 }));
        let (taken, outcome) = pool(1).take(&purpose).unwrap();
        assert!(taken.is_some());
        assert_eq!(outcome.to_text(), "Proofs in the pool for such requests: unknown");
        assert!(pool(0).take(&purpose).is_err());
    }
}
