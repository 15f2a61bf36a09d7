//! Small leaves.
//!
//! They state any hash they are given. They differ from each other as the leaves of size classes
//! do: in rows, in gates and in constants.

use plonky2::gates::noop::NoopGate;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{Digest, Profile};

use crate::Builder;
use crate::circuit::{Circuit, Proof};

/// A small leaf.
pub(super) struct Leaf {
    pub(super) circuit: Circuit,
    statement: [Target; 4],
}

impl Leaf {
    /// A leaf of more than half of `2^degree_bits` rows, with only plonky2's gates.
    pub(super) fn plain(profile: Profile, degree_bits: usize) -> Self {
        Self::new(profile, degree_bits, |_, _| ())
    }

    /// A leaf with gates that no wrap has.
    pub(super) fn with_gates(profile: Profile, degree_bits: usize) -> Self {
        Self::new(profile, degree_bits, |builder, statement| {
            let one = builder.one();
            builder.split_le_base::<4>(one, 31).expect("one is small");
            builder.random_access(one, statement[..2].to_vec());
        })
    }

    fn new(
        profile: Profile,
        degree_bits: usize,
        add: impl FnOnce(&mut Builder, &[Target]),
    ) -> Self {
        let mut builder = Builder::new(profile.config());
        let statement = builder.add_virtual_public_input_arr();
        add(&mut builder, &statement);
        while builder.num_gates() <= 1 << (degree_bits - 1) {
            builder.add_gate(NoopGate, vec![]);
        }
        Self { circuit: Circuit::new(builder), statement }
    }

    /// The proof of a leaf whose statement has this hash.
    pub(super) fn prove(&self, statement: Digest) -> Proof {
        let mut witness = PartialWitness::new();
        witness.set_target_arr(&self.statement, &statement.elements).unwrap();
        self.circuit.prove(witness).unwrap()
    }
}
