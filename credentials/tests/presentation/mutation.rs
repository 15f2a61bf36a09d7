//! Flips single bits of a presentation: in every byte of the envelope, and in bytes of the proofs.
//! The core's tests flip the bytes of each proof separately. Here the hash of a credential proof
//! binds it as well.

use velum_credentials::{Presentation, Prover, Verifier};
use velum_testdata::MUSTERMANN;

use super::{ANY_CLOCK, CREDENTIAL_PROOF, PRESENTATION_PROOF, Session, member, whole};

/// Number of flips that each proof is tested with at even distances.
const EVENLY: usize = 100;

#[test]
fn every_flipped_bit_is_refused_without_a_panic() {
    let (session, prover, verifier) = (Session::of(&MUSTERMANN), Prover::new(), Verifier::new());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    let bytes = presentation.to_bytes();
    let refuses = |position: usize, bit: u8| {
        let mut forged = bytes.clone();
        forged[position] ^= 1 << bit;
        let verified =
            Presentation::from_bytes(&forged).and_then(|forged| session.verify(&verifier, &forged));
        assert!(verified.is_err(), "bit {bit} of byte {position}");
    };

    // Every bit of everything except the proofs.
    let proofs = [CREDENTIAL_PROOF, PRESENTATION_PROOF].map(|index| {
        let proof = member(&presentation, index).into_bytes().unwrap();
        let start = bytes.windows(proof.len()).position(|window| window == proof).unwrap();
        start..start + proof.len()
    });
    let envelope =
        (0..bytes.len()).filter(|position| !proofs.iter().any(|proof| proof.contains(position)));
    assert!(envelope.clone().count() < 200);
    for position in envelope {
        (0..8).for_each(|bit| refuses(position, bit));
    }
    // Both ends of each proof, and bytes at even distances over the whole proof.
    for proof in &proofs {
        let ends = (proof.start..proof.start + 8).chain(proof.end - 8..proof.end);
        ends.chain(proof.clone().step_by(proof.len() / EVENLY))
            .for_each(|position| refuses(position, 0));
    }
    for seed in 0..if whole() { 2_000_u64 } else { 100 } {
        let (position, bit) = random(seed, bytes.len());
        refuses(position, bit);
    }

    let lengths = [0, 1, 2, proofs[0].start, proofs[0].end, proofs[1].end - 1];
    for length in lengths {
        assert!(Presentation::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
}

/// A position below `limit`, and a bit.
fn random(seed: u64, limit: usize) -> (usize, u8) {
    let hash = blake3::hash(&seed.to_le_bytes());
    let number = u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap());
    ((number % limit as u64) as usize, hash.as_bytes()[8] % 8)
}
