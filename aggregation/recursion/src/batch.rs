//! The codeword whose low degree FRI shows, at a queried row.
//!
//! The codeword is the mask plus the weighted sum of one quotient for each term. A quotient is the
//! difference of the opened cell from the claimed value, divided by the distance of the row's point
//! from the term's point.

use std::collections::BTreeMap;

use p3_field::{Field as _, PrimeCharacteristicRing, TwoAdicField};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use velum_stark::VerifierKey;
use velum_stark::shape::{Point, QUOTIENT, Shape};
use velum_stark::words::BLOCK;

use crate::blocks::block_sums;
use crate::field::{Builder, Extension, F, NON_RESIDUE, element, embed, pair};
use crate::sums::quotient_sum;

/// The parts of the batch that all queries have in common.
pub(crate) struct Batch<'a> {
    shape: &'a Shape,
    challenges: &'a [Extension],
    points: Vec<PointTerms>,
}

/// The terms of one point.
struct PointTerms {
    point: Extension,
    /// The weighted sum of the claimed values, negated.
    claimed: Extension,
    blocks: Vec<Block>,
    /// The terms outside of blocks, by their index in the shape, with their weights.
    single: Vec<(usize, Extension)>,
}

/// Terms whose words have numbers that differ in the lowest bits only.
struct Block {
    /// The indices of the terms in the shape, by these lowest bits.
    terms: [Option<usize>; BLOCK],
    /// The weight of the first number in the block.
    weight: Extension,
    /// This weight times the second basis element. Present if the terms are extension columns.
    second: Option<Extension>,
}

impl<'a> Batch<'a> {
    /// The batch for the claimed values of all terms, with these batching challenges.
    pub(crate) fn new(
        builder: &mut Builder,
        key: &'a VerifierKey,
        zeta: Extension,
        values: &[Extension],
        challenges: &'a [Extension],
    ) -> Self {
        let shape = key.shape();
        let weights = weights(builder, challenges);
        let terms_of = |point: usize| {
            let terms = shape.terms.iter().enumerate().filter(move |(_, term)| term.point == point);
            terms.map(|(at, _)| at)
        };
        let zero = builder.zero_extension();
        let points = points(builder, shape, zeta);
        let points = points.into_iter().enumerate().map(|(number, point)| {
            let mut claimed = zero;
            for at in terms_of(number) {
                let weight = weights[shape.words[at]];
                claimed =
                    builder.arithmetic_extension(F::NEG_ONE, F::ONE, weight, values[at], claimed);
            }
            let mut by_block: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            terms_of(number)
                .for_each(|at| by_block.entry(shape.words[at] / BLOCK).or_default().push(at));
            let (mut blocks, mut single) = (Vec::new(), Vec::new());
            for (block, terms) in by_block {
                let is_extension = shape.terms[terms[0]].is_extension;
                // Terms that fill no block of their own share blocks with terms of other points, or
                // of columns over the other field. They are weighted one by one.
                let is_alike = terms.iter().all(|&at| shape.terms[at].is_extension == is_extension);
                if terms.len() < FEW || !is_alike {
                    single.extend(terms.iter().map(|&at| (at, weights[shape.words[at]])));
                    continue;
                }
                let mut by_bits = [None; BLOCK];
                terms.iter().for_each(|&at| by_bits[shape.words[at] % BLOCK] = Some(at));
                let weight = weights[block * BLOCK];
                let second = is_extension.then(|| times_second(builder, weight));
                blocks.push(Block { terms: by_bits, weight, second });
            }
            PointTerms { point, claimed, blocks, single }
        });
        Self { shape, challenges, points: points.collect() }
    }

    /// The value of the batched codeword at a row. `x` is the row's point in the domain of the
    /// tallest group. `rows` has the cells of the row, by tree and group.
    pub(crate) fn at(
        &self,
        builder: &mut Builder,
        x: Target,
        rows: &[Vec<Vec<Target>>],
    ) -> Extension {
        let mask = self.shape.fri_mask();
        let row = &rows[QUOTIENT][0];
        let mask = pair([row[mask], row[mask + 1]]);
        let zero = builder.zero();
        let cell = |at: usize, coefficient: usize| {
            let term = &self.shape.terms[at];
            rows[term.tree][term.group][term.column + coefficient]
        };
        // Blocks of all points share rows of the circuit. A block of extension columns is summed up
        // once for each coefficient.
        let (mut cells, mut weights) = (Vec::new(), Vec::new());
        for (number, point) in self.points.iter().enumerate() {
            for block in &point.blocks {
                for (coefficient, weight) in
                    [Some(block.weight), block.second].into_iter().flatten().enumerate()
                {
                    cells.push(block.terms.map(|at| at.map_or(zero, |at| cell(at, coefficient))));
                    weights.push((number, weight));
                }
            }
        }
        let mut numerators: Vec<_> = self.points.iter().map(|point| point.claimed).collect();
        let sums = block_sums(builder, self.challenges, &cells);
        for ((number, weight), sum) in weights.into_iter().zip(sums) {
            numerators[number] = builder.mul_add_extension(weight, sum, numerators[number]);
        }
        for (point, numerator) in self.points.iter().zip(&mut numerators) {
            for &(at, weight) in &point.single {
                let value = match self.shape.terms[at].is_extension {
                    true => pair([cell(at, 0), cell(at, 1)]),
                    false => embed(builder, cell(at, 0)),
                };
                *numerator = builder.mul_add_extension(weight, value, *numerator);
            }
        }
        let quotients: Vec<_> = numerators
            .into_iter()
            .zip(&self.points)
            .map(|(numerator, at)| (numerator, at.point))
            .collect();
        quotient_sum(builder, x, mask, &quotients)
    }
}

/// Blocks with fewer terms of one point are weighted term by term.
const FEW: usize = 6;

/// The points at which columns are opened.
fn points(builder: &mut Builder, shape: &Shape, zeta: Extension) -> Vec<Extension> {
    let generator = velum_stark::field::F::two_adic_generator(shape.log_height());
    let factor = |point: &Point| match *point {
        Point::Row(offset) if offset < 0 => {
            generator.inverse().exp_u64(offset.unsigned_abs().into())
        }
        Point::Row(offset) => generator.exp_u64(offset.unsigned_abs().into()),
        Point::Mask => velum_stark::field::F::GENERATOR,
    };
    let factors: Vec<_> = shape.points.iter().map(factor).collect();
    factors.into_iter().map(|factor| builder.mul_const_extension(element(factor), zeta)).collect()
}

/// The weight of each word, by its number. A weight is the product of the challenges whose bits are
/// one in the number.
fn weights(builder: &mut Builder, challenges: &[Extension]) -> Vec<Extension> {
    let mut weights = vec![builder.one_extension()];
    for &challenge in challenges {
        for number in 0..weights.len() {
            let weight = builder.mul_extension(weights[number], challenge);
            weights.push(weight);
        }
    }
    weights
}

/// The product of an extension element and the second basis element.
fn times_second(builder: &mut Builder, Extension { 0: [low, high] }: Extension) -> Extension {
    let zero = builder.zero();
    let one = builder.one();
    pair([builder.arithmetic(NON_RESIDUE, F::ZERO, high, one, zero), low])
}
