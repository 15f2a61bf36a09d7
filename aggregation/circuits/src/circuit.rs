//! What all circuits of an aggregate have.

use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::{
    CircuitData, CommonCircuitData, VerifierCircuitData, VerifierOnlyCircuitData,
};
use plonky2::plonk::proof::ProofWithPublicInputs;

use crate::error::AggregationError;
use crate::{Builder, C, D, F};

/// A proof of one of the circuits.
pub type Proof = ProofWithPublicInputs<F, C, D>;

/// What circuits of one shape have in common.
pub(crate) type Common = CommonCircuitData<F, D>;

/// What tells circuits of one shape apart.
pub(crate) type Key = VerifierOnlyCircuitData<C, D>;

/// A circuit that proofs are made with.
pub struct Circuit {
    data: CircuitData<F, C, D>,
    rows: usize,
}

impl Circuit {
    pub(crate) fn new(builder: Builder) -> Self {
        let rows = builder.num_gates();
        Self { data: builder.build(), rows }
    }

    /// The same, of which as many rows are the circuit's own.
    pub(crate) fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// The rows that the circuit itself takes, without those that hash its public inputs, hold constants or pad it.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Its shape.
    pub fn common(&self) -> &CommonCircuitData<F, D> {
        &self.data.common
    }

    /// What tells it apart from others of its shape.
    pub fn key(&self) -> &VerifierOnlyCircuitData<C, D> {
        &self.data.verifier_only
    }

    /// All that its proofs are verified with.
    pub fn verifier_data(&self) -> VerifierCircuitData<F, C, D> {
        self.data.verifier_data()
    }

    /// Proves the circuit, and verifies the proof: a witness that no constraint allows has a proof, but a wrong one.
    pub(crate) fn prove(&self, witness: PartialWitness<F>) -> Result<Proof, AggregationError> {
        let proof = self.data.prove(witness).map_err(AggregationError::circuit)?;
        self.data.verify(proof.clone()).map_err(AggregationError::circuit)?;
        Ok(proof)
    }
}
