//! The public inputs of a node in a circuit, in the layout of `velum-aggregate-verifier`.

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::target::Target;
use velum_aggregate_verifier::{NODE_ELEMENTS, PACKED_ELEMENTS, Tag};

use crate::Builder;

/// Number of elements of a context.
pub(crate) const CONTEXT: usize = 2 * PACKED_ELEMENTS + 4;

/// What a proof above the leaves states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeTargets {
    pub digest: HashOutTarget,
    pub count: Target,
    pub first: HashOutTarget,
    pub last: HashOutTarget,
    pub context: ContextTargets,
}

/// What all proofs of an aggregate have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContextTargets(pub [Target; CONTEXT]);

impl ContextTargets {
    pub(crate) fn new(builder: &mut Builder) -> Self {
        Self(builder.add_virtual_target_arr())
    }

    /// The root of the allow-list.
    pub(crate) fn list(&self) -> HashOutTarget {
        HashOutTarget::try_from(&self.0[2 * PACKED_ELEMENTS..])
            .expect("the last elements are a digest")
    }

    pub(crate) fn connect(&self, builder: &mut Builder, other: &Self) {
        builder.connect_array(self.0, other.0);
    }
}

impl NodeTargets {
    /// The node that a proof with these public inputs states.
    pub(crate) fn read(elements: &[Target]) -> Self {
        let elements: &[Target; NODE_ELEMENTS] =
            elements.try_into().expect("the proof states a node");
        let hash =
            |start| HashOutTarget { elements: core::array::from_fn(|i| elements[start + i]) };
        Self {
            digest: hash(0),
            count: elements[4],
            first: hash(5),
            last: hash(9),
            context: ContextTargets(core::array::from_fn(|i| elements[13 + i])),
        }
    }

    /// Makes the node the public inputs of the circuit.
    pub(crate) fn register(&self, builder: &mut Builder) {
        builder.register_public_inputs(&self.digest.elements);
        builder.register_public_input(self.count);
        builder.register_public_inputs(&self.first.elements);
        builder.register_public_inputs(&self.last.elements);
        builder.register_public_inputs(&self.context.0);
    }
}

/// The hash of a tag and a message.
pub(crate) fn hash(builder: &mut Builder, tag: Tag, message: &[Target]) -> HashOutTarget {
    let mut elements = vec![builder.constant(tag.element())];
    elements.extend_from_slice(message);
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements)
}
