//! Tests of processes that die at the worst moments, and of processes that take at the same time.
//!
//! The other processes are this same test program, which then runs only the test
//! `in_another_process`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use velum_credentials::block_on;
use velum_wallet::{
    Bounds, FileStore, KeySealer, ProofPool, Sealer, SealerError, Store, StoreError, StoredEntry,
};
use zeroize::Zeroizing;

use crate::{KEY, count, entries, now, pool_in, prepare, put, question, take};

const FOLDER: &str = "VELUM_TEST_POOL";
const ROLE: &str = "VELUM_TEST_ROLE";

/// Dies when the store is asked to remove an entry, either before or after the removal.
struct DyingStore {
    store: FileStore,
    after: bool,
}

#[async_trait::async_trait]
impl Store for DyingStore {
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.store.list().await
    }

    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        self.store.put(name, sealed).await
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(name).await
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        if self.after {
            assert!(self.store.remove(name).await?);
        }
        std::process::abort();
    }
}

struct DyingSealer;

#[async_trait::async_trait]
impl Sealer for DyingSealer {
    async fn seal(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, SealerError> {
        std::process::abort();
    }

    async fn open(&self, _: &[u8], _: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealerError> {
        std::process::abort();
    }
}

/// The work of the other process. The environment says what it does.
#[test]
#[ignore = "what other tests run in processes of their own"]
fn in_another_process() {
    let folder = std::env::var(FOLDER).expect("run by the other tests");
    let store = FileStore::open(&folder).unwrap();
    let pool = |store: Arc<dyn Store>, sealer: Arc<dyn Sealer>| {
        ProofPool::new(store, sealer, Bounds::default())
    };
    let key = Arc::new(KeySealer::new(&KEY));
    match std::env::var(ROLE).unwrap().as_str() {
        "takes all" => {
            let pool = pool(Arc::new(store), key);
            while let Some(prepared) = take(&pool).prepared {
                println!("took {}", hex::encode(&prepared.to_bytes()[..]));
            }
        }
        "dies opening" => drop(take(&pool(Arc::new(store), Arc::new(DyingSealer)))),
        "dies before removing" => {
            drop(take(&pool(Arc::new(DyingStore { store, after: false }), key)))
        }
        "dies after removing" => {
            drop(take(&pool(Arc::new(DyingStore { store, after: true }), key)))
        }
        "dies sealing" => put(&pool(Arc::new(store), Arc::new(DyingSealer)), 1),
        other => panic!("no role {other:?}"),
    }
}

fn start(folder: &Path, role: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "crashes::in_another_process",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_crash_loses_a_proof_at_most_and_never_leaves_a_used_one() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 1);
    // These processes die before a proof is handed out, so the proof is still there.
    for role in ["dies opening", "dies before removing", "dies sealing"] {
        assert!(!start(folder.path(), role).wait().unwrap().success());
        assert_eq!(count(&pool), 1, "{role}");
    }
    assert!(!start(folder.path(), "dies after removing").wait().unwrap().success());
    assert_eq!(count(&pool), 0);
    assert!(take(&pool).prepared.is_none());
}

#[test]
fn what_a_crash_leaves_half_done_is_tidied_and_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    put(&pool_in(folder.path()), 2);
    let [written, removed] = entries(folder.path()).try_into().unwrap();
    // The states between the two steps of writing, and between those of removing.
    let new = folder.path().join(".new-a1b2c3");
    std::fs::rename(&written, &new).unwrap();
    let taken = folder.path().join(".taken-a1b2c3");
    std::fs::rename(&removed, &taken).unwrap();
    assert_eq!(count(&pool_in(folder.path())), 0);
    // Another process may still be writing a new file. A file that was begun long ago has no
    // writer.
    assert!(!taken.exists() && new.exists());
    let file = std::fs::File::options().write(true).open(&new).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3_600);
    file.set_modified(long_ago).unwrap();
    pool_in(folder.path());
    assert!(!new.exists());
}

#[test]
fn processes_that_take_at_once_get_different_proofs() {
    const PROOFS: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    let mut made = BTreeSet::new();
    for _ in 0..PROOFS {
        let proof = prepare(&question());
        made.insert(hex::encode(&proof.to_bytes()[..]));
        block_on(pool.put(proof, now())).unwrap();
    }
    let takers: Vec<_> = (0..3).map(|_| start(folder.path(), "takes all")).collect();
    let mut taken = Vec::new();
    for taker in takers {
        let output = taker.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        taken.extend(text.lines().filter_map(|line| Some(line.split_once("took ")?.1.to_owned())));
    }
    assert_eq!(taken.len(), PROOFS);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), made);
    assert!(entries(folder.path()).is_empty());
}
