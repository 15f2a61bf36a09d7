//! The codeword that FRI shows to be low, at a queried row: the mask plus, for every term, the difference from its value divided by the distance from its
//! point, each with its weight.

use p3_field::{Field as _, PrimeCharacteristicRing, TwoAdicField};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use velum_stark::VerifierKey;
use velum_stark::shape::{Point, QUOTIENT, Shape, Term};

use crate::field::{Builder, Extension, F, NON_RESIDUE, element, pair};
use crate::sums::{quotient_sum, weighted_sum};

/// What the batch has in common at all queries.
pub(crate) struct Batch<'a> {
    shape: &'a Shape,
    points: Vec<PointTerms<'a>>,
}

/// The terms of a point.
struct PointTerms<'a> {
    point: Extension,
    /// The weighed sum of their values, negative.
    claimed: Extension,
    /// Each with its weight, and the weight times the second basis element where it is an extension column.
    terms: Vec<(&'a Term, [Extension; 2])>,
}

impl<'a> Batch<'a> {
    /// The batch of the values of all terms, with these challenges.
    pub(crate) fn new(
        builder: &mut Builder,
        key: &'a VerifierKey,
        zeta: Extension,
        values: &[Extension],
        challenges: &[Extension],
    ) -> Self {
        let shape = key.shape();
        let zero = builder.zero_extension();
        let mut points: Vec<_> = points(builder, shape, zeta)
            .into_iter()
            .map(|point| PointTerms { point, claimed: zero, terms: Vec::new() })
            .collect();
        let weights = weights(builder, challenges, shape.terms.len());
        for ((term, &value), weight) in shape.terms.iter().zip(values).zip(weights) {
            let at = &mut points[term.point];
            at.claimed = builder.arithmetic_extension(F::NEG_ONE, F::ONE, weight, value, at.claimed);
            let second = if term.is_extension { times_second(builder, weight) } else { zero };
            at.terms.push((term, [weight, second]));
        }
        Self { shape, points }
    }

    /// Its value at a row, whose point of the tallest group's domain is `x`; `rows` has the row's cells by tree and group.
    pub(crate) fn at(&self, builder: &mut Builder, x: Target, rows: &[Vec<Vec<Target>>]) -> Extension {
        let mask = self.shape.fri_mask();
        let row = &rows[QUOTIENT][0];
        let mask = pair([row[mask], row[mask + 1]]);
        let quotients: Vec<_> = self
            .points
            .iter()
            .map(|PointTerms { point, claimed, terms }| {
                let cells: Vec<_> = terms
                    .iter()
                    .flat_map(|(term, weights)| {
                        let row = &rows[term.tree][term.group];
                        let columns = term.column..term.column + term.base_columns();
                        weights.iter().copied().zip(row[columns].iter().copied())
                    })
                    .collect();
                (weighted_sum(builder, *claimed, &cells), *point)
            })
            .collect();
        quotient_sum(builder, x, mask, &quotients)
    }
}

/// The points at which columns are opened.
fn points(builder: &mut Builder, shape: &Shape, zeta: Extension) -> Vec<Extension> {
    let generator = velum_stark::field::F::two_adic_generator(shape.log_height());
    let factor = |point: &Point| match *point {
        Point::Row(offset) if offset < 0 => generator.inverse().exp_u64(offset.unsigned_abs().into()),
        Point::Row(offset) => generator.exp_u64(offset.unsigned_abs().into()),
        Point::Mask => velum_stark::field::F::GENERATOR,
    };
    let factors: Vec<_> = shape.points.iter().map(factor).collect();
    factors.into_iter().map(|factor| builder.mul_const_extension(element(factor), zeta)).collect()
}

/// The weights of so many terms: term `i` is word `i + 1`, and a word's weight is the product of the challenges at the ones of its number.
fn weights(builder: &mut Builder, challenges: &[Extension], terms: usize) -> Vec<Extension> {
    let mut weights = vec![builder.one_extension()];
    for &challenge in challenges {
        for word in 0..weights.len().min((terms + 1).saturating_sub(weights.len())) {
            let weight = builder.mul_extension(weights[word], challenge);
            weights.push(weight);
        }
    }
    weights.drain(1..=terms).collect()
}

/// The product with the second basis element.
fn times_second(builder: &mut Builder, Extension { 0: [low, high] }: Extension) -> Extension {
    let zero = builder.zero();
    let one = builder.one();
    pair([builder.arithmetic(NON_RESIDUE, F::ZERO, high, one, zero), low])
}
