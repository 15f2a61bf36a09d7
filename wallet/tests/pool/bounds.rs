//! A pool holds no more than its bounds allow, no longer than they allow, and nothing for a
//! document that is gone.

use std::sync::Arc;

use velum_credentials::Purpose;
use velum_credentials::block_on;
use velum_wallet::{Bound, Bounds, FileStore, KeySealer, PoolError, ProofPool, Why};

use crate::{
    KEY, after, count, entries, now, other_question, pool_in, prepare, proof, purpose, put,
    question, refused_and_returned, take,
};

const DAY: i64 = 86_400;

fn bounded(folder: &std::path::Path, bounds: Bounds) -> ProofPool {
    let store = FileStore::open(folder).unwrap();
    ProofPool::new(Arc::new(store), Arc::new(KeySealer::new(&KEY)), bounds)
}

fn reasons(dropped: &[velum_wallet::Dropped]) -> Vec<Why> {
    dropped.iter().map(|dropped| dropped.why).collect()
}

#[test]
fn a_full_pool_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let pool = bounded(folder.path(), Bounds { entries: 2, ..Bounds::default() });
    put(&pool, 2);
    let full = PoolError::Full(Bound::Entries(2));
    assert_eq!(refused_and_returned(block_on(pool.put(proof(), now()))), full);
    let unwanted = async || panic!("nothing is prepared that could not be kept");
    let failed = block_on(pool.fill(&purpose(&question()), 3, now(), unwanted)).unwrap_err();
    assert_eq!(failed.error, full);
    assert_eq!(count(&pool), 2);
    take(&pool);
    put(&pool, 1);
}

#[test]
fn bytes_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    put(&pool_in(folder.path()), 1);
    let one = std::fs::metadata(&entries(folder.path())[0]).unwrap().len();
    let pool = bounded(folder.path(), Bounds { bytes: 2 * one - 1, ..Bounds::default() });
    let refused = refused_and_returned(block_on(pool.put(proof(), now())));
    assert_eq!(refused, PoolError::Full(Bound::Bytes(2 * one - 1)));
    put(&bounded(folder.path(), Bounds { bytes: 2 * one, ..Bounds::default() }), 1);
}

#[test]
fn what_is_too_old_is_neither_counted_nor_taken_and_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { entries: 1, age_seconds: DAY as u64, ..Bounds::default() };
    let pool = bounded(folder.path(), bounds);
    let purpose = purpose(&question());
    put(&pool, 1);
    assert_eq!(block_on(pool.count(&purpose, after(DAY))), Ok(1));
    assert_eq!(block_on(pool.count(&purpose, after(DAY + 1))), Ok(0));
    block_on(pool.put(proof(), after(DAY + 1))).unwrap();
    assert_eq!(entries(folder.path()).len(), 1);

    let taken = block_on(pool.take(&purpose, after(3 * DAY))).unwrap();
    assert!(taken.prepared.is_none());
    assert_eq!(reasons(&taken.dropped), [Why::Age]);
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_clock_that_is_behind_for_a_moment_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, purpose) = (pool_in(folder.path()), purpose(&question()));
    let held = [Purpose::document_hash(question().document())];
    put(&pool, 2);
    let behind = after(-1_000 * DAY);
    assert!(block_on(pool.sweep(&held, behind)).unwrap().is_empty());
    block_on(pool.make_room(behind)).unwrap();
    assert_eq!(block_on(pool.count(&purpose, behind)), Ok(2));
    // These proofs are as good as any others, so no more need to be made.
    let taken = block_on(pool.take(&purpose, behind)).unwrap();
    assert!(taken.prepared.is_some() && taken.dropped.is_empty());
    let taken = take(&pool);
    assert!(taken.prepared.is_some() && taken.dropped.is_empty());
}

/// Proofs made by a fast clock do not fill the pool for years. They are used after the older
/// proofs.
#[test]
fn what_was_made_by_a_clock_that_was_ahead_is_used_up() {
    let folder = tempfile::tempdir().unwrap();
    let pool = bounded(folder.path(), Bounds { entries: 2, ..Bounds::default() });
    block_on(pool.put(proof(), after(1_000 * DAY))).unwrap();
    put(&pool, 1);
    for left in [1, 0] {
        let taken = take(&pool);
        assert!(taken.prepared.is_some() && taken.dropped.is_empty());
        assert_eq!(count(&pool), left);
    }
}

#[test]
fn the_oldest_is_taken_first() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    let purpose = purpose(&question());
    let made: Vec<_> = [2, 0, 1]
        .into_iter()
        .map(|day| {
            let proof = prepare(&question());
            let bytes = proof.to_bytes();
            block_on(pool.put(proof, after(day * DAY))).unwrap();
            bytes
        })
        .collect();
    for expected in [1, 2, 0] {
        let taken = block_on(pool.take(&purpose, after(2 * DAY))).unwrap();
        assert!(taken.prepared.unwrap().to_bytes() == made[expected]);
    }
}

#[test]
fn a_sweep_drops_what_is_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let held = Purpose::document_hash(question().document());
    let pool = pool_in(folder.path());
    put(&pool, 2);
    assert!(block_on(pool.sweep(&[held], now())).unwrap().is_empty());
    assert_eq!(count(&pool), 2);

    // The document is renewed. Proofs for the former document are dropped, whatever the new
    // document has.
    let other = Purpose::document_hash(other_question().document());
    block_on(pool.put(prepare(&other_question()), now())).unwrap();
    assert_eq!(reasons(&block_on(pool.sweep(&[other], now())).unwrap()), [Why::Document; 2]);
    assert_eq!((count(&pool), entries(folder.path()).len()), (0, 1));
    assert_eq!(reasons(&block_on(pool.sweep(&[other], after(31 * DAY))).unwrap()), [Why::Age]);
}

/// Two processes can each add the last proof that there is room for.
#[test]
fn a_sweep_keeps_the_newest_within_the_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let (held, wide) = ([Purpose::document_hash(question().document())], pool_in(folder.path()));
    for day in 0..3 {
        block_on(wide.put(proof(), after(day * DAY))).unwrap();
    }
    let narrow = bounded(folder.path(), Bounds { entries: 2, ..Bounds::default() });
    assert_eq!(reasons(&block_on(narrow.sweep(&held, after(2 * DAY))).unwrap()), [Why::Bounds]);
    let one = std::fs::metadata(&entries(folder.path())[0]).unwrap().len();
    let narrow = bounded(folder.path(), Bounds { bytes: 2 * one - 1, ..Bounds::default() });
    assert_eq!(reasons(&block_on(narrow.sweep(&held, after(2 * DAY))).unwrap()), [Why::Bounds]);
    let age = Bounds { age_seconds: 0, ..Bounds::default() };
    assert_eq!(
        block_on(bounded(folder.path(), age).count(&purpose(&question()), after(2 * DAY))),
        Ok(1)
    );
}

#[test]
fn clearing_leaves_nothing_of_the_pools() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 2);
    let foreign = folder.path().join("notes.sealed");
    std::fs::write(&foreign, "not the pool's").unwrap();
    assert_eq!(block_on(pool.clear()), Ok(2));
    assert_eq!(entries(folder.path()), [foreign]);
}
