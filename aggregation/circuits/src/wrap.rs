//! The wrap of a circuit. It verifies a proof of this circuit, and has the shape of all wraps.

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::VerifierCircuitData;
use plonky2::plonk::proof::ProofWithPublicInputsTarget;
use velum_aggregate_verifier::{Context, NODE_ELEMENTS, Tag};

use crate::circuit::{Circuit, Proof};
use crate::error::{AggregationError, ShapeError};
use crate::node::{ContextTargets, NodeTargets, hash};
use crate::shape::WrapShape;
use crate::{Builder, C, D, F};

/// Number of public inputs of a leaf. They are the hash of its statement.
const LEAF_ELEMENTS: usize = 4;

/// A wrap of one circuit, whose key is a constant of the wrap.
pub struct Wrap {
    circuit: Circuit,
    inner: VerifierCircuitData<F, C, D>,
    proof: ProofWithPublicInputsTarget<D>,
    /// What the wrap of a leaf adds to what the leaf states. `None` for the wrap of a merge.
    context: Option<ContextTargets>,
}

impl Wrap {
    /// The wrap of a leaf. It also states what the leaf is counted for.
    ///
    /// # Errors
    /// Returns [`ShapeError`] if the circuit is not a leaf of the profile or is too large.
    pub fn of_leaf(
        shape: &WrapShape,
        leaf: VerifierCircuitData<F, C, D>,
    ) -> Result<Self, ShapeError> {
        Self::new(shape, leaf, LEAF_ELEMENTS, |builder, statement| {
            let context = ContextTargets::new(builder);
            let digest = hash(builder, Tag::Leaf, statement);
            let statement = HashOutTarget::try_from(statement).expect("a statement is one digest");
            let count = builder.one();
            (
                NodeTargets { digest, count, first: statement, last: statement, context },
                Some(context),
            )
        })
    }

    /// The wrap of a merge. It states what the merge states.
    ///
    /// # Errors
    /// Returns [`ShapeError`] if the circuit is not a merge of the profile.
    pub fn of_merge(
        shape: &WrapShape,
        merge: VerifierCircuitData<F, C, D>,
    ) -> Result<Self, ShapeError> {
        Self::new(shape, merge, NODE_ELEMENTS, |_, node| (NodeTargets::read(node), None))
    }

    fn new(
        shape: &WrapShape,
        inner: VerifierCircuitData<F, C, D>,
        expected: usize,
        state: impl FnOnce(&mut Builder, &[Target]) -> (NodeTargets, Option<ContextTargets>),
    ) -> Result<Self, ShapeError> {
        let given = inner.common.num_public_inputs;
        if given != expected {
            return Err(ShapeError::PublicInputs { expected, given });
        }
        if inner.common.config != shape.profile().config() {
            return Err(ShapeError::Config);
        }
        let mut builder = Builder::new(shape.profile().config());
        let proof = builder.add_virtual_proof_with_pis(&inner.common);
        let key = builder.constant_verifier_data(&inner.verifier_only);
        builder.verify_proof::<C>(&proof, &key, &inner.common);
        let (node, context) = state(&mut builder, &proof.public_inputs);
        node.register(&mut builder);
        Ok(Self { circuit: shape.build(builder)?, inner, proof, context })
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Wraps a proof. `context` is what a leaf is counted for. The proof of a merge states its own
    /// context, which must be the same.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if the proof is wrong, or if it is the proof of a merge with
    /// another context.
    pub fn prove(&self, proof: &Proof, context: &Context) -> Result<Proof, AggregationError> {
        self.inner
            .verify(proof.clone())
            .map_err(|error| AggregationError::Child { index: 0, reason: error.to_string() })?;
        let says_another =
            self.context.is_none() && !proof.public_inputs.ends_with(&context.to_elements());
        if says_another {
            return Err(AggregationError::Context { index: 0 });
        }
        let mut witness = PartialWitness::new();
        witness.set_proof_with_pis_target(&self.proof, proof).map_err(AggregationError::circuit)?;
        if let Some(targets) = &self.context {
            witness
                .set_target_arr(&targets.0, &context.to_elements())
                .map_err(AggregationError::circuit)?;
        }
        self.circuit.prove(witness)
    }
}
