//! The backend that runs on the CPU.
//!
//! It knows nothing of the transcript, nor of how a proof is encoded.
//!
//! The picture shows what each step of the interface reads, which submodules compute it, and its
//! result. `N_g` is the height of group `g`, `N` the height of the tallest group, and
//! `B = 2^log_blowup`. `w` is the width of the group in the step's tree, in base field columns. A
//! coset has `N_g` of the `N_g B` rows. A layer of FRI folds by a factor `2^a`.
//!
//! ```text
//! step              reads                        submodules              result
//! --------------------------------------------------------------------------------------------
//! prepare           VerifierKey               -> quotient, tiles, dft -> CpuKey
//! commit_main       cells, N_g x w            -> commit               -> main tree
//! commit_lookups    cells of the main tree    -> lookup               -> cells, terminals
//!                     these cells, N_g x w    -> commit               -> lookup tree
//! commit_quotient   main and lookup, 3 cosets -> quotient, tiles      -> coefficients
//!                     these, N x w            -> commit               -> quotient tree
//! open              3 trees, first coset      -> opening              -> values of the terms
//! batch             3 trees, first coset      -> opening              -> Batch: N B entries
//! commit_layer      Batch: M entries          -> folding              -> root, M / 2^a leaves
//! fold              Batch: M entries          -> folding              -> Batch: M / 2^a
//! final_polynomial  Batch: last entries       -> folding              -> coefficients
//! rows              a tree, at queried rows   -> commit, extended     -> cells, nodes
//! layer             Batch, at queried entries -> folding              -> entries, nodes
//!
//! commit: N_g rows or coefficients -- dft, extended --> N_g B rows -- Tree --> N B leaves
//! ```
//!
//! The step `grind` is the default of the interface. The submodules follow in this order:
//!
//! * `tiles`: the points at which the quotient is computed.
//! * `dft`: low-degree extension.
//! * `extended`: columns on their evaluation domains.
//! * `commit`: extensions and their trees.
//! * `lookup`: the columns of the lookup argument.
//! * `quotient`: the quotient and the columns of its tree.
//! * `opening`: out-of-domain values and the batch.
//! * `folding`: the layers of FRI.

mod commit;
mod dft;
mod extended;
mod folding;
mod lookup;
mod opening;
mod quotient;
mod tiles;

use std::convert::Infallible;
use std::sync::Arc;

use p3_dft::Radix2DitParallel;
#[cfg(any(test, feature = "testing"))]
use p3_matrix::dense::RowMajorMatrix;

#[cfg(any(test, feature = "testing"))]
use super::backend::Inspect;
use super::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientInputs,
    SecretRows, Step, TreeQuery,
};
use super::packed::{Packed, PackedExtension};
use super::strips::{Buffers, Strips};
use super::wide::LANES;
use crate::air::Chip;
use crate::control::{Cancelled, Control, Memory, Stage};
use crate::field::{EF, F};
use crate::hash::{Digest, Salt};
use crate::key::VerifierKey;
pub(super) use dft::Columns;
use dft::Dft;
use extended::Extended;
use quotient::GroupKey;

pub use commit::Committed;
pub use folding::Batch;
pub(crate) use lookup::columns as lookup_columns;

/// The CPU, with all its threads if the feature `parallel` is on.
///
/// Keys that are prepared on clones of one `Cpu` share the memory that proofs use. The steps never
/// wait for anything.
#[derive(Clone, Default)]
pub struct Cpu {
    buffers: Buffers,
}

/// What the CPU computes before the witness is known.
pub struct CpuKey {
    pub(crate) verifier: Arc<VerifierKey>,
    dft: Dft,
    /// Transforms for columns of the extension field.
    small_dft: Radix2DitParallel<F>,
    groups: Vec<GroupKey>,
}

/// The fraction of a step that is done when each of its parts begins, by measurement.
mod done {
    pub(super) const LOOKUP_COLUMNS: f64 = 0.3;
    pub(super) const QUOTIENT: f64 = 0.9;
}

impl Cpu {
    /// Prepares a key. [`Backend::prepare`] does the same, and takes chips that other backends
    /// need.
    ///
    /// # Panics
    /// Panics if a table has fewer rows than are computed side by side, which are at most 32 (with
    /// AVX-512). This depends on a constant of the code.
    ///
    /// # Errors
    /// Returns [`Cancelled`] if the work is cancelled.
    pub fn key(
        &self,
        verifier: &Arc<VerifierKey>,
        control: &Control<'_>,
    ) -> Result<CpuKey, Cancelled> {
        let low = verifier.shape.groups.iter().any(|group| group.height() < LANES);
        assert!(!low, "tables of fewer than {LANES} rows cannot be proven");
        let log_height = verifier.shape.log_height();
        let dft = Dft::new(log_height, Buffers::none());
        let groups = (0..verifier.shape.groups.len())
            .map(|group| GroupKey::new(verifier, group, &dft, control));
        let groups = groups.collect::<Result<_, _>>()?;
        let dft = Dft::new(log_height, self.buffers.clone());
        Ok(CpuKey {
            verifier: verifier.clone(),
            dft,
            small_dft: Radix2DitParallel::default(),
            groups,
        })
    }
}

