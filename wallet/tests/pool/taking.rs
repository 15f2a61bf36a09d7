//! Each proof is taken once.

use std::collections::BTreeSet;
use std::sync::Arc;

use velum_credentials::block_on;
use velum_credentials::{Clock, Code, PrepareOptions, PresentOptions, Suite, Verifier};
use velum_testdata::MUSTERMANN;
use velum_wallet::{
    Bounds, Challenge, FileStore, KeySealer, PoolError, ProofPool, Question, Wallet,
};

use crate::{
    KEY, count, now, other_question, pool_in, prepare, proof, purpose, put, question, take,
};

#[test]
fn a_proof_from_the_pool_answers_its_question() {
    let (folder, wallet) = (tempfile::tempdir().unwrap(), Wallet::new());
    let pool = pool_in(folder.path());
    let question =
        Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes()).unwrap();
    let purpose = purpose(&question);
    let prepare = async || wallet.prepare(&question, Suite::Direct, PrepareOptions::default());
    assert_eq!(block_on(pool.fill(&purpose, 2, now(), prepare)).unwrap(), 2);
    assert_eq!(block_on(pool.fill(&purpose, 2, now(), prepare)).unwrap(), 0);

    let taken = block_on(pool.take(&purpose, now())).unwrap();
    assert!(taken.dropped.is_empty());
    let options = PresentOptions::at(Clock::Any);
    let presentation = wallet
        .present(taken.prepared.unwrap(), &question, MUSTERMANN.session_transcript, options)
        .unwrap();
    let challenge =
        Challenge::parse(MUSTERMANN.session_transcript, MUSTERMANN.request.as_bytes()).unwrap();
    challenge.verify(&Verifier::new(), &presentation.to_bytes()).unwrap();
    assert_eq!(block_on(pool.count(&purpose, now())), Ok(1));
}

#[test]
fn only_proofs_of_the_purpose_are_taken_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    put(&pool, 1);
    let large =
        question().purpose(Suite::Direct, velum_credentials::SizeClass::by_name("large")).unwrap();
    let whole = Question::parse(MUSTERMANN.device_response, MUSTERMANN.request.as_bytes()).unwrap();
    for other in [purpose(&other_question()), large, purpose(&whole)] {
        assert_eq!(block_on(pool.count(&other, now())), Ok(0));
        let taken = block_on(pool.take(&other, now())).unwrap();
        assert!(taken.prepared.is_none() && taken.dropped.is_empty());
    }
    assert_eq!(take(&pool).prepared.unwrap().purpose(), purpose(&question()));
    assert!(take(&pool).prepared.is_none());
}

#[test]
fn a_pool_is_not_filled_with_proofs_of_another_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path());
    let failed = block_on(pool.fill(&purpose(&other_question()), 1, now(), async || Ok(proof())))
        .unwrap_err();
    assert!(
        matches!(failed.error, PoolError::Prepare(error) if error.code() == Code::PreparedMismatch)
    );
    assert_eq!(failed.prepared.unwrap().to_bytes(), proof().to_bytes());
    let cancelled = || velum_credentials::Error::new(Code::Cancelled, "prover", "cancelled");
    let failed = block_on(pool.fill(&purpose(&question()), 1, now(), async || Err(cancelled())))
        .unwrap_err();
    assert_eq!(failed.error, PoolError::Prepare(cancelled()));
    assert!(failed.prepared.is_none());
    assert_eq!(count(&pool), 0);
}

/// Takes through several pools of one process, and through one pool that threads share.
#[test]
fn threads_that_take_at_once_get_different_proofs() {
    const PROOFS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let made: BTreeSet<_> = (0..PROOFS)
        .map(|_| {
            let proof = prepare(&question());
            let bytes = proof.to_bytes().to_vec();
            block_on(pool_in(folder.path()).put(proof, now())).unwrap();
            bytes
        })
        .collect();
    let shared = pool_in(folder.path());
    let taker = |pool: &ProofPool| {
        let mut taken = Vec::new();
        while let Some(prepared) = take(pool).prepared {
            taken.push(prepared.to_bytes().to_vec());
        }
        taken
    };
    let taken = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4)
            .map(|index| {
                let own = pool_in(folder.path());
                let shared = &shared;
                scope.spawn(move || taker(if index % 2 == 0 { &own } else { shared }))
            })
            .collect();
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(taken.len(), PROOFS);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), made);
}

/// Executors with several threads require that futures are `Send`.
#[test]
fn work_on_a_pool_crosses_threads() {
    fn crosses<T: Send>(future: T) -> T {
        future
    }
    let folder = tempfile::tempdir().unwrap();
    let sealer = Arc::new(KeySealer::new(&KEY));
    let pool = ProofPool::new(
        Arc::new(FileStore::open(folder.path()).unwrap()),
        sealer,
        Bounds { entries: 2, ..Bounds::default() },
    );
    block_on(crosses(pool.put(proof(), now()))).unwrap();
    block_on(crosses(pool.fill(&purpose(&question()), 2, now(), async || Ok(proof())))).unwrap();
    assert!(block_on(crosses(pool.take(&purpose(&question()), now()))).unwrap().prepared.is_some());
    assert_eq!(block_on(crosses(pool.sweep(&[], now()))).unwrap().len(), 1);
}
