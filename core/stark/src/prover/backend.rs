//! Where the heavy steps of a proof run.
//!
//! Each step ends where the transcript needs its result: the future yields there on a device that cannot be waited for, and never
//! on the processor itself.

use p3_matrix::dense::RowMajorMatrix;

use crate::air::Chip;
use crate::control::{Cancelled, Control};
use crate::field::{EF, F};
use crate::hash::{ProofHash, Salt};
use crate::key::VerifierKey;
use crate::mask::Table;
use crate::rows::LookupChallenges;
use crate::shape::TREES;

/// Columns to be committed to, a matrix for each group.
pub(super) enum Columns<'a> {
    /// Their cells, by row.
    Cells(&'a [RowMajorMatrix<F>]),
    /// Their coefficients, a row for each power.
    Coefficients(&'a [RowMajorMatrix<F>]),
}

/// What the quotient of one group depends on, besides the committed columns.
pub(super) struct QuotientInputs<'a, C> {
    pub(super) tables: &'a [Table<'a, C>],
    pub(super) challenges: LookupChallenges,
    pub(super) terminals: &'a [EF],
    pub(super) alpha: EF,
}

/// Opened rows of one tree: each group's, then the siblings.
pub(super) struct OpenedRows<H: ProofHash> {
    pub(super) groups: Vec<Vec<F>>,
    pub(super) siblings: Vec<H::Digest>,
}

/// Extends, hashes, evaluates and batches columns.
pub(super) trait Backend<H: ProofHash> {
    /// Extended columns and their tree.
    type Committed;

    /// Extends columns and hashes them; `salts` has one for each leaf.
    async fn commit(
        &self,
        key: &VerifierKey,
        columns: Columns<'_>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<Self::Committed, Cancelled>;

    /// The commitment.
    fn root(committed: &Self::Committed) -> H::Digest;

    /// The coefficients of the quotient, without its mask.
    async fn quotient<C: Chip>(
        &self,
        key: &VerifierKey,
        main_and_lookup: [&Self::Committed; 2],
        inputs: &QuotientInputs<'_, C>,
    ) -> Vec<EF>;

    /// The values at the out-of-domain points of all terms that are not masks, in order, and zeros for masks.
    async fn open(&self, key: &VerifierKey, trees: &[Self::Committed; TREES], zeta: EF) -> Vec<EF>;

    /// The codeword that FRI folds, in bit-reversed order, given the values and the weights of the terms.
    async fn batch(
        &self,
        key: &VerifierKey,
        trees: &[Self::Committed; TREES],
        values: &[EF],
        zeta: EF,
        weights: &[EF],
    ) -> Vec<EF>;

    /// Rows of the tallest group, which are sorted and distinct, and those of the other groups that belong to them.
    async fn rows(&self, key: &VerifierKey, committed: &Self::Committed, indices: &[usize]) -> OpenedRows<H>;
}
