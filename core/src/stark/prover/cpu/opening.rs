//! Values at the out-of-domain points, and the batch of all columns that FRI shows to be low.

use p3_dft::TwoAdicSubgroupDft;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::{RowMajorMatrix, RowMajorMatrixView};
use p3_util::{reverse_bits_len, reverse_slice_index_bits};

use super::Cpu;
use crate::field::{EF, EXTENSION_DEGREE, F, basis_element};
use crate::stark::domain::lagrange;
use crate::stark::fri;
use crate::stark::key::VerifierKey;
use crate::stark::shape::{Point, QUOTIENT, TREES, Term};
use crate::stark::verify::points;

/// Each tree's evaluations, by group.
type Evaluations<'a> = [&'a [RowMajorMatrix<F>]; TREES];

/// The values of all terms that are not masks, in order, and zeros for masks.
///
/// A column is interpolated from the first rows of its evaluations, which are those on a coset of the order of its height.
pub(super) fn open(key: &VerifierKey, trees: Evaluations<'_>, zeta: EF) -> Vec<EF> {
    let shape = &key.shape;
    let groups: Vec<_> = (0..shape.groups.len())
        .map(|index| {
            let point = zeta.exp_power_of_2(shape.lift(index));
            let mut weights = lagrange(shape.groups[index].log_height, key.shift(index), point);
            let natural = weights.clone();
            reverse_slice_index_bits(&mut weights);
            let here = trees.map(|tree| prefix(&tree[index], weights.len()).columnwise_dot_product(&weights));
            (natural, here)
        })
        .collect();
    let value = |term: &Term| {
        let (weights, here) = &groups[term.group];
        let evaluations = &trees[term.tree][term.group];
        let base = |column: usize| match shape.points[term.point] {
            Point::Row(0) => here[term.tree][column],
            Point::Row(offset) => at_offset(evaluations, column, weights, offset),
            Point::Mask => EF::ZERO,
        };
        if term.is_extension { combine(|i| base(term.column + i)) } else { base(term.column) }
    };
    shape.terms.iter().map(value).collect()
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
        let points = points(key, zeta);
        let height = 1 << shape.log_height();
        let weighed: Vec<_> =
            shape.terms.iter().zip(batching.shifted_powers(batching).take(shape.terms.len())).collect();

        let log_size = key.log_codeword();
        let xs: Vec<F> = (0..height).map(|row| fri::point(F::GENERATOR, log_size, row)).collect();
        let mut sums: Vec<EF> = prefix(&trees[QUOTIENT][0], height)
            .row_slices()
            .map(|row| combine(|i| row[shape.groups[0].fri_mask() + i].into()))
            .collect();
        for (number, &point) in points.iter().enumerate() {
            let terms = || weighed.iter().zip(values).filter(|((term, _), _)| term.point == number);
            let claimed: EF = terms().map(|((_, power), value)| *power * *value).sum();
            let distances: Vec<EF> = xs.iter().map(|&x| EF::from(x) - point).collect();
            let inverses = p3_field::batch_multiplicative_inverse(&distances);
            let mut numerators = vec![-claimed; height];
            for group in 0..shape.groups.len() {
                for (tree, evaluations) in trees.iter().enumerate() {
                    let terms = terms()
                        .map(|(weighed, _)| *weighed)
                        .filter(|(term, _)| (term.tree, term.group) == (tree, group));
                    let values = weigh(&evaluations[group], shape.groups[group].height(), terms);
                    if let Some(values) = values {
                        let lift = shape.lift(group);
                        numerators.iter_mut().enumerate().for_each(|(row, sum)| *sum += values[row >> lift]);
                    }
                }
            }
            for ((sum, numerator), inverse) in sums.iter_mut().zip(numerators).zip(inverses) {
                *sum += numerator * inverse;
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

/// The first rows of a matrix.
fn prefix(matrix: &RowMajorMatrix<F>, rows: usize) -> RowMajorMatrixView<'_, F> {
    RowMajorMatrixView::new(&matrix.values[..rows * matrix.width], matrix.width)
}

/// The value of a base column `offset` rows from the point whose Lagrange polynomials, in natural order, are given.
fn at_offset(evaluations: &RowMajorMatrix<F>, column: usize, weights: &[EF], offset: i32) -> EF {
    let height = weights.len();
    let log_height = height.ilog2() as usize;
    let row = |row: usize| {
        let natural = reverse_bits_len(row, log_height);
        let weight = weights[natural.wrapping_add_signed(-(offset as isize)) & (height - 1)];
        weight * evaluations.values[row * evaluations.width + column]
    };
    (0..height).map(row).sum()
}

/// The sum of weighed columns on the first rows; none where there are no columns.
fn weigh<'a>(
    evaluations: &RowMajorMatrix<F>,
    rows: usize,
    terms: impl Iterator<Item = (&'a Term, EF)>,
) -> Option<Vec<EF>> {
    let mut weights: Vec<(usize, EF)> = Vec::new();
    for (term, power) in terms {
        for i in 0..term.base_columns() {
            weights.push((term.column + i, power * basis_element(i)));
        }
    }
    if weights.is_empty() {
        return None;
    }
    let row = |row: &[F]| weights.iter().map(|&(column, weight)| weight * row[column]).sum();
    Some(prefix(evaluations, rows).row_slices().map(row).collect())
}

/// An extension element from values of its coefficients' columns.
fn combine(coefficient: impl Fn(usize) -> EF) -> EF {
    (0..EXTENSION_DEGREE).map(|i| coefficient(i) * basis_element(i)).sum()
}
