//! The constraints of one row.

use p3_field::PrimeCharacteristicRing;

use super::layout::{self, HALF, HALF_GROUPS, SCALARS, SHAPES, STEP_ROWS, column, fixed, gathered};
use super::limbs::{
    self, CARRY_BITS, CARRY_LOW_BITS, CARRY_OFFSET, COEFFICIENTS, FOLD, GROUP, GROUPS, LIMB_BITS, LIMBS,
    PRIME_BELOW, PRODUCT_GROUPS, WORD_LIMBS, WORDS,
};
use super::program::Shape;
use crate::air::ChipBuilder;
use crate::chips::buses::{ES256, ES256_VALUE, RANGE};
use crate::field::F;

/// `2^bits`.
fn two_to<E: PrimeCharacteristicRing>(bits: usize) -> E {
    E::from_u64(1 << bits)
}

/// States the constraints of one row.
pub fn eval<B: ChipBuilder>(b: &mut B) {
    let shapes = Shapes::read(b);
    identity(b, &shapes);
    operands(b, &shapes);
    constant(b);
    distinct(b, &shapes);
    digits(b);
    eval_interactions(b);
}

/// States the interactions of one row and what goes with them.
pub fn eval_interactions<B: ChipBuilder>(b: &mut B) {
    values(b);
    words(b);
    ranges(b);
}

/// The selectors of pairs by shape.
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

/// The limbs of the value, or of the operand, `places` pairs further down.
fn limbs_at<B: ChipBuilder>(b: &B, first: usize, places: i32) -> [B::Expr; LIMBS] {
    std::array::from_fn(|i| {
        let (column, row) = layout::limb_cell(first, i);
        b.main(column, 2 * places + row as i32)
    })
}

fn value<B: ChipBuilder>(b: &B, places: i32) -> [B::Expr; LIMBS] {
    limbs_at(b, column::V, places)
}

fn operand<B: ChipBuilder>(b: &B, places: i32) -> [B::Expr; LIMBS] {
    limbs_at(b, column::M, places)
}

/// The identity of the pair's shape, in groups with carries (see [`limbs`]).
fn identity<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    let order = shapes.any([Shape::Order]);
    let (low, high) = products(b, shapes);
    let modular = shapes.all(Shape::is_modulo_prime);
    let carried = modular.clone() + order.clone() + shapes.all(Shape::is_integer);
    let quotient = multiple_of_order(&value(b, 1));
    let linear = linear(b, shapes, &quotient);
    let multiple = carry(b, GROUPS - 1);

    let mut carry_in = B::Expr::ZERO;
    for (group, linear) in linear.into_iter().enumerate() {
        let carry_out = carry(b, group);
        let prime = (group * GROUP..(group + 1) * GROUP)
            .filter(|i| i % WORD_LIMBS == 0)
            .map(|i| F::from_i64(PRIME_BELOW[i / WORD_LIMBS]) * two_to::<F>(limbs::position_in_group(i)));
        let prime = multiple.clone() * prime.sum::<F>();
        let carries = carry_in - carry_out.clone() * two_to::<F>(limbs::group_bits(group));
        let product = limbs::evaluate_group(&low[group * GROUP..][..GROUP], group);
        b.assert_zero("identity", product + linear + carried.clone() * carries - modular.clone() * prime);
        carry_in = carry_out;
    }

    // Between integers nothing is left; modulo n the quotient's product goes on.
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

