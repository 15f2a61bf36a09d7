//! Computes the values at the out-of-domain points, and the batch of all columns that FRI shows to
//! be of low degree.
//!
//! Both read only the first rows of the evaluations, as many as the table has. These are the rows
//! on a coset whose order is the table's height, and they determine the table's columns.

use p3_dft::TwoAdicSubgroupDft;
use p3_field::extension::HasFrobenius;
use p3_field::{
    Algebra, BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, TwoAdicField,
};
use p3_maybe_rayon::prelude::*;
use p3_util::{reverse_bits_len, reverse_slice_index_bits};

use super::{CpuKey, Packed, PackedExtension};
use crate::control::{Cancelled, Control};
use crate::domain::lagrange;
use crate::field::{EF, EXTENSION_DEGREE, F, basis_element};
use crate::fri;
use crate::hash::Rows;
use crate::key::VerifierKey;
use crate::prover::backend::BatchInputs;
use crate::prover::packed::inverses;
use crate::prover::strips::{STRIP, Strips, strips};
use crate::prover::wide::{LANES, PACKS, Wide};
use crate::shape::{Point, QUOTIENT};
use crate::verify::points;

/// Each tree's evaluations, by group. They have at least the first rows.
pub(super) type Evaluations<'a> = &'a [Vec<&'a Strips>];

/// Extension elements by their coefficients.
type Coefficients = [Vec<F>; EXTENSION_DEGREE];

/// Number of terms whose products are summed before they are reduced.
const TERMS: usize = 4;

/// Number of tiles whose sums are held at once.
const RUN: usize = 32;

/// A group's columns on its first rows.
struct GroupRows<'a> {
    height: usize,
    /// The strips of each tree: a matrix and the number of one of its strips.
    strips: Vec<(&'a Strips, usize)>,
    /// For each point at which columns are opened, what is opened there.
    points: Vec<(usize, Vec<Opened>)>,
}

/// A base column opened at a point.
struct Opened {
    /// The column's place among the columns of all strips.
    column: usize,
    /// The term to which the column belongs.
    term: usize,
    /// The basis element whose coefficient the column is.
    basis: EF,
}

impl<'a> GroupRows<'a> {
    fn new(key: &VerifierKey, trees: Evaluations<'a>, group: usize) -> Self {
        let shape = &key.shape;
        let (mut all, mut first_columns) = (Vec::new(), vec![0; trees.len()]);
        for (tree, first_column) in trees.iter().zip(&mut first_columns) {
            *first_column = all.len() * STRIP;
            if let Some(&matrix) = tree.get(group) {
                all.extend((0..strips(matrix.width())).map(|strip| (matrix, strip)));
            }
        }
        let at = |point| {
            let terms = shape.terms.iter().enumerate();
            let terms = terms.filter(|(_, term)| (term.group, term.point) == (group, point));
            let opened = terms.flat_map(|(index, term)| {
                let column = first_columns[term.tree] + term.column;
                let opened =
                    move |i| Opened { column: column + i, term: index, basis: basis_element(i) };
                (0..term.base_columns()).map(opened)
            });
            (point, opened.collect::<Vec<_>>())
        };
        let points = (0..shape.points.len()).map(at).filter(|(_, opened)| !opened.is_empty());
        Self { height: shape.groups[group].height(), strips: all, points: points.collect() }
    }

    /// Number of tiles of rows. A tile has as many rows as a wide element has lanes.
    fn tiles(&self) -> usize {
        self.height / LANES
    }

    /// All columns on the rows of a tile.
    fn columns(&self, tile: usize) -> Vec<Wide> {
        let rows = std::array::from_fn(|lane| tile * LANES + lane);
        let mut columns = vec![Wide::ZERO; self.strips.len() * STRIP];
        for ((matrix, strip), columns) in self.strips.iter().zip(columns.chunks_exact_mut(STRIP)) {
            matrix
                .each_column(*strip, &rows, |column, pack, cells| columns[column].0[pack] = cells);
        }
        columns
    }

    /// Adds each opened column's value to its term. The value is the sum of the column's cells,
    /// each multiplied by its row's weight. `weights` has the weights of the points in their order.
    fn evaluate(
        &self,
        weights: &[Coefficients],
        values: &mut [EF],
        control: &Control<'_>,
    ) -> Result<(), Cancelled> {
        let opened: Vec<_> = self.points.iter().flat_map(|(_, opened)| opened).collect();
        let zero = || vec![[Packed::ZERO; EXTENSION_DEGREE]; opened.len()];
        let add_tile = |mut sums: Vec<[Packed; EXTENSION_DEGREE]>, tile| {
            if control.is_cancelled() {
                return sums;
            }
            let columns = self.columns(tile);
            let mut next = sums.iter_mut();
            for ((_, opened), weights) in self.points.iter().zip(weights) {
                let weights =
                    weights.each_ref().map(|weights| Wide::from_slice(&weights[tile * LANES..]));
                for (opened, sums) in opened.iter().zip(&mut next) {
                    for (sum, weights) in sums.iter_mut().zip(&weights) {
                        *sum += Packed::dot_product::<PACKS>(&columns[opened.column].0, &weights.0);
                    }
                }
            }
            sums
        };
        let add = |mut a: Vec<[Packed; EXTENSION_DEGREE]>, b: Vec<_>| {
            for (a, b) in a.iter_mut().flatten().zip(b.into_iter().flatten()) {
                *a += b;
            }
            a
        };
        let sums = (0..self.tiles()).into_par_iter().par_fold_reduce(zero, add_tile, add);
        control.check()?;
        for (opened, sums) in opened.into_iter().zip(sums) {
            let sum =
                EF::from_basis_coefficients_fn(|i| sums[i].as_slice().iter().copied().sum::<F>());
            values[opened.term] += sum * opened.basis;
        }
        Ok(())
    }

    /// Adds the columns opened at each point, each multiplied by its term's weight, to the point's
    /// numerators on the first rows of the tallest group.
    fn add_to(
        &self,
        numerators: &mut [Coefficients],
        term_weights: &[EF],
        lift: usize,
        control: &Control<'_>,
    ) -> Result<(), Cancelled> {
        let weights: Vec<Vec<_>> = self
            .points
            .iter()
            .map(|(_, opened)| {
                opened.iter().map(|opened| term_weights[opened.term] * opened.basis).collect()
            })
            .collect();
        let tile = |tile| {
            let columns = self.columns(tile);
            let points = self.points.iter().zip(&weights);
            points
                .map(|((_, opened), weights)| weigh(&columns, opened, weights))
                .collect::<Vec<_>>()
        };
        for first in (0..self.tiles()).step_by(RUN) {
            control.check()?;
            let tiles = first..self.tiles().min(first + RUN);
            let sums: Vec<_> = tiles.clone().into_par_iter().map(tile).collect();
            for (number, sums) in tiles.zip(&sums) {
                for ((point, _), sums) in self.points.iter().zip(sums) {
                    for (numerators, sums) in numerators[*point].iter_mut().zip(sums) {
                        let rows =
                            numerators[(number * LANES) << lift..].chunks_exact_mut(1 << lift);
                        for (rows, &sum) in rows.zip(Packed::unpack_slice(&sums.0)) {
                            rows.iter_mut().for_each(|numerator| *numerator += sum);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// The sum of columns, each multiplied by its weight, on the rows of a tile.
fn weigh(columns: &[Wide], opened: &[Opened], weights: &[EF]) -> [Wide; EXTENSION_DEGREE] {
    let mut sums = [Wide::ZERO; EXTENSION_DEGREE];
    let ((opened, opened_rest), (weights, weights_rest)) =
        (opened.as_chunks::<TERMS>(), weights.as_chunks::<TERMS>());
    for (opened, weights) in opened.iter().zip(weights) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let weights = weights.map(|weight| coefficients(weight)[i]);
            for (pack, sum) in sum.0.iter_mut().enumerate() {
                let cells = opened.each_ref().map(|opened| columns[opened.column].0[pack]);
                *sum += Packed::mixed_dot_product(&cells, &weights);
            }
        }
    }
    for (opened, weight) in opened_rest.iter().zip(weights_rest) {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum += columns[opened.column] * coefficients(*weight)[i];
        }
    }
    sums
}

/// The values of all terms in order, with zeros for the terms that are masks.
pub(super) fn open(
    key: &VerifierKey,
    trees: Evaluations<'_>,
    zeta: EF,
    control: &Control<'_>,
) -> Result<Vec<EF>, Cancelled> {
    let shape = &key.shape;
    let mut values = vec![EF::ZERO; shape.terms.len()];
    for (index, group) in shape.groups.iter().enumerate() {
        let point = zeta.exp_power_of_2(shape.lift(index));
        let weights = lagrange(group.log_height, key.shift(index), point);
        let mut rows = GroupRows::new(key, trees, index);
        // The protocol computes the value of the quotient's mask from the mask's coefficients.
        rows.points.retain(|(number, _)| shape.points[*number] != Point::Mask);
        let weights = rows.points.iter().map(|(number, _)| match shape.points[*number] {
            Point::Row(offset) => shifted(&weights, group.log_height, offset),
            Point::Mask => Coefficients::default(),
        });
        rows.evaluate(&weights.collect::<Vec<_>>(), &mut values, control)?;
    }
    Ok(values)
}

/// The weights of rows in bit-reversed order for the point `offset` rows further on, from the
/// weights of rows in natural order.
fn shifted(weights: &[EF], log_height: usize, offset: i32) -> Coefficients {
    let weight = |row: usize| {
        let natural = reverse_bits_len(row, log_height).wrapping_add_signed(-(offset as isize));
        weights[natural & (weights.len() - 1)]
    };
    let shifted: Vec<_> = (0..weights.len()).map(|row| coefficients(weight(row))).collect();
    std::array::from_fn(|i| shifted.iter().map(|coefficients| coefficients[i]).collect())
}

fn coefficients(element: EF) -> [F; EXTENSION_DEGREE] {
    let coefficients: &[F] = element.as_basis_coefficients_slice();
    std::array::from_fn(|i| coefficients[i])
}

impl CpuKey {
    /// The codeword that FRI folds, in bit-reversed order.
    pub(super) fn batch_terms(
        &self,
        trees: Evaluations<'_>,
        inputs: &BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Result<Vec<EF>, Cancelled> {
        self.extend_codeword(self.first_of_codeword(trees, inputs, control)?, control)
    }

    /// The codeword on the first coset.
    fn first_of_codeword(
        &self,
        trees: Evaluations<'_>,
        inputs: &BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Result<Vec<EF>, Cancelled> {
        let BatchInputs { values, weights: term_weights, zeta } = *inputs;
        let key = &*self.verifier;
        let shape = &key.shape;
        let height = 1 << shape.log_height();
        let log_size = key.log_codeword();
        let mut xs: Vec<F> = F::two_adic_generator(shape.log_height())
            .shifted_powers(F::GENERATOR)
            .take(height)
            .collect();
        reverse_slice_index_bits(&mut xs);
        debug_assert_eq!(xs[1], fri::point(F::GENERATOR, log_size, 1));

        let mut claimed = vec![EF::ZERO; shape.points.len()];
        for ((term, &weight), &value) in shape.terms.iter().zip(term_weights).zip(values) {
            claimed[term.point] += weight * value;
        }
        let mut numerators: Vec<Coefficients> = claimed
            .iter()
            .map(|&claimed| coefficients(-claimed).map(|c| vec![c; height]))
            .collect();
        for group in 0..shape.groups.len() {
            let rows = GroupRows::new(key, trees, group);
            rows.add_to(&mut numerators, term_weights, shape.lift(group), control)?;
        }

        let quotient = trees[QUOTIENT][0];
        let mask =
            |i| (0..height).map(move |row| quotient.cell(row, shape.fri_mask() + i)).collect();
        let mut sums: Coefficients = std::array::from_fn(mask);
        for (numerators, &point) in numerators.iter().zip(&points(key, zeta)) {
            control.check()?;
            add_quotients(&mut sums, numerators, &xs, point);
        }
        Ok((0..height).map(|row| EF::from_basis_coefficients_fn(|i| sums[i][row])).collect())
    }

    /// The values of a polynomial on the whole evaluation domain of the tallest group, from its
    /// values on the first coset.
    fn extend_codeword(&self, first: Vec<EF>, control: &Control<'_>) -> Result<Vec<EF>, Cancelled> {
        let key = &*self.verifier;
        let log_blowup = key.parameters.log_blowup;
        let mut natural = first.clone();
        reverse_slice_index_bits(&mut natural);
        // All cosets have the shift of the first coset, so the shift is left in the coefficients.
        let coefficients = self.small_dft.idft_algebra(natural);
        let generator = F::two_adic_generator(key.log_codeword());
        let mut codeword = Vec::with_capacity(first.len() << log_blowup);
        codeword.extend(first);
        for coset in 1..1 << log_blowup {
            control.check()?;
            let shift = generator.exp_u64(reverse_bits_len(coset, log_blowup) as u64);
            let shifted = coefficients.iter().zip(shift.powers());
            let shifted = shifted.map(|(&coefficient, power)| coefficient * power).collect();
            let mut values = self.small_dft.dft_algebra(shifted);
            reverse_slice_index_bits(&mut values);
            codeword.extend(values);
        }
        Ok(codeword)
    }
}

/// Adds `numerator / (x - point)` to each sum.
///
/// With the conjugate of the point,
/// `1 / (x - point) = (x - conjugate) / ((x - point) (x - conjugate))`, whose denominator lies in
/// the base field.
fn add_quotients(sums: &mut Coefficients, numerators: &Coefficients, xs: &[F], point: EF) {
    let conjugate = point.frobenius();
    let [trace, norm] =
        [point + conjugate, point * conjugate].map(|value| Packed::from(coefficients(value)[0]));
    let xs = Packed::pack_slice(xs);
    let denominators: Vec<_> = xs.iter().map(|&x| (x - trace) * x + norm).collect();
    let conjugate = PackedExtension::from(conjugate);
    let numerators = numerators.each_ref().map(|numerators| Packed::pack_slice(numerators));
    let mut sums = sums.each_mut().map(|sums| Packed::pack_slice_mut(sums));
    for (index, inverse) in inverses(&denominators).into_iter().enumerate() {
        let numerator = PackedExtension::from_basis_coefficients_fn(|i| numerators[i][index]);
        let quotient = numerator * (PackedExtension::from(xs[index]) - conjugate) * inverse;
        let coefficients: &[Packed] = quotient.as_basis_coefficients_slice();
        for (sums, &coefficient) in sums.iter_mut().zip(coefficients) {
            sums[index] += coefficient;
        }
    }
}
