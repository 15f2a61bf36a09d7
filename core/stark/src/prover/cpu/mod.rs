//! The backend that is the processor itself.

mod commit;
mod dft;
mod opening;
mod quotient;
mod tiles;

use p3_dft::Radix2DitParallel;

use super::backend::{Backend, Columns, OpenedRows, QuotientInputs};
use super::packed::{Packed, PackedExtension};
use super::wide::LANES;
use crate::air::Chip;
use crate::control::{Cancelled, Control};
use crate::field::{EF, F};
use crate::hash::{ProofHash, Salt};
use crate::key::VerifierKey;
use crate::shape::TREES;
use commit::Committed;
use dft::Dft;
use quotient::GroupKey;

/// What the processor computes before a witness is known.
pub(crate) struct Cpu {
    dft: Dft,
    /// Of columns of the extension field.
    small_dft: Radix2DitParallel<F>,
    groups: Vec<GroupKey>,
}

impl Cpu {
    pub(crate) fn new(key: &VerifierKey) -> Self {
        let low = key.shape.groups.iter().any(|group| group.height() < LANES);
        assert!(!low, "tables of fewer than {LANES} rows cannot be proven");
        let dft = Dft::new(key.shape.log_height());
        let groups = (0..key.shape.groups.len()).map(|group| GroupKey::new(key, group, &dft)).collect();
        Self { dft, small_dft: Radix2DitParallel::default(), groups }
    }

    pub(crate) fn share_memory_of(&mut self, other: &Self) {
        self.dft.buffers = other.dft.buffers.clone();
    }
}

impl<H: ProofHash> Backend<H> for Cpu {
    type Committed = Committed<H>;

    async fn commit(
        &self,
        key: &VerifierKey,
        columns: Columns<'_>,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Result<Committed<H>, Cancelled> {
        Committed::new(self, key, columns, salts, control)
    }

    fn root(committed: &Committed<H>) -> H::Digest {
        committed.root()
    }

    async fn quotient<C: Chip>(
        &self,
        key: &VerifierKey,
        main_and_lookup: [&Committed<H>; 2],
        inputs: &QuotientInputs<'_, C>,
    ) -> Vec<EF> {
        self.combined_quotient(key, main_and_lookup.map(|tree| &tree.evaluations[..]), inputs)
    }

    async fn open(&self, key: &VerifierKey, trees: &[Committed<H>; TREES], zeta: EF) -> Vec<EF> {
        opening::open(key, trees.each_ref().map(|tree| &tree.evaluations[..]), zeta)
    }

    async fn batch(
        &self,
        key: &VerifierKey,
        trees: &[Committed<H>; TREES],
        values: &[EF],
        zeta: EF,
        weights: &[EF],
    ) -> Vec<EF> {
        self.batch_terms(key, trees.each_ref().map(|tree| &tree.evaluations[..]), values, zeta, weights)
    }

    async fn rows(&self, key: &VerifierKey, committed: &Committed<H>, indices: &[usize]) -> OpenedRows<H> {
        committed.rows(key, indices)
    }
}
