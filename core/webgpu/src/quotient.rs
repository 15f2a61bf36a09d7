//! The quotient of the constraints.

use bytemuck::{Pod, Zeroable};
use p3_field::{Field, PrimeCharacteristicRing};
use velum_stark::Digest;
use velum_stark::air::Chip;
use velum_stark::backend::{QuotientBlinding, QuotientInputs, Step};
use velum_stark::control::{Control, Stage};
use velum_stark::field::{EF, EXTENSION_DEGREE};
use velum_stark::secret::Secret;
use velum_stark::shape::QUOTIENT;

use crate::backend::{Committed, WebGpu, failed};
use crate::device::GpuError;
use crate::kernels::Kernel;
use crate::key::{GpuKey, Known, QUOTIENT_COSETS, SmallCoset};
use crate::lookup::{Cells, Interpreter, secret};
use crate::matrix::{Extended, Place, Words, words};
use crate::memory::Buffer;
use crate::program::Challenges;
use crate::recorder::Recorder;
use crate::transform::{Columns, Form};

/// The largest number of groups in a proof.
pub(crate) const GROUPS: usize = 8;

/// The parameters of the kernel that divides by the modulus of the large coset.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Small {
    pub(crate) log_order: u32,
    pub(crate) log_small: u32,
    log_roots: u32,
    values: u32,
    modulus: Words,
    divisor: Words,
    part: u32,
    second: u32,
    powers: u32,
    inverse_powers: u32,
}

/// The parameters of the kernel that splits the quotient.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Split {
    pub(crate) log_height: u32,
    pub(crate) chunks: u32,
    pub(crate) length: u32,
    pub(crate) blinding: u32,
    pub(crate) groups: u32,
    unused: [u32; 3],
    pub(crate) parts: [[u32; 4]; GROUPS],
}

