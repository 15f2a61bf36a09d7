//! The merge of several wraps into one node.

use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::BoolTarget;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{Context, Node, Tag, empty_digest, is_below};

use crate::circuit::{Circuit, Proof};
use crate::error::AggregationError;
use crate::list::{AllowList, WrapTargets};
use crate::node::{NodeTargets, hash};
use crate::order::{Order, OrderTargets};
use crate::shape::WrapShape;
use crate::{Builder, F};

/// A merge. It verifies at most as many proofs of wraps as it has places. Places at the right end
/// may be empty.
pub struct Merge {
    pub(crate) circuit: Circuit,
    shape: WrapShape,
    pub(crate) proofs: Vec<WrapTargets>,
    pub(crate) node: MergeTargets,
}

/// A proof of a wrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The proof.
    pub proof: Proof,
    /// The wrap's position in the allow-list.
    pub position: usize,
}

impl Wrapped {
    /// The position in one byte, followed by the proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.position as u8];
        bytes.extend(self.proof.to_bytes());
        bytes
    }
}

impl Merge {
    /// The merge with `arity` places.
    ///
    /// # Panics
    /// Panics if `arity` is 0.
    pub fn new(shape: &WrapShape, arity: usize) -> Self {
        assert!(arity > 0, "a merge has places");
        let mut builder = Builder::new(shape.profile().config());
        let (proofs, children): (Vec<_>, Vec<_>) =
            (0..arity).map(|_| WrapTargets::verify(&mut builder, shape.common())).unzip();
        let node = MergeTargets::new(&mut builder, &children);
        node.parent.register(&mut builder);
        Self { circuit: Circuit::new(builder), shape: shape.clone(), proofs, node }
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Number of places.
    pub fn arity(&self) -> usize {
        self.proofs.len()
    }

    /// Merges proofs. They must be in the order of their statements.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if a proof is wrong, has another context or is out of order.
    pub fn prove(
        &self,
        list: &AllowList,
        context: &Context,
        children: &[&Wrapped],
    ) -> Result<Proof, AggregationError> {
        let (arity, given) = (self.arity(), children.len());
        if !(1..=arity).contains(&given) {
            return Err(AggregationError::Arity { arity, given });
        }
        let mut nodes: Vec<Node> = Vec::new();
        for (index, child) in children.iter().enumerate() {
            let node = list.verify(self.shape.common(), index, child)?;
            if node.context != *context || context.list != list.root() {
                return Err(AggregationError::Context { index });
            }
            if nodes.last().is_some_and(|before| !is_below(before.last, node.first)) {
                return Err(AggregationError::Order { index });
            }
            nodes.push(node);
        }
        let mut witness = PartialWitness::new();
        self.set(&mut witness, list, children).map_err(AggregationError::circuit)?;
        self.node
            .set(&mut witness, &MergeWitness::of(&nodes, arity))
            .map_err(AggregationError::circuit)?;
        self.circuit.prove(witness)
    }

    /// Fills all places. Empty places repeat the first proof, which counts nothing there.
    fn set(
        &self,
        witness: &mut PartialWitness<F>,
        list: &AllowList,
        children: &[&Wrapped],
    ) -> anyhow::Result<()> {
        for (place, targets) in self.proofs.iter().enumerate() {
            let child = children.get(place).unwrap_or(&children[0]);
            targets.set(witness, &child.proof, &list.membership(child.position))?;
        }
        Ok(())
    }
}

/// The node above its children, and the constraints between them.
pub(crate) struct MergeTargets {
    pub parent: NodeTargets,
    /// Whether each place except the first is filled.
    pub filled: Vec<BoolTarget>,
    /// The order of each place except the first with the place before it.
    orders: Vec<OrderTargets>,
}

/// What a prover claims about the children.
#[derive(Clone, Debug)]
pub(crate) struct MergeWitness {
    pub filled: Vec<bool>,
    pub orders: Vec<Order>,
}

impl MergeWitness {
    /// The claim for nodes that fill the places from the left.
    pub(crate) fn of(nodes: &[Node], arity: usize) -> Self {
        let filled: Vec<bool> = (1..arity).map(|place| place < nodes.len()).collect();
        let mut orders: Vec<_> =
            nodes.windows(2).map(|pair| Order::of(pair[0].last, pair[1].first)).collect();
        orders.resize(filled.len(), Order::NONE);
        Self { filled, orders }
    }
}

impl MergeTargets {
    /// Constrains the parent of these children:
    ///
    /// * Each flag in `filled` is boolean. A place that is filled twice would count twice.
    /// * A place is only filled if the place before it is filled.
    /// * All children, even in empty places, have the context of the first child.
    /// * The first hash below a filled place comes strictly after the last hash below the place
    ///   before it, so no leaf counts twice.
    /// * The parent's count is the sum of the counts of the filled places. Its first hash is that
    ///   of the first place, and its last hash is that of the last filled place.
    /// * The parent's digest covers the number of places, the count and the digests of all places.
    ///   An empty place has the digest of empty places.
    ///
    /// # Panics
    /// Panics if there are no children.
    pub(crate) fn new(builder: &mut Builder, children: &[NodeTargets]) -> Self {
        let filled: Vec<_> =
            (1..children.len()).map(|_| builder.add_virtual_bool_target_safe()).collect();
        for pair in filled.windows(2) {
            let right_alone = builder.mul_sub(pair[0].target, pair[1].target, pair[1].target);
            builder.assert_zero(right_alone);
        }

        let (first, rest) = children.split_first().expect("a merge has children");
        let empty = builder.constant_hash(empty_digest());
        let mut orders = Vec::new();
        let (mut count, mut last, mut digests) =
            (first.count, first.last, first.digest.elements.to_vec());
        for ((child, before), &is_filled) in rest.iter().zip(children).zip(&filled) {
            first.context.connect(builder, &child.context);
            orders.push(OrderTargets::new(builder, is_filled, before.last, child.first));
            count = builder.mul_add(is_filled.target, child.count, count);
            last = select(builder, is_filled, child.last, last);
            digests.extend(select(builder, is_filled, child.digest, empty).elements);
        }

        let arity = builder.constant(F::from_canonical_usize(children.len()));
        let digest = hash(builder, Tag::Node, &[&[arity, count], &digests[..]].concat());
        let parent =
            NodeTargets { digest, count, first: first.first, last, context: first.context };
        Self { parent, filled, orders }
    }

    pub(crate) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        says: &MergeWitness,
    ) -> anyhow::Result<()> {
        for (target, &is_filled) in self.filled.iter().zip(&says.filled) {
            witness.set_bool_target(*target, is_filled)?;
        }
        self.orders
            .iter()
            .zip(&says.orders)
            .try_for_each(|(target, order)| target.set(witness, order))
    }
}

fn select(
    builder: &mut Builder,
    condition: BoolTarget,
    then: HashOutTarget,
    otherwise: HashOutTarget,
) -> HashOutTarget {
    let elements = core::array::from_fn(|i| {
        builder.select(condition, then.elements[i], otherwise.elements[i])
    });
    HashOutTarget { elements }
}
