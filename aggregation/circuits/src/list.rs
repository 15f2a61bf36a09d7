//! The allow-list of circuits, and the constraints that show that a circuit is on it.

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::target::BoolTarget;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CommonCircuitData, VerifierCircuitData, VerifierCircuitTarget};
use plonky2::plonk::config::AlgebraicHasher;
use plonky2::plonk::proof::ProofWithPublicInputsTarget;
use velum_aggregate_verifier::{
    Digest, LIST_DEPTH, LIST_ENTRIES, Node, Profile, Tag, digest_from_bytes, digest_to_bytes,
    entry_digest, list_path, list_root, unused_entry,
};

use crate::circuit::{Common, Key, Proof};
use crate::error::{AggregationError, ShapeError};
use crate::merge::Wrapped;
use crate::node::{NodeTargets, hash};
use crate::wrap::Wrap;
use crate::{Builder, C, D, F};

/// The wraps that an aggregate may consist of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    circuits: Vec<Key>,
}

impl AllowList {
    /// The list of these wraps, in this order.
    ///
    /// # Errors
    /// Returns [`ShapeError::List`] if there are too many wraps.
    pub fn new<'a>(wraps: impl IntoIterator<Item = &'a Wrap>) -> Result<Self, ShapeError> {
        let circuits: Vec<_> = wraps.into_iter().map(|wrap| wrap.circuit().key().clone()).collect();
        match circuits.len() {
            0..=LIST_ENTRIES => Ok(Self { circuits }),
            given => Err(ShapeError::List { given }),
        }
    }

    /// The list that these bytes encode. For each circuit, they hold its digest and then the nodes
    /// of its cap.
    ///
    /// # Errors
    /// Returns [`ShapeError::Malformed`] if the bytes do not encode a list of the profile.
    pub fn from_bytes(profile: Profile, bytes: &[u8]) -> Result<Self, ShapeError> {
        let nodes = profile.config().fri_config.num_cap_elements();
        let (digests, rest) = bytes.as_chunks();
        let digests = digests.iter().map(digest_from_bytes).collect::<Result<Vec<_>, _>>();
        let digests = digests.map_err(|_| ShapeError::Malformed)?;
        let circuits: Vec<_> = digests
            .chunks(1 + nodes)
            .map(|key| Key {
                circuit_digest: key[0],
                constants_sigmas_cap: MerkleCap(key[1..].to_vec()),
            })
            .collect();
        let is_whole = rest.is_empty() && digests.len().is_multiple_of(1 + nodes);
        if !is_whole || circuits.len() > LIST_ENTRIES {
            return Err(ShapeError::Malformed);
        }
        Ok(Self { circuits })
    }

    /// The list, encoded as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let digests = self.circuits.iter().flat_map(|key| {
            std::iter::once(key.circuit_digest).chain(key.constants_sigmas_cap.0.iter().copied())
        });
        digests.flat_map(digest_to_bytes).collect()
    }

    /// The root of the list's tree.
    pub fn root(&self) -> Digest {
        list_root(&self.entries())
    }

    /// Whether the circuit at this position is this wrap.
    pub fn has(&self, position: usize, wrap: &Wrap) -> bool {
        self.circuits.get(position) == Some(wrap.circuit().key())
    }

    /// The position of a wrap, if it is on the list.
    pub fn position(&self, wrap: &Wrap) -> Option<usize> {
        self.circuits.iter().position(|circuit| circuit == wrap.circuit().key())
    }

    fn entries(&self) -> [Digest; LIST_ENTRIES] {
        entries(self.circuits.iter())
    }

    /// Verifies a proof of the circuit at a position, and returns the node that the proof states.
    /// `common` is the data that all wraps share. `index` identifies the proof in errors.
    ///
    /// # Errors
    /// Returns [`AggregationError`] if the proof is wrong.
    pub fn verify(
        &self,
        common: &CommonCircuitData<F, D>,
        index: usize,
        wrapped: &Wrapped,
    ) -> Result<Node, AggregationError> {
        let Wrapped { proof, position } = wrapped;
        let position = *position;
        let circuits = self.circuits.len();
        let key = self.circuits.get(position).ok_or(AggregationError::Position {
            index,
            position,
            circuits,
        })?;
        VerifierCircuitData { verifier_only: key.clone(), common: common.clone() }
            .verify(proof.clone())
            .map_err(|error| AggregationError::Child { index, reason: error.to_string() })?;
        Node::from_elements(&proof.public_inputs)
            .map_err(|error| AggregationError::Node { index, error })
    }

    /// Everything that shows that the circuit at a position is on the list.
    pub(crate) fn membership(&self, position: usize) -> Membership {
        Membership {
            key: self.circuits[position].clone(),
            position,
            path: list_path(&self.entries(), position),
        }
    }
}

