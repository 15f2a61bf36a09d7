//! Tests of membership in the allow-list.

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{Digest, LIST_DEPTH, LIST_ENTRIES, Profile, list_path, list_root};

use super::digest;
use crate::Builder;
use crate::circuit::{Circuit, Key};
use crate::list::{ListedTargets, Membership, entries};

const CAP_HEIGHT: usize = 4;

/// A circuit that only shows a membership.
struct ListCircuit {
    circuit: Circuit,
    root: HashOutTarget,
    listed: ListedTargets,
}

impl ListCircuit {
    fn new() -> Self {
        let mut builder = Builder::new(Profile::Standard.config());
        let root = builder.add_virtual_hash();
        let listed = ListedTargets::new(&mut builder, CAP_HEIGHT, root);
        Self { circuit: Circuit::new(builder), root, listed }
    }

    fn proves(&self, root: Digest, membership: &Membership) -> bool {
        let mut witness = PartialWitness::new();
        witness.set_hash_target(self.root, root).unwrap();
        self.listed.set(&mut witness, membership).unwrap();
        self.circuit.prove(witness).is_ok()
    }
}

/// The key of some circuit.
fn key(number: u64) -> Key {
    let cap = (0..1 << CAP_HEIGHT).map(|node| digest([number, node, 0, 0])).collect();
    Key { circuit_digest: digest([number, 0, 0, 1]), constants_sigmas_cap: MerkleCap(cap) }
}

/// The list of the first `count` circuits.
fn list(count: u64) -> [Digest; LIST_ENTRIES] {
    entries(&(0..count).map(key).collect::<Vec<_>>())
}

fn member(position: usize) -> Membership {
    Membership { key: key(position as u64), position, path: list_path(&list(5), position) }
}

#[test]
fn members_are_found_and_nothing_else() {
    let circuit = ListCircuit::new();
    let root = list_root(&list(5));
    for position in 0..LIST_ENTRIES {
        assert_eq!(circuit.proves(root, &member(position)), position < 5, "{position}");
    }
    assert!(!circuit.proves(list_root(&list(4)), &member(4)));
}

#[test]
fn each_part_of_a_membership_counts() {
    let circuit = ListCircuit::new();
    let root = list_root(&list(5));
    let right = member(2);
    assert!(circuit.proves(root, &right));
    let refused = |change: &dyn Fn(&mut Membership)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        assert!(!circuit.proves(root, &wrong), "{wrong:?}");
    };
    for level in 0..LIST_DEPTH {
        refused(&|wrong| wrong.position ^= 1 << level);
        refused(&|wrong| wrong.path[level] = digest([9; 4]));
    }
    refused(&|wrong| wrong.key = key(7));
    refused(&|wrong| wrong.key.circuit_digest = key(3).circuit_digest);
    refused(&|wrong| wrong.key.constants_sigmas_cap = key(3).constants_sigmas_cap);
    for node in 0..1 << CAP_HEIGHT {
        refused(&|wrong| wrong.key.constants_sigmas_cap.0[node] = digest([9; 4]));
    }
}
