//! A proof in a circuit: the targets of its parts, and how they are set from a proof. All of these
//! targets are witnesses.
//!
//! Openings are listed query by query, in the order in which the queries are drawn. A proof holds
//! an opened row or node only once, even if several queries share it. The circuit reads it
//! separately for each query.

use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_stark::poseidon2::{DIGEST, SALT, salt_word};
use velum_stark::shape::{MAIN, QUOTIENT};
use velum_stark::{OpenedProof, OpenedTree, Proof, ProofHash, VerifierKey, VerifyError};

use crate::error::WitnessError;
use crate::field::{Builder, Extension, F, element, extension};
use crate::merkle::cap_levels;
use crate::poseidon2::DigestTarget;

/// A digest of velum-stark's `Poseidon2Hash`.
pub(crate) type Digest = [velum_stark::field::F; DIGEST];

/// The targets of a proof.
#[derive(Clone, Debug)]
pub struct ProofTargets {
    pub(crate) commitments: CommitmentTargets,
    /// For each tree, the nodes of its cap.
    pub(crate) caps: Vec<Vec<DigestTarget>>,
    pub(crate) queries: Vec<QueryTargets>,
}

/// The parts of a proof that the transcript absorbs.
#[derive(Clone, Debug)]
pub(crate) struct CommitmentTargets {
    pub(crate) roots: [DigestTarget; QUOTIENT + 1],
    pub(crate) lookup_nonce: Target,
    pub(crate) terminals: Vec<Extension>,
    pub(crate) ood_nonce: Target,
    pub(crate) values: Vec<Extension>,
    pub(crate) batch_nonce: Target,
    pub(crate) layers: Vec<LayerTargets>,
    pub(crate) final_polynomial: Vec<Extension>,
    pub(crate) query_nonce: Target,
}

/// A layer of FRI.
#[derive(Clone, Debug)]
pub(crate) struct LayerTargets {
    pub(crate) root: DigestTarget,
    pub(crate) nonce: Target,
    pub(crate) cap: Vec<DigestTarget>,
}

/// Everything that a query opens.
#[derive(Clone, Debug)]
pub(crate) struct QueryTargets {
    pub(crate) trees: Vec<RowTargets>,
    /// One opened leaf for each layer of FRI.
    pub(crate) leaves: Vec<LeafTargets>,
}

/// The opened rows of a tree.
#[derive(Clone, Debug)]
pub(crate) struct RowTargets {
    /// One row for each group.
    pub(crate) rows: Vec<Vec<Target>>,
    /// The salt of the row of the tallest group. The circuit does not constrain its elements to be
    /// 32-bit words. The salt only hides the row, and the row's hash binds the salt.
    pub(crate) salt: [Target; SALT],
    pub(crate) path: Vec<DigestTarget>,
}

/// An opened leaf of a layer of FRI.
#[derive(Clone, Debug)]
pub(crate) struct LeafTargets {
    pub(crate) values: Vec<Extension>,
    pub(crate) path: Vec<DigestTarget>,
}

