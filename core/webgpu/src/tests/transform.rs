//! Tests transforms of every length in use.

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_bits_len;
use velum_stark::block_on;
use velum_stark::field::F;

use super::{edges, gpus, random};
use crate::Gpu;
use crate::matrix::{Place, elements};
use crate::memory::ELEMENT;
use crate::recorder::Recorder;
use crate::transform::{Columns, Form, Roots};

const COLUMNS: usize = 3;

/// Cells by row, with edge values among them.
fn cells(height: usize) -> RowMajorMatrix<F> {
    let mut cells = random(height * COLUMNS);
    for (cell, edge) in cells.iter_mut().step_by(5).zip(edges()) {
        *cell = edge;
    }
    RowMajorMatrix::new(cells, COLUMNS)
}

fn roots(gpu: &Gpu, log_order: usize) -> Roots {
    let roots: Vec<F> = F::two_adic_generator(log_order).powers().take(1 << log_order).collect();
    Roots { buffer: gpu.public(&roots), log_order }
}

/// Transforms cells to coefficients, by column, and the coefficients to values on the cosets of two
/// shifts.
fn transformed(
    gpu: &Gpu,
    log_height: usize,
    cells: &RowMajorMatrix<F>,
    shifts: [F; 2],
) -> [Vec<F>; 2] {
    let height = 1 << log_height;
    let roots = roots(gpu, log_height + 2);
    let mut factors = vec![F::from_usize(height).inverse(); height];
    factors.extend(shifts.iter().flat_map(|shift| shift.powers().take(height)));
    let (factors, rows) = (gpu.public(&factors), gpu.public(&cells.values));
    let coefficients = gpu.0.pool.public((COLUMNS * height) as u64);
    let values = gpu.0.pool.public((2 * COLUMNS * height) as u64);
    let by_column = Place { offset: 0, coset: 0, column: height as u32, row: 1 };
    let mut recorder = Recorder::new(gpu);
    let mut columns = Columns {
        log_size: log_height,
        columns: COLUMNS,
        cosets: 1,
        from: (&rows, Place { offset: 0, coset: 0, column: 1, row: COLUMNS as u32 }),
        to: (&coefficients, by_column),
        factors: (&factors, 0),
        form: Form::Coefficients,
    };
    recorder.transform(gpu, &roots, &columns);
    columns.from = (&coefficients, by_column);
    columns.to = (
        &values,
        Place { offset: 0, coset: (COLUMNS * height) as u32, column: height as u32, row: 1 },
    );
    columns.cosets = 2;
    columns.factors = (&factors, height);
    columns.form = Form::Values;
    recorder.transform(gpu, &roots, &columns);
    recorder.submit();
    [&coefficients, &values].map(|buffer| {
        elements(
            &block_on(Recorder::new(gpu).read(buffer, buffer.size() / ELEMENT * ELEMENT)).unwrap(),
        )
    })
}

#[test]
fn transforms_are_those_of_the_processor() {
    let dft = Radix2DitParallel::<F>::default();
    for log_height in 1..=15 {
        let (height, shifts) = (1_usize << log_height, [F::GENERATOR, F::from_u64(3)]);
        let cells = cells(height);
        let expected = dft.idft_batch(cells.clone());
        let values =
            shifts.map(|shift| dft.coset_dft_batch(expected.clone(), shift).to_row_major_matrix());
        for gpu in gpus() {
            let [coefficients, evaluations] = transformed(gpu, log_height, &cells, shifts);
            for row in 0..height {
                for column in 0..COLUMNS {
                    let at = |matrix: &RowMajorMatrix<F>, row: usize| {
                        matrix.values[row * COLUMNS + column]
                    };
                    assert_eq!(
                        coefficients[column * height + row],
                        at(&expected, row),
                        "2^{log_height}"
                    );
                    for (coset, values) in values.iter().enumerate() {
                        let value = evaluations[(coset * COLUMNS + column) * height + row];
                        assert_eq!(
                            value,
                            at(values, reverse_bits_len(row, log_height)),
                            "2^{log_height}"
                        );
                    }
                }
            }
        }
    }
}
