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

/// The numbers of places that merges have. They are chosen so that the merge's own wrap still fits
/// the shape.
pub const fn arities(profile: Profile) -> &'static [usize] {
    match profile {
        Profile::Standard => &[2, 8],
        _ => &[2, 4],
    }
}

/// Makes the proofs of an aggregate.
///
/// The allow-list has the wraps of leaves, in the order in which the leaves are given, followed by
/// the wraps of merges.
pub struct Aggregator {
    shape: WrapShape,
    leaves: Vec<Wrap>,
    merges: Vec<(Merge, Wrap)>,
    root: RootCircuit,
    list: AllowList,
}

impl Aggregator {
    /// The circuits above these leaves. Building them takes seconds, and gigabytes of memory for a
    /// large profile.
    ///
    /// # Errors
    /// Returns [`ShapeError`] if a leaf does not belong to the profile or is too large, or if there
    /// are too many leaves.
    pub fn new(
        profile: Profile,
        leaves: Vec<VerifierCircuitData<F, C, D>>,
    ) -> Result<Self, ShapeError> {
        Self::with_merges(profile, leaves, arities(profile))
    }

    /// Like [`new`](Self::new), with merges that have these numbers of places, in ascending order.
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

    /// What all proofs of an aggregate for this payee have in common.
    pub fn context(&self, payee: [u8; 32]) -> Context {
        Context { payee, domain: self.shape.profile().domain(), list: self.list.root() }
    }

    /// The wraps of leaves.
    pub fn leaves(&self) -> &[Wrap] {
        &self.leaves
    }

    /// The merges, each with its wrap.
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
    /// Returns [`KeyError`] if the verifier's crate does not accept the root's circuit.
    pub fn key(&self) -> Result<RootKey, KeyError> {
        self.root.key(&self.list)
    }

    /// Wraps the proof of a leaf. `leaf` is the index of the leaf's circuit.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if there is no such circuit or the proof is wrong.
    pub fn wrap(
        &self,
        leaf: usize,
        proof: &Proof,
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregationError> {
        let wrap = self.leaves.get(leaf).ok_or_else(|| no_circuit(format!("leaf {leaf}")))?;
        Ok(Wrapped { proof: wrap.prove(proof, &self.context(payee))?, position: leaf })
    }

    /// Merges proofs and wraps the merge. The proofs must be in the order of their statements. The
    /// smallest merge that has a place for each of them is used.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if there are too many proofs or if they do not belong together.
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

    /// Makes the proof of the aggregate from the uppermost proof below it, and returns its bytes.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if that proof is wrong.
    pub fn finish(&self, child: &Wrapped) -> Result<Vec<u8>, AggregationError> {
        Ok(self.root.prove(&self.list, child)?.to_bytes())
    }
}

fn no_circuit(what: String) -> AggregationError {
    AggregationError::NoCircuit { what }
}
