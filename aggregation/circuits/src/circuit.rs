//! What all circuits of an aggregate have in common.

use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::{
    CircuitData, CommonCircuitData, VerifierCircuitData, VerifierOnlyCircuitData,
};
use plonky2::plonk::proof::ProofWithPublicInputs;

use crate::error::AggregationError;
use crate::{Builder, C, D, F};

/// A proof of one of the circuits.
pub type Proof = ProofWithPublicInputs<F, C, D>;

/// The data that all circuits of one shape share.
pub(crate) type Common = CommonCircuitData<F, D>;

/// The data that distinguishes circuits of one shape.
pub(crate) type Key = VerifierOnlyCircuitData<C, D>;

/// A circuit with which proofs are made.
pub struct Circuit {
    data: CircuitData<F, C, D>,
    rows: usize,
}

impl Circuit {
    pub(crate) fn new(builder: Builder) -> Self {
        let rows = builder.num_gates();
        Self { data: builder.build(), rows }
    }

    /// The same circuit. `rows` is the number of its own rows, without padding.
    pub(crate) fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// The number of rows that the circuit itself takes. Rows that hash its public inputs, hold
    /// constants or pad it are not counted.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The circuit's shape.
    pub fn common(&self) -> &CommonCircuitData<F, D> {
        &self.data.common
    }

    /// The data that distinguishes this circuit from others of its shape.
    pub fn key(&self) -> &VerifierOnlyCircuitData<C, D> {
        &self.data.verifier_only
    }

    /// All data that is needed to verify the circuit's proofs.
    pub fn verifier_data(&self) -> VerifierCircuitData<F, C, D> {
        self.data.verifier_data()
    }

    /// Proves the circuit and verifies the proof. plonky2 can make a proof from a witness that
    /// violates a constraint, but that proof is wrong.
    pub(crate) fn prove(&self, witness: PartialWitness<F>) -> Result<Proof, AggregationError> {
        let proof = self.data.prove(witness).map_err(AggregationError::circuit)?;
        self.data.verify(proof.clone()).map_err(AggregationError::circuit)?;
        Ok(proof)
    }
}
