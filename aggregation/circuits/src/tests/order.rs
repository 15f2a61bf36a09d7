//! Tests of the order of hashes, and of false claims that a prover may make about it.

use plonky2::field::types::{Field, Field64};
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::BoolTarget;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::{Digest, Profile, is_below};

use super::digest;
use crate::circuit::Circuit;
use crate::order::{Halves, Order, OrderTargets};
use crate::{Builder, F};

/// A circuit that only states an order.
struct OrderCircuit {
    circuit: Circuit,
    is_asked: BoolTarget,
    hashes: [HashOutTarget; 2],
    order: OrderTargets,
}

impl OrderCircuit {
    fn new() -> Self {
        let mut builder = Builder::new(Profile::Standard.config());
        let is_asked = builder.add_virtual_bool_target_safe();
        let hashes = [(); 2].map(|()| builder.add_virtual_hash());
        let order = OrderTargets::new(&mut builder, is_asked, hashes[0], hashes[1]);
        Self { circuit: Circuit::new(builder), is_asked, hashes, order }
    }

    fn proves(&self, is_asked: bool, hashes: [Digest; 2], order: &Order) -> bool {
        self.proves_with(is_asked, hashes, order, &[])
    }

    /// Like `proves`, with these numbers in place of the values of booleans.
    fn proves_with(
        &self,
        is_asked: bool,
        hashes: [Digest; 2],
        order: &Order,
        numbers: &[(BoolTarget, F)],
    ) -> bool {
        let mut witness = PartialWitness::new();
        witness.set_bool_target(self.is_asked, is_asked).unwrap();
        for (target, hash) in self.hashes.iter().zip(hashes) {
            witness.set_hash_target(*target, hash).unwrap();
        }
        self.order.set(&mut witness, order).unwrap();
        witness
            .target_values
            .extend(numbers.iter().map(|(target, number)| (target.target, *number)));
        self.circuit.prove(witness).is_ok()
    }

    /// Whether any claim of a prover proves the order.
    fn proves_somehow(&self, [low, high]: [Digest; 2]) -> bool {
        says(low, high).iter().any(|order| self.proves(true, [low, high], order))
    }
}

/// The numbers of 64 bits that represent an element.
fn numbers(element: F) -> Vec<Halves> {
    let Halves { low, high } = Halves::of(element);
    let number = high << 32 | low;
    let other = number
        .checked_add(F::ORDER)
        .map(|number| Halves { low: number & 0xffff_ffff, high: number >> 32 });
    [Some(Halves { low, high }), other].into_iter().flatten().collect()
}

/// All claims that a prover can make about two hashes: which element decides, by which halves, and
/// which number represents it.
fn says(low: Digest, high: Digest) -> Vec<Order> {
    let mut orders = Vec::new();
    for element in 0..4 {
        let decides = core::array::from_fn(|i| i == element);
        for low in numbers(low.elements[element]) {
            for high in numbers(high.elements[element]) {
                orders.extend([false, true].map(|by_high| Order { decides, by_high, low, high }));
            }
        }
    }
    orders
}

const ENDS: [u64; 8] =
    [0, 1, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 1 << 63, F::ORDER - 2, F::ORDER - 1];

#[test]
fn each_element_decides_and_the_reverse_is_refused() {
    let circuit = OrderCircuit::new();
    for place in 0..4 {
        for pair in ENDS.windows(2) {
            // The elements after the deciding one are in reverse order.
            let [low, high] = [pair[0], pair[1]].map(|number| {
                let after = if number == pair[0] { F::ORDER - 1 } else { 0 };
                digest(core::array::from_fn(|i| match i.cmp(&place) {
                    core::cmp::Ordering::Less => 7,
                    core::cmp::Ordering::Equal => number,
                    core::cmp::Ordering::Greater => after,
                }))
            });
            assert!(is_below(low, high));
            assert!(circuit.proves(true, [low, high], &Order::of(low, high)), "{place} {pair:x?}");
            assert!(!circuit.proves_somehow([high, low]), "{place} {pair:x?}");
        }
    }
}

#[test]
fn equal_hashes_are_refused_and_their_neighbours_are_not() {
    let circuit = OrderCircuit::new();
    for number in ENDS {
        let equal = digest([number; 4]);
        assert!(!circuit.proves_somehow([equal, equal]), "{number:x}");
        for place in 0..4 {
            let mut next = equal;
            next.elements[place] =
                if number == F::ORDER - 1 { digest([0; 4]) } else { digest([number + 1; 4]) }
                    .elements[0];
            let [low, high] = if is_below(equal, next) { [equal, next] } else { [next, equal] };
            assert!(circuit.proves(true, [low, high], &Order::of(low, high)), "{number:x} {place}");
        }
    }
}

