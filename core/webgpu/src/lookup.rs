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

/// Where cells of a matrix stand, for the interpreter.
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

/// Parameters of both kernels.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Lookup {
    height: u32,
    active: u32,
    batches: u32,
    width: u32,
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
        let mut recorder = Recorder::new(gpu);
        let mut extended = Vec::new();
        for (group, cells) in std::mem::take(&mut main.cells).into_iter().enumerate() {
            let of_group = &key.groups[group];
            let (height, shape) = (1_usize << of_group.log_height, &key.shape().groups[group]);
            let (batches, width) = (key.program.groups()[group].batches.len(), shape.widths[LOOKUP]);
            let public = self.public_rows(key, group, tables.chips());
            let constants = secret(self, &of_group.fractions.constants(&known, &[]));
            let fractions = gpu.0.pool.secret((2 * EXTENSION_DEGREE * batches * height) as u64);
            let natural = |columns_height: usize| Cells {
                of_column: columns_height as u32,
                of_row: 1,
                ..Cells::default()
            };
            let parameters = Interpreter {
                main: Cells { of_column: 1, of_row: shape.widths[MAIN] as u32, ..Cells::default() },
                fixed: natural(height),
                public: natural(height),
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
                &constants,
                &cells,
                &key.hashes.unread,
                &of_group.fixed_rows,
                &public,
                &fractions,
            ];
            let workgroups = key.active_rows(group).div_ceil(64) as u64;
            recorder.run(Kernel::Interpret, &parameters, &buffers, workgroups);

            let blinding = secret(self, &blinding.groups()[group].values);
            let columns = gpu.0.pool.secret((width * height) as u64);
            let terminal = gpu.0.pool.secret(EXTENSION_DEGREE as u64);
            let parameters = Lookup {
                height: height as u32,
                active: key.active_rows(group) as u32,
                batches: batches as u32,
                width: width as u32,
            };
            let buffers = [&fractions, &blinding, &columns, &terminal];
            recorder.run(Kernel::Divide, &parameters, &buffers, height.div_ceil(64) as u64);
            recorder.run(Kernel::Accumulate, &parameters, &buffers, 1);
            let bytes = EXTENSION_DEGREE as u64 * ELEMENT;
            recorder.copy((&terminal, 0), (&terminals, group as u64 * bytes), bytes);
            let by_column = Place { offset: 0, coset: 0, column: height as u32, row: 1 };
            let coefficients = self.coefficients(&mut recorder, key, group, (&columns, by_column), width);
            extended.push(self.extended(&mut recorder, key, group, &coefficients, width));
            recorder.keep([constants, fractions, blinding, columns, terminal, coefficients, cells, public]);
        }
        control.begin(Stage::Extension, 0.5)?;
        let more = Some((&terminals, groups * EXTENSION_DEGREE));
        let (committed, root, sums) =
            self.commit(recorder, key, extended, salts, more).await.map_err(failed)?;
        let (sums, _) = sums.as_chunks::<EXTENSION_DEGREE>();
        let terminals = sums.iter().map(|&sum| EF::from_basis_coefficients_fn(|i| sum[i])).collect();
        Ok((committed, root, terminals))
    }

    /// The public columns of a group on its rows.
    pub(crate) fn public_rows<C: Chip>(&self, key: &GpuKey, group: usize, chips: &[C]) -> Buffer {
        let tables = &key.shape().groups[group].tables;
        let columns: Vec<F> = tables.iter().flat_map(|&table| chips[table].public()).flatten().collect();
        self.0.public(&columns)
    }
}

/// Secret elements on the device.
pub(crate) fn secret(backend: &WebGpu, elements: &[F]) -> Buffer {
    let buffer = backend.0.0.pool.secret(elements.len() as u64);
    backend.0.write(&buffer, 0, elements);
    buffer
}
