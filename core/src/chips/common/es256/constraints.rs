//! The constraints of one row.

use p3_field::{Algebra, PrimeCharacteristicRing};
use velum_stark::air::ChipBuilder;
use velum_stark::field::F;

use super::layout::{self, HALF, HALF_GROUPS, SCALARS, SHAPES, STEP_ROWS, column, fixed, gathered};
use super::limbs::{
    self, CARRY_BITS, CARRY_LOW_BITS, CARRY_OFFSET, COEFFICIENTS, FOLD, GROUP, GROUPS, LIMB_BITS,
    LIMBS, PRIME_BELOW, PRODUCT_GROUPS, WORD_LIMBS, WORDS,
};
use super::program::Shape;
use crate::chips::buses::{ES256, ES256_VALUE, RANGE};

/// `2^bits`.
fn two_to<E: PrimeCharacteristicRing>(bits: usize) -> E {
    E::from_u64(1 << bits)
}

/// States the constraints of one row.
pub(super) fn eval<B: ChipBuilder>(b: &mut B) {
    let shapes = Shapes::read(b);
    identity(b, &shapes);
    operands(b, &shapes);
    constant(b);
    distinct(b, &shapes);
    digits(b);
    eval_interactions(b);
}

/// States the interactions of one row and the constraints that go with them.
pub(super) fn eval_interactions<B: ChipBuilder>(b: &mut B) {
    values(b);
    words(b);
    ranges(b);
}

/// The selectors of the shapes.
struct Shapes<E>(Vec<E>);

impl<E: PrimeCharacteristicRing> Shapes<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        Self((0..SHAPES.len()).map(|i| b.fixed(fixed::SHAPE + i, 0)).collect())
    }

    /// 1 on pairs of one of these shapes.
    fn any<const N: usize>(&self, shapes: [Shape; N]) -> E {
        self.all(|shape| shapes.contains(&shape))
    }

    fn all(&self, like: impl Fn(Shape) -> bool) -> E {
        let columns = SHAPES.iter().zip(&self.0).filter(|(shape, _)| like(**shape));
        columns.map(|(_, selector)| selector.clone()).sum()
    }
}

/// A limb of the value, or of the operand, of the pair that is `places` pairs below.
fn limb<B: ChipBuilder>(b: &B, first: usize, i: usize, places: i32) -> B::Expr {
    let (column, row) = layout::limb_cell(first, i);
    b.main(column, 2 * places + row as i32)
}

fn value<B: ChipBuilder>(b: &B, places: i32) -> [B::Expr; LIMBS] {
    std::array::from_fn(|i| limb(b, column::V, i, places))
}

fn operand<B: ChipBuilder>(b: &B, places: i32) -> [B::Expr; LIMBS] {
    std::array::from_fn(|i| limb(b, column::M, i, places))
}

/// The identity of the pair's shape, by groups with carries (see [`limbs`]).
fn identity<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    let order = shapes.any([Shape::Order]);
    let products = Products::read(b, shapes);
    let (low, high) = (products.folded(), products.high_modulo_order());
    let modular = shapes.all(Shape::is_modulo_prime);
    let carried = modular.clone() + order.clone() + shapes.all(Shape::is_integer);
    let quotient = multiple_of_order(&value(b, 1));
    let linear = linear(b, shapes, &quotient);
    let multiple = carry(b, GROUPS - 1);

    let mut carry_in = B::Expr::ZERO;
    for (group, linear) in linear.into_iter().enumerate() {
        let carry_out = carry(b, group);
        let prime = (group * GROUP..(group + 1) * GROUP).filter(|i| i % WORD_LIMBS == 0).map(|i| {
            F::from_i64(PRIME_BELOW[i / WORD_LIMBS]) * two_to::<F>(limbs::position_in_group(i))
        });
        let prime = multiple.clone() * prime.sum::<F>();
        let carries = carry_in - carry_out.clone() * two_to::<F>(limbs::group_bits(group));
        let product = limbs::evaluate_group(&low[group * GROUP..][..GROUP], group);
        b.assert_zero(
            "identity",
            product + linear + carried.clone() * carries - modular.clone() * prime,
        );
        carry_in = carry_out;
    }

    // Between integers, the last carry must be zero. Modulo n, the product with the quotient
    // continues in higher groups.
    b.assert_zero("identity", shapes.all(Shape::is_integer) * multiple);
    for (group, taken) in quotient.into_iter().enumerate().skip(GROUPS) {
        let carry_out = if group + 1 < PRODUCT_GROUPS { carry(b, group) } else { B::Expr::ZERO };
        let terms = group * GROUP - LIMBS..(group + 1) * GROUP - LIMBS;
        let product = limbs::evaluate_group(&high[terms], group);
        let carries = carry_in - carry_out.clone() * two_to::<F>(limbs::group_bits(group));
        b.assert_zero("identity", product + order.clone() * (carries - taken));
        carry_in = carry_out;
    }
}

