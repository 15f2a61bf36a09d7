//! The strict order of two hashes. Hashes are compared as canonical numbers, the first element
//! being the most significant.
//!
//! The prover names the first element at which the two hashes differ. All elements before it are
//! constrained to be equal. At this element, the halves of the canonical numbers decide.

use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use velum_aggregate_verifier::Digest;

use crate::{Builder, F};

/// Number of bits of half a number.
const HALF: usize = 32;

/// Number of elements of a hash.
const ELEMENTS: usize = 4;

/// The constraints on the order of two hashes.
pub(crate) struct OrderTargets {
    /// Which element decides. No element does if the order is not asked for.
    pub decides: [BoolTarget; ELEMENTS],
    /// Whether the high halves decide.
    pub by_high: BoolTarget,
    low: HalvesTargets,
    high: HalvesTargets,
}

/// What a prover claims about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub decides: [bool; ELEMENTS],
    pub by_high: bool,
    pub low: Halves,
    pub high: Halves,
}

impl Order {
    /// The claim for an order that is not asked for.
    pub(crate) const NONE: Self = Self {
        decides: [false; ELEMENTS],
        by_high: false,
        low: Halves { low: 0, high: 0 },
        high: Halves { low: 0, high: 0 },
    };

    /// The claim that the first hash comes before the second.
    pub(crate) fn of(low: Digest, high: Digest) -> Self {
        let element =
            (0..ELEMENTS).find(|&i| low.elements[i] != high.elements[i]).unwrap_or(ELEMENTS - 1);
        let [low, high] = [low, high].map(|digest| Halves::of(digest.elements[element]));
        let decides = core::array::from_fn(|i| i == element);
        Self { decides, by_high: low.high != high.high, low, high }
    }
}

impl OrderTargets {
    /// Constrains `low` to come strictly before `high`, if `is_asked` is one:
    ///
    /// * Each flag in `decides` is boolean, and their sum is `is_asked`. So exactly one element
    ///   decides if the order is asked for, and none otherwise. If two elements could decide
    ///   together, their sums could wrap round the field's order.
    /// * The elements before the one that decides are equal in both hashes.
    /// * The numbers of the deciding elements are split into the halves of their canonical numbers.
    /// * `by_high` is boolean. If it is zero, the high halves are equal, and the low halves decide.
    /// * The deciding half of `high`, minus that of `low`, minus one, has 32 bits. So the number of
    ///   `high` is larger.
    pub(crate) fn new(
        builder: &mut Builder,
        is_asked: BoolTarget,
        low: HashOutTarget,
        high: HashOutTarget,
    ) -> Self {
        let decides: [_; ELEMENTS] =
            core::array::from_fn(|_| builder.add_virtual_bool_target_safe());
        let zero = builder.zero();
        let (mut from_here, mut low_number, mut high_number) = (zero, zero, zero);
        for i in (0..ELEMENTS).rev() {
            let difference = builder.sub(high.elements[i], low.elements[i]);
            let must_be_zero = builder.mul(from_here, difference);
            builder.assert_zero(must_be_zero);
            from_here = builder.add(from_here, decides[i].target);
            low_number = builder.mul_add(decides[i].target, low.elements[i], low_number);
            high_number = builder.mul_add(decides[i].target, high.elements[i], high_number);
        }
        builder.connect(from_here, is_asked.target);

        let by_high = builder.add_virtual_bool_target_safe();
        let low = HalvesTargets::new(builder, low_number);
        let high = HalvesTargets::new(builder, high_number);
        let high_difference = builder.sub(high.high, low.high);
        let low_difference = builder.sub(high.low, low.low);
        let undecided = builder.mul_sub(by_high.target, high_difference, high_difference);
        builder.assert_zero(undecided);
        let difference = builder.select(by_high, high_difference, low_difference);
        let less_one = builder.sub(difference, is_asked.target);
        builder.range_check(less_one, HALF);
        Self { decides, by_high, low, high }
    }

    pub(crate) fn set(&self, witness: &mut PartialWitness<F>, order: &Order) -> anyhow::Result<()> {
        for (target, &decides) in self.decides.iter().zip(&order.decides) {
            witness.set_bool_target(*target, decides)?;
        }
        witness.set_bool_target(self.by_high, order.by_high)?;
        self.low.set(witness, order.low)?;
        self.high.set(witness, order.high)
    }
}

/// The halves of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halves {
    pub low: u64,
    pub high: u64,
}

impl Halves {
    /// The halves of an element's canonical number.
    pub(crate) fn of(element: F) -> Self {
        let number = element.to_canonical_u64();
        Self { low: number & ((1 << HALF) - 1), high: number >> HALF }
    }
}

/// The halves of an element's canonical number, in a circuit.
struct HalvesTargets {
    low: Target,
    high: Target,
}

impl HalvesTargets {
    /// Constrains two halves to form the canonical number of `element`. Each half has 32 bits.
    ///
    /// The field's order is `2^64 - 2^32 + 1`. A number of two halves is below it unless its high
    /// half is all ones and its low half is not zero, so this case is excluded.
    fn new(builder: &mut Builder, element: Target) -> Self {
        let [low, high] = builder.add_virtual_target_arr();
        builder.range_check(low, HALF);
        builder.range_check(high, HALF);
        let number = builder.mul_const_add(F::from_canonical_u64(1 << HALF), high, low);
        builder.connect(number, element);
        let ones = builder.constant(F::from_canonical_u64((1 << HALF) - 1));
        let is_ones = builder.is_equal(high, ones);
        let too_large = builder.mul(is_ones.target, low);
        builder.assert_zero(too_large);
        Self { low, high }
    }

    fn set(&self, witness: &mut PartialWitness<F>, halves: Halves) -> anyhow::Result<()> {
        witness.set_target(self.low, F::from_canonical_u64(halves.low))?;
        witness.set_target(self.high, F::from_canonical_u64(halves.high))
    }
}
