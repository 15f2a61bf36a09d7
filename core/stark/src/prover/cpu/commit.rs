//! Low-degree extensions and their trees.

use p3_matrix::dense::RowMajorMatrix;

use super::CpuKey;
use crate::control::{Cancelled, Control, Stage};
use crate::field::F;
use crate::hash::{Digest, Salt};
use crate::merkle::Tree;
use crate::prover::backend::{OpenedRows, SecretRows, TreeQuery};
use crate::prover::strips::Strips;

/// Columns to be committed to, a matrix for each group.
#[derive(Clone, Copy)]
pub(in crate::prover) enum Columns<'a> {
    /// Their cells, by row.
    Cells(&'a [RowMajorMatrix<F>]),
    /// Their coefficients, a row for each power.
    Coefficients(&'a [RowMajorMatrix<F>]),
}

/// One tree with what it commits to.
pub struct Committed {
    /// Each group's columns on its evaluation domain, rows in bit-reversed order.
    pub(in crate::prover) evaluations: Vec<Strips>,
    pub(in crate::prover) tree: Tree,
    /// Of the main tree, until the lookup columns are made: the cells by row.
    pub(in crate::prover) cells: Option<SecretRows>,
}

/// The part of the work that is extending.
const EXTENDING: f64 = 0.7;

impl CpuKey {
    pub(in crate::prover) fn commit(
        &self,
        columns: Columns<'_>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<(Committed, Digest), Cancelled> {
        control.begin(Stage::Extension, 0.0)?;
        let log_blowup = self.verifier.parameters.log_blowup;
        let evaluations: Vec<_> = match columns {
            Columns::Cells(groups) => {
                let extend = |(group, cells)| self.dft.extend(cells, log_blowup, self.verifier.shift(group));
                groups.iter().enumerate().map(extend).collect()
            }
            Columns::Coefficients(groups) => {
                let evaluate = |(group, coefficients)| {
                    self.dft.evaluate(coefficients, log_blowup, self.verifier.shift(group))
                };
                groups.iter().enumerate().map(evaluate).collect()
            }
        };
        control.begin(Stage::Hashing, EXTENDING)?;
        Ok(self.hashed(evaluations, salts))
    }

    fn hashed(&self, evaluations: Vec<Strips>, salts: &[Salt]) -> (Committed, Digest) {
        let matrices: Vec<_> = evaluations.iter().collect();
        let tree = Tree::new(self.verifier.parameters.hash, &matrices, Some(salts));
        let root = tree.root();
        (Committed { evaluations, tree, cells: None }, root)
    }

    /// The same with evaluations that are altered before they are hashed.
    #[cfg(test)]
    pub(in crate::prover) fn altered(
        &self,
        committed: Committed,
        salts: &[Salt],
        alter: impl FnOnce(&mut [RowMajorMatrix<F>]),
    ) -> (Committed, Digest) {
        let mut matrices = committed.matrices();
        alter(&mut matrices);
        let buffers = crate::prover::strips::Buffers::default();
        let gather = |matrix| Strips::gather(matrix, &buffers, |row| row);
        let (altered, root) = self.hashed(matrices.iter().map(gather).collect(), salts);
        (Committed { cells: committed.cells, ..altered }, root)
    }
}

impl Committed {
    pub(super) fn rows(&self, query: &TreeQuery) -> OpenedRows {
        let rows = |(matrix, rows): (&Strips, &Vec<usize>)| matrix.rows(rows.iter().copied());
        OpenedRows {
            groups: self.evaluations.iter().zip(&query.rows).map(rows).collect(),
            nodes: self.tree.nodes(&query.nodes),
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn matrices(&self) -> Vec<RowMajorMatrix<F>> {
        self.evaluations.iter().map(Strips::to_row_major_matrix).collect()
    }
}
