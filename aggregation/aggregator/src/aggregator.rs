//! The circuits of a profile, each of which is made when it is first needed, and the tasks that
//! they perform.

use std::sync::OnceLock;

use plonky2::plonk::circuit_data::CommonCircuitData;
use plonky2::plonk::proof::ProofWithPublicInputs;
use velum_aggregate_circuits::{
    Aggregator as AllCircuits, AllowList, Merge, Proof, RootCircuit, ShapeError, Wrap, WrapShape,
    Wrapped, arities,
};
use velum_aggregate_verifier::{C, Context, D, Digest, F, Profile, RootKey};
use velum_core::class::{CLASSES, SizeClass};
use velum_recursion::{LeafCircuit, LeafError, ProvenStatements};

use crate::error::AggregatorError;

/// Makes the proofs of aggregates.
pub struct Aggregator {
    shape: WrapShape,
    list: AllowList,
    /// The leaf circuit of each size class.
    leaves: [OnceLock<LeafCircuit>; CLASSES.len()],
    leaf_wraps: [OnceLock<Wrap>; CLASSES.len()],
    /// The merge of each arity.
    merges: Vec<OnceLock<Merge>>,
    merge_wraps: Vec<OnceLock<Wrap>>,
    root: OnceLock<RootCircuit>,
}

/// The number of places of a profile's widest merge.
pub fn wide(profile: Profile) -> usize {
    arities(profile).last().copied().unwrap_or(2)
}

impl Aggregator {
    /// An aggregator of a profile. Circuits are made when they are first needed. Each takes
    /// seconds.
    pub fn new(profile: Profile) -> Self {
        let arities = arities(profile).len();
        Self {
            shape: WrapShape::new(profile),
            list: AllowList::from_bytes(profile, pinned(profile)).unwrap_or_default(),
            leaves: Default::default(),
            leaf_wraps: Default::default(),
            merges: (0..arities).map(|_| OnceLock::new()).collect(),
            merge_wraps: (0..arities).map(|_| OnceLock::new()).collect(),
            root: OnceLock::new(),
        }
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.shape.profile()
    }

    /// Proves the leaf of a presentation of a size class.
    ///
    /// # Errors
    /// Returns [`AggregatorError::Leaf`] if the presentation's proofs do not verify.
    pub fn leaf(
        &self,
        class: SizeClass,
        statements: &ProvenStatements<'_>,
    ) -> Result<Proof, AggregatorError> {
        Ok(self.leaf_circuit(class)?.prove(statements)?)
    }