/// The coefficients of the shape's products, folded but for those modulo n, and the higher coefficients of the latter.
fn products<B: ChipBuilder>(b: &B, shapes: &Shapes<B::Expr>) -> (Vec<B::Expr>, Vec<B::Expr>) {
    let [value, above, two_above] = [0, -1, -2].map(|places| value(b, places));
    let operand = operand(b, 0);
    let order = shapes.any([Shape::Order]);
    let by_value = shapes.any([Shape::Slope, Shape::Return]);
    let by_two_above =
        shapes.any([Shape::Return, Shape::ThirdY, Shape::ReturnY]) - shapes.any([Shape::Curve]);
    let squared = shapes.any([Shape::ThirdX, Shape::ReturnX, Shape::Square, Shape::Curve]);

    let mut modular = vec![B::Expr::ZERO; COEFFICIENTS];
    let mut by_order = vec![B::Expr::ZERO; COEFFICIENTS];
    for i in 0..LIMBS {
        let factor = by_value.clone() * value[i].clone() + by_two_above.clone() * two_above[i].clone();
        let order_factor = order.clone() * above[i].clone();
        let low_factor = factor.clone() + order_factor.clone();
        let root = squared.clone() * above[i].clone();
        for (j, limb) in operand.iter().enumerate() {
            let limb = limbs::scaled(limb, limbs::weight(i, j));
            if i + j < LIMBS {
                modular[i + j] += low_factor.clone() * limb;
            } else {
                modular[i + j] += factor.clone() * limb.clone();
                by_order[i + j] += order_factor.clone() * limb;
            }
            if j <= i {
                let times = if i == j { 1 } else { 2 };
                modular[i + j] += root.clone() * limbs::scaled(&above[j], times * limbs::weight(i, j));
            }
        }
    }
    let high = modular.split_off(LIMBS);
    for (i, high) in high.into_iter().enumerate() {
        for (word, &factor) in FOLD[i / WORD_LIMBS].iter().enumerate().filter(|(_, factor)| **factor != 0) {
            modular[word * WORD_LIMBS + i % WORD_LIMBS] += limbs::scaled(&high, factor);
        }
    }
    (modular, by_order.split_off(LIMBS))
}

/// The other terms of the shape's identity, by groups.
fn linear<B: ChipBuilder>(b: &B, shapes: &Shapes<B::Expr>, quotient: &[B::Expr]) -> Vec<B::Expr> {
    use Shape::*;
    let bit = b.main(column::AUXILIARY, 0);
    let by_bit = shapes.any([Reduce, Sign]) * bit.clone();
    let double = bit.double() * shapes.any([Sign]);
    let values = [
        (
            0,
            shapes.all(Shape::is_integer)
                - shapes.any([ThirdX, ThirdY, ReturnX, ReturnY, Square, Order])
                - double,
        ),
        (-1, -shapes.any([Slope])),
        (-2, -shapes.any([ReturnX, Sign])),
        (-3, -shapes.any([ThirdX, ThirdY]) - shapes.any([Return]).double()),
        (-5, -shapes.any([ReturnX, ReturnY])),
    ];
    let operands = [
        (0, shapes.any([Curve]) * F::from_u8(3) + shapes.any([AtMost]) - shapes.any([AtLeast])),
        (1, shapes.any([Slope])),
        (-1, -shapes.any([Reduce])),
        (-3, -shapes.any([ThirdX])),
    ];
    let constant = shapes.any([AtLeast]) - shapes.any([Curve, AtMost]) + by_bit;
    let values = values.map(|(places, factor)| (value(b, places), factor));
    let operands = operands.map(|(places, factor)| (operand(b, places), factor));
    let order = shapes.any([Order]);
    let group = |group: usize| {
        let terms = values.iter().chain(&operands).map(|(limbs, factor)| {
            limbs::evaluate_group(&limbs[group * GROUP..][..GROUP], group) * factor.clone()
        });
        let packed = b.fixed(fixed::GROUPS + group % HALF_GROUPS, (group / HALF_GROUPS) as i32);
        terms.sum::<B::Expr>() + constant.clone() * packed - order.clone() * quotient[group].clone()
    };
    (0..GROUPS).map(group).collect()
}

/// The groups of a value times the order of the curve's group.
fn multiple_of_order<E: PrimeCharacteristicRing>(value: &[E; LIMBS]) -> Vec<E> {
    let group = |group: usize| {
        let terms = limbs::ORDER_GROUPS[group].iter().zip(value).filter(|(factor, _)| **factor != 0);
        terms.map(|(&factor, limb)| limb.clone() * E::from_u64(factor)).sum()
    };
    (0..PRODUCT_GROUPS).map(group).collect()
}

