//! The one shape that all wraps have.

use plonky2::gates::noop::NoopGate;
use plonky2::plonk::circuit_data::CommonCircuitData;
use velum_aggregate_verifier::{NODE_ELEMENTS, Profile};

use crate::circuit::{Circuit, Common};
use crate::error::ShapeError;
use crate::{Builder, C, D, F};

/// The number of times that a circuit must verify the circuit before it, until it has every gate
/// that verifying itself takes.
const ROUNDS: usize = 2;

/// What all wraps have in common, whatever they wrap. Merges and the root depend on nothing else.
#[derive(Clone, Debug)]
pub struct WrapShape {
    profile: Profile,
    common: Common,
}

impl WrapShape {
    /// The shape of the wraps of a profile.
    pub fn new(profile: Profile) -> Self {
        let mut builder = Builder::new(profile.config());
        for _ in 0..NODE_ELEMENTS {
            builder.add_virtual_public_input();
        }
        let mut common = pad(builder, profile).mock_build::<C>().common;
        for _ in 0..ROUNDS {
            common = verifying(profile, &common);
        }
        Self { profile, common }
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The data that all wraps share.
    pub fn common(&self) -> &CommonCircuitData<F, D> {
        &self.common
    }

    /// Pads a wrap to the shape.
    pub(crate) fn build(&self, mut builder: Builder) -> Result<Circuit, ShapeError> {
        let (rows, degree_bits) = (builder.num_gates(), self.profile.wrap_degree_bits());
        let refused = ShapeError::Wrap { rows, degree_bits };
        if rows > 1 << degree_bits {
            return Err(refused);
        }
        add_gates(&mut builder, &self.common);
        let circuit = Circuit::new(pad(builder, self.profile)).with_rows(rows);
        if *circuit.common() == self.common { Ok(circuit) } else { Err(refused) }
    }
}

/// The shared data of a circuit that verifies a circuit with the shared data `verified`.
fn verifying(profile: Profile, verified: &Common) -> Common {
    let mut builder = Builder::new(profile.config());
    let proof = builder.add_virtual_proof_with_pis(verified);
    let key = builder.add_virtual_verifier_data(verified.config.fri_config.cap_height);
    builder.verify_proof::<C>(&proof, &key, verified);
    builder.register_public_inputs(&proof.public_inputs);
    add_gates(&mut builder, verified);
    pad(builder, profile).mock_build::<C>().common
}

fn add_gates(builder: &mut Builder, common: &Common) {
    for gate in &common.gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
}

/// Adds rows until plonky2 pads the circuit to the size of a wrap.
fn pad(mut builder: Builder, profile: Profile) -> Builder {
    while builder.num_gates() <= 1 << (profile.wrap_degree_bits() - 1) {
        builder.add_gate(NoopGate, vec![]);
    }
    builder
}
