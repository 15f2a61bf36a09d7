//! The openings of a proof, query by query, for verifiers whose work has a fixed shape, such as
//! circuits.
//!
//! A proof opens a set of rows and omits everything that can be computed from what several rows
//! share. Here every query has its own rows, paths and leaves, even if two queries fall on one
//! place.
//!
//! This module does not check the openings. That is the task of the verifier that uses them. If a
//! proof is wrong, its openings do not fit together.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use p3_field::{Field, PrimeCharacteristicRing};

use crate::error::VerifyError;
use crate::field::{EF, F};
use crate::fri::{fold_leaf, hash_leaves, leaves};
use crate::hash::{ProofHash, Salt};
use crate::key::VerifierKey;
use crate::merkle;
use crate::proof::{Proof, TreeOpening, group_indices};
use crate::transcript::Challenges;
use crate::verify::{Batch, Opened};

/// A proof whose openings can be read query by query.
pub struct OpenedProof<'a, H: ProofHash> {
    key: &'a VerifierKey,
    proof: &'a Proof<H>,
    /// The queried rows, sorted and distinct.
    indices: Vec<usize>,
    /// The queried rows of the tallest group's evaluation domain, in the order in which they are
    /// drawn.
    pub queries: Vec<usize>,
    /// The main, the lookup and the quotient tree.
    pub trees: Vec<OpenedTree<H>>,
    /// The layers of FRI.
    pub layers: Vec<OpenedLayer<H>>,
}

/// A layer of FRI.
pub struct OpenedLayer<H: ProofHash> {
    /// The values of the opened leaves, by the leaf's index.
    pub leaves: BTreeMap<usize, Vec<EF>>,
    /// The layer's tree.
    pub tree: OpenedTree<H>,
}

impl<'a, H: ProofHash> OpenedProof<'a, H> {
    /// Opens a proof that [`read_proof`](VerifierKey::read_proof) has split into its parts, with
    /// the same `bound`. Nothing is verified. [`verify`](VerifierKey::verify) finds out whether a
    /// proof is wrong.
    ///
    /// # Errors
    /// Returns [`VerifyError::TooShort`] or [`VerifyError::TooLong`] if a part of the proof has
    /// another length than `key` and `bound` imply. This happens if the proof was read under
    /// another key or with another `bound`.
    pub fn new(
        key: &'a VerifierKey,
        bound: &[u8],
        proof: &'a Proof<H>,
    ) -> Result<Self, VerifyError> {
        let Challenges { weights, zeta, folding, indices, drawn, .. } =
            Challenges::draw(key, bound, &proof.commitments);
        check_lengths(key, &indices, proof)?;
        let trees = open_trees(key, &indices, proof)?;
        let opened = Opened { key, indices: &indices, openings: &proof.openings };
        let batch = Batch { opened, weights: &weights, zeta, values: &proof.commitments.values };
        let codeword = indices.iter().copied().zip(batch.codeword()).collect();
        let layers = open_layers(key, codeword, &folding, proof)?;
        Ok(Self { key, proof, indices, queries: drawn, trees, layers })
    }

    /// The row of a group in a tree that belongs to a query. `query` is an element of
    /// [`queries`](Self::queries).
    pub fn row(&self, tree: usize, group: usize, query: usize) -> Option<&'a [F]> {
        let lift = self.key.shape.lift(group);
        let at = group_indices(&self.indices, lift).binary_search(&(query >> lift)).ok()?;
        let width = self.key.shape.groups[group].widths[tree];
        self.proof.openings.trees[tree].rows[group].get(at * width..(at + 1) * width)
    }

    /// The salt of the tallest group's row that belongs to a query.
    pub fn salt(&self, tree: usize, query: usize) -> Option<&'a Salt> {
        self.proof.openings.trees[tree].salts.get(self.indices.binary_search(&query).ok()?)
    }
}

/// Checks that every part of a proof has the length that the key implies for these rows of the
/// tallest group's evaluation domain. The indices are sorted and distinct.
fn check_lengths<H: ProofHash>(
    key: &VerifierKey,
    indices: &[usize],
    proof: &Proof<H>,
) -> Result<(), VerifyError> {
    let (Proof { commitments, openings }, shape) = (proof, &key.shape);
    let arities = key.parameters.folding(shape.log_height());
    same(commitments.terminals.len(), shape.groups.len())?;
    same(commitments.values.len(), shape.terms.len())?;
    same(commitments.layers.len(), arities.len())?;
    same(
        commitments.final_polynomial.len(),
        key.parameters.final_polynomial_len(shape.log_height()),
    )?;
    for (tree, opening) in openings.trees.iter().enumerate() {
        same(opening.rows.len(), shape.groups.len())?;
        for (number, (cells, group)) in opening.rows.iter().zip(&shape.groups).enumerate() {
            same(
                cells.len(),
                group_indices(indices, shape.lift(number)).len() * group.widths[tree],
            )?;
        }
        same(opening.salts.len(), indices.len())?;
        same(opening.siblings.len(), merkle::siblings(key.log_codeword(), indices))?;
    }
    same(openings.layers.len(), arities.len())?;
    let (mut log_size, mut indices) = (key.log_codeword(), indices.to_vec());
    for (opening, arity) in openings.layers.iter().zip(arities) {
        let leaves = group_indices(&indices, arity);
        log_size -= arity;
        same(opening.values.len(), (leaves.len() << arity) - indices.len())?;
        same(opening.siblings.len(), merkle::siblings(log_size, &leaves))?;
        indices = leaves;
    }
    Ok(())
}

