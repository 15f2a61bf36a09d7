//! The lookup columns.

use bytemuck::{Pod, Zeroable};
use velum_stark::Digest;
use velum_stark::air::Chip;
use velum_stark::backend::{LookupInputs, Step};
use velum_stark::control::{Control, Stage};
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::shape::{LOOKUP, MAIN};

use p3_field::BasedVectorSpace;

use crate::backend::{Committed, WebGpu, failed};
use crate::device::GpuError;
use crate::kernels::Kernel;
use crate::key::GpuKey;
use crate::matrix::Place;
use crate::memory::{Buffer, ELEMENT};
use crate::program::Challenges;
use crate::recorder::Recorder;

/// The positions of a matrix's cells, for the interpreter.
#[repr(C)]
#[derive(Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Cells {
    pub(crate) first: u32,
    pub(crate) of_column: u32,
    pub(crate) of_row: u32,
    pub(crate) unused: u32,
}

/// The parameters of the interpreter.
#[repr(C)]
#[derive(Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Interpreter {
    pub(crate) main: Cells,
    pub(crate) lookup: Cells,
    pub(crate) fixed: Cells,
    pub(crate) public: Cells,
    pub(crate) count: u32,
    pub(crate) log_height: u32,
    pub(crate) instructions: u32,
    pub(crate) reversed: u32,
    pub(crate) first_value: u32,
    pub(crate) value_step: u32,
    pub(crate) second: u32,
    pub(crate) of_slot: u32,
    pub(crate) log_points: u32,
    pub(crate) unused: [u32; 3],
}

/// The parameters of both kernels.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Lookup {
    pub(crate) height: u32,
    pub(crate) active: u32,
    pub(crate) batches: u32,
    pub(crate) width: u32,
}

impl WebGpu {
    pub(crate) async fn lookups<C: Chip>(
        &self,
        key: &GpuKey,
        main: &mut Committed,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest, Vec<EF>), GpuError> {
        let gpu = &self.0;
        let LookupInputs { tables, challenges, blinding, salts } = inputs;
        let challenges = Challenges {
            gamma: challenges.gamma,
            beta: challenges.beta,
            alpha: EF::default(),
            terminals: &[],
        };
        let known = key.invariants.values(&key.program, &challenges);
        let groups = key.shape().groups.len();
        let terminals = gpu.0.pool.secret((groups * EXTENSION_DEGREE) as u64);
        let mut recorder = Recorder::under(gpu, control);
        let mut columns = Vec::with_capacity(groups);
        for (group, cells) in std::mem::take(&mut main.cells).into_iter().enumerate() {
            let constants = secret(self, &key.groups[group].fractions.constants(&known, &[]));
            let public = self.public_rows(key, group, tables.chips());
            let fractions =
                self.fractions(&mut recorder, key, group, [&constants, &cells, &public]);
            let blinding = secret(self, &blinding.groups()[group].values);
            columns.push(self.columns(
                &mut recorder,
                key,
                group,
                [&fractions, &blinding],
                &terminals,
            ));
            recorder.keep([constants, cells, public, fractions, blinding]);
        }
        recorder.end_stage();
        control.begin(Stage::Extension, 0.3)?;
        let mut extended = Vec::with_capacity(groups);
        for (group, columns) in columns.into_iter().enumerate() {
            let (height, width) =
                (1_u32 << key.groups[group].log_height, key.shape().groups[group].widths[LOOKUP]);
            let by_column = Place { offset: 0, coset: 0, column: height, row: 1 };
            let coefficients =
                self.coefficients(&mut recorder, key, group, (&columns, by_column), width);
            extended.push(self.extended(&mut recorder, key, group, &coefficients, width));
            recorder.keep([columns, coefficients]);
        }
        recorder.end_stage();
        control.begin(Stage::Hashing, 0.5)?;
        let more = Some((&terminals, groups * EXTENSION_DEGREE));
        let (committed, root, sums) =
            self.commit(recorder, key, extended, salts, more).await.map_err(failed)?;
        let (sums, _) = sums.as_chunks::<EXTENSION_DEGREE>();
        let terminals =
            sums.iter().map(|&sum| EF::from_basis_coefficients_fn(|i| sum[i])).collect();
        Ok((committed, root, terminals))
    }

    /// Numerators and denominators of a group's batches on its rows.
    fn fractions(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        group: usize,
        [constants, cells, public]: [&Buffer; 3],
    ) -> Buffer {
        let of_group = &key.groups[group];
        let height = 1_usize << of_group.log_height;
        let batches = key.program.groups()[group].batches.len();
        let fractions = self.0.0.pool.secret((2 * EXTENSION_DEGREE * batches * height) as u64);
        let natural = Cells { of_column: height as u32, of_row: 1, ..Cells::default() };
        let width = key.shape().groups[group].widths[MAIN];
        let parameters = Interpreter {
            main: Cells { of_column: 1, of_row: width as u32, ..Cells::default() },
            fixed: natural,
            public: natural,
            count: key.active_rows(group) as u32,
            log_height: of_group.log_height as u32,
            log_points: of_group.log_height as u32,
            instructions: of_group.fractions.instructions.len() as u32,
            value_step: 1,
            second: height as u32,
            of_slot: (EXTENSION_DEGREE * height) as u32,
            ..Interpreter::default()
        };
        let buffers = [
            &of_group.fractions_code,
            constants,
            cells,
            &key.hashes.unread,
            &of_group.fixed_rows,
            public,
            &fractions,
        ];
        let workgroups = key.active_rows(group).div_ceil(64) as u64;
        recorder.run(Kernel::Interpret, &parameters, &buffers, workgroups);
        fractions
    }

    /// The lookup columns of a group on its rows, column by column. Their sum becomes the group's
    /// terminal.
    fn columns(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        group: usize,
        [fractions, blinding]: [&Buffer; 2],
        terminals: &Buffer,
    ) -> Buffer {
        let pool = &self.0.0.pool;
        let height = 1_usize << key.groups[group].log_height;
        let width = key.shape().groups[group].widths[LOOKUP];
        let columns = pool.secret((width * height) as u64);
        let terminal = pool.secret(EXTENSION_DEGREE as u64);
        let parameters = Lookup {
            height: height as u32,
            active: key.active_rows(group) as u32,
            batches: key.program.groups()[group].batches.len() as u32,
            width: width as u32,
        };
        let buffers = [fractions, blinding, &columns, &terminal];
        recorder.run(Kernel::Divide, &parameters, &buffers, height.div_ceil(64) as u64);
        recorder.run(Kernel::Accumulate, &parameters, &buffers, 1);
        let bytes = EXTENSION_DEGREE as u64 * ELEMENT;
        recorder.copy((&terminal, 0), (terminals, group as u64 * bytes), bytes);
        recorder.keep([terminal]);
        columns
    }

    /// The public columns of a group on its rows.
    pub(crate) fn public_rows<C: Chip>(&self, key: &GpuKey, group: usize, chips: &[C]) -> Buffer {
        let tables = &key.shape().groups[group].tables;
        let columns: Vec<F> =
            tables.iter().flat_map(|&table| chips[table].public()).flatten().collect();
        self.0.public(&columns)
    }
}

/// Secret elements on the device.
pub(crate) fn secret(backend: &WebGpu, elements: &[F]) -> Buffer {
    let buffer = backend.0.0.pool.secret(elements.len() as u64);
    backend.0.write(&buffer, 0, elements);
    buffer
}
