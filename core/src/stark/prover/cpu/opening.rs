//! Values at the out-of-domain points, and the batch of all columns that FRI shows to be low.
//!
//! Both read only the first rows of the evaluations, as many as the table has: those on a coset of the order of its height,
//! which determine its columns.

use std::collections::BTreeMap;

use p3_dft::TwoAdicSubgroupDft;
use p3_field::extension::HasFrobenius;
use p3_field::{
    Algebra, BasedVectorSpace, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing,
    TwoAdicField,
};
use p3_util::{reverse_bits_len, reverse_slice_index_bits};

use super::{Cpu, Packed, PackedExtension};
use crate::field::{EF, EXTENSION_DEGREE, F, basis_element};
use crate::stark::domain::lagrange;
use crate::stark::fri;
use crate::stark::key::VerifierKey;
use crate::stark::prover::packed::{MAX_LANES, inverses};
use crate::stark::prover::strips::{Line, PACKS, STRIP, Strips};
use crate::stark::shape::{Point, QUOTIENT, Shape, TREES};
use crate::stark::verify::points;

/// Each tree's evaluations, by group.
type Evaluations<'a> = [&'a [Strips]; TREES];

/// Coefficients of an extension element, each of a whole line.
type ExtensionLine = [Line; EXTENSION_DEGREE];

const ZERO: ExtensionLine = [[Packed::ZERO; PACKS]; EXTENSION_DEGREE];

/// Strips, or rows, whose products are summed before they are reduced.
const TERMS: usize = 4;

/// Rows whose sums stay in the first cache.
const ROWS: usize = 64;

/// A strip with columns of a group that are opened at one point.
struct Opened<'a> {
    /// The first rows.
    lines: &'a [Line],
    columns: Vec<Column>,
}

/// A base column.
struct Column {
    /// Its place in the strip.
    place: usize,
    /// The term it belongs to.
    term: usize,
    /// The basis element that it is the coefficient of.
    basis: EF,
}

/// The strips of a group that are opened at a point.
fn opened<'a>(shape: &Shape, trees: Evaluations<'a>, group: usize, point: usize) -> Vec<Opened<'a>> {
    let mut strips: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (index, term) in shape.terms.iter().enumerate() {
        if (term.group, term.point) == (group, point) {
            for (i, column) in (term.column..).take(term.base_columns()).enumerate() {
                let column_of_strip = Column { place: column % STRIP, term: index, basis: basis_element(i) };
                strips.entry((term.tree, column / STRIP)).or_default().push(column_of_strip);
            }
        }
    }
    let height = shape.groups[group].height();
    let strip = |((tree, strip), columns): ((usize, usize), _)| Opened {
        lines: &trees[tree][group].strip(strip)[..height],
        columns,
    };
    strips.into_iter().map(strip).collect()
}

impl Opened<'_> {
    /// Adds each column's value, the sum of its cells times the rows' weights, to its term.
    fn evaluate(&self, weights: &[Vec<F>; EXTENSION_DEGREE], values: &mut [EF]) {
        let mut sums = ZERO;
        for (sum, weights) in sums.iter_mut().zip(weights) {
            for (lines, weights) in self.lines.as_chunks::<TERMS>().0.iter().zip(weights.as_chunks().0) {
                for (pack, sum) in sum.iter_mut().enumerate() {
                    *sum += Packed::mixed_dot_product::<TERMS>(&lines.map(|line| line[pack]), weights);
                }
            }
        }
        for column in &self.columns {
            let sum = EF::from_basis_coefficients_fn(|i| Packed::unpack_slice(&sums[i])[column.place]);
            values[column.term] += sum * column.basis;
        }
    }

    /// The weight of each column.
    fn weights(&self, powers: &[EF]) -> ExtensionLine {
        let mut weights = [[F::ZERO; STRIP]; EXTENSION_DEGREE];
        for column in &self.columns {
            let weight = powers[column.term] * column.basis;
            for (weights, &coefficient) in weights.iter_mut().zip(weight.as_basis_coefficients_slice()) {
                weights[column.place] = coefficient;
            }
        }
        weights
            .map(|weights| std::array::from_fn(|pack| Packed::from_fn(|i| weights[pack * Packed::WIDTH + i])))
    }
}