fn same(given: usize, expected: usize) -> Result<(), VerifyError> {
    match given.cmp(&expected) {
        Ordering::Less => Err(VerifyError::TooShort),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(VerifyError::TooLong),
    }
}

fn open_trees<H: ProofHash>(
    key: &VerifierKey,
    indices: &[usize],
    proof: &Proof<H>,
) -> Result<Vec<OpenedTree<H>>, VerifyError> {
    let open = |(tree, opening): (usize, &TreeOpening<H>)| {
        let mut rows = BTreeMap::new();
        for (number, group) in key.shape.groups.iter().enumerate() {
            let (width, salts) = (group.widths[tree], (number == 0).then_some(&opening.salts[..]));
            if width > 0 {
                let hashes = H::leaves(&opening.rows[number], width, salts);
                rows.insert(group.log_height + key.parameters.log_blowup, hashes);
            }
        }
        OpenedTree::new(key.log_codeword(), indices, &rows, &opening.siblings)
    };
    proof.openings.trees.iter().enumerate().map(open).collect()
}

/// The layers of the codeword that has these values at these indices.
fn open_layers<H: ProofHash>(
    key: &VerifierKey,
    mut values: Vec<(usize, EF)>,
    challenges: &[Vec<EF>],
    proof: &Proof<H>,
) -> Result<Vec<OpenedLayer<H>>, VerifyError> {
    let (mut log_size, mut shift) = (key.log_codeword(), F::GENERATOR);
    let mut layers = Vec::with_capacity(challenges.len());
    for (betas, opening) in challenges.iter().zip(&proof.openings.layers) {
        let arity = betas.len();
        let (places, rows) = leaves(&values, arity, &opening.values)?;
        let fold = |(&leaf, row): (&usize, &Vec<EF>)| {
            (leaf, fold_leaf(row.clone(), leaf, log_size, shift, betas))
        };
        values = places.iter().zip(&rows).map(fold).collect();
        log_size -= arity;
        shift = shift.exp_power_of_2(arity);
        let hashes = BTreeMap::from([(log_size, hash_leaves::<H>(&rows))]);
        let tree = OpenedTree::new(log_size, &places, &hashes, &opening.siblings)?;
        layers.push(OpenedLayer { leaves: places.into_iter().zip(rows).collect(), tree });
    }
    Ok(layers)
}

/// The nodes of a tree that a proof reveals.
pub struct OpenedTree<H: ProofHash> {
    /// For each level, the known nodes by their index. Leaves come first.
    levels: Vec<BTreeMap<usize, H::Digest>>,
}

impl<H: ProofHash> OpenedTree<H> {
    /// The tree over the leaves with these indices, which are sorted and distinct. `rows` has the
    /// hashes of the opened rows, by the binary logarithm of the height.
    fn new(
        log_height: usize,
        indices: &[usize],
        rows: &BTreeMap<usize, Vec<H::Digest>>,
        siblings: &[H::Digest],
    ) -> Result<Self, VerifyError> {
        let mut siblings = siblings.iter();
        let leaves = rows.get(&log_height).into_iter().flatten();
        let mut level: BTreeMap<_, _> = indices.iter().copied().zip(leaves.copied()).collect();
        let mut levels = Vec::with_capacity(log_height + 1);
        for log_height in (0..log_height).rev() {
            for index in level.keys().copied().collect::<Vec<_>>() {
                if let Entry::Vacant(unknown) = level.entry(index ^ 1) {
                    unknown.insert(*siblings.next().ok_or(VerifyError::TooShort)?);
                }
            }
            let pairs: Vec<_> = level.values().copied().collect();
            let mut above = H::nodes(&pairs);
            if let Some(rows) = rows.get(&log_height) {
                let pairs: Vec<_> =
                    above.iter().zip(rows).flat_map(|(&node, &row)| [node, row]).collect();
                above = H::nodes(&pairs);
            }
            let places = level.keys().step_by(2).map(|index| index >> 1);
            let next = places.zip(above).collect();
            levels.push(std::mem::replace(&mut level, next));
        }
        levels.push(level);
        Ok(Self { levels })
    }

    /// The siblings of the lowest `levels` nodes on the path from an opened leaf to the root.
    pub fn path(&self, leaf: usize, levels: usize) -> Option<Vec<H::Digest>> {
        let sibling = |(level, nodes): (usize, &BTreeMap<usize, H::Digest>)| {
            nodes.get(&((leaf >> level) ^ 1)).copied()
        };
        self.levels.get(..levels)?.iter().enumerate().map(sibling).collect()
    }

    /// All nodes at `depth` levels below the root, from the left, or `None` if the proof does not
    /// reveal all of them. It does not reveal a node if no query lies below the node or its
    /// sibling.
    pub fn cap(&self, depth: usize) -> Option<Vec<H::Digest>> {
        let level = self.levels.get(self.levels.len().checked_sub(depth + 1)?)?;
        (level.len() == 1 << depth).then(|| level.values().copied().collect())
    }
}
