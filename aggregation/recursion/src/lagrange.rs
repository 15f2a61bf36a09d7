//! The Lagrange polynomials of a table's rows at a point, without their common factor.
//!
//! Row `i` of `N` stands for the point `g^i`. Its polynomial is `(z^N - 1) / N` times
//! `g^i / (z - g^i)`.

use plonky2::field::types::Field;
use plonky2::iop::target::Target;

use crate::field::{Builder, D, Extension, F, pair, root_of_unity};
use crate::gate::{Arithmetic, RelationGate, Relations};

/// `g^i / (z - g^i)` for consecutive rows of a table of height `2^size`, the sum of these
/// quotients, and their ramp. The ramp is the sum of all quotients, each times its place among
/// them.
///
/// ```text
///   wires    first row's point | point of the row after these | z 2 | sum 2 | ramp 2 |
///            36 times: quotient 2
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lagrange {
    log_height: usize,
}

/// Number of a table's rows in one row of the circuit.
pub(crate) const BLOCK: usize = (80 - Lagrange::QUOTIENT) / D;

impl Lagrange {
    const ROW: usize = 0;
    const NEXT: usize = 1;
    const POINT: usize = 2;
    const SUM: usize = Self::POINT + D;
    const RAMP: usize = Self::SUM + D;
    const QUOTIENT: usize = Self::RAMP + D;
}

impl Relations for Lagrange {
    const NAME: &'static str = "Lagrange";
    const DEGREE: usize = 2;

    fn of_size(log_height: usize) -> Self {
        Self { log_height }
    }

    fn size(&self) -> usize {
        self.log_height
    }

    fn wires(&self) -> usize {
        Self::QUOTIENT + D * BLOCK
    }

    fn count(&self) -> usize {
        1 + D * (BLOCK + 2)
    }

    fn inputs(&self) -> Vec<usize> {
        vec![Self::ROW, Self::POINT, Self::POINT + 1]
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let generator = root_of_unity(self.log_height);
        let [zero, one] = [F::ZERO, F::ONE].map(|value| arithmetic.constant(value));
        let row = arithmetic.wire(Self::ROW);
        let point = arithmetic.extension(Self::POINT);
        let mut power = F::ONE;
        let (mut sum, mut ramp) = ([zero; D], [zero; D]);
        for index in 0..BLOCK {
            let row = arithmetic.combine(power, row, one, F::ZERO, zero);
            let distance = [arithmetic.sub(point[0], row), point[1]];
            let quotient =
                arithmetic.define_quotient(Self::QUOTIENT + D * index, [row, zero], distance);
            let place = F::from_canonical_usize(index);
            sum = [0, 1].map(|i| arithmetic.add(sum[i], quotient[i]));
            ramp = [0, 1].map(|i| arithmetic.scale_add(place, quotient[i], ramp[i]));
            power *= generator;
        }
        for i in 0..D {
            arithmetic.define(Self::SUM + i, sum[i]);
            arithmetic.define(Self::RAMP + i, ramp[i]);
        }
        let next = arithmetic.combine(power, row, one, F::ZERO, zero);
        arithmetic.define(Self::NEXT, next);
    }
}

/// `g^i / (z - g^i)` for the rows of a table.
pub(crate) struct Quotients {
    /// The quotient of each row.
    pub(crate) rows: Vec<Extension>,
    /// The sum of the quotients of each whole block of consecutive rows.
    pub(crate) sums: Vec<Extension>,
    /// For each whole block, the sum of the quotients, each times its place in the block.
    pub(crate) ramps: Vec<Extension>,
}

/// The quotients of a table of height `2^log_height`.
pub(crate) fn quotients(builder: &mut Builder, log_height: usize, point: Extension) -> Quotients {
    let height = 1 << log_height;
    let mut quotients = Quotients { rows: Vec::new(), sums: Vec::new(), ramps: Vec::new() };
    let mut next = builder.one();
    while quotients.rows.len() < height {
        let row = builder.add_gate(RelationGate(Lagrange { log_height }), vec![]);
        let wire = |wire| pair([Target::wire(row, wire), Target::wire(row, wire + 1)]);
        builder.connect(next, Target::wire(row, Lagrange::ROW));
        builder.connect_extension(point, wire(Lagrange::POINT));
        quotients.rows.extend((0..BLOCK).map(|index| wire(Lagrange::QUOTIENT + D * index)));
        quotients.sums.push(wire(Lagrange::SUM));
        quotients.ramps.push(wire(Lagrange::RAMP));
        next = Target::wire(row, Lagrange::NEXT);
    }
    // The last block continues with the first rows of the table.
    quotients.rows.truncate(height);
    quotients.sums.truncate(height / BLOCK);
    quotients.ramps.truncate(height / BLOCK);
    quotients
}

#[cfg(test)]
mod tests {
    use plonky2::field::extension::quadratic::QuadraticExtension;
    use plonky2::field::types::Sample;
    use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};

    use super::*;
    use crate::field::FE;
    use crate::testing::{C, row, violated};

    #[test]
    fn has_low_degree_and_is_the_same_over_fields_and_targets() {
        test_low_degree::<F, _, 2>(RelationGate(Lagrange { log_height: 9 }));
        test_eval_fns::<F, C, _, 2>(RelationGate(Lagrange { log_height: 9 })).unwrap();
    }

    #[test]
    fn quotients_are_those_of_consecutive_rows() {
        let (gate, inputs, generator) =
            (Lagrange { log_height: 9 }, F::rand_vec(4), root_of_unity(9));
        let mut wires = row(&gate, |wire| inputs[wire]);
        assert!(violated(&gate, &wires).is_empty());
        let (mut row, point) = (inputs[0], QuadraticExtension([inputs[2], inputs[3]]));
        let at = |wire: usize| QuadraticExtension([wires[wire], wires[wire + 1]]);
        let (mut sum, mut ramp) = (FE::ZERO, FE::ZERO);
        for place in 0..BLOCK {
            let quotient = FE::from(row) / (point - FE::from(row));
            assert_eq!(at(Lagrange::QUOTIENT + D * place), quotient);
            sum += quotient;
            ramp += quotient * FE::from_canonical_usize(place);
            row *= generator;
        }
        assert_eq!((at(Lagrange::SUM), at(Lagrange::RAMP)), (sum, ramp));
        assert_eq!(wires[Lagrange::NEXT], row);
        for wire in 0..wires.len() {
            wires[wire] += F::ONE;
            assert!(!violated(&gate, &wires).is_empty(), "wire {wire} is free");
            wires[wire] -= F::ONE;
        }
    }
}