/// The sum of all columns, each times its term's power, on the first rows.
fn weigh(opened: &[Opened<'_>], powers: &[EF], height: usize) -> Vec<EF> {
    let weights: Vec<_> = opened.iter().map(|opened| opened.weights(powers)).collect();
    let (opened, opened_rest) = opened.as_chunks::<TERMS>();
    let (weights, weights_rest) = weights.as_chunks::<TERMS>();
    let mut weighed = Vec::with_capacity(height);
    for first in (0..height).step_by(ROWS) {
        let mut sums = [ZERO; ROWS];
        let sums = &mut sums[..ROWS.min(height)];
        for (opened, weights) in opened.iter().zip(weights) {
            for (row, sums) in (first..).zip(&mut *sums) {
                let lines = opened.each_ref().map(|opened| opened.lines[row]);
                add_products(sums, &lines, weights);
            }
        }
        for (opened, weights) in opened_rest.iter().zip(weights_rest) {
            for (line, sums) in opened.lines[first..].iter().zip(&mut *sums) {
                add_products(sums, &[*line], &[*weights]);
            }
        }
        weighed.extend(sums.iter().map(|sums| {
            EF::from_basis_coefficients_fn(|i| F::sum_array::<STRIP>(Packed::unpack_slice(&sums[i])))
        }));
    }
    weighed
}

/// Adds the products of lines with their weights.
#[inline(always)]
fn add_products<const N: usize>(sums: &mut ExtensionLine, lines: &[Line; N], weights: &[ExtensionLine; N]) {
    for (i, sums) in sums.iter_mut().enumerate() {
        for (pack, sum) in sums.iter_mut().enumerate() {
            *sum += Packed::dot_product::<N>(
                &lines.map(|line| line[pack]),
                &weights.map(|weights| weights[i][pack]),
            );
        }
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
            let opened = opened(shape, trees, index, number);
            if !opened.is_empty() {
                let weights = shifted(&weights, group.log_height, offset);
                opened.iter().for_each(|opened| opened.evaluate(&weights, &mut values));
            }
        }
    }
    values
}

/// The weights of rows in bit-reversed order for the point `offset` rows further on, from those in natural order.
fn shifted(weights: &[EF], log_height: usize, offset: i32) -> [Vec<F>; EXTENSION_DEGREE] {
    let weight = |row: usize| {
        let natural = reverse_bits_len(row, log_height).wrapping_add_signed(-(offset as isize));
        weights[natural & (weights.len() - 1)]
    };
    let shifted: Vec<_> = (0..weights.len()).map(weight).collect();
    std::array::from_fn(|i| shifted.iter().map(|weight| weight.as_basis_coefficients_slice()[i]).collect())
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
        let mask = |row| {
            let cells = quotient.cells(row, shape.fri_mask()..shape.fri_mask() + EXTENSION_DEGREE);
            EF::from_basis_coefficients_fn(|i| cells[i])
        };
        let mut sums: Vec<EF> = (0..height).map(mask).collect();
        for (number, &point) in points(key, zeta).iter().enumerate() {
            let terms = shape.terms.iter().zip(&powers).zip(values);
            let claimed: EF = terms
                .filter(|((term, _), _)| term.point == number)
                .map(|((_, &power), &value)| power * value)
                .sum();
            let mut numerators = vec![-claimed; height];
            for (index, group) in shape.groups.iter().enumerate() {
                let opened = opened(shape, trees, index, number);
                if !opened.is_empty() {
                    let (values, lift) = (weigh(&opened, &powers, group.height()), shape.lift(index));
                    numerators.iter_mut().enumerate().for_each(|(row, sum)| *sum += values[row >> lift]);
                }
            }
            add_quotients(&mut sums, &numerators, &xs, point);
        }
        self.extend_codeword(key, sums)
    }

    /// A polynomial's values on the whole evaluation domain of the tallest group from those on its first rows.
    fn extend_codeword(&self, key: &VerifierKey, mut values: Vec<EF>) -> Vec<EF> {
        reverse_slice_index_bits(&mut values);
        // Both domains are shifted alike: the shift is left in the coefficients.
        let mut coefficients = self.small_dft.idft_algebra(values);
        coefficients.resize(coefficients.len() << key.parameters.log_blowup, EF::ZERO);
        let mut values = self.small_dft.dft_algebra(coefficients);
        reverse_slice_index_bits(&mut values);
        values
    }
}

/// Adds `numerator / (x - point)` to each sum.
///
/// With the conjugate of the point, `1 / (x - point) = (x - conjugate) / ((x - point) (x - conjugate))`, a denominator of the
/// base field.
fn add_quotients(sums: &mut [EF], numerators: &[EF], xs: &[F], point: EF) {
    let conjugate = point.frobenius();
    let [trace, norm] = [point + conjugate, point * conjugate].map(|value| {
        let coefficients: &[F] = value.as_basis_coefficients_slice();
        Packed::from(coefficients[0])
    });
    let xs = Packed::pack_slice(xs);
    let denominators: Vec<_> = xs.iter().map(|&x| (x - trace) * x + norm).collect();
    let conjugate = PackedExtension::from(conjugate);
    let mut lanes = [EF::ZERO; MAX_LANES];
    let lanes = &mut lanes[..Packed::WIDTH];
    for (index, inverse) in inverses(&denominators).into_iter().enumerate() {
        let rows = index * Packed::WIDTH..(index + 1) * Packed::WIDTH;
        let numerators = PackedExtension::from_ext_slice(&numerators[rows.clone()]);
        let quotients = numerators * (PackedExtension::from(xs[index]) - conjugate) * inverse;
        quotients.to_ext_slice(lanes);
        sums[rows].iter_mut().zip(&*lanes).for_each(|(sum, &quotient)| *sum += quotient);
    }
}
