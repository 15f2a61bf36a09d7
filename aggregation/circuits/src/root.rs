//! The root of an aggregate. It verifies one wrap and states what verifiers read.

use plonky2::iop::witness::PartialWitness;
use plonky2::util::serialization::DefaultGateSerializer;
use velum_aggregate_verifier::{KeyError, RootKey};

use crate::Builder;
use crate::circuit::{Circuit, Proof};
use crate::error::AggregationError;
use crate::list::{AllowList, WrapTargets};
use crate::merge::Wrapped;
use crate::shape::WrapShape;

/// The circuit whose proof is the proof of the aggregate. There is one for each profile.
pub struct RootCircuit {
    pub(crate) circuit: Circuit,
    shape: WrapShape,
    pub(crate) proof: WrapTargets,
}

impl RootCircuit {
    /// The root over wraps of this shape.
    pub fn new(shape: &WrapShape) -> Self {
        let mut builder = Builder::new(shape.profile().root_config());
        let (proof, node) = WrapTargets::verify(&mut builder, shape.common());
        builder.register_public_inputs(&node.digest.elements);
        builder.register_public_input(node.count);
        builder.register_public_inputs(&node.context.0);
        Self { circuit: Circuit::new(builder), shape: shape.clone(), proof }
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// What verifiers pin: the circuit, and the list of the circuits that may be below it.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the verifier's crate does not accept the circuit.
    pub fn key(&self, list: &AllowList) -> Result<RootKey, KeyError> {
        let circuit = self.circuit.verifier_data().to_bytes(&DefaultGateSerializer);
        RootKey::new(self.shape.profile(), &circuit.map_err(|_| KeyError::Malformed)?, list.root())
    }

    /// Proves the aggregate. `child` is its uppermost wrap.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if the proof is wrong or was made with another list.
    pub fn prove(&self, list: &AllowList, child: &Wrapped) -> Result<Proof, AggregationError> {
        let node = list.verify(self.shape.common(), 0, child)?;
        if node.context.list != list.root() {
            return Err(AggregationError::Context { index: 0 });
        }
        let mut witness = PartialWitness::new();
        self.proof
            .set(&mut witness, &child.proof, &list.membership(child.position))
            .map_err(AggregationError::circuit)?;
        self.circuit.prove(witness)
    }
}
