//! The GPU backend.

use std::sync::Arc;

use p3_field::BasedVectorSpace;
#[cfg(any(test, feature = "testing"))]
use p3_matrix::dense::RowMajorMatrix;
use velum_stark::air::Chip;
#[cfg(any(test, feature = "testing"))]
use velum_stark::backend::Inspect;
use velum_stark::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientInputs,
    SecretRows, Step, TreeQuery,
};
use velum_stark::control::{Control, Device, Stage};
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::secret::Secret;
use velum_stark::{Digest, ProveError, Puzzle, Salt, Untrusted, VerifierKey};

use crate::device::{Gpu, GpuError};
use crate::key::GpuKey;
use crate::matrix::{Extended, Place, elements};
use crate::memory::{Buffer, ELEMENT};
use crate::recorder::Recorder;
use crate::transform::{Columns, Form};
use crate::tree::{DIGEST, Rows, Tree};

/// A GPU that proves.
#[derive(Clone)]
pub struct WebGpu(pub(crate) Gpu);

/// A tree, with the columns to which it commits.
pub struct Committed {
    pub(crate) groups: Vec<Extended>,
    pub(crate) tree: Tree,
    /// The cells of each group of the main tree by row, until the lookup columns are computed.
    /// Empty for the other trees.
    pub(crate) cells: Vec<Buffer>,
    /// The coefficients of the quotient tree's columns. `None` for the other trees.
    pub(crate) coefficients: Option<Buffer>,
}

/// A codeword and its layers. The codeword is masked and therefore not secret.
pub struct Batch {
    /// The codeword as it is folded so far. The coefficients of an entry are adjacent.
    pub(crate) codeword: Arc<Buffer>,
    pub(crate) log_size: usize,
    /// The inverse of the shift of the codeword's domain.
    pub(crate) shift_inverse: F,
    pub(crate) layers: Vec<(Arc<Buffer>, Tree)>,
}

impl WebGpu {
    /// A backend on a GPU.
    pub fn new(gpu: Gpu) -> Self {
        Self(gpu)
    }

    /// The GPU.
    pub fn gpu(&self) -> &Gpu {
        &self.0
    }

    /// The coefficients of a group's columns. `rows` has the columns' cells at the positions that
    /// `place` describes.
    pub(crate) fn coefficients(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        group: usize,
        (rows, place): (&Buffer, Place),
        width: usize,
    ) -> Buffer {
        let of_group = &key.groups[group];
        let height = 1_u32 << of_group.log_height;
        let coefficients = self.0.0.pool.secret((width as u64) << of_group.log_height);
        let natural = Place { offset: 0, coset: 0, column: height, row: 1 };
        let columns = Columns {
            log_size: of_group.log_height,
            columns: width,
            cosets: 1,
            from: (rows, place),
            to: (&coefficients, natural),
            factors: (&of_group.factors, 0),
            form: Form::Coefficients,
        };
        recorder.transform(&self.0, &key.roots, &columns);
        coefficients
    }

    /// The columns of a group on its evaluation domain.
    pub(crate) fn extended(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        group: usize,
        coefficients: &Buffer,
        width: usize,
    ) -> Extended {
        let of_group = &key.groups[group];
        let extended =
            Extended::new(&self.0, width, of_group.log_height, key.parameters().log_blowup);
        let factors = (&of_group.factors, 1 << of_group.log_height);
        recorder.extend(&self.0, &key.roots, coefficients, factors, &extended);
        extended
    }

    /// Hashes columns, runs all recorded commands, and reads the root. `more` is a buffer and the
    /// number of its first elements that are read, too.
    pub(crate) async fn commit(
        &self,
        mut recorder: Recorder<'_>,
        key: &GpuKey,
        groups: Vec<Extended>,
        salts: &[Salt],
        more: Option<(&Buffer, usize)>,
    ) -> Result<(Committed, Digest, Vec<F>), GpuError> {
        let rows: Vec<_> = groups.iter().map(Rows::of).collect();
        let tree = recorder.tree(&self.0, &key.hashes, &rows, Some(salts));
        let count = more.map_or(0, |(_, count)| count);
        let out = self.0.0.pool.public((DIGEST + count) as u64);
        let bytes = DIGEST as u64 * ELEMENT;
        recorder.copy((&tree.digests, tree.root() as u64 * bytes), (&out, 0), bytes);
        if let Some((more, count)) = more {
            recorder.copy((more, 0), (&out, bytes), count as u64 * ELEMENT);
        }
        let read = recorder.read(&out, bytes + count as u64 * ELEMENT).await?;
        let (root, more) = read.split_at(bytes as usize);
        let root =
            root.try_into().map_err(|_| GpuError::Failed("a root of the wrong length".into()))?;
        Ok((
            Committed { groups, tree, cells: Vec::new(), coefficients: None },
            root,
            elements(more),
        ))
    }
}

/// Converts an error of the device into an error of the prover.
pub(crate) fn failed(error: GpuError) -> ProveError<GpuError> {
    match error {
        GpuError::Cancelled(cancelled) => ProveError::Cancelled(cancelled),
        error => ProveError::Backend(error),
    }
}

impl Backend for WebGpu {
    type Key = GpuKey;
    type Committed = Committed;
    type Batch = Batch;
    type Error = GpuError;

    fn free_memory(&self) {
        self.0.0.pool.free();
    }

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<GpuKey, GpuError> {
        control.check()?;
        GpuKey::new(&self.0, key.clone(), key.program(chips)).map_err(failed)
    }

