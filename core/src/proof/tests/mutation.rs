//! One bit of a proof is flipped. The statement is the one that the unchanged proof shows.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::forgery::{Forgery, Statement};
use crate::proof::fixture::Fixture;

/// Number of flips that are spread evenly over a proof.
const EVENLY: usize = 200;

/// Number of bytes at the end of a proof in each of which a bit is flipped.
const LAST: usize = 128;

fn assert_every_flip_is_refused<S: Statement>(mut forgery: Forgery<S>) {
    assert_eq!(forgery.rules(), [""; 0]);
    let proof = forgery.prove_unchecked();
    forgery.statement.verify(&proof).unwrap();
    let refuses = |position: usize, bit: u8| {
        let mut forged = proof.clone();
        forged[position] ^= 1 << bit;
        assert!(
            forgery.statement.verify(&forged).is_err(),
            "bit {bit} of byte {position} of {}",
            proof.len()
        );
    };

    // The start of the first commitment, and the end of the proof.
    (0..8).chain(proof.len() - LAST..proof.len()).for_each(|position| refuses(position, 0));
    let mut rng = StdRng::seed_from_u64(7);
    for position in (0..proof.len()).step_by(proof.len() / EVENLY) {
        refuses(position, rng.random_range(0..8));
    }
    let random = if std::env::var_os("VELUM_TEST_ALL").is_some() { 2_000 } else { 100 };
    for _ in 0..random {
        refuses(rng.random_range(0..proof.len()), rng.random_range(0..8));
    }
}

#[test]
fn flipped_bits_of_a_presentation_proof_are_refused() {
    assert_every_flip_is_refused(Forgery::presentation(
        Fixture::licence(&["birth_date"]).presented(vec![Vec::new()]),
    ));
}

#[test]
fn flipped_bits_of_a_credential_proof_are_refused() {
    assert_every_flip_is_refused(Forgery::credential(&Fixture::licence(&["birth_date"])));
}
