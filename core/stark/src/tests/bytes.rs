//! Tests with proofs as bytes that anyone could send.

use p3_field::PrimeField64;
use rand::RngExt;

use crate::field::F;
use crate::proof::ELEMENT_BYTES;
use crate::testing::layout::parts;
use crate::testing::script::{Mode, Scripted, recorded};
use crate::testing::seam::{self, Deviation};
use crate::testing::tiny::{chips, key, rng, traces};
use crate::{Blake3Hash, Blake3TruncatedHash, Poseidon2Hash, Proof, ProvingKey, VerifyError};

const START: [u64; 2] = [3, 5];

fn honest() -> (ProvingKey, Vec<u8>, Vec<std::ops::Range<usize>>) {
    let (key, chips, traces) = (key(), chips(START), traces(START));
    let prove = || {
        seam::prove::<Scripted, _>(&key, (&chips, &traces, b""), &mut rng(1), Deviation::default())
            .0
    };
    let (proof, events) = recorded(Mode::Real, prove);
    let parts = parts(key.verifier(), &events);
    let elements = parts
        .into_iter()
        .filter(|(part, _)| part.is_of_elements())
        .map(|(_, range)| range)
        .collect();
    (key, proof, elements)
}

fn verify(key: &ProvingKey, proof: &[u8]) -> Result<(), VerifyError> {
    key.verifier().verify(&chips(START), b"", proof)
}

#[test]
fn truncated_proofs_are_too_short() {
    let (key, proof, _) = honest();
    assert_eq!(verify(&key, &proof), Ok(()));
    assert!(proof.len() <= key.verifier().max_proof_bytes());
    for length in 0..proof.len() {
        assert_eq!(verify(&key, &proof[..length]), Err(VerifyError::TooShort), "{length} bytes");
    }
}

#[test]
fn trailing_bytes_are_too_many() {
    let (key, proof, _) = honest();
    for trailing in [&[0][..], &[1], &proof] {
        assert_eq!(verify(&key, &[&proof, trailing].concat()), Err(VerifyError::TooLong));
    }
}

#[test]
fn numbers_above_the_field_are_none_of_its_elements() {
    let (key, proof, elements) = honest();
    for at in elements.into_iter().flat_map(|range| range.step_by(ELEMENT_BYTES)) {
        for number in [F::ORDER_U64, u64::MAX] {
            let mut forged = proof.clone();
            forged[at..at + ELEMENT_BYTES].copy_from_slice(&number.to_le_bytes());
            assert_eq!(verify(&key, &forged), Err(VerifyError::NotCanonical), "byte {at}");
        }
    }
}

#[test]
fn flipped_bits_are_refused() {
    let (key, proof, _) = honest();
    let step = if std::env::var_os("VELUM_TEST_ALL").is_some() { 1 } else { 5 };
    for at in (0..proof.len()).step_by(step) {
        let mut forged = proof.clone();
        forged[at] ^= 1 << (at % 8);
        assert!(verify(&key, &forged).is_err(), "byte {at}");
    }
}

#[test]
fn random_bytes_are_refused() {
    let (key, proof, _) = honest();
    let mut rng = rng(2);
    for _ in 0..500 {
        // An honest beginning, followed by noise of any length.
        let kept = rng.random_range(0..proof.len());
        let length = rng.random_range(0..2 * proof.len());
        let noise = (0..length).map(|_| rng.random::<u8>());
        let forged: Vec<u8> = proof[..kept].iter().copied().chain(noise).collect();
        assert!(verify(&key, &forged).is_err());
    }
}

#[test]
fn a_proof_that_is_taken_apart_is_put_together_again() {
    let (key, proof, _) = honest();
    let taken: Proof<Blake3Hash> = key.verifier().read_proof(b"", &proof).unwrap();
    assert_eq!(taken.to_bytes(), proof);
    assert!(matches!(
        key.verifier().read_proof::<Poseidon2Hash>(b"", &proof),
        Err(VerifyError::Statement(_))
    ));
    assert!(matches!(
        key.verifier().read_proof::<Blake3TruncatedHash>(b"", &proof),
        Err(VerifyError::Statement(_))
    ));
    assert!(key.verifier().read_proof::<Blake3Hash>(b"", &proof[1..]).is_err());
}
