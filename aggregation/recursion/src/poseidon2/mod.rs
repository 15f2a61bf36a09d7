//! Poseidon2 in circuits. A permutation takes one row. Leaves and nodes of trees are hashed as
//! `Poseidon2Hash` of velum-stark hashes them.

mod relations;
#[cfg(test)]
mod tests;

pub(crate) use relations::Permutation;

use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};
use velum_stark::poseidon2::{DIGEST, RATE, WIDTH};

use crate::field::{Builder, F};
use crate::gate::RelationGate;

/// A digest in a circuit.
pub(crate) type DigestTarget = [Target; DIGEST];

/// The permutation of a state.
pub(crate) fn permute(builder: &mut Builder, state: [Target; WIDTH]) -> [Target; WIDTH] {
    let keep = builder._false();
    permute_swapped(builder, state, keep)
}

/// The permutation of a state. If `swap` is one, the first two groups of four lanes change places
/// before it.
fn permute_swapped(
    builder: &mut Builder,
    state: [Target; WIDTH],
    swap: BoolTarget,
) -> [Target; WIDTH] {
    let row = builder.add_gate(RelationGate(Permutation), vec![]);
    for (lane, target) in state.into_iter().enumerate() {
        builder.connect(target, Target::wire(row, Permutation::INPUT + lane));
    }
    // The gate constrains `swap` to be boolean.
    builder.connect(swap.target, Target::wire(row, Permutation::SWAP));
    std::array::from_fn(|lane| Target::wire(row, Permutation::OUTPUT + lane))
}

/// The digest of a leaf that holds this message.
pub(crate) fn leaf(builder: &mut Builder, message: &[Target]) -> DigestTarget {
    let mut state = [builder.zero(); WIDTH];
    state[RATE] = builder.constant(F::from_canonical_usize(message.len() + 1));
    for block in message.chunks(RATE) {
        state[..block.len()].copy_from_slice(block);
        state = permute(builder, state);
    }
    digest(state)
}

/// The digest of the node above `left` and `right`. If `swap` is one, the two change places.
pub(crate) fn node(
    builder: &mut Builder,
    left: DigestTarget,
    right: DigestTarget,
    swap: BoolTarget,
) -> DigestTarget {
    let mut state = [builder.zero(); WIDTH];
    state[..DIGEST].copy_from_slice(&left);
    state[DIGEST..2 * DIGEST].copy_from_slice(&right);
    digest(permute_swapped(builder, state, swap))
}

fn digest(state: [Target; WIDTH]) -> DigestTarget {
    std::array::from_fn(|lane| state[lane])
}