impl CpuKey {
    pub(crate) fn quotient_columns<C: Chip>(
        &self,
        main_and_lookup: [&Committed; 2],
        inputs: &QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Result<SecretRows, Cancelled> {
        let trees = main_and_lookup.map(|tree| &tree.groups[..]);
        let quotient = self.combined_quotient(trees, inputs, control)?;
        Ok(quotient::columns(&self.verifier, quotient, inputs.blinding))
    }
}

impl Backend for Cpu {
    type Key = CpuKey;
    type Committed = Committed;
    type Batch = Batch;
    type Error = Infallible;

    fn free_memory(&self) {
        self.buffers.free();
    }

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        _chips: &[C],
        control: &Control<'_>,
    ) -> Step<CpuKey, Infallible> {
        Ok(self.key(key, control)?)
    }

    async fn commit_main(
        &self,
        key: &CpuKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        let (committed, root) = key.commit(Columns::Cells, &rows, salts, control)?;
        Ok((Committed { cells: Some(rows), ..committed }, root))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &CpuKey,
        main: &mut Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest, Vec<EF>), Infallible> {
        control.begin(Stage::Lookups, 0.0)?;
        // The cells are large, and nothing needs them afterwards.
        let cells = main.cells.take().expect("lookup columns are made once per main tree");
        let (columns, terminals) =
            (C::kernels().lookup_columns)(&key.verifier, &cells, &inputs, control)?;
        drop(cells);
        let control = control.part(done::LOOKUP_COLUMNS, 1.0);
        let (committed, root) = key.commit(Columns::Cells, &columns, inputs.salts, &control)?;
        Ok((committed, root, terminals))
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &CpuKey,
        main_and_lookup: [&Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), Infallible> {
        control.begin(Stage::Quotient, 0.0)?;
        let columns = (C::kernels().quotient_columns)(key, main_and_lookup, &inputs, control)?;
        // Apart from the rows that the queries open, only the first coset is read again.
        let control = control.part(done::QUOTIENT, 1.0).with_memory(Memory::Low);
        Ok(key.commit(Columns::Coefficients, &columns, inputs.salts, &control)?)
    }

    async fn open(
        &self,
        key: &CpuKey,
        trees: &[&Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, Infallible> {
        Ok(opening::open(&key.verifier, &first_rows(trees), zeta, control)?)
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<Batch, Infallible> {
        Ok(Batch::new(key.batch_terms(&first_rows(trees), &inputs, control)?))
    }

    async fn commit_layer(
        &self,
        key: &CpuKey,
        batch: &mut Batch,
        log_arity: usize,
    ) -> Step<Digest, Infallible> {
        Ok(key.commit_to_layer(batch, log_arity))
    }

    async fn fold(
        &self,
        _key: &CpuKey,
        batch: &mut Batch,
        challenges: &[EF],
    ) -> Step<(), Infallible> {
        batch.fold(challenges);
        Ok(())
    }

    async fn final_polynomial(&self, key: &CpuKey, batch: &mut Batch) -> Step<Vec<EF>, Infallible> {
        Ok(key.interpolate(batch))
    }

    async fn rows(
        &self,
        key: &CpuKey,
        tree: &Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, Infallible> {
        Ok(key.open_rows(tree, query, control)?)
    }

    async fn layer(
        &self,
        _key: &CpuKey,
        batch: &Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Infallible> {
        Ok(batch.open(layer, query))
    }
}

#[cfg(any(test, feature = "testing"))]
impl Inspect for Cpu {
    async fn evaluations(
        &self,
        key: &CpuKey,
        tree: &Committed,
    ) -> Step<Vec<RowMajorMatrix<F>>, Infallible> {
        Ok(key.matrices(tree))
    }

    async fn codeword(&self, _key: &CpuKey, batch: &Batch) -> Step<Vec<EF>, Infallible> {
        Ok(batch.codeword.clone())
    }
}

/// Matrices that begin with the first coset of each group, by tree.
fn first_rows<'a>(trees: &[&'a Committed]) -> Vec<Vec<&'a Strips>> {
    trees.iter().map(|tree| tree.groups.iter().map(Extended::first).collect()).collect()
}
