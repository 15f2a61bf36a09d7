//! Tests with wrong bytes in place of an aggregate's proof.

use plonky2::field::types::Field64;
use velum_aggregate_verifier::{AggregateError, F, KeyError, Profile, RootKey, verify_root};

use super::fixture::{MERGED, PAYEE, STANDARD};

/// An aggregate, and the key with which it verifies.
fn aggregate() -> (RootKey, Vec<u8>) {
    let (_, merged) = &*MERGED;
    (STANDARD.aggregator.key().unwrap(), STANDARD.aggregator.finish(merged).unwrap())
}

#[test]
fn no_bytes_but_the_proof_verify() {
    let (key, proof) = aggregate();
    let refused = |bytes: &[u8]| verify_root(Profile::Standard, &key, bytes, &PAYEE).unwrap_err();
    assert!(verify_root(Profile::Standard, &key, &proof, &PAYEE).is_ok());

    let expected = proof.len();
    for given in [0, 1, 8, expected / 2, expected - 8, expected - 1] {
        assert_eq!(refused(&proof[..given]), AggregateError::Length { expected, given });
    }
    let longer = [&proof[..], &[0]].concat();
    assert_eq!(refused(&longer), AggregateError::Length { expected, given: expected + 1 });
    for byte in [0, 0xff] {
        refused(&vec![byte; expected]);
    }

    for offset in (0..expected).step_by(expected / 400) {
        for bit in [0, 7] {
            let mut wrong = proof.clone();
            wrong[offset] ^= 1 << bit;
            refused(&wrong);
        }
    }
}

#[test]
fn elements_have_one_form() {
    let (key, proof) = aggregate();
    let refused = |bytes: &[u8]| verify_root(Profile::Standard, &key, bytes, &PAYEE).unwrap_err();
    // The caps and openings before the first query stand at multiples of eight bytes from the
    // start. The public inputs stand at multiples of eight bytes from the end.
    let aligned =
        (0..400).map(|index| 8 * index).chain((1..=19).map(|index| proof.len() - 8 * index));
    for offset in aligned {
        let mut wrong = proof.clone();
        wrong[offset..offset + 8].copy_from_slice(&F::ORDER.to_le_bytes());
        assert_eq!(refused(&wrong), AggregateError::NotCanonical { offset });
    }
    let count = proof.len() - 8 * 20;
    let mut wrong = proof.clone();
    wrong[count] = 18;
    assert_eq!(refused(&wrong), AggregateError::Part { offset: count, expected: 19, given: 18 });
}

#[test]
fn keys_are_of_one_profile_and_have_one_form() {
    let (key, proof) = aggregate();
    let bytes = key.to_bytes();
    assert_eq!(RootKey::from_bytes(Profile::Standard, &bytes), Ok(key.clone()));
    assert_eq!(RootKey::from_bytes(Profile::Proven100, &bytes), Err(KeyError::Profile));
    let refused = verify_root(Profile::Proven100, &key, &proof, &PAYEE);
    assert_eq!(refused, Err(AggregateError::Key(KeyError::Profile)));
    for length in [0, 31, 32, bytes.len() - 1] {
        assert!(RootKey::from_bytes(Profile::Standard, &bytes[..length]).is_err(), "{length}");
    }
    assert!(RootKey::from_bytes(Profile::Standard, &[&bytes[..], &[0; 8]].concat()).is_err());
}
