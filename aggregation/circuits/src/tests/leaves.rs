//! Small leaves.
//!
//! They state whatever hash they are given, and differ from each other as leaves of size classes do: in rows, in gates and in what is constant.

use plonky2::gates::noop::NoopGate;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{Digest, Profile};

use crate::Builder;
use crate::circuit::{Circuit, Proof};

/// A leaf.
pub(super) struct Leaf {
    pub(super) circuit: Circuit,
    statement: [Target; 4],
}

impl Leaf {
    /// One of more than half of `2^degree_bits` rows, with plonky2's gates alone.
    pub(super) fn plain(profile: Profile, degree_bits: usize) -> Self {
        Self::new(profile, degree_bits, |_, _| ())
    }

    /// One with gates that no wrap has.
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

    /// The leaf of a statement with this hash.
    pub(super) fn prove(&self, statement: Digest) -> Proof {
        let mut witness = PartialWitness::new();
        witness.set_target_arr(&self.statement, &statement.elements).unwrap();
        self.circuit.prove(witness).unwrap()
    }
}