/// The products of the shape's identity: `factor * operand` modulo p, or `order_factor * operand`
/// modulo n, and the square `root * above`.
struct Products<E> {
    factor: ByPlace<E>,
    order_factor: ByPlace<E>,
    /// The sum of `factor` and `order_factor`, one of which is zero.
    low_factor: ByPlace<E>,
    root: ByPlace<E>,
    operand: ByPlace<E>,
    above: ByPlace<E>,
}

impl<E: PrimeCharacteristicRing> Products<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B, shapes: &Shapes<E>) -> Self {
        let order = shapes.any([Shape::Order]);
        let by_value = shapes.any([Shape::Slope, Shape::Return]);
        let by_two_above =
            shapes.any([Shape::Return, Shape::ThirdY, Shape::ReturnY]) - shapes.any([Shape::Curve]);
        let squared = shapes.any([Shape::ThirdX, Shape::ReturnX, Shape::Square, Shape::Curve]);
        let value = |i, places| limb(b, column::V, i, places);
        let factor =
            ByPlace::new(|i| by_value.clone() * value(i, 0) + by_two_above.clone() * value(i, -2));
        let order_factor = ByPlace::new(|i| order.clone() * value(i, -1));
        Self {
            low_factor: ByPlace::new(|i| factor.limb(i) + order_factor.limb(i)),
            factor,
            order_factor,
            root: ByPlace::new(|i| squared.clone() * value(i, -1)),
            // Second factors are read backwards by a product, so they are stored in reversed order.
            operand: ByPlace::new(|i| limb(b, column::M, LIMBS - 1 - i, 0)),
            above: ByPlace::new(|i| value(LIMBS - 1 - i, -1)),
        }
    }

    /// The lower coefficients. Those of identities modulo p include the folded higher coefficients.
    fn folded(&self) -> Vec<E> {
        let low = |k| self.low_factor.product(&self.operand, k) + self.root.square(&self.above, k);
        let high = |k| self.factor.product(&self.operand, k) + self.root.square(&self.above, k);
        let mut folded: Vec<_> = (0..LIMBS).map(low).collect();
        for (i, high) in (LIMBS..COEFFICIENTS).map(high).enumerate() {
            let factors = FOLD[i / WORD_LIMBS].iter().enumerate();
            for (word, &factor) in factors.filter(|(_, factor)| **factor != 0) {
                folded[word * WORD_LIMBS + i % WORD_LIMBS] += limbs::scaled(&high, factor);
            }
        }
        folded
    }

    /// The higher coefficients of the product modulo n.
    fn high_modulo_order(&self) -> Vec<E> {
        (LIMBS..COEFFICIENTS).map(|k| self.order_factor.product(&self.operand, k)).collect()
    }
}

/// Limbs, grouped by their place in the word.
struct ByPlace<E>([[E; WORDS]; WORD_LIMBS]);

impl<E: PrimeCharacteristicRing> ByPlace<E> {
    fn new(limb: impl Fn(usize) -> E) -> Self {
        Self(std::array::from_fn(|place| {
            std::array::from_fn(|word| limb(word * WORD_LIMBS + place))
        }))
    }

    fn limb(&self, i: usize) -> E {
        self.0[i % WORD_LIMBS][i / WORD_LIMBS].clone()
    }

