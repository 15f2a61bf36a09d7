//! The circuits that tests with real proofs share. Building them takes seconds.

use std::sync::LazyLock;

use velum_aggregate_verifier::{Digest, Profile};

use super::digest;
use super::leaves::Leaf;
use crate::{Aggregator, Wrapped, arities};

/// The payee that the tests' aggregates are counted for.
pub(super) const PAYEE: [u8; 32] = [7; 32];

/// Two leaves of different shapes, and all circuits above them.
pub(super) struct Fixture {
    pub(super) leaves: [Leaf; 2],
    pub(super) aggregator: Aggregator,
}

/// The circuits of the standard profile, with merges of two.
pub(super) static STANDARD: LazyLock<Fixture> =
    LazyLock::new(|| Fixture::new(Profile::Standard, &[2]));

/// The circuits of the standard profile with all its merges, which are large.
pub(super) static WIDE: LazyLock<Fixture> =
    LazyLock::new(|| Fixture::new(Profile::Standard, arities(Profile::Standard)));

/// Two leaves in the order in which they are merged, and their merge.
pub(super) static MERGED: LazyLock<([Wrapped; 2], Wrapped)> = LazyLock::new(|| {
    let leaves = [1, 2].map(|number| STANDARD.wrap(number));
    let merged = STANDARD.aggregator.merge(&[&leaves[0], &leaves[1]], PAYEE).unwrap();
    (leaves, merged)
});

impl Fixture {
    pub(super) fn new(profile: Profile, arities: &[usize]) -> Self {
        let leaves = [Leaf::plain(profile, 13), Leaf::with_gates(profile, 12)];
        let data = leaves.iter().map(|leaf| leaf.circuit.verifier_data()).collect();
        let aggregator = Aggregator::with_merges(profile, data, arities).unwrap();
        Self { leaves, aggregator }
    }

    /// A wrapped leaf. Leaves with odd numbers have another shape than those with even numbers.
    pub(super) fn wrap(&self, number: u64) -> Wrapped {
        let leaf = (number % 2) as usize;
        let proof = self.leaves[leaf].prove(statement(number));
        self.aggregator.wrap(leaf, &proof, PAYEE).unwrap()
    }
}

/// The hash of a statement. Hashes are in the order of their numbers.
pub(super) fn statement(number: u64) -> Digest {
    digest([1, 2, number, 0])
}