impl ProofTargets {
    /// Targets for proofs under this key. The key's shape determines how many there are.
    pub(crate) fn new(builder: &mut Builder, key: &VerifierKey) -> Self {
        let (parameters, shape) = (key.parameters(), key.shape());
        let folding = parameters.folding(shape.log_height());
        let mut heights = vec![key.log_codeword()];
        heights.extend(folding.iter().scan(key.log_codeword(), |height, arity| {
            *height -= arity;
            Some(*height)
        }));
        let cap_levels = |height| cap_levels(height, parameters.queries);
        let path_levels = |height| height - cap_levels(height);
        let layer = |builder: &mut Builder, height: usize| LayerTargets {
            root: digest(builder),
            nonce: builder.add_virtual_target(),
            cap: digests(builder, 1 << cap_levels(height)),
        };
        let commitments = CommitmentTargets {
            roots: std::array::from_fn(|_| digest(builder)),
            lookup_nonce: builder.add_virtual_target(),
            terminals: builder.add_virtual_extension_targets(shape.groups.len()),
            ood_nonce: builder.add_virtual_target(),
            values: builder.add_virtual_extension_targets(shape.terms.len()),
            batch_nonce: builder.add_virtual_target(),
            layers: heights[1..].iter().map(|&height| layer(builder, height)).collect(),
            final_polynomial: builder
                .add_virtual_extension_targets(parameters.final_polynomial_len(shape.log_height())),
            query_nonce: builder.add_virtual_target(),
        };
        let rows = |builder: &mut Builder, tree: usize| RowTargets {
            rows: shape
                .groups
                .iter()
                .map(|group| builder.add_virtual_targets(group.widths[tree]))
                .collect(),
            salt: builder.add_virtual_target_arr(),
            path: digests(builder, path_levels(heights[0])),
        };
        let leaf = |builder: &mut Builder, arity: usize, height: usize| LeafTargets {
            values: builder.add_virtual_extension_targets(1 << arity),
            path: digests(builder, path_levels(height)),
        };
        let query = |builder: &mut Builder| QueryTargets {
            trees: (MAIN..=QUOTIENT).map(|tree| rows(builder, tree)).collect(),
            leaves: folding
                .iter()
                .zip(&heights[1..])
                .map(|(&arity, &height)| leaf(builder, arity, height))
                .collect(),
        };
        Self {
            commitments,
            caps: (MAIN..=QUOTIENT)
                .map(|_| digests(builder, 1 << cap_levels(heights[0])))
                .collect(),
            queries: (0..parameters.queries).map(|_| query(builder)).collect(),
        }
    }

    /// The root of the main tree.
    pub(crate) fn main_root(&self) -> DigestTarget {
        self.commitments.roots[MAIN]
    }

    /// Sets the targets to a proof that is bound to `bound` and was taken apart by
    /// [`read_proof`](VerifierKey::read_proof).
    ///
    /// This function does not check whether the proof is right. A wrong proof also sets the
    /// targets, but then the circuit has no proof. Verify the proof first to learn what is wrong
    /// with it.
    ///
    /// # Errors
    /// Returns [`WitnessError`] if the proof does not open what its queries need, or is a proof
    /// under another key.
    pub fn set<H: ProofHash<Digest = Digest>>(
        &self,
        witness: &mut PartialWitness<F>,
        key: &VerifierKey,
        bound: &[u8],
        proof: &Proof<H>,
    ) -> Result<(), WitnessError> {
        let opened = OpenedProof::new(key, bound, proof)?;
        let mut setter = Setter(witness);
        setter.commitments(&self.commitments, proof)?;
        for (cap, tree) in self.caps.iter().zip(&opened.trees) {
            setter.cap(cap, tree)?;
        }
        for (layer, tree) in self.commitments.layers.iter().zip(&opened.layers) {
            setter.cap(&layer.cap, &tree.tree)?;
        }
        same(self.queries.len(), opened.queries.len())?;
        for (targets, &query) in self.queries.iter().zip(&opened.queries) {
            setter.query(targets, &opened, query)?;
        }
        Ok(())
    }
}

fn digest(builder: &mut Builder) -> DigestTarget {
    builder.add_virtual_target_arr()
}

fn digests(builder: &mut Builder, count: usize) -> Vec<DigestTarget> {
    (0..count).map(|_| digest(builder)).collect()
}

/// Sets the targets of a witness.
struct Setter<'a>(&'a mut PartialWitness<F>);

/// Checks that a part of the proof has the length of the circuit's part.
fn same(expected: usize, given: usize) -> Result<(), WitnessError> {
    if expected == given { Ok(()) } else { Err(WitnessError::Shape { expected, given }) }
}

