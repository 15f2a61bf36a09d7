//! Tests of the node above its children. The children's proofs are left out.

use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{
    Context, Digest, NODE_ELEMENTS, Node, Profile, empty_digest, node_digest,
};

use super::digest;
use crate::circuit::Circuit;
use crate::merge::{MergeTargets, MergeWitness};
use crate::node::NodeTargets;
use crate::order::{Halves, Order};
use crate::{Builder, F};

const ARITY: usize = 4;

/// A merge without the verification of proofs.
struct MergeCircuit {
    circuit: Circuit,
    children: Vec<Vec<Target>>,
    node: MergeTargets,
    stated: [Target; NODE_ELEMENTS],
}

impl MergeCircuit {
    fn new() -> Self {
        let mut builder = Builder::new(Profile::Standard.config());
        let children: Vec<_> =
            (0..ARITY).map(|_| builder.add_virtual_targets(NODE_ELEMENTS)).collect();
        let nodes: Vec<_> = children.iter().map(|child| NodeTargets::read(child)).collect();
        let node = MergeTargets::new(&mut builder, &nodes);
        let stated = builder.add_virtual_target_arr();
        node.parent.register(&mut builder);
        connect(&mut builder, &node.parent, stated);
        Self { circuit: Circuit::new(builder), children, node, stated }
    }

    /// The node that is proven if each place has these public inputs.
    fn prove(&self, children: &[Vec<F>], says: &MergeWitness) -> Option<Node> {
        self.prove_stating(children, says, None)
    }

    fn prove_stating(
        &self,
        children: &[Vec<F>],
        says: &MergeWitness,
        stated: Option<(usize, F)>,
    ) -> Option<Node> {
        assert_eq!(children.len(), ARITY);
        let mut witness = PartialWitness::new();
        for (targets, child) in self.children.iter().zip(children) {
            witness.set_target_arr(targets, child).unwrap();
        }
        if let Some((index, value)) = stated {
            witness.set_target(self.stated[index], value).unwrap();
        }
        self.node.set(&mut witness, says).unwrap();
        let proof = self.circuit.prove(witness).ok()?;
        Some(Node::from_elements(&proof.public_inputs).unwrap())
    }
}

fn connect(builder: &mut Builder, node: &NodeTargets, stated: [Target; NODE_ELEMENTS]) {
    let parts = [
        &node.digest.elements[..],
        &[node.count],
        &node.first.elements,
        &node.last.elements,
        &node.context.0,
    ];
    for (target, stated) in parts.concat().into_iter().zip(stated) {
        builder.connect(target, stated);
    }
}

fn context() -> Context {
    Context { payee: [7; 32], domain: Profile::Standard.domain(), list: digest([1, 2, 3, 4]) }
}

/// A node above `count` leaves. `first` and `last` number its first and last statements.
fn node(count: u64, first: u64, last: u64) -> Node {
    let [first, last] = [first, last].map(|number| digest([5, number, 0, 0]));
    Node { digest: node_digest(count, &[first, last]), count, first, last, context: context() }
}

fn nodes() -> Vec<Node> {
    vec![node(3, 10, 19), node(1, 20, 20), node(8, 21, 40), node(2, 50, 60)]
}

/// Public inputs for all places. Places without a node repeat those of the first node.
fn places(nodes: &[Node]) -> Vec<Vec<F>> {
    (0..ARITY).map(|place| nodes.get(place).unwrap_or(&nodes[0]).to_elements()).collect()
}

fn expected(nodes: &[Node]) -> Node {
    let mut digests: Vec<Digest> = nodes.iter().map(|node| node.digest).collect();
    digests.resize(ARITY, empty_digest());
    let count = nodes.iter().map(|node| node.count).sum();
    Node {
        digest: node_digest(count, &digests),
        count,
        first: nodes[0].first,
        last: nodes[nodes.len() - 1].last,
        context: context(),
    }
}

#[test]
fn a_merge_states_the_node_over_its_children() {
    let circuit = MergeCircuit::new();
    for filled in 1..=ARITY {
        let nodes = &nodes()[..filled];
        let stated = circuit.prove(&places(nodes), &MergeWitness::of(nodes, ARITY));
        assert_eq!(stated, Some(expected(nodes)), "{filled}");
    }
}