    /// Coefficient `k` of the product with a factor whose limbs are given in reversed order.
    fn product(&self, reversed: &Self, k: usize) -> E {
        self.coefficient(reversed, k, (k + 1).saturating_sub(LIMBS))
    }

    /// The same for two factors whose limbs differ by one common multiplier.
    fn square(&self, reversed: &Self, k: usize) -> E {
        let twice = self.coefficient(reversed, k, k / 2 + 1).double();
        if k % 2 == 1 {
            return twice;
        }
        let root = self.limb(k / 2) * reversed.limb(LIMBS - 1 - k / 2);
        twice + if limbs::weight(k / 2, k / 2) == 1 { root } else { root.double() }
    }

    /// The terms of coefficient `k` with own limbs from `first` on.
    fn coefficient(&self, reversed: &Self, k: usize, first: usize) -> E {
        let place = k % WORD_LIMBS;
        let (mut once, mut twice) = (E::ZERO, E::ZERO);
        for own in 0..WORD_LIMBS {
            // Limbs `own + 3 w` of the one factor and `k - own - 3 w` of the other.
            let from = first.saturating_sub(own).div_ceil(WORD_LIMBS);
            let end = (LIMBS.min(k + 1) + WORD_LIMBS - 1).saturating_sub(own) / WORD_LIMBS;
            if from >= end {
                continue;
            }
            let other = LIMBS - 1 + own + from * WORD_LIMBS - k;
            let others = &reversed.0[other % WORD_LIMBS][other / WORD_LIMBS..][..end - from];
            let sum = dot_product(&self.0[own][from..end], others);
            if own > place { twice += sum } else { once += sum }
        }
        once + twice.double()
    }
}

/// A sum of products, reduced a few terms at a time.
fn dot_product<E: PrimeCharacteristicRing>(a: &[E], b: &[E]) -> E {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let whole = a.iter().zip(b).map(|(a, b)| E::dot_product(a, b));
    let rest = match (a_rest, b_rest) {
        ([a0, a1, a2], [b0, b1, b2]) => E::dot_product(
            &[a0.clone(), a1.clone(), a2.clone()],
            &[b0.clone(), b1.clone(), b2.clone()],
        ),
        ([a0, a1], [b0, b1]) => {
            E::dot_product(&[a0.clone(), a1.clone()], &[b0.clone(), b1.clone()])
        }
        ([a], [b]) => a.clone() * b.clone(),
        _ => E::ZERO,
    };
    whole.fold(rest, |sum, part| sum + part)
}

/// The terms of the shape's identity other than its products, by groups.
fn linear<B: ChipBuilder>(b: &B, shapes: &Shapes<B::Expr>, quotient: &[B::Expr]) -> Vec<B::Expr> {
    use Shape::*;
    let bit = b.main(column::AUXILIARY, 0);
    let by_bit = shapes.any([Reduce, Sign]) * bit.clone();
    let double = bit.double() * shapes.any([Sign]);
    let own = shapes.all(Shape::is_integer)
        - shapes.any([ThirdX, ThirdY, ReturnX, ReturnY, Square, Order])
        - double;
    let factors = [
        own,
        -shapes.any([Slope]),
        -shapes.any([ReturnX, Sign]),
        -shapes.any([ThirdX, ThirdY]) - shapes.any([Return]).double(),
        -shapes.any([ReturnX, ReturnY]),
        shapes.any([Curve]) * F::from_u8(3) + shapes.any([AtMost]) - shapes.any([AtLeast]),
        shapes.any([Slope]),
        -shapes.any([Reduce]),
        -shapes.any([ThirdX]),
    ];
    let constant = shapes.any([AtLeast]) - shapes.any([Curve, AtMost]) + by_bit;
    let order = shapes.any([Order]);
    let terms = |i| {
        let value = |places| limb(b, column::V, i, places);
        let operand = |places| limb(b, column::M, i, places);
        let limbs = [
            value(0),
            value(-1),
            value(-2),
            value(-3),
            value(-5),
            operand(0),
            operand(1),
            operand(-1),
            operand(-3),
        ];
        dot_product(&factors, &limbs)
    };
    let group = |group: usize| {
        let terms: [_; GROUP] = std::array::from_fn(|i| terms(group * GROUP + i));
        let packed = b.fixed(fixed::GROUPS + group % HALF_GROUPS, (group / HALF_GROUPS) as i32);
        limbs::evaluate_group(&terms, group) + constant.clone() * packed
            - order.clone() * quotient[group].clone()
    };
    (0..GROUPS).map(group).collect()
}