impl Setter<'_> {
    fn commitments<H: ProofHash<Digest = Digest>>(
        &mut self,
        targets: &CommitmentTargets,
        proof: &Proof<H>,
    ) -> Result<(), WitnessError> {
        let said = &proof.commitments;
        for (root, value) in targets.roots.iter().zip([said.main, said.lookup, said.quotient]) {
            self.digest(root, &value)?;
        }
        self.nonce(targets.lookup_nonce, said.lookup_nonce)?;
        self.extensions(&targets.terminals, &said.terminals)?;
        self.nonce(targets.ood_nonce, said.ood_nonce)?;
        self.extensions(&targets.values, &said.values)?;
        self.nonce(targets.batch_nonce, said.batch_nonce)?;
        same(targets.layers.len(), said.layers.len())?;
        for (targets, layer) in targets.layers.iter().zip(&said.layers) {
            self.digest(&targets.root, &layer.root)?;
            self.nonce(targets.nonce, layer.nonce)?;
        }
        self.extensions(&targets.final_polynomial, &said.final_polynomial)?;
        self.nonce(targets.query_nonce, said.query_nonce)
    }

    fn query<H: ProofHash<Digest = Digest>>(
        &mut self,
        targets: &QueryTargets,
        opened: &OpenedProof<'_, H>,
        query: usize,
    ) -> Result<(), WitnessError> {
        for (tree, (targets, nodes)) in targets.trees.iter().zip(&opened.trees).enumerate() {
            for (group, targets) in targets.rows.iter().enumerate() {
                let row =
                    opened.row(tree, group, query).ok_or(WitnessError::NotOpened { query })?;
                self.elements(targets, row)?;
            }
            let salt = opened.salt(tree, query).ok_or(WitnessError::NotOpened { query })?;
            for (word, &target) in targets.salt.iter().enumerate() {
                self.element(target, element(salt_word(salt, word)))?;
            }
            self.path(&targets.path, nodes, query)?;
        }
        let mut place = query;
        for (targets, layer) in targets.leaves.iter().zip(&opened.layers) {
            place >>= targets.values.len().ilog2();
            let values = layer.leaves.get(&place).ok_or(WitnessError::NotOpened { query })?;
            self.extensions(&targets.values, values)?;
            self.path(&targets.path, &layer.tree, place)?;
        }
        Ok(())
    }

    fn cap<H: ProofHash<Digest = Digest>>(
        &mut self,
        targets: &[DigestTarget],
        tree: &OpenedTree<H>,
    ) -> Result<(), WitnessError> {
        let nodes = tree.cap(targets.len().ilog2() as usize).ok_or(WitnessError::Cap)?;
        same(targets.len(), nodes.len())?;
        targets.iter().zip(&nodes).try_for_each(|(target, node)| self.digest(target, node))
    }

    fn path<H: ProofHash<Digest = Digest>>(
        &mut self,
        targets: &[DigestTarget],
        tree: &OpenedTree<H>,
        leaf: usize,
    ) -> Result<(), WitnessError> {
        let path = tree.path(leaf, targets.len()).ok_or(WitnessError::NotOpened { query: leaf })?;
        same(targets.len(), path.len())?;
        targets.iter().zip(&path).try_for_each(|(target, node)| self.digest(target, node))
    }

    fn digest(&mut self, target: &DigestTarget, digest: &Digest) -> Result<(), WitnessError> {
        self.elements(target, digest)
    }

    /// Sets a nonce. A nonce that is not a canonical element satisfies no grinding condition, so it
    /// is refused.
    fn nonce(&mut self, target: Target, nonce: u64) -> Result<(), WitnessError> {
        use plonky2::field::types::{Field, Field64};
        if nonce >= F::ORDER {
            return Err(VerifyError::NotCanonical.into());
        }
        self.element(target, F::from_canonical_u64(nonce))
    }

    fn extensions(
        &mut self,
        targets: &[Extension],
        values: &[velum_stark::field::EF],
    ) -> Result<(), WitnessError> {
        same(targets.len(), values.len())?;
        for (target, &value) in targets.iter().zip(values) {
            for (target, value) in target.0.into_iter().zip(extension(value).0) {
                self.element(target, value)?;
            }
        }
        Ok(())
    }

    fn elements(
        &mut self,
        targets: &[Target],
        values: &[velum_stark::field::F],
    ) -> Result<(), WitnessError> {
        same(targets.len(), values.len())?;
        targets
            .iter()
            .zip(values)
            .try_for_each(|(&target, &value)| self.element(target, element(value)))
    }

    fn element(&mut self, target: Target, value: F) -> Result<(), WitnessError> {
        self.0.set_target(target, value).map_err(|error| WitnessError::Circuit(error.to_string()))
    }
}
