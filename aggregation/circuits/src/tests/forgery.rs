//! Tests with proofs of circuits that are not on the list. They bypass the checks that an
//! aggregator makes of its own work.

use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{
    Context, Digest, NODE_ELEMENTS, Node, Profile, list_path, list_root,
};

use super::fixture::{Fixture, MERGED, PAYEE, STANDARD, statement};
use crate::circuit::{Circuit, Key, Proof};
use crate::list::{Membership, entries};
use crate::merge::MergeWitness;
use crate::node::NodeTargets;
use crate::{AggregationError, Builder, WrapShape, Wrapped};

/// A circuit with the shape of a wrap that states any node it is given.
struct Forger {
    circuit: Circuit,
    node: Vec<Target>,
}

impl Forger {
    fn new() -> Self {
        let shape = WrapShape::new(Profile::Standard);
        let mut builder = Builder::new(shape.profile().config());
        let node = builder.add_virtual_targets(NODE_ELEMENTS);
        NodeTargets::read(&node).register(&mut builder);
        Self { circuit: shape.build(builder).unwrap(), node }
    }

    fn prove(&self, node: &Node) -> Proof {
        let mut witness = PartialWitness::new();
        witness.set_target_arr(&self.node, &node.to_elements()).unwrap();
        self.circuit.prove(witness).unwrap()
    }
}

/// The root of the list with these entries, and the membership of one of them.
fn listed(circuits: &[&Key], position: usize) -> (Digest, Membership) {
    let entries = entries(circuits.iter().copied());
    let path = list_path(&entries, position);
    (list_root(&entries), Membership { key: circuits[position].clone(), position, path })
}

/// Whether the merge of two can be proven with these proofs and memberships, whatever they are.
fn merges(children: [(&Proof, &Membership); 2]) -> bool {
    let (merge, _) = &STANDARD.aggregator.merges()[0];
    let mut witness = PartialWitness::new();
    for (targets, (proof, membership)) in merge.proofs.iter().zip(children) {
        if targets.set(&mut witness, proof, membership).is_err() {
            return false;
        }
    }
    let nodes = children.map(|(proof, _)| Node::from_elements(&proof.public_inputs).unwrap());
    merge.node.set(&mut witness, &MergeWitness::of(&nodes, 2)).unwrap();
    merge.circuit.prove(witness).is_ok()
}

fn finishes(proof: &Proof, membership: &Membership) -> bool {
    let root = STANDARD.aggregator.root();
    let mut witness = PartialWitness::new();
    root.proof.set(&mut witness, proof, membership).is_ok() && root.circuit.prove(witness).is_ok()
}

/// The forger proves that a million presentations were shown. If its circuit is on the list, the
/// result is an aggregate.
#[test]
fn a_circuit_counts_where_it_is_in_the_list_alone() {
    let forger = Forger::new();
    let honest = STANDARD.aggregator.leaves()[0].circuit().key();
    let with = listed(&[honest, forger.circuit.key()], 1);
    let without = listed(&[honest], 0);
    let node = |list, number| {
        let context = Context { list, ..STANDARD.aggregator.context(PAYEE) };
        Node { count: 1_000_000, ..Node::leaf(statement(number), context) }
    };
    let [first, second] = [1, 2].map(|number| forger.prove(&node(with.0, number)));
    assert!(merges([(&first, &with.1), (&second, &with.1)]));
    assert!(finishes(&first, &with.1));

    // The forger's key in the honest circuit's place; the forger's key with the honest circuit's
    // digest, or with its cap; and the honest key.
    let place = Membership { key: forger.circuit.key().clone(), ..without.1.clone() };
    let mut digest = place.clone();
    digest.key.circuit_digest = honest.circuit_digest;
    let mut cap = place.clone();
    cap.key.constants_sigmas_cap = honest.constants_sigmas_cap.clone();
    let [first, second] = [1, 2].map(|number| forger.prove(&node(without.0, number)));
    for membership in [&with.1, &place, &digest, &cap, &without.1] {
        assert!(!merges([(&first, membership), (&second, membership)]));
        assert!(!finishes(&first, membership));
    }
}

/// The two wraps have one shape, but a proof counts only as a proof of its own circuit.
#[test]
fn a_proof_is_of_its_own_circuit() {
    let Fixture { aggregator, .. } = &*STANDARD;
    let ([one, two], _) = &*MERGED;
    let [of_one, of_two] = [one, two].map(|wrapped| aggregator.list().membership(wrapped.position));
    assert!(merges([(&one.proof, &of_one), (&two.proof, &of_two)]));
    assert!(!merges([(&one.proof, &of_two), (&two.proof, &of_two)]));
    assert!(!merges([(&one.proof, &of_one), (&two.proof, &of_one)]));
    for level in 0..4 {
        let mut flipped = of_one.clone();
        flipped.position ^= 1 << level;
        assert!(!finishes(&one.proof, &flipped), "{level}");
    }
    assert!(finishes(&one.proof, &of_one));
}

/// The proof of a leaf or of a merge has another shape than the proof of a wrap.
#[test]
fn proofs_that_are_not_wrapped_are_refused() {
    let Fixture { leaves, aggregator } = &*STANDARD;
    let ([one, two], merged) = &*MERGED;
    let (merge, _) = &aggregator.merges()[0];
    let bare = merge.prove(aggregator.list(), &aggregator.context(PAYEE), &[one, two]).unwrap();
    for (proof, wrapped) in [(leaves[1].prove(statement(1)), one), (bare, merged)] {
        let position = wrapped.position;
        let refused = aggregator.finish(&Wrapped { proof, position }).unwrap_err();
        assert!(matches!(refused, AggregationError::Child { index: 0, .. }), "{refused}");
        assert!(aggregator.finish(wrapped).is_ok());
    }
}
