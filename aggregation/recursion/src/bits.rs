//! The bits of an element's canonical number.

use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};

use crate::field::{Builder, F};
use crate::gate::{Arithmetic, RelationGate, Relations, sum_of_bits};

/// Number of bits of an element's canonical number.
const BITS: usize = 64;

/// Number of bits of half a number. The field's order is `2^64 - 2^32 + 1`, so a number of 64 bits
/// is below the order unless its high half is all ones and its low half is not zero.
const HALF: usize = BITS / 2;

/// Number of bits that each product wire multiplies, in addition to the product wire before it.
const FACTORS: usize = 6;

/// Splits an element into the 64 bits of its canonical number.
///
/// ```text
///   wires    element | bit 64 | products of the high half's bits 6 | constants 2
/// ```
///
/// The relations are:
///
/// * Each bit is zero or one, and the bits sum up to the element.
/// * The product wires multiply all bits of the high half. Their last one, which is one if the high
///   half is all ones, times the low half is zero. Without this relation, an element below
///   `2^32 - 1` would have a second number: its canonical number plus the order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CanonicalBits;

impl CanonicalBits {
    const ELEMENT: usize = 0;
    const BIT: usize = 1;
    const PRODUCT: usize = Self::BIT + BITS;
    const PRODUCTS: usize = HALF.div_ceil(FACTORS);
}

impl Relations for CanonicalBits {
    const NAME: &'static str = "CanonicalBits";
    const DEGREE: usize = FACTORS + 1;
    const CONSTANTS: Option<usize> = Some(Self::PRODUCT + Self::PRODUCTS);

    fn of_size(_: usize) -> Self {
        Self
    }

    fn size(&self) -> usize {
        BITS
    }

    fn wires(&self) -> usize {
        Self::PRODUCT + Self::PRODUCTS
    }

    fn count(&self) -> usize {
        BITS + 1 + Self::PRODUCTS + 1
    }

    fn inputs(&self) -> Vec<usize> {
        vec![Self::ELEMENT]
    }

    fn state<A: Arithmetic>(&self, arithmetic: &mut A) {
        let element = arithmetic.wire(Self::ELEMENT);
        let bits = arithmetic.define_bits(Self::BIT, BITS, element);
        let (low, high) = bits.split_at(HALF);
        let mut all_ones = arithmetic.constant(F::ONE);
        for (bits, wire) in high.chunks(FACTORS).zip(Self::PRODUCT..) {
            for &bit in bits {
                all_ones = arithmetic.mul(all_ones, bit);
            }
            all_ones = arithmetic.define(wire, all_ones);
        }
        let low = sum_of_bits(arithmetic, low);
        let too_large = arithmetic.mul(all_ones, low);
        arithmetic.zero(too_large);
    }
}

/// Returns the bits of an element's canonical number, least significant first.
pub(crate) fn canonical_bits(builder: &mut Builder, element: Target) -> Vec<BoolTarget> {
    let row = builder.add_gate(RelationGate(CanonicalBits), vec![]);
    builder.connect(element, Target::wire(row, CanonicalBits::ELEMENT));
    let bit = |bit| BoolTarget::new_unsafe(Target::wire(row, CanonicalBits::BIT + bit));
    (0..BITS).map(bit).collect()
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::{Field64, PrimeField64, Sample};
    use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};

    use super::*;
    use crate::testing::{C, row, violated};

    #[test]
    fn has_low_degree_and_is_the_same_over_fields_and_targets() {
        test_low_degree::<F, _, 2>(RelationGate(CanonicalBits));
        test_eval_fns::<F, C, _, 2>(RelationGate(CanonicalBits)).unwrap();
    }

    /// The wires of a row that has this element and the bits of this number.
    fn wires_of(element: F, number: u64) -> Vec<F> {
        let mut wires = row(&CanonicalBits, |_| F::from_noncanonical_u64(number));
        wires[CanonicalBits::ELEMENT] = element;
        for bit in 0..BITS {
            wires[CanonicalBits::BIT + bit] = F::from_bool(number >> bit & 1 == 1);
        }
        let mut all_ones = F::ONE;
        for (product, first) in (HALF..BITS).step_by(FACTORS).enumerate() {
            for bit in first..(first + FACTORS).min(BITS) {
                all_ones *= wires[CanonicalBits::BIT + bit];
            }
            wires[CanonicalBits::PRODUCT + product] = all_ones;
        }
        wires
    }

    #[test]
    fn bits_are_those_of_the_canonical_number() {
        let edges = [0, 1, (1 << 32) - 2, (1 << 32) - 1, F::ORDER - (1 << 32), F::ORDER - 1];
        for number in edges.into_iter().chain((0..5).map(|_| F::rand().to_canonical_u64())) {
            let wires = row(&CanonicalBits, |_| F::from_canonical_u64(number));
            assert_eq!(wires, wires_of(F::from_canonical_u64(number), number));
            assert!(violated(&CanonicalBits, &wires).is_empty());
        }
    }

    /// Elements below `2^32 - 1` have a second number of 64 bits: the canonical number plus the
    /// order.
    #[test]
    fn bits_of_the_other_number_are_refused() {
        for number in [0, 1, 77, (1 << 32) - 2] {
            let element = F::from_canonical_u64(number);
            assert!(violated(&CanonicalBits, &wires_of(element, number)).is_empty());
            let other = wires_of(element, number + F::ORDER);
            assert_eq!(violated(&CanonicalBits, &other), [CanonicalBits.count() - 1]);
        }
    }

    /// A two in place of a bit adds as much to the sum as the next higher bit.
    #[test]
    fn bits_are_zero_or_one() {
        for bit in 0..BITS - 1 {
            let mut wires = row(&CanonicalBits, |_| F::TWO.exp_u64(bit as u64 + 1));
            assert!(violated(&CanonicalBits, &wires).is_empty());
            wires[CanonicalBits::BIT + bit] = F::TWO;
            wires[CanonicalBits::BIT + bit + 1] = F::ZERO;
            assert_eq!(violated(&CanonicalBits, &wires), [bit]);
        }
    }

    #[test]
    fn every_wire_is_bound() {
        let mut wires = row(&CanonicalBits, |_| F::from_canonical_u64(0xffff_ffff_0000_0000));
        for wire in 0..wires.len() {
            wires[wire] += F::ONE;
            assert!(!violated(&CanonicalBits, &wires).is_empty(), "wire {wire} is free");
            wires[wire] -= F::ONE;
        }
    }
}