    async fn begin(&self, _key: &GpuKey, _control: &Control<'_>) -> Step<Device, GpuError> {
        Ok(Device::Gpu)
    }

    async fn commit_main(
        &self,
        key: &GpuKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), GpuError> {
        control.begin(Stage::Extension, 0.0)?;
        let mut recorder = Recorder::under(&self.0, control);
        let (mut groups, mut cells) = (Vec::new(), Vec::new());
        for (group, matrix) in rows.groups().iter().enumerate() {
            let buffer = self.0.0.pool.secret(matrix.values.len() as u64);
            self.0.write(&buffer, 0, &matrix.values);
            let by_row = Place { offset: 0, coset: 0, column: 1, row: matrix.width as u32 };
            let coefficients =
                self.coefficients(&mut recorder, key, group, (&buffer, by_row), matrix.width);
            groups.push(self.extended(&mut recorder, key, group, &coefficients, matrix.width));
            recorder.keep([coefficients]);
            cells.push(buffer);
        }
        drop(rows);
        recorder.end_stage();
        control.begin(Stage::Hashing, 0.5)?;
        let (committed, root, _) =
            self.commit(recorder, key, groups, salts, None).await.map_err(failed)?;
        Ok((Committed { cells, ..committed }, root))
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &GpuKey,
        main: &mut Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest, Vec<EF>), GpuError> {
        control.begin(Stage::Lookups, 0.0)?;
        self.lookups(key, main, inputs, control).await
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &GpuKey,
        main_and_lookup: [&Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), GpuError> {
        control.begin(Stage::Quotient, 0.0)?;
        self.quotient(key, main_and_lookup, inputs, control).await
    }

    async fn open(
        &self,
        key: &GpuKey,
        trees: &[&Committed],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, GpuError> {
        control.check()?;
        self.values(key, trees, zeta, control).await.map_err(failed)
    }

    async fn batch(
        &self,
        key: &GpuKey,
        trees: &[&Committed],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<Batch, GpuError> {
        control.check()?;
        self.batched(key, trees, inputs).map_err(failed)
    }

    async fn commit_layer(
        &self,
        key: &GpuKey,
        batch: &mut Batch,
        log_arity: usize,
    ) -> Step<Digest, GpuError> {
        self.layer_tree(key, batch, log_arity).await.map_err(failed)
    }

    async fn fold(&self, key: &GpuKey, batch: &mut Batch, challenges: &[EF]) -> Step<(), GpuError> {
        self.folded(key, batch, challenges);
        Ok(())
    }

    async fn final_polynomial(&self, key: &GpuKey, batch: &mut Batch) -> Step<Vec<EF>, GpuError> {
        self.last_polynomial(key, batch).await.map_err(failed)
    }

    async fn rows(
        &self,
        _key: &GpuKey,
        tree: &Committed,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, GpuError> {
        control.check()?;
        self.opened_rows(tree, query, control).await.map_err(failed)
    }

    async fn layer(
        &self,
        _key: &GpuKey,
        batch: &Batch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, GpuError> {
        self.opened_layer(batch, layer, query).await.map_err(failed)
    }

    async fn grind(
        &self,
        key: &GpuKey,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, GpuError> {
        self.nonce(key, puzzle, bits, control).await
    }
}

impl Untrusted for WebGpu {
    async fn chunks(&self, key: &GpuKey, quotient: &Committed) -> Step<Vec<Secret<EF>>, GpuError> {
        let coefficients = quotient.coefficients.as_ref();
        let coefficients = coefficients.ok_or(ProveError::Faulty("no quotient coefficients"))?;
        let (shape, height) = (key.shape(), key.shape().groups[0].height());
        let bytes = (shape.chunks * EXTENSION_DEGREE * height) as u64 * ELEMENT;
        let read = Recorder::new(&self.0).read_secret(coefficients, bytes).await.map_err(failed)?;
        let columns = Secret::from(elements(&read));
        let chunk = |chunk: &[F]| -> Secret<EF> {
            (0..height)
                .map(|power| EF::from_basis_coefficients_fn(|i| chunk[i * height + power]))
                .collect()
        };
        Ok(columns.chunks_exact(EXTENSION_DEGREE * height).map(chunk).collect())
    }
}

#[cfg(any(test, feature = "testing"))]
impl Inspect for WebGpu {
    async fn evaluations(
        &self,
        _key: &GpuKey,
        tree: &Committed,
    ) -> Step<Vec<RowMajorMatrix<F>>, GpuError> {
        let mut matrices = Vec::new();
        for extended in &tree.groups {
            let (width, rows) = (extended.width, extended.rows());
            let mut cells = vec![F::default(); width * rows * extended.chunks.len()];
            for (chunk, buffer) in extended.chunks.iter().enumerate() {
                let bytes = (width * rows) as u64 * ELEMENT;
                let columns = Recorder::new(&self.0).read(buffer, bytes).await.map_err(failed)?;
                for (index, cell) in elements(&columns).into_iter().enumerate() {
                    cells[(chunk * rows + index % rows) * width + index / rows] = cell;
                }
            }
            if width > 0 {
                matrices.push(RowMajorMatrix::new(cells, width));
            }
        }
        Ok(matrices)
    }

    async fn codeword(&self, _key: &GpuKey, batch: &Batch) -> Step<Vec<EF>, GpuError> {
        let bytes = (2 * ELEMENT) << batch.log_size;
        let read = Recorder::new(&self.0).read(&batch.codeword, bytes).await.map_err(failed)?;
        Ok(crate::matrix::elements_x(&read))
    }
}
