//! The Lagrange polynomials of a table's rows at a point, but for their common factor.
//!
//! Row `i` of `N` is the point `g^i`, and its polynomial is `(z^N - 1) / N` times `g^i / (z - g^i)`.

use plonky2::field::types::Field;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::target::Target;

use crate::field::{Builder, D, Extension, F, root_of_unity};
use crate::gate::{Arithmetic, RelationGate, Relations};

/// `g^i / (z - g^i)` of consecutive rows of a table of `2^size`.
///
/// ```text
///   wires    first row's point | the next row's after these | z 2 | 38 times: quotient 2
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lagrange {
    log_height: usize,
}

impl Lagrange {
    const ROW: usize = 0;
    const NEXT: usize = 1;
    const POINT: usize = 2;
    const QUOTIENT: usize = Self::POINT + D;
    /// Rows of the table in a row of the circuit.
    const COUNT: usize = (80 - Self::QUOTIENT) / D;
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
        Self::QUOTIENT + D * Self::COUNT
    }

    fn count(&self) -> usize {
        1 + D * Self::COUNT
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
        for index in 0..Self::COUNT {
            let row = arithmetic.combine(power, row, one, F::ZERO, zero);
            let distance = [arithmetic.sub(point[0], row), point[1]];
            arithmetic.define_quotient(Self::QUOTIENT + D * index, [row, zero], distance);
            power *= generator;
        }
        let next = arithmetic.combine(power, row, one, F::ZERO, zero);
        arithmetic.define(Self::NEXT, next);
    }
}

/// `g^i / (z - g^i)` of all rows of a table of `2^log_height`.
pub(crate) fn lagrange(builder: &mut Builder, log_height: usize, point: Extension) -> Vec<Extension> {
    let mut quotients = Vec::with_capacity((1 << log_height) + Lagrange::COUNT);
    let mut next = builder.one();
    while quotients.len() < 1 << log_height {
        let row = builder.add_gate(RelationGate(Lagrange { log_height }), vec![]);
        let wire = |wire| ExtensionTarget([Target::wire(row, wire), Target::wire(row, wire + 1)]);
        builder.connect(next, Target::wire(row, Lagrange::ROW));
        builder.connect_extension(point, wire(Lagrange::POINT));
        quotients.extend((0..Lagrange::COUNT).map(|index| wire(Lagrange::QUOTIENT + D * index)));
        next = Target::wire(row, Lagrange::NEXT);
    }
    quotients.truncate(1 << log_height);
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
        let (gate, inputs, generator) = (Lagrange { log_height: 9 }, F::rand_vec(4), root_of_unity(9));
        let mut wires = row(&gate, |wire| inputs[wire]);
        assert_eq!(violated(&gate, &wires), []);
        let (mut row, point) = (inputs[0], QuadraticExtension([inputs[2], inputs[3]]));
        for quotient in wires[Lagrange::QUOTIENT..].as_chunks().0 {
            assert_eq!(QuadraticExtension(*quotient), FE::from(row) / (point - FE::from(row)));
            row *= generator;
        }
        assert_eq!(wires[Lagrange::NEXT], row);
        for wire in 0..wires.len() {
            wires[wire] += F::ONE;
            assert!(!violated(&gate, &wires).is_empty(), "wire {wire} is free");
            wires[wire] -= F::ONE;
        }
    }
}
