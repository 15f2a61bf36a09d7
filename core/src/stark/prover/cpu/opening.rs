//! Values at the out-of-domain points, and the batch of all columns that FRI shows to be low.
//!
//! Both read only the first rows of the evaluations, as many as the table has: those on a coset of the order of its height,
//! which determine its columns.

use p3_dft::TwoAdicSubgroupDft;
use p3_field::{Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::{RowMajorMatrix, RowMajorMatrixView};
use p3_maybe_rayon::prelude::*;
use p3_util::{reverse_bits_len, reverse_slice_index_bits};

use super::{Cpu, Packed, PackedExtension};
use crate::field::{EF, EXTENSION_DEGREE, F, basis_element};
use crate::stark::domain::lagrange;
use crate::stark::fri;
use crate::stark::key::VerifierKey;
use crate::stark::prover::packed::{MAX_LANES, quotients};
use crate::stark::rows::Fraction;
use crate::stark::shape::{Point, QUOTIENT, Shape, TREES};
use crate::stark::verify::points;

/// Each tree's evaluations, by group.
type Evaluations<'a> = [&'a [RowMajorMatrix<F>]; TREES];

/// Base columns of one matrix that are opened at one point.
struct Opened<'a> {
    /// The first rows.
    rows: RowMajorMatrixView<'a, F>,
    /// For each base column: the term it belongs to, and the basis element that it is the coefficient of.
    columns: Vec<(usize, Column)>,
}

struct Column {
    number: usize,
    basis: EF,
}

impl<'a> Opened<'a> {
    fn new(shape: &Shape, trees: Evaluations<'a>, tree: usize, group: usize, point: usize) -> Option<Self> {
        let matrix = trees[tree].get(group)?;
        let rows = shape.groups[group].height();
        let terms = shape.terms.iter().enumerate();
        let terms = terms.filter(|(_, term)| (term.tree, term.group, term.point) == (tree, group, point));
        let columns = terms.flat_map(|(index, term)| {
            let column = |i| Column { number: term.column + i, basis: basis_element(i) };
            (0..term.base_columns()).map(move |i| (index, column(i)))
        });
        let columns: Vec<_> = columns.collect();
        let rows = RowMajorMatrixView::new(&matrix.values[..rows * matrix.width], matrix.width);
        (!columns.is_empty()).then_some(Self { rows, columns })
    }

    /// Whether most columns are opened, so that whole rows are worth reading.
    fn is_dense(&self) -> bool {
        2 * self.columns.len() > self.rows.width
    }

    /// Adds each column's value, the sum of its cells times the rows' weights, to its term.
    fn evaluate(&self, weights: &[EF], values: &mut [EF]) {
        if self.is_dense() {
            let all = self.rows.columnwise_dot_product(weights);
            for (term, column) in &self.columns {
                values[*term] += all[column.number] * column.basis;
            }
            return;
        }
        let mut sums = vec![EF::ZERO; self.columns.len()];
        for (row, &weight) in self.rows.row_slices().zip(weights) {
            for (sum, (_, column)) in sums.iter_mut().zip(&self.columns) {
                *sum += weight * row[column.number];
            }
        }
        for ((term, column), sum) in self.columns.iter().zip(sums) {
            values[*term] += sum * column.basis;
        }
    }

    /// The sum of the columns, each times its term's power, on the first rows.
    fn weigh(&self, powers: &[EF]) -> Vec<EF> {
        if self.is_dense() {
            let mut weights = vec![EF::ZERO; self.rows.width.next_multiple_of(Packed::WIDTH)];
            for (term, column) in &self.columns {
                weights[column.number] = powers[*term] * column.basis;
            }
            let weights: Vec<_> =
                weights.chunks_exact(Packed::WIDTH).map(PackedExtension::from_ext_slice).collect();
            return self.rows.rowwise_packed_dot_product::<EF>(&weights).collect();
        }
        let weights: Vec<_> =
            self.columns.iter().map(|(term, column)| (column.number, powers[*term] * column.basis)).collect();
        let row = |row: &[F]| weights.iter().map(|&(column, weight)| weight * row[column]).sum();
        self.rows.row_slices().map(row).collect()
    }
}

