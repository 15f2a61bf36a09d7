//! Tests that proofs are opened query by query, whether they are right or wrong.

use p3_field::PrimeCharacteristicRing;

use crate::field::{EF, F};
use crate::shape::MAIN;
use crate::testing::dishonest::{self, BOUND};
use crate::testing::script::Mode;
use crate::testing::tiny::{TINY, key_with};
use crate::{OpenedProof, Poseidon2Hash, Proof, ProofHash, ProvingKey, VerifyError};

type Hash = Poseidon2Hash;

fn key() -> ProvingKey {
    key_with(Hash::FUNCTION)
}

#[test]
fn lies_are_opened_too() {
    let key = key();
    let width = key.verifier().shape.groups[1].widths[MAIN];
    for case in dishonest::all::<Hash>(&key).into_iter().filter(|case| case.mode == Mode::Real) {
        let proof: Proof<Hash> = key.verifier().read_proof(BOUND, &case.proof).unwrap();
        let opened = OpenedProof::new(key.verifier(), BOUND, &proof).unwrap();
        assert_eq!(opened.queries.len(), TINY.queries);
        for &query in &opened.queries {
            assert!(opened.row(0, 1, query).is_some_and(|row| row.len() == width), "{}", case.name);
            assert!(
                opened.layers[0].leaves.contains_key(&(query >> TINY.max_log_arity)),
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn parts_of_other_lengths_are_told() {
    /// Removes an element from a list, or adds one.
    fn change<T>(list: &mut Vec<T>, more: Option<T>) {
        match more {
            Some(element) => list.push(element),
            None => drop(list.pop()),
        }
    }
    type Change = fn(&mut Proof<Hash>, bool);
    let changes: [Change; 9] = [
        |proof, more| change(&mut proof.commitments.terminals, more.then_some(EF::ONE)),
        |proof, more| change(&mut proof.commitments.values, more.then_some(EF::ONE)),
        |proof, more| {
            let layer = proof.commitments.layers[0].clone();
            change(&mut proof.commitments.layers, more.then_some(layer))
        },
        |proof, more| change(&mut proof.commitments.final_polynomial, more.then_some(EF::ONE)),
        |proof, more| change(&mut proof.openings.trees[1].rows[0], more.then_some(F::ONE)),
        |proof, more| {
            change(&mut proof.openings.trees[2].salts, more.then_some(Default::default()))
        },
        |proof, more| {
            change(&mut proof.openings.trees[0].siblings, more.then_some(Default::default()))
        },
        |proof, more| change(&mut proof.openings.layers[1].values, more.then_some(EF::ONE)),
        |proof, more| {
            change(&mut proof.openings.layers[0].siblings, more.then_some(Default::default()))
        },
    ];
    let key = key();
    let case = dishonest::honest::<Hash>(&key).remove(0);
    let honest: Proof<Hash> = key.verifier().read_proof(BOUND, &case.proof).unwrap();
    for (number, change) in changes.into_iter().enumerate() {
        for more in [false, true] {
            let mut proof = honest.clone();
            change(&mut proof, more);
            let refused = OpenedProof::new(key.verifier(), BOUND, &proof).err();
            // A change of a commitment changes the queries, and with them every length.
            assert!(
                matches!(refused, Some(VerifyError::TooShort | VerifyError::TooLong)),
                "{number}, {more}"
            );
        }
    }
}
