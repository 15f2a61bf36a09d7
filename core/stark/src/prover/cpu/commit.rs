//! Low-degree extensions and their trees.

use p3_matrix::dense::RowMajorMatrix;

use super::Cpu;
use crate::control::{Cancelled, Control, Stage};
use crate::field::F;
use crate::hash::{ProofHash, Salt};
use crate::key::VerifierKey;
use crate::merkle::MerkleTree;
use crate::proof::group_indices;
use crate::prover::backend::{Columns, OpenedRows};
#[cfg(test)]
use crate::prover::strips::Buffers;
use crate::prover::strips::Strips;

/// One tree with what it commits to.
pub(crate) struct Committed<H: ProofHash> {
    /// Each group's columns on its evaluation domain, rows in bit-reversed order.
    pub(super) evaluations: Vec<Strips>,
    tree: MerkleTree<H>,
}

/// The part of the work that is extending.
const EXTENDING: f64 = 0.7;

impl<H: ProofHash> Committed<H> {
    pub(super) fn new(
        cpu: &Cpu,
        key: &VerifierKey,
        columns: Columns<'_>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<Self, Cancelled> {
        control.begin(Stage::Extension, 0.0)?;
        let evaluations: Vec<_> = match columns {
            Columns::Cells(matrices) => {
                matrices.iter().enumerate().map(|(group, cells)| cpu.extend(key, group, cells)).collect()
            }
            Columns::Coefficients(matrices) => matrices
                .iter()
                .enumerate()
                .map(|(group, coefficients)| cpu.evaluate(key, group, coefficients))
                .collect(),
        };
        control.begin(Stage::Hashing, EXTENDING)?;
        let tree = MerkleTree::new(&evaluations.iter().collect::<Vec<_>>(), Some(salts));
        Ok(Self { evaluations, tree })
    }

    /// The same with evaluations that are altered before they are hashed.
    #[cfg(test)]
    pub(in crate::prover) fn altered(
        mut self,
        salts: &[Salt],
        alter: impl FnOnce(&mut [RowMajorMatrix<F>]),
    ) -> Self {
        let mut matrices: Vec<_> = self.evaluations.iter().map(Strips::to_row_major_matrix).collect();
        alter(&mut matrices);
        self.evaluations = {
            let buffers = Buffers::default();
            matrices.iter().map(|matrix| Strips::gather(matrix, &buffers, |row| row)).collect()
        };
        self.tree = MerkleTree::new(&self.evaluations.iter().collect::<Vec<_>>(), Some(salts));
        self
    }

    pub(super) fn root(&self) -> H::Digest {
        self.tree.root()
    }

    pub(super) fn rows(&self, key: &VerifierKey, indices: &[usize]) -> OpenedRows<H> {
        let rows =
            |(group, matrix): (usize, &Strips)| matrix.rows(group_indices(indices, key.shape.lift(group)));
        OpenedRows {
            groups: self.evaluations.iter().enumerate().map(rows).collect(),
            siblings: self.tree.siblings(indices),
        }
    }
}

impl Cpu {
    /// A group's columns on its evaluation domain, in bit-reversed order, from their cells.
    pub(super) fn extend(&self, key: &VerifierKey, group: usize, cells: &RowMajorMatrix<F>) -> Strips {
        self.dft.extend(cells, key.parameters.log_blowup, key.shift(group))
    }

    /// The same from their coefficients.
    fn evaluate(&self, key: &VerifierKey, group: usize, coefficients: &RowMajorMatrix<F>) -> Strips {
        self.dft.evaluate(coefficients, key.parameters.log_blowup, key.shift(group))
    }
}
