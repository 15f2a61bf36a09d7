//! Tests that a proof does not reveal how much memory it took: with the same randomness it is the
//! same, byte for byte.

use super::*;
use crate::control::Memory;
use crate::testing::seam::{self, Deviation};

fn is_the_same<H: ProofHash>() {
    let (key, start) = (key_with(H::FUNCTION), [3, 5]);
    let (chips, traces) = (chips(start), traces(start));
    let [normal, low] = [Memory::Normal, Memory::Low].map(|memory| {
        let instance: (&[_], &[_], &[_]) = (&chips, &traces, b"statement");
        seam::prove_in::<H, _>(memory, &key, instance, &mut rng(1), Deviation::default())
    });
    assert!(normal == low);
    key.verifier().verify(&chips, b"statement", &low.0).unwrap();
}

#[test]
fn a_proof_is_the_same_in_little_memory_with_blake3() {
    is_the_same::<Blake3Hash>();
}

#[test]
fn a_proof_is_the_same_in_little_memory_with_truncated_blake3() {
    is_the_same::<Blake3TruncatedHash>();
}

#[test]
fn a_proof_is_the_same_in_little_memory_with_poseidon2() {
    is_the_same::<Poseidon2Hash>();
}
