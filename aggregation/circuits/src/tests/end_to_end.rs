//! Tests of whole aggregates, from leaves to root.

use std::iter;

use velum_aggregate_verifier::{
    AggregateError, Context, Path, PathError, Profile, RootKey, Step, empty_digest, leaf_digest,
    node_digest, verify_root,
};

use super::fixture::{Fixture, MERGED, PAYEE, STANDARD, WIDE, statement};
use super::leaves::Leaf;
use crate::{AggregationError, Aggregator, ShapeError, Wrap, WrapShape, Wrapped};

/// A merge of two leaves, merged with a third leaf.
#[test]
fn an_aggregate_verifies_and_has_its_leaves() {
    nested(&STANDARD, &[3], 2);
}

/// A merge of two leaves, merged with two more leaves in a merge of eight places.
#[test]
#[ignore = "takes a minute"]
fn a_wide_aggregate_verifies_and_has_its_leaves() {
    nested(&WIDE, &[3, 4], 8);
}

/// Merges two leaves, and then their merge with more leaves in a merge of `places` places.
fn nested(fixture: &Fixture, more: &[u64], places: usize) {
    let Fixture { aggregator, .. } = fixture;
    let [first, second] = [1, 2].map(|number| fixture.wrap(number));
    let merged = aggregator.merge(&[&first, &second], PAYEE).unwrap();
    let others: Vec<_> = more.iter().map(|number| fixture.wrap(*number)).collect();
    let children: Vec<_> = iter::once(&merged).chain(&others).collect();
    let proof = aggregator.finish(&aggregator.merge(&children, PAYEE).unwrap()).unwrap();
    let key =
        RootKey::from_bytes(Profile::Standard, &aggregator.key().unwrap().to_bytes()).unwrap();
    let root = verify_root(Profile::Standard, &key, &proof, &PAYEE).unwrap();
    let count = 2 + more.len() as u64;
    assert_eq!(root.count, count);

    let [a, b] = [1, 2].map(|number| leaf_digest(statement(number)));
    let mut nodes = vec![node_digest(2, &[a, b])];
    nodes.extend(more.iter().map(|number| leaf_digest(statement(*number))));
    nodes.resize(places, empty_digest());
    assert_eq!(root.digest, node_digest(count, &nodes));
    let low = Step { arity: 2, count: 2, position: 0, siblings: vec![b] };
    let high = Step { arity: places, count, position: 0, siblings: nodes[1..].to_vec() };
    let path = Path { steps: vec![low, high] };
    assert_eq!(path.check(statement(1), &root), Ok(()));
    assert_eq!(path.check(statement(5), &root), Err(PathError::Root));

    let refused = verify_root(Profile::Standard, &key, &proof, &[8; 32]);
    assert_eq!(refused, Err(AggregateError::Payee));
}

#[test]
fn one_leaf_is_an_aggregate() {
    let Fixture { aggregator, .. } = &*STANDARD;
    let (leaves, _) = &*MERGED;
    let proof = aggregator.finish(&leaves[0]).unwrap();
    let root = verify_root(Profile::Standard, &aggregator.key().unwrap(), &proof, &PAYEE).unwrap();
    assert_eq!((root.count, root.digest), (1, leaf_digest(statement(1))));
}

/// A leaf's wrap states any domain it is given. So the same circuits can make an aggregate for
/// another profile or format.
#[test]
fn an_aggregate_for_another_domain_is_refused() {
    let Fixture { leaves, aggregator } = &*STANDARD;
    let wrap = |domain| {
        let context = Context { domain, ..aggregator.context(PAYEE) };
        let proof = aggregator.leaves()[1].prove(&leaves[1].prove(statement(1)), &context).unwrap();
        let proof = aggregator.finish(&Wrapped { proof, position: 1 }).unwrap();
        verify_root(Profile::Standard, &aggregator.key().unwrap(), &proof, &PAYEE)
    };
    assert!(wrap(Profile::Standard.domain()).is_ok());
    let refused = AggregateError::Domain { expected: Profile::Standard.name() };
    assert_eq!(wrap(Profile::Proven100.domain()), Err(refused));
}

