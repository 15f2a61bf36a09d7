//! Sums of many terms. A term is a base field element times a weight of the extension field, or an
//! extension element divided by the distance between two points.

use plonky2::field::types::Field;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::target::Target;

use crate::field::{Builder, D, Extension, F};
use crate::gate::{Arithmetic, RelationGate, Relations};

/// Number of routed wires of a row, which can be connected to other wires.
const ROUTED: usize = 80;

/// `end = start + sum of weight_i * cell_i`.
///
/// ```text
///   wires    start 2 | end 2 | 25 times: weight 2, cell 1
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedSum;

impl WeightedSum {
    const START: usize = 0;
    const END: usize = D;
    const TERMS: usize = 2 * D;
    /// Number of terms in a row.
    const COUNT: usize = (ROUTED - Self::TERMS) / (D + 1);

    const fn weight(term: usize) -> usize {
        Self::TERMS + (D + 1) * term
    }

    const fn cell(term: usize) -> usize {
        Self::weight(term) + D
    }
}

impl Relations for WeightedSum {
    const NAME: &'static str = "WeightedSum";
    const DEGREE: usize = 2;

    fn of_size(_: usize) -> Self {
        Self
    }

    fn size(&self) -> usize {
        Self::COUNT
    }

    fn wires(&self) -> usize {
        Self::weight(Self::COUNT)
    }

    fn count(&self) -> usize {
        D
    }

    fn inputs(&self) -> Vec<usize> {
        (0..self.wires()).filter(|wire| !(Self::END..Self::TERMS).contains(wire)).collect()
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        for coefficient in 0..D {
            let mut sum = arithmetic.wire(Self::START + coefficient);
            for term in 0..Self::COUNT {
                let weight = arithmetic.wire(Self::weight(term) + coefficient);
                let cell = arithmetic.wire(Self::cell(term));
                sum = arithmetic.mul_add(weight, cell, sum);
            }
            arithmetic.define(Self::END + coefficient, sum);
        }
    }
}

/// `end = start + sum of numerator_i / (x - point_i)`, with `x` in the base field.
///
/// ```text
///   wires    x | start 2 | end 2 | 18 times: numerator 2, point 2 | constants 2 |
///            18 times: quotient 2
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotientSum;

impl QuotientSum {
    const X: usize = 0;
    const START: usize = 1;
    const END: usize = Self::START + D;
    const TERMS: usize = Self::END + D;
    /// Number of terms in a row.
    const COUNT: usize = (ROUTED - Self::TERMS) / (2 * D);

    const CONSTANT_WIRES: usize = Self::numerator(Self::COUNT);

    const fn numerator(term: usize) -> usize {
        Self::TERMS + 2 * D * term
    }

    const fn point(term: usize) -> usize {
        Self::numerator(term) + D
    }

    const fn quotient(term: usize) -> usize {
        Self::CONSTANT_WIRES + 2 + D * term
    }
}

impl Relations for QuotientSum {
    const NAME: &'static str = "QuotientSum";
    const DEGREE: usize = 2;
    const CONSTANTS: Option<usize> = Some(Self::CONSTANT_WIRES);

    fn of_size(_: usize) -> Self {
        Self
    }

    fn size(&self) -> usize {
        Self::COUNT
    }

    fn wires(&self) -> usize {
        Self::quotient(Self::COUNT)
    }

    fn count(&self) -> usize {
        D * Self::COUNT + D
    }

    fn inputs(&self) -> Vec<usize> {
        let is_input = |wire: &usize| !(Self::END..Self::TERMS).contains(wire);
        (0..Self::CONSTANT_WIRES).filter(is_input).collect()
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let x = arithmetic.wire(Self::X);
        let zero = arithmetic.constant(F::ZERO);
        let mut sum = arithmetic.extension(Self::START);
        for term in 0..Self::COUNT {
            let numerator = arithmetic.extension(Self::numerator(term));
            let point = arithmetic.extension(Self::point(term));
            let distance = [arithmetic.sub(x, point[0]), arithmetic.sub(zero, point[1])];
            let quotient = arithmetic.define_quotient(Self::quotient(term), numerator, distance);
            sum = [0, 1].map(|i| arithmetic.add(sum[i], quotient[i]));
        }
        arithmetic.define(Self::END, sum[0]);
        arithmetic.define(Self::END + 1, sum[1]);
    }
}

