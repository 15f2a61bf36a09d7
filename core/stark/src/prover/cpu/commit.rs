//! Low-degree extensions and their trees.

use p3_matrix::dense::RowMajorMatrix;

use super::CpuKey;
use super::dft::Columns;
use super::extended::{Cosetwise, Extended};
use crate::control::{Cancelled, Control, Stage};
use crate::field::F;
use crate::hash::{Digest, Salt};
use crate::merkle::Tree;
use crate::prover::backend::{OpenedRows, SecretRows, TreeQuery};
#[cfg(any(test, feature = "testing"))]
use crate::prover::strips::{Buffers, Strips};

/// A tree and the columns to which it commits.
pub struct Committed {
    /// Each group's columns on its evaluation domain.
    pub(in crate::prover) groups: Vec<Extended>,
    pub(in crate::prover) tree: Tree,
    /// The cells of the main tree by row, until the lookup columns are computed. `None` for the
    /// other trees.
    pub(in crate::prover) cells: Option<SecretRows>,
}

/// The fraction of the work that is extension.
const EXTENDING: f64 = 0.7;

impl CpuKey {
    /// Commits to the columns of each group. `form` says whether `matrices` hold cells or
    /// coefficients.
    pub(in crate::prover) fn commit<'m>(
        &self,
        form: impl Fn(&'m RowMajorMatrix<F>) -> Columns<'m>,
        matrices: &'m SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<(Committed, Digest), Cancelled> {
        control.begin(Stage::Extension, 0.0)?;
        let groups = matrices.groups().iter().enumerate();
        let groups = groups.map(|(group, matrix)| self.extend(group, form(matrix), control));
        let groups = groups.collect::<Result<_, _>>()?;
        control.begin(Stage::Hashing, EXTENDING)?;
        self.hashed(groups, salts, &control.part(EXTENDING, 1.0))
    }

    fn hashed(
        &self,
        groups: Vec<Extended>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<(Committed, Digest), Cancelled> {
        let done = |group: usize| group as f64 / groups.len() as f64;
        let parts = groups.iter().enumerate().map(|(group, extended)| {
            let control = control.part(done(group), done(group + 1));
            Cosetwise { key: self, group, extended, control }
        });
        let parts: Vec<_> = parts.collect();
        let tree = Tree::new(self.verifier.parameters.hash, &parts, Some(salts))?;
        let root = tree.root();
        Ok((Committed { groups, tree, cells: None }, root))
    }

    pub(in crate::prover) fn open_rows(
        &self,
        tree: &Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Result<OpenedRows, Cancelled> {
        let groups = tree.groups.iter().zip(&query.rows).enumerate();
        let groups =
            groups.map(|(group, (extended, rows))| self.rows(group, extended, rows, control));
        Ok(OpenedRows {
            groups: groups.collect::<Result<_, _>>()?,
            nodes: tree.tree.nodes(&query.nodes),
        })
    }

    #[cfg(any(test, feature = "testing"))]
    pub(in crate::prover) fn matrices(&self, tree: &Committed) -> Vec<RowMajorMatrix<F>> {
        let groups = tree.groups.iter().enumerate();
        let matrix = |(group, extended): (usize, &Extended)| {
            RowMajorMatrix::new(self.all_rows(group, extended), extended.first().columns())
        };
        groups.map(matrix).collect()
    }

    /// Commits again to the same evaluations after `alter` has changed them.
    #[cfg(any(test, feature = "testing"))]
    pub(in crate::prover) fn altered(
        &self,
        committed: Committed,
        salts: &[Salt],
        alter: impl FnOnce(&mut [RowMajorMatrix<F>]),
    ) -> Result<(Committed, Digest), Cancelled> {
        let mut matrices = self.matrices(&committed);
        alter(&mut matrices);
        let buffers = Buffers::default();
        let gather = |matrix| Extended::Whole(Strips::gather(matrix, &buffers, |row| row));
        let altered =
            self.hashed(matrices.iter().map(gather).collect(), salts, &Control::none())?;
        Ok((Committed { cells: committed.cells, ..altered.0 }, altered.1))
    }
}