fn carry<B: ChipBuilder>(b: &B, group: usize) -> B::Expr {
    let (low, high) = layout::carry_cells(group);
    let cell = |(column, offset)| b.main(column, offset as i32);
    cell(low) + cell(high) * two_to::<F>(CARRY_LOW_BITS) - B::Expr::from_i64(CARRY_OFFSET)
}

/// Copies of what is fetched, and differences, limb by limb; bits that choose.
fn operands<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    use Shape::*;
    let [copied, slope, curve] = [Copy, Slope, Curve].map(|shape| shapes.any([shape]));
    let (to_third, to_fourth) = (shapes.any([ThirdY, Return]), shapes.any([ReturnY]));
    let (own, fetched) = (operand(b, 0), operand(b, -2));
    let [v0, v1, v2, v3, v4, v6] = [0, -1, -2, -3, -4, -6].map(|places| value(b, places));
    for i in 0..LIMBS {
        b.assert_zero("copy", copied.clone() * (v0[i].clone() - fetched[i].clone()));
        let own = || own[i].clone();
        b.assert_zero(
            "difference",
            slope.clone() * (own() - v2[i].clone() + fetched[i].clone())
                + to_third.clone() * (own() - v4[i].clone() + v1[i].clone())
                + to_fourth.clone() * (own() - v6[i].clone() + v1[i].clone())
                + curve.clone() * (own() - v3[i].clone()),
        );
    }
    let chooses = shapes.any([Reduce, Sign]);
    b.assert_zero("choice", chooses * b.main(column::AUXILIARY, 0).bool_check());
}

/// Limbs of a group are below its bits together, so equal to the constant's one by one.
fn constant<B: ChipBuilder>(b: &mut B) {
    let selected = b.fixed(fixed::CONSTANT, 0);
    let limbs: Vec<_> = (0..HALF).map(|i| b.main(column::V + i, 0)).collect();
    for (group, limbs) in limbs.chunks(GROUP).enumerate() {
        let expected = b.fixed(fixed::GROUPS + group, 0);
        b.assert_zero("constant", selected.clone() * (limbs::evaluate_group(limbs, group) - expected));
    }
}

/// The difference stated is not zero modulo the field's prime: in the native field it is none of 0, `rho` and `-rho`. With `i`
/// its inverse, its product with the inverse of `difference - rho^2 i` is that of `difference^2 - rho^2`.
fn distinct<B: ChipBuilder>(b: &mut B, shapes: &Shapes<B::Expr>) {
    let selected = shapes.all(Shape::is_distinct);
    let difference = limbs::evaluate(&operand(b, 0));
    let rho = layout::prime();
    let [inverse, other_inverse] = [0, 1].map(|row| b.main(column::AUXILIARY, row));
    b.assert_zero("distinct", selected.clone() * (difference.clone() * inverse.clone() - B::Expr::ONE));
    let other = difference - inverse * rho.square();
    b.assert_zero("distinct by prime", selected * (other * other_inverse - B::Expr::ONE));
}

/// Values are provided and fetched by address. Only digits move it.
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

/// Four scalars are made of bits, the highest first, one bit of each a step: the step's digit.
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
    // The pair that fetches the x coordinate begins on the step's first row, the one that fetches y three pairs below.
    for row in [0, 6] {
        b.assert_zero("digit", step.clone() * (b.main(column::AUXILIARY, row) - digit.clone()));
    }
}

/// Words of values are received, scalars' words sent.
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

/// Values are made of limbs of 11, 11 and 10 bits, carries of 11 and 10.
fn ranges<B: ChipBuilder>(b: &mut B) {
    let active = b.fixed(fixed::ACTIVE, 0);
    let values = (0..HALF).map(|i| (column::V + i, LIMB_BITS[i % WORD_LIMBS]));
    let low = (0..HALF_GROUPS).map(|i| (column::CARRY_LOW + i, CARRY_LOW_BITS));
    let high = (0..HALF_GROUPS).map(|i| (column::CARRY_HIGH + i, CARRY_BITS - CARRY_LOW_BITS));
    for (column, bits) in values.chain(low).chain(high) {
        b.lookup(RANGE, vec![b.main(column, 0), B::Expr::from_usize(bits)], active.clone());
    }
}