/// The groups of the product of a value and the order of the curve's group.
fn multiple_of_order<E: Algebra<F>>(value: &[E; LIMBS]) -> Vec<E> {
    let (value, _) = value.as_chunks::<4>();
    let group = |factors: &[u64; LIMBS]| {
        let factors = factors.map(F::from_u64);
        let terms = value.iter().zip(factors.as_chunks::<4>().0);
        let terms = terms.filter(|(_, factors)| **factors != [F::ZERO; 4]);
        terms.map(|(limbs, factors)| E::mixed_dot_product(limbs, factors)).sum()
    };
    limbs::ORDER_GROUPS.iter().map(group).collect()
}

fn carry<B: ChipBuilder>(b: &B, group: usize) -> B::Expr {
    let (low, high) = layout::carry_cells(group);
    let cell = |(column, offset)| b.main(column, offset as i32);
    cell(low) + cell(high) * two_to::<F>(CARRY_LOW_BITS) - B::Expr::from_i64(CARRY_OFFSET)
}

/// Copies of what is fetched and differences of values, limb by limb, and the bits that choose.
fn operands<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    use Shape::*;
    let [copied, slope, curve] = [Copy, Slope, Curve].map(|shape| shapes.any([shape]));
    let (to_third, to_fourth) = (shapes.any([ThirdY, Return]), shapes.any([ReturnY]));
    for i in 0..LIMBS {
        let value = |places| limb(b, column::V, i, places);
        let [own, fetched, above] =
            [limb(b, column::M, i, 0), limb(b, column::M, i, -2), value(-1)];
        let copy = copied.clone() * (value(0) - fetched.clone());
        let difference = B::Expr::dot_product(
            &[slope.clone(), to_third.clone(), to_fourth.clone(), curve.clone()],
            &[
                own.clone() - value(-2) + fetched,
                own.clone() - value(-4) + above.clone(),
                own.clone() - value(-6) + above,
                own - value(-3),
            ],
        );
        b.assert_zero("copy", copy);
        b.assert_zero("difference", difference);
    }
    let chooses = shapes.any([Reduce, Sign]);
    b.assert_zero("choice", chooses * b.main(column::AUXILIARY, 0).bool_check());
}

/// The value of a constant pair. The limbs of a group lie below the group's bits, so if the group
/// equals that of the constant, its limbs are equal one by one.
fn constant<B: ChipBuilder>(b: &mut B) {
    let selected = b.fixed(fixed::CONSTANT, 0);
    let limbs: Vec<_> = (0..HALF).map(|i| b.main(column::V + i, 0)).collect();
    for (group, limbs) in limbs.chunks(GROUP).enumerate() {
        let expected = b.fixed(fixed::GROUPS + group, 0);
        b.assert_zero(
            "constant",
            selected.clone() * (limbs::evaluate_group(limbs, group) - expected),
        );
    }
}

/// The stated difference is not zero modulo the field's prime, because in the native field it is
/// none of 0, `rho` and `-rho`. `i` is its inverse. `difference - rho^2 i` is
/// `(difference^2 - rho^2) i`, so it has an inverse only if the difference is neither `rho` nor
/// `-rho`.
fn distinct<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    let selected = shapes.all(Shape::is_distinct);
    let difference = limbs::evaluate(&operand(b, 0));
    let rho = layout::prime();
    let [inverse, other_inverse] = [0, 1].map(|row| b.main(column::AUXILIARY, row));
    b.assert_zero(
        "distinct",
        selected.clone() * (difference.clone() * inverse.clone() - B::Expr::ONE),
    );
    let other = difference - inverse * rho.square();
    b.assert_zero("distinct by prime", selected * (other * other_inverse - B::Expr::ONE));
}