#[test]
fn nothing_else_is_stated() {
    let circuit = MergeCircuit::new();
    let (nodes, says) = (nodes(), MergeWitness::of(&nodes(), ARITY));
    let elements = expected(&nodes).to_elements();
    for (index, &value) in elements.iter().enumerate() {
        let prove = |value| circuit.prove_stating(&places(&nodes), &says, Some((index, value)));
        assert!(prove(value).is_some(), "{index}");
        assert_eq!(prove(value + digest([1; 4]).elements[0]), None, "{index}");
    }
}

#[test]
fn places_are_filled_from_the_left() {
    let circuit = MergeCircuit::new();
    let nodes = nodes();
    let all = MergeWitness::of(&nodes, ARITY);
    for fills in 0..1_usize << (ARITY - 1) {
        let filled: Vec<bool> = (0..ARITY - 1).map(|place| fills >> place & 1 == 1).collect();
        let orders = all.orders.iter().zip(&filled);
        let orders = orders
            .map(|(&order, &is_filled)| if is_filled { order } else { Order::NONE })
            .collect();
        let from_left = filled.is_sorted_by(|left, right| left >= right);
        let stated = circuit.prove(&places(&nodes), &MergeWitness { filled, orders });
        assert_eq!(stated.is_some(), from_left, "{fills:b}");
    }
}

/// A place that is filled twice would count twice.
#[test]
fn a_place_is_filled_or_not() {
    let circuit = MergeCircuit::new();
    let nodes = &nodes()[2..];
    let once = MergeWitness::of(nodes, ARITY);
    let prove = |says: &MergeWitness, filled| {
        let mut witness = PartialWitness::new();
        for (targets, child) in circuit.children.iter().zip(places(nodes)) {
            witness.set_target_arr(targets, &child).unwrap();
        }
        circuit.node.set(&mut witness, says).unwrap();
        witness.target_values.insert(circuit.node.filled[0].target, filled);
        circuit.circuit.prove(witness).is_ok()
    };
    assert!(prove(&once, F::ONE));
    // Two elements decide together: 5 + 40 comes before 5 + 50.
    let mut twice = once;
    let halves = [5 + 40, 5 + 50].map(|low| Halves { low, high: 0 });
    twice.orders[0] = Order {
        decides: [true, true, false, false],
        by_high: false,
        low: halves[0],
        high: halves[1],
    };
    assert!(!prove(&twice, F::TWO));
}

#[test]
fn empty_places_count_nothing_whatever_stands_there() {
    let circuit = MergeCircuit::new();
    let nodes = nodes();
    let says = MergeWitness::of(&nodes[..2], ARITY);
    assert_eq!(circuit.prove(&places(&nodes), &says), Some(expected(&nodes[..2])));
    assert_eq!(circuit.prove(&places(&nodes[..2]), &says), Some(expected(&nodes[..2])));
}

#[test]
fn children_have_one_context() {
    let circuit = MergeCircuit::new();
    let nodes = nodes();
    let says = MergeWitness::of(&nodes[..3], ARITY);
    let right = places(&nodes);
    assert!(circuit.prove(&right, &says).is_some());
    // The last place is empty.
    for place in 0..ARITY {
        for index in 13..NODE_ELEMENTS {
            let mut wrong = right.clone();
            wrong[place][index] += digest([1; 4]).elements[0];
            assert_eq!(circuit.prove(&wrong, &says), None, "{place} {index}");
        }
    }
}

#[test]
fn children_are_in_strict_order() {
    let circuit = MergeCircuit::new();
    let pair = |low: Node, high: Node| {
        let nodes = [low, high];
        circuit.prove(&places(&nodes), &MergeWitness::of(&nodes, ARITY)).is_some()
    };
    assert!(pair(node(3, 10, 19), node(2, 20, 21)));
    assert!(!pair(node(3, 10, 20), node(2, 20, 21)), "one leaf twice");
    assert!(!pair(node(3, 10, 21), node(2, 20, 21)), "overlapping");
    assert!(!pair(node(2, 20, 21), node(3, 10, 19)), "reversed");
    for place in 0..4 {
        let mut leaves = [digest([6; 4]); 2];
        assert!(!pair(Node::leaf(leaves[0], context()), Node::leaf(leaves[1], context())));
        leaves[1].elements[place] += digest([1; 4]).elements[0];
        let [low, high] = leaves.map(|leaf| Node::leaf(leaf, context()));
        assert!(pair(low, high), "{place}");
        assert!(!pair(high, low), "{place}");
    }
}