/// A small element has a second number, which is larger by the field's order. A prover may use
/// neither this number nor, for any element, other bits.
#[test]
fn numbers_are_canonical() {
    let circuit = OrderCircuit::new();
    let hashes = [digest([0, 0, 0, 5]), digest([0, 0, 0, 9])];
    let order = Order::of(hashes[0], hashes[1]);
    assert!(circuit.proves(true, hashes, &order));
    let [_, low] = numbers(hashes[0].elements[3])[..] else { panic!("5 has two numbers") };
    let [_, high] = numbers(hashes[1].elements[3])[..] else { panic!("9 has two numbers") };
    for order in [Order { high, by_high: true, ..order }, Order { low, high, ..order }] {
        assert!(!circuit.proves(true, hashes, &order), "{order:?}");
    }
}

#[test]
fn an_order_that_is_not_asked_for_is_not_stated() {
    let circuit = OrderCircuit::new();
    let equal = [digest([1, 2, 3, 4]); 2];
    assert!(circuit.proves(false, equal, &Order::NONE));
    assert!(!circuit.proves(true, equal, &Order::NONE));
    let below = [digest([1, 2, 3, 4]), digest([1, 2, 3, 5])];
    assert!(!circuit.proves(true, below, &Order::NONE));
    let order = Order::of(below[0], below[1]);
    assert!(circuit.proves(true, below, &order));
    for decides in
        [[true, false, false, true], [true, true, false, false], [false, false, true, false]]
    {
        assert!(!circuit.proves(true, below, &Order { decides, ..order }), "{decides:?}");
    }
}

/// The sum of two elements could wrap round the field's order. In this test the sums are 0 and 6,
/// although the hashes are in reverse order.
#[test]
fn one_element_decides() {
    let circuit = OrderCircuit::new();
    let [low, high] = [digest([0, 0, 1, 5]), digest([0, 0, 1, F::ORDER - 1])];
    assert!(circuit.proves(true, [low, high], &Order::of(low, high)));
    let both = Order {
        decides: [false, false, true, true],
        by_high: false,
        low: Halves { low: 0, high: 0 },
        high: Halves { low: 6, high: 0 },
    };
    assert!(!circuit.proves(true, [high, low], &both));
}

/// Halves that sum up to the element but do not have 32 bits could reverse an order. So each half
/// is range-checked.
#[test]
fn halves_have_32_bits() {
    let circuit = OrderCircuit::new();
    let [low, high] = [digest([0, 0, 0, 5]), digest([0, 0, 0, 9])];
    let reverse = Order { by_high: true, ..Order::of(high, low) };
    assert!(circuit.proves(true, [low, high], &Order::of(low, high)));
    // 5 is `2^32` plus a negative low half. 9 is 8 plus a negative high half.
    let five = Halves { low: F::ORDER + 5 - (1 << 32), high: 1 };
    let nine = Halves { low: 8, high: F::ORDER - 0xffff_ffff };
    for order in [Order { high: five, ..reverse }, Order { low: nine, ..reverse }] {
        assert!(!circuit.proves(true, [high, low], &order), "{order:?}");
    }
}

/// If an element could have another weight than zero or one, elements could add up to any order.
/// The same holds for halves.
#[test]
fn what_decides_is_boolean() {
    let circuit = OrderCircuit::new();
    let OrderTargets { decides, by_high, .. } = &circuit.order;
    let [low, high] = [digest([0, 0, 10, 3]), digest([0, 0, 10, 5])];
    let right = Order::of(low, high);
    let as_it_is = [(decides[2], F::ZERO), (decides[3], F::ONE), (*by_high, F::ZERO)];
    assert!(circuit.proves_with(true, [low, high], &right, &as_it_is));

    // Twice the third element minus the fourth: 2 * 10 - 5 and 2 * 10 - 3.
    let weighed = Order {
        low: Halves { low: 15, high: 0 },
        high: Halves { low: 17, high: 0 },
        ..Order::of(high, low)
    };
    let numbers = [(decides[2], F::TWO), (decides[3], F::NEG_ONE)];
    assert!(!circuit.proves_with(true, [high, low], &weighed, &numbers));
    // If `by_high` is two, twice the difference of the high halves minus the difference of the low
    // halves decides. The latter difference is -2.
    assert!(!circuit.proves_with(true, [high, low], &Order::of(high, low), &[(*by_high, F::TWO)]));
}