    /// Wraps the leaf of a size class. It is counted for `payee`.
    ///
    /// # Errors
    /// Returns [`AggregatorError`] if the leaf does not verify.
    pub fn wrap(
        &self,
        class: SizeClass,
        leaf: &Proof,
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregatorError> {
        let position = position(class)?;
        let wrap = self.leaf_wrap(class)?;
        Ok(Wrapped { proof: wrap.prove(leaf, &self.context(payee))?, position })
    }

    /// Merges proofs that are counted for `payee`, and wraps the merge. The proofs must be in the
    /// order of their statements. The smallest merge that has a place for each of them is used.
    ///
    /// # Errors
    /// Returns [`AggregatorError`] if there are too many proofs or if they do not belong together.
    pub fn merge(
        &self,
        children: &[&Wrapped],
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregatorError> {
        let merged = self.merge_alone(children, payee)?;
        self.wrap_merge(arities(self.profile())[self.merge_of(children.len())], &merged, payee)
    }

    /// Like [`merge`](Self::merge), but does not wrap the merge.
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn merge_alone(
        &self,
        children: &[&Wrapped],
        payee: [u8; 32],
    ) -> Result<Proof, AggregatorError> {
        let merge = self.merge_circuit(self.merge_of(children.len()));
        Ok(merge.prove(&self.list, &self.context(payee), children)?)
    }

    /// Wraps a merge with this number of places.
    ///
    /// # Errors
    /// Returns [`AggregatorError`] if there is no such merge or if it does not verify.
    pub fn wrap_merge(
        &self,
        places: usize,
        merged: &Proof,
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregatorError> {
        let index = self.merge_of(places);
        let proof = self.merge_wrap(index)?.prove(merged, &self.context(payee))?;
        Ok(Wrapped { proof, position: CLASSES.len() + index })
    }

    /// The index of the smallest merge with a place for each child. If there are too many children,
    /// this is the widest merge, which then reports the error.
    fn merge_of(&self, children: usize) -> usize {
        let arities = arities(self.profile());
        arities.iter().position(|&arity| arity >= children).unwrap_or(arities.len() - 1)
    }

    /// Makes the proof of the aggregate from the uppermost proof below it, and returns its bytes.
    ///
    /// # Errors
    /// Returns [`AggregatorError`] if that proof does not verify.
    pub fn finish(&self, child: &Wrapped) -> Result<Vec<u8>, AggregatorError> {
        let root = self.root.get_or_init(|| RootCircuit::new(&self.shape));
        if root.key(&self.list).ok() != Some(RootKey::pinned(self.profile())) {
            return Err(AggregatorError::NotPinned { what: "the root".to_owned() });
        }
        Ok(root.prove(&self.list, child)?.to_bytes())
    }

    /// The leaf that these bytes encode. It must verify and be the leaf of a presentation of this
    /// size class whose statement has this hash.
    ///
    /// # Errors
    /// Returns [`AggregatorError::Malformed`] if the bytes are not such a leaf.
    pub fn read_leaf(
        &self,
        class: SizeClass,
        bytes: &[u8],
        statement: Digest,
    ) -> Result<Proof, AggregatorError> {
        const WHAT: &str = "the leaf";
        let data = &self.leaf_circuit(class)?.data;
        let leaf = read(&data.common, bytes, WHAT)?;
        let is_asked =
            leaf.public_inputs == statement.elements && data.verify(leaf.clone()).is_ok();
        if is_asked { Ok(leaf) } else { Err(AggregatorError::Malformed { what: WHAT }) }
    }

    /// The wrapped proof that these bytes encode. It must verify, state the node with this digest,
    /// and be counted for `payee`.
    ///
    /// # Errors
    /// Returns [`AggregatorError::Malformed`] if the bytes are not such a proof.
    pub fn read_wrapped(
        &self,
        bytes: &[u8],
        node: Digest,
        payee: [u8; 32],
    ) -> Result<Wrapped, AggregatorError> {
        const WHAT: &str = "the node";
        let (&position, proof) =
            bytes.split_first().ok_or(AggregatorError::Malformed { what: WHAT })?;
        let proof = read(self.shape.common(), proof, WHAT)?;
        let wrapped = Wrapped { proof, position: position.into() };
        let stated = self.list.verify(self.shape.common(), 0, &wrapped);
        let is_asked = stated
            .is_ok_and(|stated| stated.digest == node && stated.context == self.context(payee));
        if is_asked { Ok(wrapped) } else { Err(AggregatorError::Malformed { what: WHAT }) }
    }

    fn context(&self, payee: [u8; 32]) -> Context {
        Context { payee, domain: self.profile().domain(), list: self.list.root() }
    }

    fn leaf_circuit(&self, class: SizeClass) -> Result<&LeafCircuit, AggregatorError> {
        let circuit = &self.leaves[position(class)?];
        Ok(circuit.get_or_init(|| LeafCircuit::new(class, self.profile().config())))
    }

    fn leaf_wrap(&self, class: SizeClass) -> Result<&Wrap, AggregatorError> {
        let (position, leaf) = (position(class)?, self.leaf_circuit(class)?);
        self.pinned_wrap(&self.leaf_wraps[position], position, || {
            Wrap::of_leaf(&self.shape, leaf.data.verifier_data())
        })
    }

    fn merge_circuit(&self, index: usize) -> &Merge {
        self.merges[index].get_or_init(|| Merge::new(&self.shape, arities(self.profile())[index]))
    }

    fn merge_wrap(&self, index: usize) -> Result<&Wrap, AggregatorError> {
        let merge = self.merge_circuit(index);
        self.pinned_wrap(&self.merge_wraps[index], CLASSES.len() + index, || {
            Wrap::of_merge(&self.shape, merge.circuit().verifier_data())
        })
    }

    /// A wrap, if it is the wrap that the list has at this position.
    fn pinned_wrap<'a>(
        &self,
        cell: &'a OnceLock<Wrap>,
        position: usize,
        make: impl FnOnce() -> Result<Wrap, ShapeError>,
    ) -> Result<&'a Wrap, AggregatorError> {
        if let Some(wrap) = cell.get() {
            return Ok(wrap);
        }
        let wrap = make()?;
        if !self.list.has(position, &wrap) {
            return Err(AggregatorError::NotPinned { what: format!("wrap {position}") });
        }
        Ok(cell.get_or_init(|| wrap))
    }
}

fn position(class: SizeClass) -> Result<usize, AggregatorError> {
    let position = CLASSES.iter().position(|known| *known == class);
    position.ok_or_else(|| {
        LeafError::Circuit(format!("there is no circuit of class {:?}", class.name)).into()
    })
}

/// The proof of a circuit that these bytes encode. A proof has only one encoding.
fn read(
    common: &CommonCircuitData<F, D>,
    bytes: &[u8],
    what: &'static str,
) -> Result<Proof, AggregatorError> {
    let malformed = AggregatorError::Malformed { what };
    let proof = ProofWithPublicInputs::<F, C, D>::from_bytes(bytes.to_vec(), common);
    let proof = proof.map_err(|_| malformed.clone())?;
    if proof.to_bytes() == bytes { Ok(proof) } else { Err(malformed) }
}

/// The compiled-in list of a profile.
fn pinned(profile: Profile) -> &'static [u8] {
    match profile {
        Profile::Standard => include_bytes!("../keys/standard.list"),
        _ => include_bytes!("../keys/proven-100.list"),
    }
}

/// All circuits of a profile, made anew. Pinned keys are written from them and compared with them.
pub struct Circuits {
    /// The circuits above the leaves.
    pub above: AllCircuits,
    /// The circuits of the leaves, by size class.
    pub leaves: [LeafCircuit; CLASSES.len()],
}

impl Circuits {
    /// Makes all circuits. This takes minutes.
    ///
    /// # Errors
    /// Returns [`AggregatorError::Shape`] if a circuit does not fit.
    pub fn new(profile: Profile) -> Result<Self, AggregatorError> {
        let leaves = CLASSES.map(|class| LeafCircuit::new(class, profile.config()));
        let data = leaves.iter().map(|leaf| leaf.data.verifier_data()).collect();
        Ok(Self { above: AllCircuits::new(profile, data)?, leaves })
    }
}