/// `start` plus the sum of all cells, each times its weight.
pub(crate) fn weighted_sum(
    builder: &mut Builder,
    start: Extension,
    terms: &[(Extension, Target)],
) -> Extension {
    let mut sum = start;
    for terms in terms.chunks(WeightedSum::COUNT) {
        // One row of single operations has room for a few terms.
        if terms.len() <= FEW {
            for &(weight, cell) in terms {
                let cell = builder.convert_to_ext(cell);
                sum = builder.mul_add_extension(weight, cell, sum);
            }
            continue;
        }
        let row = builder.add_gate(RelationGate(WeightedSum), vec![]);
        connect(builder, sum, row, WeightedSum::START);
        let zero = (builder.zero_extension(), builder.zero());
        let terms = terms.iter().copied().chain(std::iter::repeat(zero));
        for (term, (weight, cell)) in terms.take(WeightedSum::COUNT).enumerate() {
            connect(builder, weight, row, WeightedSum::weight(term));
            builder.connect(cell, Target::wire(row, WeightedSum::cell(term)));
        }
        sum = output(row, WeightedSum::END);
    }
    sum
}

/// The largest number of terms that cost no more as single operations, which share a row with
/// others, than as a row of their own.
const FEW: usize = 9;

/// `start` plus the sum of all numerators, each divided by the distance of `x` from its point. No
/// point may be in the base field, so that no distance is zero.
pub(crate) fn quotient_sum(
    builder: &mut Builder,
    x: Target,
    start: Extension,
    terms: &[(Extension, Extension)],
) -> Extension {
    let mut sum = start;
    for terms in terms.chunks(QuotientSum::COUNT) {
        let row = builder.add_gate(RelationGate(QuotientSum), vec![]);
        builder.connect(x, Target::wire(row, QuotientSum::X));
        connect(builder, sum, row, QuotientSum::START);
        // Unused places divide zero by a distance that is not zero, so they add nothing.
        let nothing = (builder.zero_extension(), terms[0].1);
        let terms = terms.iter().copied().chain(std::iter::repeat(nothing));
        for (term, (numerator, point)) in terms.take(QuotientSum::COUNT).enumerate() {
            connect(builder, numerator, row, QuotientSum::numerator(term));
            connect(builder, point, row, QuotientSum::point(term));
        }
        sum = output(row, QuotientSum::END);
    }
    sum
}

fn connect(builder: &mut Builder, value: Extension, row: usize, wire: usize) {
    builder.connect_extension(value, output(row, wire));
}

fn output(row: usize, wire: usize) -> Extension {
    ExtensionTarget([Target::wire(row, wire), Target::wire(row, wire + 1)])
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Sample;
    use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};

    use super::*;
    use crate::field::FE;
    use crate::testing::{C, row, violated};

    #[test]
    fn gates_have_low_degree_and_are_the_same_over_fields_and_targets() {
        test_low_degree::<F, _, 2>(RelationGate(WeightedSum));
        test_eval_fns::<F, C, _, 2>(RelationGate(WeightedSum)).unwrap();
        test_low_degree::<F, _, 2>(RelationGate(QuotientSum));
        test_eval_fns::<F, C, _, 2>(RelationGate(QuotientSum)).unwrap();
    }

    fn random_row<R: Relations>(relations: &R) -> Vec<F> {
        let inputs = F::rand_vec(relations.wires());
        row(relations, |wire| inputs[wire])
    }

    fn at(wires: &[F], wire: usize) -> FE {
        plonky2::field::extension::quadratic::QuadraticExtension([wires[wire], wires[wire + 1]])
    }

    #[test]
    fn sums_are_those_of_their_terms() {
        let wires = random_row(&WeightedSum);
        let terms = (0..WeightedSum::COUNT).map(|term| {
            at(&wires, WeightedSum::weight(term)) * FE::from(wires[WeightedSum::cell(term)])
        });
        assert_eq!(at(&wires, WeightedSum::END), at(&wires, WeightedSum::START) + terms.sum());

        let wires = random_row(&QuotientSum);
        let terms = (0..QuotientSum::COUNT).map(|term| {
            let distance = FE::from(wires[QuotientSum::X]) - at(&wires, QuotientSum::point(term));
            at(&wires, QuotientSum::numerator(term)) / distance
        });
        assert_eq!(at(&wires, QuotientSum::END), at(&wires, QuotientSum::START) + terms.sum());
    }

    #[test]
    fn every_wire_is_bound() {
        fn check<R: Relations>(relations: &R) {
            let mut wires = random_row(relations);
            assert!(violated(relations, &wires).is_empty());
            for wire in 0..wires.len() {
                wires[wire] += F::ONE;
                assert!(
                    !violated(relations, &wires).is_empty(),
                    "{relations:?}: wire {wire} is free"
                );
                wires[wire] -= F::ONE;
            }
        }
        check(&WeightedSum);
        check(&QuotientSum);
    }
}