/// Provides and fetches values by address. Only digits move the address.
fn values<B: ChipBuilder>(b: &mut B) {
    let key = |address: B::Expr, limbs: [B::Expr; LIMBS]| {
        let mut key = vec![address];
        key.extend(limbs);
        key
    };
    // The multiplicity stands on the odd row.
    let provided: [B::Expr; LIMBS] = std::array::from_fn(|i| {
        let (column, row) = layout::limb_cell(column::V, i);
        b.main(column, row as i32 - 1)
    });
    let provided = key(b.fixed(fixed::ADDRESS, 0), provided);
    b.provide(ES256_VALUE, provided, column::AUXILIARY, b.fixed(fixed::PROVIDED, 0));

    let fetches = b.fixed(fixed::FETCHES, 0);
    let digit = b.main(column::AUXILIARY, 0);
    b.assert_zero("digit use", (fetches.clone() - b.fixed(fixed::INDEXED, 0)) * digit.clone());
    let fetched = key(b.fixed(fixed::FETCHED, 0) + digit, operand(b, 0));
    b.lookup(ES256_VALUE, fetched, fetches);
}

/// The four scalars are made of bits, the highest first. Each step has one bit of each scalar.
/// Together they are the digit of the step.
fn digits<B: ChipBuilder>(b: &mut B) {
    let (begins, goes_on) = (b.fixed(fixed::BEGINS, 0), b.fixed(fixed::GOES_ON, 0));
    let step = begins.clone() + goes_on.clone();
    let mut digit = B::Expr::ZERO;
    for scalar in 0..SCALARS {
        let bit = b.main(column::WORD, scalar as i32);
        b.assert_zero("bit", step.clone() * bit.bool_check());
        digit += bit.clone() * two_to::<F>(scalar);
        let row = gathered(scalar) as i32;
        let (made, before) = (b.main(column::WORD, row), b.main(column::WORD, row - STEP_ROWS));
        b.assert_zero("scalar", step.clone() * (made - bit) - goes_on.clone() * before.double());
    }
    // The pair that fetches the x coordinate begins on the step's first row. The pair that fetches
    // the y coordinate stands three pairs below.
    for row in [0, 6] {
        b.assert_zero("digit", step.clone() * (b.main(column::AUXILIARY, row) - digit.clone()));
    }
}

/// Receives the words of values, and sends the words that the bits of the scalars make.
fn words<B: ChipBuilder>(b: &mut B) {
    let limbs = value(b, 0);
    let selected = b.fixed(fixed::WORDS, 0);
    for (i, limbs) in limbs.chunks(WORD_LIMBS).enumerate() {
        let word = b.main(column::WORD, i as i32);
        b.assert_zero("word", selected.clone() * (word - limbs::evaluate_word(limbs)));
    }
    debug_assert_eq!(limbs.len(), WORDS * WORD_LIMBS);
    let word = b.main(column::WORD, 0);
    b.assert_zero("scalar length", b.fixed(fixed::NO_WORD, 0) * word.clone());
    let fields = vec![b.fixed(fixed::OPERAND, 0), b.fixed(fixed::INDEX, 0), word];
    b.interact(ES256, fields, b.fixed(fixed::SENT, 0), 1);
}

/// Range-checks the limbs of values, which have 11, 11 and 10 bits, and the parts of carries, which
/// have 11 and 10 bits.
fn ranges<B: ChipBuilder>(b: &mut B) {
    let active = b.fixed(fixed::ACTIVE, 0);
    let values = (0..HALF).map(|i| (column::V + i, LIMB_BITS[i % WORD_LIMBS]));
    let low = (0..HALF_GROUPS).map(|i| (column::CARRY_LOW + i, CARRY_LOW_BITS));
    let high = (0..HALF_GROUPS).map(|i| (column::CARRY_HIGH + i, CARRY_BITS - CARRY_LOW_BITS));
    for (column, bits) in values.chain(low).chain(high) {
        b.lookup(RANGE, vec![b.main(column, 0), B::Expr::from_usize(bits)], active.clone());
    }
}
