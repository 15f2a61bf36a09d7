//! Two proofs of one statement by one witness have nothing in common but what every verifier knows.

use std::collections::HashSet;

use p3_batch_stark::BatchProof;

use super::forgery::{Forgery, Statement};
use crate::oracle::Config;
use crate::proof::fixture::Fixture;
use crate::statement::SlotPredicate;

/// Trees that queries are made into: random codewords, main columns, quotient, fixed columns, lookup columns.
const TREES: usize = 5;

/// Index of the fixed columns' tree, which is the same in every proof.
const FIXED_TREE: usize = 3;

/// Every eight bytes of a proof but for openings of the fixed columns, wherever they begin, that are no small number: in
/// field elements, digests and salts.
fn fragments(proof: &[u8]) -> HashSet<[u8; 8]> {
    let length = u32::from_le_bytes(proof[..4].try_into().unwrap()) as usize;
    let mut proof: BatchProof<Config> = bcs::from_bytes(&proof[4..4 + length]).unwrap();
    // Grinding witnesses are found by counting up: two may begin alike, and say nothing of the traces.
    let fri = &mut proof.opening_proof.1;
    fri.commit_pow_witnesses.clear();
    (fri.batch_pow_witness, fri.query_pow_witness) = Default::default();
    let trees = &mut fri.input_openings;
    assert_eq!(trees.len(), TREES);
    trees.remove(FIXED_TREE);
    let content = bcs::to_bytes(&proof).unwrap();
    let windows = content.windows(8).map(|window| window.try_into().unwrap());
    windows.filter(|window: &[u8; 8]| window.iter().filter(|&&byte| byte != 0).count() >= 7).collect()
}

/// No commitment, value at the out-of-domain point, terminal, opened row, salt or digest comes twice.
fn assert_nothing_is_shared<S: Statement>(mut forgery: Forgery<S>) {
    assert_eq!(forgery.rules(), [""; 0]);
    let [first, second] = [(); 2].map(|()| fragments(&forgery.prove_unchecked()));
    assert!(first.len() > 100_000, "{} fragments", first.len());
    let shared: Vec<_> = first.intersection(&second).collect();
    assert!(shared.is_empty(), "{shared:x?}");
}

#[test]
fn two_presentation_proofs_share_nothing() {
    assert_nothing_is_shared(Forgery::presentation(
        Fixture::licence(&["birth_date"]).presented(vec![SlotPredicate::default()]),
    ));
}

#[test]
fn two_credential_proofs_share_nothing() {
    assert_nothing_is_shared(Forgery::credential(&Fixture::licence(&["birth_date"])));
}