/// When a size class is added, verifiers keep the pinned circuit of the root and pin another list.
#[test]
fn another_leaf_changes_the_list_alone() {
    let Fixture { leaves, aggregator } = &*STANDARD;
    let third = Leaf::plain(Profile::Standard, 10);
    let data = leaves.iter().chain([&third]).map(|leaf| leaf.circuit.verifier_data()).collect();
    let more = Aggregator::with_merges(Profile::Standard, data, &[2]).unwrap();
    assert_ne!(more.list().root(), aggregator.list().root());
    assert_eq!(more.root().circuit().key(), aggregator.root().circuit().key());
    assert_eq!(more.root().circuit().common(), aggregator.root().circuit().common());
    for (one, other) in more.merges().iter().zip(aggregator.merges()) {
        assert_eq!(one.0.circuit().key(), other.0.circuit().key());
        assert_eq!(one.1.circuit().key(), other.1.circuit().key());
    }
    for (one, other) in more.leaves().iter().zip(aggregator.leaves()) {
        assert_eq!(one.circuit().key(), other.circuit().key());
    }
    let (wrapped, _) = &*MERGED;
    let proof = aggregator.finish(&wrapped[0]).unwrap();
    let refused = verify_root(Profile::Standard, &more.key().unwrap(), &proof, &PAYEE);
    assert_eq!(refused, Err(AggregateError::List));
}

#[test]
fn mistakes_of_an_aggregator_have_a_name() {
    let Fixture { leaves, aggregator } = &*STANDARD;
    let ([one, two], _) = &*MERGED;
    let merge = |children: &[_]| aggregator.merge(children, PAYEE).unwrap_err();
    assert_eq!(merge(&[two, one]), AggregationError::Order { index: 1 });
    assert_eq!(merge(&[one, one]), AggregationError::Order { index: 1 });
    assert_eq!(merge(&[]), AggregationError::Arity { arity: 2, given: 0 });
    assert!(matches!(merge(&[one; 3]), AggregationError::NoCircuit { .. }));
    let refused = aggregator.merge(&[one, two], [8; 32]).unwrap_err();
    assert_eq!(refused, AggregationError::Context { index: 0 });

    let [moved, lost] = [0, 3].map(|position| Wrapped { position, ..one.clone() });
    assert!(matches!(merge(&[&moved, two]), AggregationError::Child { index: 0, .. }));
    assert_eq!(
        merge(&[&lost, two]),
        AggregationError::Position { index: 0, position: 3, circuits: 3 }
    );

    let leaf = leaves[0].prove(statement(2));
    assert!(aggregator.wrap(0, &leaf, PAYEE).is_ok());
    assert!(matches!(aggregator.wrap(1, &leaf, PAYEE), Err(AggregationError::Child { .. })));
    assert!(matches!(aggregator.wrap(2, &leaf, PAYEE), Err(AggregationError::NoCircuit { .. })));
}

#[test]
fn circuits_that_are_no_leaf_have_no_wrap() {
    let shape = WrapShape::new(Profile::Standard);
    let leaf = || Leaf::plain(Profile::Standard, 10).circuit.verifier_data();
    assert!(Wrap::of_leaf(&shape, leaf()).is_ok());
    let refused = |wrap: Result<Wrap, ShapeError>| wrap.err();
    let expected = ShapeError::PublicInputs { expected: 27, given: 4 };
    assert_eq!(refused(Wrap::of_merge(&shape, leaf())), Some(expected));
    let merge = || STANDARD.aggregator.merges()[0].0.circuit().verifier_data();
    assert!(Wrap::of_merge(&shape, merge()).is_ok());
    let expected = ShapeError::PublicInputs { expected: 4, given: 27 };
    assert_eq!(refused(Wrap::of_leaf(&shape, merge())), Some(expected));
    let other = Leaf::plain(Profile::Proven100, 10).circuit.verifier_data();
    assert_eq!(refused(Wrap::of_leaf(&shape, other)), Some(ShapeError::Config));
}
