//! `--pool` and `--pool-key`: a folder of prepared proofs, sealed under a key in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use velum_credentials::block_on;
use velum_credentials::{Code, Error, Prepared, Purpose, Timestamp};
use velum_wallet::{Bounds, FileStore, KeySealer, PoolError, ProofPool};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::{files, inputs};

const KEY_BYTES: usize = 32;

#[derive(clap::Args)]
pub struct Arguments {
    /// A folder of prepared proofs, of one document, made if it is missing. Leave it out of backups
    #[arg(long, value_name = "DIR", requires = "pool_key")]
    pool: Option<PathBuf>,
    /// The key under which the proofs of the folder are sealed: 32 bytes, made if the file is missing
    #[arg(long, value_name = "F", requires = "pool")]
    pool_key: Option<PathBuf>,
}

impl Arguments {
    /// The pool, if one is named.
    pub fn open(&self) -> Result<Option<Pool>, Failure> {
        let (Some(folder), Some(key)) = (&self.pool, &self.pool_key) else { return Ok(None) };
        let key = key_in(key)?;
        let store = FileStore::open(folder).map_err(PoolError::from)?;
        let proofs = ProofPool::new(Arc::new(store), Arc::new(KeySealer::new(&key)), Bounds::default());
        // Age is counted, so there is no doing without.
        let now = inputs::clock().map_err(|error| Failure::from(error).without_option())?;
        Ok(Some(Pool { proofs, now }))
    }
}

/// A pool at the time of the command.
pub struct Pool {
    proofs: ProofPool,
    now: Timestamp,
}

/// What became of a pool.
pub struct Outcome {
    /// Proofs of the purpose that are in it now; none if it could not be listed, which must not cost the proof that was taken.
    pub left: Option<usize>,
    /// Proofs that were dropped as unfit.
    pub dropped: usize,
}

impl Outcome {
    /// As a member of a report.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "left": self.left, "dropped": self.dropped })
    }

    /// As a line of a report.
    pub fn to_text(&self) -> String {
        let dropped = match self.dropped {
            0 => String::new(),
            dropped => format!("; {dropped} unfit for use dropped"),
        };
        let left = self.left.map_or("an unknown number".to_owned(), |left| left.to_string());
        format!("The pool holds {left} for such requests{dropped}.")
    }
}

impl Pool {
    /// Drops what is of no use with a document, and sees to it that one more proof may come. Says how many it dropped.
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

    /// Takes a proof for good, if there is one.
    pub fn take(&self, purpose: &Purpose) -> Result<(Option<Prepared>, Outcome), Failure> {
        let taken = block_on(self.proofs.take(purpose, self.now))?;
        Ok((taken.prepared, self.outcome(purpose, taken.dropped.len())))
    }

    fn outcome(&self, purpose: &Purpose, dropped: usize) -> Outcome {
        Outcome { left: block_on(self.proofs.count(purpose, self.now)).ok(), dropped }
    }
}

/// The key in a file, which is made if it is missing.
fn key_in(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, Failure> {
    if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice())
            .map_err(|error| Failure::file(path, "make a key for", &std::io::Error::other(error)))?;
        match files::write_new(path, key.as_slice()) {
            Ok(()) => return Ok(key),
            // Another process made one meanwhile.
            Err(_) if path.exists() => {}
            Err(failure) => return Err(failure),
        }
    }
    let bytes = files::read(path, KEY_BYTES)?;
    let key: Option<&[u8; KEY_BYTES]> = bytes.as_slice().try_into().ok();
    let wrong = || {
        let message = "not a key of 32 bytes; name the file that an earlier `--pool-key` made, or one that is not there yet";
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
    use velum_wallet::{Question, Store, StoreError, StoredEntry, Wallet, clock_at};

    /// A folder that can be listed so many times.
    struct Unlisted(FileStore, AtomicUsize);

    #[async_trait::async_trait]
    impl Store for Unlisted {
        async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
            let left = self.1.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match left {
                Ok(_) => self.0.list().await,
                Err(_) => {
                    Err(StoreError::Failed { place: "folder".to_owned(), message: "unlisted".to_owned() })
                }
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
        let question = Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes()).unwrap();
        let prepared = Wallet::new().prepare(&question, Suite::Direct, PrepareOptions::default()).unwrap();
        let purpose = prepared.purpose();
        // Twice to see that there is room, and never again.
        let outcome = pool(2).put(prepared, 0).unwrap();
        assert_eq!(outcome.to_json(), serde_json::json!({ "left": null, "dropped": 0 }));
        let (taken, outcome) = pool(1).take(&purpose).unwrap();
        assert!(taken.is_some());
        assert_eq!(outcome.to_text(), "The pool holds an unknown number for such requests.");
        assert!(pool(0).take(&purpose).is_err());
    }
}
