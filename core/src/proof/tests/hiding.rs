//! Two proofs of one statement from one witness have nothing in common except what every verifier
//! knows.

use std::collections::HashSet;

use velum_stark::testing::hiding::{
    Blinding, assert_every_column_is_blinded, assert_one_row_less_does_not_hide,
};

use super::forgery::{Forgery, Statement};
use crate::class::CLASSES;
use crate::proof::Verifier;
use crate::proof::fixture::Fixture;
use crate::suite::SUITES;

/// Checks the keys of every suite and class. `docs/zero-knowledge.md` has a row for every suite and
/// proof.
#[test]
fn every_column_is_blinded_as_often_as_it_is_seen() {
    let document = include_str!("../../../../docs/zero-knowledge.md");
    for &suite in SUITES {
        for class in CLASSES {
            for (kind, key) in
                ["credential", "presentation"].into_iter().zip(Verifier::new(suite, class).keys())
            {
                let Blinding { queries, points, needed, rows } =
                    assert_every_column_is_blinded(key);
                assert_one_row_less_does_not_hide(key);
                let row = format!(
                    "| `{}` | {kind} | {queries} | {points} | {needed} | {rows} |",
                    suite.name()
                );
                assert!(document.contains(&row), "{}: {row}", class.name);
            }
        }
    }
}

/// All aligned eight-byte words of a proof that are not small numbers. Grinding nonces are small
/// numbers. The other words are in field elements, digests and salts.
fn fragments(proof: &[u8]) -> HashSet<[u8; 8]> {
    let (words, _) = proof.as_chunks::<8>();
    words.iter().copied().filter(|word| u64::from_le_bytes(*word) >> 32 != 0).collect()
}

/// No commitment, value at the out-of-domain point, terminal, opened row, salt or digest is in both
/// proofs.
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
        Fixture::licence(&["birth_date"]).presented(vec![Vec::new()]),
    ));
}

#[test]
fn two_credential_proofs_share_nothing() {
    assert_nothing_is_shared(Forgery::credential(&Fixture::licence(&["birth_date"])));
}