/// The entries of these circuits, and of the places without a circuit.
pub(crate) fn entries<'a>(circuits: impl IntoIterator<Item = &'a Key>) -> [Digest; LIST_ENTRIES] {
    let mut entries = [unused_entry(); LIST_ENTRIES];
    for (entry, key) in entries.iter_mut().zip(circuits) {
        *entry = entry_digest(key.circuit_digest, &key.constants_sigmas_cap.0);
    }
    entries
}

/// Everything that shows that a circuit is on a list.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub key: Key,
    pub position: usize,
    pub path: [Digest; LIST_DEPTH],
}

/// The key of a circuit that is on a list. The prover chooses the circuit.
pub(crate) struct ListedTargets {
    key: VerifierCircuitTarget,
    position: [BoolTarget; LIST_DEPTH],
    path: [HashOutTarget; LIST_DEPTH],
}

impl ListedTargets {
    /// Constrains a key to be on the list with this root. A Merkle path leads from the hash of the
    /// whole key, which covers the circuit's digest and the cap over its constants, to the root.
    pub(crate) fn new(builder: &mut Builder, cap_height: usize, root: HashOutTarget) -> Self {
        let key = builder.add_virtual_verifier_data(cap_height);
        let mut message = key.circuit_digest.elements.to_vec();
        message.extend(key.constants_sigmas_cap.0.iter().flat_map(|node| node.elements));
        let mut node = hash(builder, Tag::Entry, &message);
        let position = core::array::from_fn(|_| builder.add_virtual_bool_target_safe());
        let path = core::array::from_fn(|_| builder.add_virtual_hash());
        for (is_right, sibling) in position.iter().zip(&path) {
            node = parent(builder, node, *sibling, *is_right);
        }
        builder.connect_hashes(node, root);
        Self { key, position, path }
    }

    pub(crate) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        listed: &Membership,
    ) -> anyhow::Result<()> {
        witness.set_verifier_data_target(&self.key, &listed.key)?;
        for (level, (bit, sibling)) in self.position.iter().zip(&self.path).enumerate() {
            witness.set_bool_target(*bit, listed.position >> level & 1 == 1)?;
            witness.set_hash_target(*sibling, listed.path[level])?;
        }
        Ok(())
    }
}

/// The node above `node` and `sibling`. `node` is the right child if `is_right` is one.
fn parent(
    builder: &mut Builder,
    node: HashOutTarget,
    sibling: HashOutTarget,
    is_right: BoolTarget,
) -> HashOutTarget {
    type Permutation = <PoseidonHash as AlgebraicHasher<F>>::AlgebraicPermutation;
    let zero = builder.zero();
    let mut state = Permutation::new(core::iter::repeat(zero));
    state.set_from_slice(&node.elements, 0);
    state.set_from_slice(&sibling.elements, node.elements.len());
    let state = PoseidonHash::permute_swapped(state, is_right, builder);
    HashOutTarget { elements: core::array::from_fn(|i| state.squeeze()[i]) }
}

/// A proof of a wrap, and the key of this wrap. The key is on the list whose root the proof itself
/// states.
pub(crate) struct WrapTargets {
    proof: ProofWithPublicInputsTarget<D>,
    circuit: ListedTargets,
}

impl WrapTargets {
    /// Verifies a proof, and returns what it states.
    pub(crate) fn verify(builder: &mut Builder, common: &Common) -> (Self, NodeTargets) {
        let proof = builder.add_virtual_proof_with_pis(common);
        let node = NodeTargets::read(&proof.public_inputs);
        let circuit =
            ListedTargets::new(builder, common.config.fri_config.cap_height, node.context.list());
        builder.verify_proof::<C>(&proof, &circuit.key, common);
        (Self { proof, circuit }, node)
    }

    pub(crate) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        proof: &Proof,
        listed: &Membership,
    ) -> anyhow::Result<()> {
        witness.set_proof_with_pis_target(&self.proof, proof)?;
        self.circuit.set(witness, listed)
    }
}