/// The values of all terms that are not masks, in order, and zeros for masks.
pub(super) fn open(key: &VerifierKey, trees: Evaluations<'_>, zeta: EF) -> Vec<EF> {
    let shape = &key.shape;
    let mut values = vec![EF::ZERO; shape.terms.len()];
    for (index, group) in shape.groups.iter().enumerate() {
        let point = zeta.exp_power_of_2(shape.lift(index));
        let weights = lagrange(group.log_height, key.shift(index), point);
        for (number, point) in shape.points.iter().enumerate() {
            let Point::Row(offset) = *point else { continue };
            let opened: Vec<_> =
                (0..TREES).filter_map(|tree| Opened::new(shape, trees, tree, index, number)).collect();
            if !opened.is_empty() {
                let weights = shifted(&weights, group.log_height, offset);
                opened.iter().for_each(|opened| opened.evaluate(&weights, &mut values));
            }
        }
    }
    values
}

/// The weights of rows in bit-reversed order for the point `offset` rows further on, from those in natural order.
fn shifted(weights: &[EF], log_height: usize, offset: i32) -> Vec<EF> {
    let weight = |row: usize| {
        let natural = reverse_bits_len(row, log_height).wrapping_add_signed(-(offset as isize));
        weights[natural & (weights.len() - 1)]
    };
    (0..weights.len()).map(weight).collect()
}

impl Cpu {
    /// The codeword that FRI folds, in bit-reversed order.
    pub(super) fn batch_terms(
        &self,
        key: &VerifierKey,
        trees: Evaluations<'_>,
        values: &[EF],
        zeta: EF,
        batching: EF,
    ) -> Vec<EF> {
        let shape = &key.shape;
        let height = 1 << shape.log_height();
        let powers: Vec<EF> = batching.shifted_powers(batching).take(shape.terms.len()).collect();
        let log_size = key.log_codeword();
        let mut xs: Vec<F> =
            F::two_adic_generator(shape.log_height()).shifted_powers(F::GENERATOR).take(height).collect();
        reverse_slice_index_bits(&mut xs);
        debug_assert_eq!(xs[1], fri::point(F::GENERATOR, log_size, 1));

        let quotient = &trees[QUOTIENT][0];
        let mask = |row: &[F]| combine(|i| row[shape.fri_mask() + i]);
        let mut sums: Vec<EF> = quotient.row_slices().take(height).map(mask).collect();
        for (number, &point) in points(key, zeta).iter().enumerate() {
            let terms = shape.terms.iter().zip(&powers).zip(values);
            let claimed: EF = terms
                .filter(|((term, _), _)| term.point == number)
                .map(|((_, &power), &value)| power * value)
                .sum();
            let mut numerators = vec![-claimed; height];
            for group in 0..shape.groups.len() {
                for tree in 0..TREES {
                    let Some(opened) = Opened::new(shape, trees, tree, group, number) else { continue };
                    let (values, lift) = (opened.weigh(&powers), shape.lift(group));
                    numerators.iter_mut().enumerate().for_each(|(row, sum)| *sum += values[row >> lift]);
                }
            }
            let fractions = Packed::pack_slice(&xs).iter().zip(numerators.chunks_exact(Packed::WIDTH));
            let fractions: Vec<_> = fractions
                .map(|(&x, numerators)| Fraction {
                    count: PackedExtension::from_ext_slice(numerators),
                    denominator: PackedExtension::from(x) - PackedExtension::from(point),
                })
                .collect();
            let mut lanes = [EF::ZERO; MAX_LANES];
            let lanes = &mut lanes[..Packed::WIDTH];
            for (sums, value) in sums.chunks_exact_mut(Packed::WIDTH).zip(quotients(&fractions)) {
                value.to_ext_slice(lanes);
                sums.iter_mut().zip(&*lanes).for_each(|(sum, &value)| *sum += value);
            }
        }
        self.extend_codeword(key, sums)
    }

    /// A polynomial's values on the whole evaluation domain of the tallest group from those on its first rows.
    fn extend_codeword(&self, key: &VerifierKey, mut values: Vec<EF>) -> Vec<EF> {
        reverse_slice_index_bits(&mut values);
        // Both domains are shifted alike: the shift is left in the coefficients.
        let mut coefficients = self.dft.idft_algebra(values);
        coefficients.resize(coefficients.len() << key.parameters.log_blowup, EF::ZERO);
        let mut values = self.dft.dft_algebra(coefficients);
        reverse_slice_index_bits(&mut values);
        values
    }
}

/// An extension element from its coefficients.
fn combine(coefficient: impl Fn(usize) -> F) -> EF {
    (0..EXTENSION_DEGREE).map(|i| basis_element(i) * coefficient(i)).sum()
}
