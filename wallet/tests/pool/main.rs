//! Tests of the pool of prepared proofs, with real proofs that are sealed into a folder.
//!
//! `taking` and `bounds` test what a pool does, `tampering` and `failures` what it does with bad
//! entries and failing stores, `crashes` what several processes do, and `files` the store in a
//! folder.

mod bounds;
mod crashes;
mod failures;
mod files;
mod taking;
mod tampering;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use velum_credentials::block_on;
use velum_credentials::{PrepareOptions, Prepared, Purpose, Suite, Timestamp};
use velum_testdata::{MUSTERMANN, UNDER_18};
use velum_wallet::{
    Bounds, FileStore, KeySealer, PoolError, ProofPool, PutError, Question, Store, Wallet, clock_at,
};

const KEY: [u8; 32] = [7; 32];

/// A licence, and a request for one of its elements.
fn question() -> Question {
    asking(MUSTERMANN.device_response, MUSTERMANN.request)
}

/// A licence of another person, with a request for one of its elements.
fn other_question() -> Question {
    asking(UNDER_18.device_response, UNDER_18.request)
}

fn asking(document: &[u8], request: &str) -> Question {
    let mut request: Value = serde_json::from_str(request).unwrap();
    request["predicates"].as_array_mut().unwrap().truncate(1);
    Question::parse(document, request.to_string().as_bytes()).unwrap()
}

fn purpose(question: &Question) -> Purpose {
    question.purpose(Suite::Direct, None).unwrap()
}

fn prepare(question: &Question) -> Prepared {
    static WALLET: OnceLock<Wallet> = OnceLock::new();
    let wallet = WALLET.get_or_init(Wallet::new);
    wallet.prepare(question, Suite::Direct, PrepareOptions::default()).unwrap()
}

/// A proof of [`question`]. It is always a copy of the same proof, for tests in which it does not
/// matter that a proof may be used only once.
fn proof() -> Prepared {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    Prepared::from_bytes(BYTES.get_or_init(|| prepare(&question()).to_bytes().to_vec())).unwrap()
}

fn now() -> Timestamp {
    clock_at(1_800_000_000).unwrap()
}

fn after(seconds: i64) -> Timestamp {
    clock_at(now().unix() + seconds).unwrap()
}

fn pool_over(store: Arc<dyn Store>) -> ProofPool {
    ProofPool::new(store, Arc::new(KeySealer::new(&KEY)), Bounds::default())
}

fn pool_in(folder: &Path) -> ProofPool {
    pool_over(Arc::new(FileStore::open(folder).unwrap()))
}

fn put(pool: &ProofPool, count: usize) {
    for _ in 0..count {
        block_on(pool.put(proof(), now())).unwrap();
    }
}

/// The error for which a pool refused [`proof`]. The pool must have returned the proof.
fn refused_and_returned(outcome: Result<(), PutError>) -> PoolError {
    let PutError { prepared, error } = outcome.unwrap_err();
    assert_eq!(prepared.unwrap().to_bytes(), proof().to_bytes());
    error
}

fn count(pool: &ProofPool) -> usize {
    block_on(pool.count(&purpose(&question()), now())).unwrap()
}

fn take(pool: &ProofPool) -> velum_wallet::Taken {
    block_on(pool.take(&purpose(&question()), now())).unwrap()
}

/// The files of a folder that hold entries.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut entries: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "sealed"))
        .collect();
    entries.sort();
    entries
}
