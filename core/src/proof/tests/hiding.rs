//! Two proofs of one statement by one witness have nothing in common but what every verifier knows.

use std::collections::HashSet;

use super::forgery::{Forgery, Statement};
use crate::proof::fixture::Fixture;
use crate::statement::SlotPredicate;

/// Every aligned eight bytes of a proof that are no small number, as a grinding nonce is: in field elements, digests and salts.
fn fragments(proof: &[u8]) -> HashSet<[u8; 8]> {
    let (words, _) = proof.as_chunks::<8>();
    words.iter().copied().filter(|word| u64::from_le_bytes(*word) >> 32 != 0).collect()
}

/// No commitment, value at the out-of-domain point, terminal, opened row, salt or digest comes twice.
fn assert_nothing_is_shared<S: Statement>(mut forgery: Forgery<S>) {
    assert_eq!(forgery.rules(), [""; 0]);
    let [first, second] = [(); 2].map(|()| fragments(&forgery.prove_unchecked()));
    assert!(first.len() > 10_000, "{} fragments", first.len());
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
