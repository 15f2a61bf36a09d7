//! The fixed list of row pairs that the table holds: ECDSA verification as straight-line code.
//!
//! Nothing here depends on a witness. Each pair has one value. The shape of the pair says what the
//! value is, based on the values of the pairs around it and on values that are fetched by address.

use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{ProjectivePoint, Scalar, U256};

use super::limbs::WORDS;
use crate::chips::buses::es256::{HASH, V1, V2, W, X, Y};

/// `p256 = 2^256 - 2^224 + 2^192 + 2^96 - 1` (SP 800-186, 3.2.1.3).
pub(super) const FIELD_PRIME: U256 =
    U256::from_be_hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// `n`, the order of the curve's group (SP 800-186, 3.2.1.3).
pub(super) const GROUP_ORDER: U256 = <p256::NistP256 as p256::elliptic_curve::Curve>::ORDER;

/// The coefficient `b` of the curve `y^2 = x^3 - 3 x + b` (SP 800-186, 3.2.1.3).
const CURVE_B: U256 =
    U256::from_be_hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");

/// Number of double-and-add steps, which is the number of bits in each of the four scalars.
pub(super) const STEPS: usize = 132;
/// Number of bits in each half of `w`.
pub(super) const HALF_BITS: usize = 128;
/// Number of pairs in a step.
pub(super) const STEP_PAIRS: usize = 5;
/// Number of points in the table, of which each step adds one.
pub(super) const TABLE: usize = 16;

/// Name of a value that can be fetched.
pub(super) type Address = u64;

/// Index of a pair, and thus of its value.
pub(super) type Place = usize;

/// Address of the x coordinate of table point 0. Those of the other points follow. The address of
/// any other value is its place.
pub(super) const TABLE_X: Address = 1_000;
/// Address of the y coordinate of table point 0. Those of the other points follow.
pub(super) const TABLE_Y: Address = TABLE_X + TABLE as Address;

/// What a pair's value `v0` is. `vk` is the value `k` pairs below, and `v-k` the value `k` pairs
/// above. Likewise, `mk` and `m-k` are what these pairs fetch. `m0` is what the pair itself
/// fetches, or the difference that it states. `K` is the pair's constant, and `b` is a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Any value, or `K` if the pair is constant.
    Free,
    /// `v0 = m-2`.
    Copy,
    /// Slope of the line through (v-2, v-1) and (m-2, m1): `v0 m0 = v-1 - m1`,
    /// `m0 = v-2 - m-2 != 0` modulo p.
    Slope,
    /// The third x coordinate of this line: `v-1^2 = v0 + v-3 + m-3` modulo p.
    ThirdX,
    /// The negative of its third y coordinate: `v-2 m0 = v0 + v-3`, `m0 = v-4 - v-1` modulo p.
    ThirdY,
    /// Slope of the line through the third point and the first: `(v0 + v-2) m0 = 2 v-3`,
    /// `m0 = v-4 - v-1 != 0` modulo p.
    Return,
    /// The third x coordinate of this line: `v-1^2 = v0 + v-5 + v-2` modulo p.
    ReturnX,
    /// The negative of its third y coordinate: `v-2 m0 = v0 + v-5`, `m0 = v-6 - v-1` modulo p.
    ReturnY,
    /// `v-1^2 = v0` modulo p.
    Square,
    /// The point (v-3, v-1) is on the curve, with `v-2 = v-3^2`: `v-1^2 = v-2 m0 - 3 m0 + K`,
    /// `m0 = v-3` modulo p. The pair's own value is free.
    Curve,
    /// `v-1 m0 = v0` modulo n. The quotient is `v1`.
    Order,
    /// `v0 = K - m0` between integers, which shows that `m0` is at most `K`.
    AtMost,
    /// `v0 = m0 - K` between integers, which shows that `m0` is at least `K`.
    AtLeast,
    /// `v0 = m-1 - b K` between integers.
    Reduce,
    /// `v-2 = v0` or `v-2 = K - v0` between integers, depending on `b`.
    Sign,
}

impl Shape {
    /// Whether the identity of the shape holds modulo the field's prime.
    pub(super) fn is_modulo_prime(self) -> bool {
        use Shape::*;
        matches!(self, Slope | ThirdX | ThirdY | Return | ReturnX | ReturnY | Square | Curve)
    }

    /// Whether the identity of the shape holds between integers.
    pub(super) fn is_integer(self) -> bool {
        matches!(self, Self::AtMost | Self::AtLeast | Self::Reduce | Self::Sign)
    }

    /// Whether `m0` must not be zero.
    pub(super) fn is_distinct(self) -> bool {
        matches!(self, Self::Slope | Self::Return)
    }
}

