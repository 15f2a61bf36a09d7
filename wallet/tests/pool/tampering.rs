//! Entries that were changed, moved or sealed otherwise do not open. They are dropped and reported.

use std::sync::Arc;

use velum_credentials::block_on;
use velum_wallet::{Bounds, FileStore, KeySealer, ProofPool, Sealer, SealerError, Why};
use zeroize::Zeroizing;

use crate::{
    KEY, count, entries, now, other_question, pool_in, prepare, purpose, put, question, take,
};

#[test]
fn changed_bytes_do_not_open_and_the_next_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 4);
    let files = entries(folder.path());
    let changes: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes[16] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 0x80,
        |bytes| bytes.truncate(30),
    ];
    for (file, change) in files.iter().zip(changes) {
        let mut bytes = std::fs::read(file).unwrap();
        change(&mut bytes);
        std::fs::write(file, bytes).unwrap();
    }
    let mut taken = take(&pool);
    let mut dropped = std::mem::take(&mut taken.dropped);
    assert!(taken.prepared.is_some());
    // The good entry may have come before some of the bad ones.
    let rest = take(&pool);
    assert!(rest.prepared.is_none());
    dropped.extend(rest.dropped);
    assert_eq!(dropped.len(), 3);
    assert!(dropped.iter().all(|dropped| dropped.why == Why::DoesNotOpen));
    assert!(
        dropped
            .iter()
            .all(|dropped| files.iter().any(|file| file.file_stem().unwrap() == &*dropped.name))
    );
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_copy_under_another_name_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 1);
    let [file] = entries(folder.path()).try_into().unwrap();
    let name = file.file_stem().unwrap().to_str().unwrap();
    // The copies differ in the serial and in the time at which the proof was made.
    let flipped = |position: usize| {
        let mut name = name.to_owned();
        let digit = if &name[position..=position] == "0" { "1" } else { "0" };
        name.replace_range(position..=position, digit);
        folder.path().join(format!("{name}.sealed"))
    };
    let copies = [flipped(name.len() - 1), flipped(81)];
    for copy in &copies {
        std::fs::copy(&file, copy).unwrap();
    }
    assert_eq!(count(&pool), 3);
    let first = take(&pool);
    let second = take(&pool);
    assert_eq!(
        [&first, &second].map(|taken| usize::from(taken.prepared.is_some())).iter().sum::<usize>(),
        1
    );
    assert_eq!(first.dropped.len() + second.dropped.len(), 2);
}

#[test]
fn an_entry_does_not_open_for_another_document() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 1);
    let [ours] = entries(folder.path()).try_into().unwrap();
    block_on(pool.put(prepare(&other_question()), now())).unwrap();
    let theirs = entries(folder.path()).into_iter().find(|file| *file != ours).unwrap();
    // Our entry takes the place and the name of their entry.
    std::fs::rename(&ours, &theirs).unwrap();
    let taken = block_on(pool.take(&purpose(&other_question()), now())).unwrap();
    assert!(taken.prepared.is_none());
    assert_eq!(taken.dropped[0].why, Why::DoesNotOpen);
}

#[test]
fn another_key_opens_nothing_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ours = pool_in(folder.path());
    put(&ours, 2);
    let store = FileStore::open(folder.path()).unwrap();
    let theirs =
        ProofPool::new(Arc::new(store), Arc::new(KeySealer::new(&[8; 32])), Bounds::default());
    let refused = block_on(theirs.take(&purpose(&question()), now())).err().unwrap();
    assert_eq!((refused.code(), entries(folder.path()).len()), ("other_key", 2));

    // Each pool finds its own proofs, whatever else is in the folder.
    put(&theirs, 1);
    assert!(take(&theirs).prepared.is_some());
    assert!(take(&ours).prepared.is_some() && take(&ours).prepared.is_some());
    assert!(take(&ours).prepared.is_none());
}

/// The entry is sealed under the right key and in the right place, by a program of another version.
#[test]
fn what_is_no_prepared_proof_is_dropped() {
    struct Fake(KeySealer);

    #[async_trait::async_trait]
    impl Sealer for Fake {
        async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError> {
            self.0.seal(&plain[..plain.len() - 1], associated).await
        }

        async fn open(
            &self,
            sealed: &[u8],
            associated: &[u8],
        ) -> Result<Zeroizing<Vec<u8>>, SealerError> {
            self.0.open(sealed, associated).await
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let pool =
        ProofPool::new(Arc::new(store), Arc::new(Fake(KeySealer::new(&KEY))), Bounds::default());
    put(&pool, 1);
    let taken = take(&pool);
    assert!(taken.prepared.is_none());
    assert_eq!(taken.dropped[0].why, Why::Unusable);
}