impl WebGpu {
    pub(crate) async fn quotient<C: Chip>(
        &self,
        key: &GpuKey,
        trees: [&Committed; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(Committed, Digest), GpuError> {
        let gpu = &self.0;
        let challenges = Challenges {
            gamma: inputs.challenges.gamma,
            beta: inputs.challenges.beta,
            alpha: inputs.alpha,
            terminals: inputs.terminals,
        };
        let known = key.invariants.values(&key.program, &challenges);
        let count = key
            .program
            .groups()
            .iter()
            .flat_map(|group| &group.rules)
            .map(|rule| rule.power + 1)
            .max();
        let powers: Vec<EF> = inputs.alpha.powers().take(count.unwrap_or(0)).collect();

        let mut recorder = Recorder::under(gpu, control);
        let sizes = key
            .groups
            .iter()
            .map(|group| (2 << group.log_height) + (1_usize << group.small.log_size));
        let firsts: Vec<usize> = sizes
            .scan(0, |next, size| Some(std::mem::replace(next, *next + EXTENSION_DEGREE * size)))
            .collect();
        let all = key
            .groups
            .iter()
            .map(|group| 2 * ((2 << group.log_height) + (1_usize << group.small.log_size)));
        let parts = gpu.0.pool.secret(all.sum::<usize>() as u64);
        for (group, &first) in firsts.iter().enumerate() {
            let constants = secret(self, &key.groups[group].quotient.constants(&known, &powers));
            let public = self.public_rows(key, group, inputs.tables.chips());
            let trees = trees.map(|tree| &tree.groups[group]);
            self.quotient_part(
                &mut recorder,
                key,
                group,
                trees,
                [&constants, &public],
                (&parts, first),
            );
            recorder.keep([constants, public]);
        }

        let coefficients = self.split(&mut recorder, key, inputs.blinding, (&parts, &firsts));
        recorder.keep([parts]);
        recorder.end_stage();
        control.begin(Stage::Extension, 0.8)?;
        let width = key.shape().groups[0].widths[QUOTIENT];
        let extended = self.extended(&mut recorder, key, 0, &coefficients, width);
        recorder.end_stage();
        control.begin(Stage::Hashing, 0.9)?;
        let (committed, root, _) =
            self.commit(recorder, key, vec![extended], inputs.salts, None).await.map_err(failed)?;
        Ok((Committed { coefficients: Some(coefficients), ..committed }, root))
    }

    /// Computes the coefficients of a group's part of the quotient.
    fn quotient_part(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        group: usize,
        [main, lookup]: [&Extended; 2],
        [constants, public]: [&Buffer; 2],
        (parts, first): (&Buffer, usize),
    ) {
        let gpu = &self.0;
        let of_group = &key.groups[group];
        let (log_height, log_blowup) = (of_group.log_height, key.parameters().log_blowup);
        let (height, small) = (1_usize << log_height, 1_usize << of_group.small.log_size);
        let places = &of_group.places;
        let public_extended = gpu.0.pool.public((places.public * QUOTIENT_COSETS * height) as u64);
        let (roots, factors) = (&key.roots, &of_group.factors);
        let known = Known { gpu, roots, factors, log_height, log_blowup };
        known.extend(recorder, places.public, public, &public_extended);
        // The values are ordered by natural index, first on the coset of order `2 N`, then on the
        // small coset. Each coefficient has its own column.
        let values = gpu.0.pool.secret((EXTENSION_DEGREE * 2 * height) as u64);
        let small_values = gpu.0.pool.secret((EXTENSION_DEGREE * small) as u64);
        for (place, coset) in [0, 1, 1 << (log_blowup - 1)].into_iter().enumerate() {
            let is_small = place == QUOTIENT_COSETS - 1;
            let ((main, main_at), (lookup, lookup_at)) = (main.coset(coset), lookup.coset(coset));
            let cells =
                |at: Place| Cells { first: at.offset, of_column: at.column, of_row: 1, unused: 0 };
            let known = Cells {
                first: (place * height) as u32,
                of_column: (QUOTIENT_COSETS * height) as u32,
                of_row: 1,
                unused: 0,
            };
            let parameters = Interpreter {
                main: cells(main_at),
                lookup: cells(lookup_at),
                fixed: known,
                public: known,
                count: if is_small { small } else { height } as u32,
                log_height: log_height as u32,
                instructions: of_group.quotient.instructions.len() as u32,
                reversed: 1,
                first_value: if is_small { 0 } else { place as u32 },
                value_step: if is_small { 1 } else { 2 },
                second: if is_small { small } else { 2 * height } as u32,
                log_points: if is_small { of_group.small.log_size } else { log_height } as u32,
                ..Interpreter::default()
            };
            let buffers = [
                &of_group.quotient_code,
                constants,
                main,
                lookup,
                &of_group.fixed,
                &public_extended,
                if is_small { &small_values } else { &values },
            ];
            let workgroups = u64::from(parameters.count).div_ceil(64);
            recorder.run(Kernel::Interpret, &parameters, &buffers, workgroups);
        }

        let second = 2 * height + small;
        let from = Place { offset: 0, coset: 0, column: 2 * height as u32, row: 1 };
        let to = Place { offset: first as u32, coset: 0, column: second as u32, row: 1 };
        let columns = Columns {
            log_size: log_height + 1,
            columns: EXTENSION_DEGREE,
            cosets: 1,
            from: (&values, from),
            to: (parts, to),
            factors: (&of_group.small.powers, of_group.small.main_factors(log_height)),
            form: Form::Coefficients,
        };
        recorder.transform(gpu, &key.roots, &columns);

        let modulus = of_group.shift.exp_u64(2 * height as u64);
        let divisor = (of_group.small.shift.exp_u64(2 * height as u64) - modulus).inverse();
        let parameters = Small {
            log_order: log_height as u32 + 1,
            log_small: of_group.small.log_size as u32,
            log_roots: key.roots.log_order as u32,
            values: 0,
            modulus: words(modulus),
            divisor: words(divisor),
            part: first as u32,
            second: second as u32,
            powers: 0,
            inverse_powers: SmallCoset::inverse_powers(log_height) as u32,
        };
        let buffers = [&key.roots.buffer, &of_group.small.powers, &small_values, parts];
        recorder.run(Kernel::DivideSmall, &parameters, &buffers, 1);
        recorder.keep([public_extended, values, small_values]);
    }

    /// The columns of the quotient tree, by their coefficients.
    fn split(
        &self,
        recorder: &mut Recorder<'_>,
        key: &GpuKey,
        blinding: &QuotientBlinding,
        (parts, firsts): (&Buffer, &[usize]),
    ) -> Buffer {
        let gpu = &self.0;
        let shape = key.shape();
        let height = shape.groups[0].height();
        let QuotientBlinding { mask, chunks, fri_mask } = blinding;
        let of_chunk = chunks.first().map_or(0, |chunk| chunk.len());
        let all: Secret<EF> =
            [mask, fri_mask].into_iter().chain(chunks).flat_map(|of| of.iter().copied()).collect();
        let coins = gpu.0.pool.secret((EXTENSION_DEGREE * all.len()) as u64);
        gpu.write_x(&coins, 0, &all);
        let mut parameters = Split {
            log_height: shape.log_height() as u32,
            chunks: shape.chunks as u32,
            length: shape.chunk_len as u32,
            blinding: of_chunk as u32,
            groups: key.groups.len() as u32,
            unused: [0; 3],
            parts: [[0; 4]; GROUPS],
        };
        for (index, (group, part)) in key.groups.iter().zip(&mut parameters.parts).enumerate() {
            let coefficients = (2 << group.log_height) + (1_u32 << group.small.log_size);
            *part = [shape.lift(index) as u32, firsts[index] as u32, coefficients, coefficients];
        }
        let width = shape.groups[0].widths[QUOTIENT];
        let columns = gpu.0.pool.secret((width * height) as u64);
        let buffers = [parts, &coins, &key.generator_powers, &columns];
        let grid = [height.div_ceil(64) as u32, (width / EXTENSION_DEGREE) as u32];
        recorder.run_grid(Kernel::Split, &parameters, &buffers, grid);
        recorder.keep([coins]);
        columns
    }
}