/// A pair of rows.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// What its value is.
    pub shape: Shape,
    /// `K`.
    pub constant: U256,
    /// Whether the value is `K`, whatever else the shape says about it.
    pub is_constant: bool,
    /// The address under which the value can be fetched, if it can.
    pub provided: Option<Address>,
    /// The address of the value that the pair fetches, if it fetches one.
    pub fetched: Option<Address>,
    /// The step whose digit moves this address, if there is one.
    pub step: Option<usize>,
    /// The operand or scalar under which the value's words are on the bus, if they are there.
    pub words: Option<u64>,
}

/// Places of the values that do not follow from others, and of the scalars.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inputs {
    /// The x coordinate of the public key `Q`.
    pub key_x: Place,
    /// The y coordinate of `Q`.
    pub key_y: Place,
    /// The hash `e`.
    pub hash: Place,
    /// The x coordinate of `S`, which is `R` or its negative.
    pub s_x: Place,
    /// The y coordinate of `S`.
    pub s_y: Place,
    /// The signature's `r`.
    pub r: Place,
    /// The signature's `s`.
    pub s: Place,
    /// `h`.
    pub h: Place,
    /// `t = h s`, which follows.
    pub t: Place,
    /// `v2`.
    pub v2: Place,
    /// `v1 = h r`, which follows.
    pub v1: Place,
    /// `w = h e`, which follows.
    pub w: Place,
}

/// The pairs in order.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The pairs. Each depends on values further up, on what nearby pairs fetch, or on the quotient
    /// below it.
    pub pairs: Vec<Pair>,
    /// Places of the values that do not follow from others, and of the scalars.
    pub inputs: Inputs,
    /// The place of the first step's first value.
    pub first_step: Place,
}

impl Program {
    /// ECDSA verification over P-256, as the parent module describes it.
    pub(super) fn new() -> Self {
        Writer::default().verification()
    }

    /// The row of a step's digit and of its first bit.
    pub(super) fn digit_row(&self, step: usize) -> usize {
        2 * (self.first_step + STEP_PAIRS * step - 2)
    }
}

/// Addresses of a point's coordinates.
type Point = (Address, Address);

#[derive(Default)]
struct Writer {
    pairs: Vec<Pair>,
    /// The first pair on which words may begin.
    words_from: Place,
}

/// Number of pairs on which the words of a value lie, one word per row.
const WORD_PAIRS: usize = WORDS / 2;

impl Writer {
    fn verification(mut self) -> Program {
        let mut inputs = Inputs::default();
        let largest_coordinate = FIELD_PRIME.wrapping_sub(&U256::ONE);
        let largest_scalar = GROUP_ORDER.wrapping_sub(&U256::ONE);

        (inputs.key_x, inputs.key_y) = self.point_on_curve();
        self.at_most(inputs.key_x, largest_coordinate);
        self.at_most(inputs.key_y, largest_coordinate);
        let x = self.copy(inputs.key_x);
        self.give_words(x, X);
        let y = self.copy(inputs.key_y);
        self.give_words(y, Y);

        (inputs.s_x, inputs.s_y) = self.point_on_curve();
        self.at_most(inputs.s_x, largest_coordinate);
        inputs.r = self.provide(Shape::Reduce);
        self.pairs[inputs.r].constant = GROUP_ORDER;
        self.at_most(inputs.r, largest_scalar);
        self.at_least_one(inputs.r);
        inputs.s = self.provide(Shape::Free);
        self.at_most(inputs.s, largest_scalar);
        self.at_least_one(inputs.s);
        inputs.hash = self.provide(Shape::Free);
        self.give_words(inputs.hash, HASH);

        inputs.h = self.provide(Shape::Free);
        inputs.t = self.product_modulo_order(inputs.h, inputs.s);
        inputs.v2 = self.provide(Shape::Sign);
        self.pairs[inputs.v2].constant = GROUP_ORDER;
        self.give_words(inputs.v2, V2);
        self.at_least_one(inputs.v2);
        inputs.v1 = self.product_modulo_order(inputs.h, inputs.r);
        self.give_words(inputs.v1, V1);
        inputs.w = self.product_modulo_order(inputs.h, inputs.hash);
        self.give_words(inputs.w, W);

        let address = |place: Place| place as Address;
        self.table(
            (address(inputs.key_x), address(inputs.key_y)),
            (address(inputs.s_x), address(inputs.s_y)),
        );
        let first_step = self.multiplication();
        Program { pairs: self.pairs, inputs, first_step }
    }

