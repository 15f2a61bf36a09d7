//! All circuits of a profile, from the wraps of leaves to the root.

use plonky2::plonk::circuit_data::VerifierCircuitData;
use velum_aggregate_verifier::{Context, KeyError, Profile, RootKey};

use crate::circuit::Proof;
use crate::error::{AggregationError, ShapeError};
use crate::list::AllowList;
use crate::merge::{Merge, Wrapped};
use crate::root::RootCircuit;
use crate::shape::WrapShape;
use crate::wrap::Wrap;
use crate::{C, D, F};

/// The places that merges have: as many as leave the merge's own wrap within the shape.
pub const fn arities(profile: Profile) -> &'static [usize] {
    match profile {
        Profile::Standard => &[2, 8],
        _ => &[2, 4],
    }
}

/// Makes the proofs of an aggregate.
///
/// The allow-list has the wraps of leaves in the order that they are given in, and then those of merges.
pub struct Aggregator {
    shape: WrapShape,
    leaves: Vec<Wrap>,
    merges: Vec<(Merge, Wrap)>,
    root: RootCircuit,
    list: AllowList,
}

impl Aggregator {
    /// The circuits over these leaves. This takes seconds, and gigabytes where the profile is a large one.
    ///
    /// # Errors
    /// [`ShapeError`] where a leaf is none of the profile or is too large, or there are too many.
    pub fn new(
        profile: Profile,
        leaves: Vec<VerifierCircuitData<F, C, D>>,
    ) -> Result<Self, ShapeError> {
        Self::with_merges(profile, leaves, arities(profile))
    }

    /// As [`new`](Self::new), with merges of so many places, the fewest first.
    pub(crate) fn with_merges(
        profile: Profile,
        leaves: Vec<VerifierCircuitData<F, C, D>>,
        arities: &[usize],
    ) -> Result<Self, ShapeError> {
        let shape = WrapShape::new(profile);
        let leaves: Vec<_> =
            leaves.into_iter().map(|leaf| Wrap::of_leaf(&shape, leaf)).collect::<Result<_, _>>()?;
        let merge = |arity| {
            let merge = Merge::new(&shape, arity);
            let wrap = Wrap::of_merge(&shape, merge.circuit().verifier_data())?;
            Ok((merge, wrap))
        };
        let merges: Vec<_> = arities.iter().copied().map(merge).collect::<Result<_, _>>()?;
        let list = AllowList::new(leaves.iter().chain(merges.iter().map(|(_, wrap)| wrap)))?;
        let root = RootCircuit::new(&shape);
        Ok(Self { shape, leaves, merges, root, list })
    }

    /// What the proofs of an aggregate for this payee have in common.
    pub fn context(&self, payee: [u8; 32]) -> Context {
        Context { payee, domain: self.shape.profile().domain(), list: self.list.root() }
    }

    /// The wraps of leaves.
    pub fn leaves(&self) -> &[Wrap] {
        &self.leaves
    }

    /// The merges, and the wrap of each.
    pub fn merges(&self) -> &[(Merge, Wrap)] {
        &self.merges
    }

    /// The root.
    pub fn root(&self) -> &RootCircuit {
        &self.root
    }

    /// The list of all wraps.
    pub fn list(&self) -> &AllowList {
        &self.list
    }

    /// What verifiers pin.
    ///
    /// # Errors
    /// [`KeyError`] where the verifier's crate does not take the root's circuit.
    pub fn key(&self) -> Result<RootKey, KeyError> {
        self.root.key(&self.list)
    }

    /// Wraps the proof of a leaf of the circuit with this index.
    ///
    /// # Errors
    /// [`AggregationError`] where there is no such circuit or the proof is wrong.
    pub fn wrap(
        &self,
        leaf: usize,
        proof: &Proof,
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregationError> {
        let wrap = self.leaves.get(leaf).ok_or_else(|| no_circuit(format!("leaf {leaf}")))?;
        Ok(Wrapped { proof: wrap.prove(proof, &self.context(payee))?, position: leaf })
    }

    /// Merges proofs in the order of their statements, with the smallest merge that has a place for each.
    ///
    /// # Errors
    /// [`AggregationError`] where there are too many, or they do not belong together.
    pub fn merge(
        &self,
        children: &[&Wrapped],
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregationError> {
        let index = self.merges.iter().position(|(merge, _)| merge.arity() >= children.len());
        let index =
            index.ok_or_else(|| no_circuit(format!("a merge of {} proofs", children.len())))?;
        let (merge, wrap) = &self.merges[index];
        let context = self.context(payee);
        let proof = merge.prove(&self.list, &context, children)?;
        Ok(Wrapped { proof: wrap.prove(&proof, &context)?, position: self.leaves.len() + index })
    }

    /// The bytes of the aggregate's proof, from the uppermost proof below it.
    ///
    /// # Errors
    /// [`AggregationError`] where that proof is wrong.
    pub fn finish(&self, child: &Wrapped) -> Result<Vec<u8>, AggregationError> {
        Ok(self.root.prove(&self.list, child)?.to_bytes())
    }
}

fn no_circuit(what: String) -> AggregationError {
    AggregationError::NoCircuit { what }
}
