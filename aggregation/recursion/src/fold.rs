//! Folds a leaf of FRI into one value.

use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::target::Target;

use crate::field::{Builder, D, Extension, F, root_of_unity};
use crate::gate::{Arithmetic, RelationGate, Relations};

/// Folds `2^size` values, halving them once with each of `size` challenges.
///
/// ```text
///   wires    inverse of the first value's point | challenges 2 each | values 2 each |
///            folded values 2 each, the last the result | constants 2
/// ```
///
/// Let `x` be the point of the first value. Value `i` then stands at `x w^r`, where `w` has order
/// `2^size` and `r` is `i` with its bits in reverse. Two neighbours `u` and `v` stand at opposite
/// points `y` and `-y`, and fold to `(u + v) / 2 + beta (u - v) / 2y`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    log_arity: usize,
}

impl Fold {
    const INVERSE: usize = 0;
    const CHALLENGES: usize = 1;

    const fn challenge(&self, fold: usize) -> usize {
        Self::CHALLENGES + D * fold
    }

    const fn value(&self, index: usize) -> usize {
        self.challenge(self.log_arity) + D * index
    }

    /// The wire of the first value after `folds` folds.
    const fn folded(&self, folds: usize) -> usize {
        let values = (2 << self.log_arity) - (2 << (self.log_arity - folds));
        self.value(values)
    }

    /// The wire behind the result.
    const fn end(&self) -> usize {
        self.folded(self.log_arity) + D
    }
}

impl Relations for Fold {
    const NAME: &'static str = "Fold";
    const DEGREE: usize = 2 + (1 << (MAX_LOG_ARITY - 1));
    const CONSTANTS: Option<usize> = Some(Self { log_arity: MAX_LOG_ARITY }.end());

    fn of_size(log_arity: usize) -> Self {
        Self { log_arity }
    }

    fn size(&self) -> usize {
        self.log_arity
    }

    fn wires(&self) -> usize {
        self.end()
    }

    fn count(&self) -> usize {
        D * ((1 << self.log_arity) - 1)
    }

    fn inputs(&self) -> Vec<usize> {
        (0..self.folded(1)).collect()
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let mut inverse = arithmetic.wire(Self::INVERSE);
        let zero = arithmetic.constant(F::ZERO);
        let half = F::TWO.inverse();
        let mut values: Vec<_> =
            (0..1 << self.log_arity).map(|index| arithmetic.extension(self.value(index))).collect();
        for fold in 0..self.log_arity {
            let beta = arithmetic.extension(self.challenge(fold));
            let beta = beta.map(|beta| arithmetic.mul(beta, inverse));
            for pair in 0..values.len() / 2 {
                let (u, v) = (values[2 * pair], values[2 * pair + 1]);
                let factor = half * inverse_root(self.log_arity - fold, 2 * pair);
                let one = arithmetic.constant(F::ONE);
                let sum = [0, 1].map(|i| {
                    let sum = arithmetic.add(u[i], v[i]);
                    arithmetic.combine(half, sum, one, F::ZERO, zero)
                });
                let difference = [0, 1].map(|i| {
                    let difference = arithmetic.sub(u[i], v[i]);
                    arithmetic.combine(factor, difference, one, F::ZERO, zero)
                });
                let folded = arithmetic.mul_add_extension(beta, difference, sum);
                let to = self.folded(fold + 1) + D * pair;
                values[pair] =
                    [arithmetic.define(to, folded[0]), arithmetic.define(to + 1, folded[1])];
            }
            values.truncate(values.len() / 2);
            inverse = arithmetic.mul(inverse, inverse);
        }
    }
}

/// Binary logarithm of the largest arity.
pub(crate) const MAX_LOG_ARITY: usize = 3;

/// The inverse of a root of unity of order `2^bits`, raised to the power of `index` with its bits
/// in reverse.
fn inverse_root(bits: usize, index: usize) -> F {
    let power = if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS as usize - bits) };
    root_of_unity(bits).exp_u64(F::NEG_ONE.to_canonical_u64() - power as u64)
}

/// The value that a leaf folds to. `inverse` is the inverse of its first value's point.
pub(crate) fn fold(
    builder: &mut Builder,
    inverse: Target,
    challenges: &[Extension],
    values: &[Extension],
) -> Extension {
    let gate = Fold { log_arity: challenges.len() };
    let row = builder.add_gate(RelationGate(gate), vec![]);
    let wire = |wire| ExtensionTarget([Target::wire(row, wire), Target::wire(row, wire + 1)]);
    builder.connect(inverse, Target::wire(row, Fold::INVERSE));
    for (fold, &challenge) in challenges.iter().enumerate() {
        builder.connect_extension(challenge, wire(gate.challenge(fold)));
    }
    for (index, &value) in values.iter().enumerate() {
        builder.connect_extension(value, wire(gate.value(index)));
    }
    wire(gate.folded(gate.log_arity))
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Sample;
    use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};

    use super::*;
    use crate::testing::{C, row, violated};

    #[test]
    fn has_low_degree_and_is_the_same_over_fields_and_targets() {
        for log_arity in 1..=MAX_LOG_ARITY {
            test_low_degree::<F, _, 2>(RelationGate(Fold { log_arity }));
            test_eval_fns::<F, C, _, 2>(RelationGate(Fold { log_arity })).unwrap();
        }
    }

    /// The values of a polynomial with `2^log_arity` coefficients fold to the sum of its
    /// coefficients, each times the product of the challenges whose bits are one in its index.
    #[test]
    fn folds_polynomials() {
        use crate::field::FE;
        use plonky2::field::extension::quadratic::QuadraticExtension;

        for log_arity in 1..=MAX_LOG_ARITY {
            let gate = Fold { log_arity };
            let x = F::rand();
            let coefficients: Vec<FE> = FE::rand_vec(1 << log_arity);
            let challenges: Vec<FE> = FE::rand_vec(log_arity);
            let value = |index| {
                let point = FE::from(x * inverse_root(log_arity, index).inverse());
                coefficients
                    .iter()
                    .rev()
                    .fold(FE::ZERO, |sum, &coefficient| sum * point + coefficient)
            };
            let mut inputs = vec![x.inverse()];
            inputs.extend(challenges.iter().flat_map(|challenge| challenge.0));
            inputs.extend((0..1 << log_arity).flat_map(|index| value(index).0));
            let mut wires = row(&gate, |wire| inputs[wire]);
            assert!(violated(&gate, &wires).is_empty());
            let expected: FE =
                (0..).zip(&coefficients).fold(FE::ZERO, |sum, (index, &coefficient)| {
                    let set =
                        challenges.iter().enumerate().filter(|(bit, _)| index >> bit & 1 == 1);
                    sum + coefficient * set.map(|(_, &challenge)| challenge).product::<FE>()
                });
            let end = wires.len() - 2;
            assert_eq!(QuadraticExtension([wires[end], wires[end + 1]]), expected);
            for wire in 0..wires.len() {
                wires[wire] += F::ONE;
                assert!(!violated(&gate, &wires).is_empty(), "wire {wire} is free");
                wires[wire] -= F::ONE;
            }
        }
    }
}