    /// `T_i = O + i_0 G + i_1 2^128 G + i_2 Q + i_3 S`.
    fn table(&mut self, key: Point, point: Point) {
        let entry = |i: usize| (TABLE_X + i as Address, TABLE_Y + i as Address);
        let high = ProjectivePoint::GENERATOR * power_of_two(HALF_BITS);
        let generators = [
            offset(),
            offset() + ProjectivePoint::GENERATOR,
            offset() + high,
            offset() + high + ProjectivePoint::GENERATOR,
        ];
        for (i, generator) in generators.iter().enumerate() {
            let (x, y) = self.constant_point(generator);
            self.pairs[x].provided = Some(entry(i).0);
            self.pairs[y].provided = Some(entry(i).1);
        }
        for i in generators.len()..TABLE {
            let (below, addend) = if i < 8 { (entry(i - 4), key) } else { (entry(i - 8), point) };
            self.addition(addend, below, entry(i));
        }
    }

    /// `P_0 = A`, `P_(k+1) = (P_k + T_(digit k)) + P_k`, and `P_132 = 2^132 A + (2^132 - 1) O`.
    /// Returns the place of the first step.
    fn multiplication(&mut self) -> Place {
        let (start_x, start_y) = self.constant_point(&accumulator_start());
        let end = power_of_two(STEPS);
        let end = coordinates(&(accumulator_start() * end + offset() * (end - Scalar::ONE)));
        let mut above = start_x;
        for step in 0..STEPS {
            self.fetch(above, TABLE_X);
            self.push(Shape::Slope);
            let third_x = self.push(Shape::ThirdX);
            self.fetch(third_x, TABLE_Y);
            for indexed in [above, third_x] {
                self.pairs[indexed].step = Some(step);
            }
            self.push(Shape::Return);
            above = self.push(Shape::ReturnX);
            let y = self.push(Shape::ReturnY);
            if step + 1 == STEPS {
                self.make_constant(above, end.0);
                self.make_constant(y, end.1);
            }
        }
        start_y + 1
    }

    /// `p + q` at the addresses of `sum` (SEC 1, 2.2.1).
    fn addition(&mut self, p: Point, q: Point, sum: Point) {
        for coordinate in [p.0, p.1] {
            let fetching = self.push(Shape::Free);
            self.fetch(fetching, coordinate);
        }
        let p_x = self.push(Shape::Copy);
        self.fetch(p_x, q.0);
        self.push(Shape::Copy);
        self.push(Shape::Slope);
        let x = self.push(Shape::ThirdX);
        self.fetch(x, q.1);
        let y = self.push(Shape::ThirdY);
        (self.pairs[x].provided, self.pairs[y].provided) = (Some(sum.0), Some(sum.1));
    }

    /// Adds a point with `y^2 = x^3 - 3 x + b`. Returns the places of its coordinates.
    fn point_on_curve(&mut self) -> (Place, Place) {
        let x = self.provide(Shape::Free);
        self.push(Shape::Square);
        let y = self.provide(Shape::Free);
        let curve = self.push(Shape::Curve);
        self.pairs[curve].constant = CURVE_B;
        (x, y)
    }

    fn at_most(&mut self, value: Place, largest: U256) {
        let difference = self.push(Shape::AtMost);
        self.pairs[difference].constant = largest;
        self.fetch(difference, value as Address);
    }

    fn at_least_one(&mut self, value: Place) {
        let difference = self.push(Shape::AtLeast);
        self.pairs[difference].constant = U256::ONE;
        self.fetch(difference, value as Address);
    }

    fn copy(&mut self, value: Place) -> Place {
        let fetching = self.push(Shape::Free);
        self.fetch(fetching, value as Address);
        self.push(Shape::Free);
        self.push(Shape::Copy)
    }

    /// The product `a b` modulo n. The quotient follows it.
    fn product_modulo_order(&mut self, a: Place, b: Place) -> Place {
        self.copy(a);
        let product = self.push(Shape::Order);
        self.fetch(product, b as Address);
        self.push(Shape::Free);
        product
    }

    fn constant_point(&mut self, point: &ProjectivePoint) -> (Place, Place) {
        let (x, y) = coordinates(point);
        let places = (self.push(Shape::Free), self.push(Shape::Free));
        self.make_constant(places.0, x);
        self.make_constant(places.1, y);
        places
    }

    fn make_constant(&mut self, place: Place, value: U256) {
        (self.pairs[place].constant, self.pairs[place].is_constant) = (value, true);
    }

    /// Adds a value that others can fetch by its place.
    fn provide(&mut self, shape: Shape) -> Place {
        let place = self.push(shape);
        self.pairs[place].provided = Some(place as Address);
        place
    }

    fn fetch(&mut self, place: Place, address: Address) {
        self.pairs[place].fetched = Some(address);
    }

    /// Puts the words of a value on the rows from the value's own row on, and leaves room for them.
    fn give_words(&mut self, place: Place, operand: u64) {
        assert!(self.words_from <= place, "words of two values do not overlap");
        self.pairs[place].words = Some(operand);
        self.words_from = place + WORD_PAIRS;
        while self.pairs.len() < self.words_from {
            self.push(Shape::Free);
        }
    }

    fn push(&mut self, shape: Shape) -> Place {
        self.pairs.push(Pair {
            shape,
            constant: U256::ZERO,
            is_constant: false,
            provided: None,
            fetched: None,
            step: None,
            words: None,
        });
        self.pairs.len() - 1
    }
}

/// `2^bits`.
fn power_of_two(bits: usize) -> Scalar {
    Scalar::reduce(U256::ONE.shl_vartime(bits))
}

/// `O`, which every table point includes once: `G` times the first 64 hexadecimal digits of pi's
/// fraction.
pub(super) fn offset() -> ProjectivePoint {
    const PI: U256 =
        U256::from_be_hex("243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89");
    ProjectivePoint::GENERATOR * Scalar::reduce(PI)
}

/// `A`, where the multiplication starts: `G` times the first 64 hexadecimal digits of e's fraction.
fn accumulator_start() -> ProjectivePoint {
    const E: U256 =
        U256::from_be_hex("b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef");
    ProjectivePoint::GENERATOR * Scalar::reduce(E)
}

/// The affine coordinates, or zeros for the point at infinity.
pub(super) fn coordinates(point: &ProjectivePoint) -> (U256, U256) {
    let encoded = point.to_affine().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| {
        bytes.map_or(U256::ZERO, |bytes| U256::from_be_slice(bytes))
    };
    (coordinate(encoded.x()), coordinate(encoded.y()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn provides_every_address_once_and_before_use() {
        let program = Program::new();
        let mut provided = HashSet::new();
        for pair in &program.pairs {
            if let Some(address) = pair.fetched {
                let moved = if pair.step.is_some() { 0..TABLE as Address } else { 0..1 };
                assert!(
                    moved.into_iter().all(|index| provided.contains(&(address + index))),
                    "{pair:?}"
                );
            }
            assert!(pair.provided.is_none_or(|address| provided.insert(address)), "{pair:?}");
        }
        assert!(program.pairs.len() < TABLE_X as usize);
    }

    /// Pairs share one auxiliary column. On each of its two rows, a pair puts at most one thing
    /// there.
    #[test]
    fn auxiliary_cells_have_one_meaning() {
        let program = Program::new();
        for pair in &program.pairs {
            let has_bit = matches!(pair.shape, Shape::Reduce | Shape::Sign);
            let first = [pair.fetched.is_some(), has_bit, pair.shape.is_distinct()];
            let second = [pair.provided.is_some(), pair.shape.is_distinct()];
            assert!(first.iter().filter(|&&used| used).count() <= 1, "{pair:?}");
            assert!(second.iter().filter(|&&used| used).count() <= 1, "{pair:?}");
        }
    }

    /// Pairs whose shape states a difference or an operand fetch nothing. Pairs that read what
    /// others fetch read a fetched value.
    #[test]
    fn operands_are_where_shapes_read_them() {
        let program = Program::new();
        let fetches = |place: usize| program.pairs[place].fetched.is_some();
        let is = |place: usize, shape: Shape| program.pairs[place].shape == shape;
        for (place, pair) in program.pairs.iter().enumerate() {
            let operands: &[usize] = match pair.shape {
                Shape::Copy => &[place - 2],
                Shape::Slope => &[place - 2, place + 1],
                Shape::ThirdX => &[place - 3],
                Shape::AtMost | Shape::AtLeast | Shape::Order => &[place],
                Shape::Reduce => &[place - 1],
                _ => &[],
            };
            assert!(operands.iter().all(|&operand| fetches(operand)), "{place}: {pair:?}");
            let above =
                |shapes: &[(usize, Shape)]| shapes.iter().all(|&(k, shape)| is(place - k, shape));
            let expected = match pair.shape {
                Shape::Slope => !fetches(place),
                Shape::ThirdX => above(&[(1, Shape::Slope)]),
                Shape::ThirdY => !fetches(place) && above(&[(1, Shape::ThirdX), (2, Shape::Slope)]),
                Shape::Return => !fetches(place) && above(&[(1, Shape::ThirdX), (2, Shape::Slope)]),
                Shape::ReturnX => above(&[(1, Shape::Return)]),
                Shape::ReturnY => {
                    !fetches(place) && above(&[(1, Shape::ReturnX), (2, Shape::Return)])
                }
                Shape::Curve => !fetches(place) && above(&[(2, Shape::Square)]),
                Shape::Order => above(&[(1, Shape::Copy)]) && is(place + 1, Shape::Free),
                Shape::Sign => above(&[(2, Shape::Order)]),
                _ => true,
            };
            assert!(expected, "{place}: {pair:?}");
        }
    }
}
