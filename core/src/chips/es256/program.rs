//! The fixed list of identities that the table shows: ECDSA verification as straight-line code over addressed values.
//!
//! Nothing here depends on a witness. Each identity defines one value at an address of its own and fetches up to four
//! others by address.

use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{ProjectivePoint, Scalar, U256};

/// `p256 = 2^256 - 2^224 + 2^192 + 2^96 - 1` (SP 800-186, 3.2.1.3).
pub const FIELD_PRIME: U256 =
    U256::from_be_hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

/// Double-and-add steps: bits of each of the four scalars.
pub const STEPS: usize = 132;
/// Points of the table that a step adds one of.
pub const TABLE: usize = 16;

/// Names a value. Unique to the identity that defines it.
pub type Address = u64;

/// The value 0.
pub const ZERO: Address = 0;
/// The x coordinate of table point 0; those of the others follow.
pub const TABLE_X: Address = 1_000;
/// The y coordinate of table point 0; those of the others follow.
pub const TABLE_Y: Address = TABLE_X + TABLE as Address;

/// Form of an identity in the value `v` it defines and the values `m`, `x`, `y`, `z` it fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `v (m - x) = z - y`.
    Slope,
    /// `(v + y) (m - x) = 2 z`.
    Tangent,
    /// `z^2 = v + m + x`.
    Square,
    /// `z (m - x) = v + y`.
    Product,
}

/// What an identity holds modulo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modulus {
    /// Nothing: it holds between integers.
    Integers,
    /// The prime of the curve's field.
    FieldPrime,
    /// The order of the curve's group.
    GroupOrder,
}

/// One identity.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its form.
    pub shape: Shape,
    /// What it holds modulo.
    pub modulus: Modulus,
    /// Address of the value it defines.
    pub address: Address,
    /// Addresses of `m`, `x`, `y`, `z`.
    pub operands: [Address; 4],
    /// The step whose digit moves the addresses of `x` and `y`, if one does.
    pub step: Option<usize>,
    /// Whether `m` and `x` must differ modulo the field's prime.
    pub distinct: bool,
    /// What the defined value must be, if it is a constant.
    pub constant: Option<U256>,
}

/// Addresses of the values that do not follow from others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    /// x coordinate of the public key `Q`.
    pub key_x: Address,
    /// y coordinate of `Q`.
    pub key_y: Address,
    /// The hash `e`.
    pub hash: Address,
    /// x coordinate of `S`, the negative of `R` or `R`.
    pub s_x: Address,
    /// y coordinate of `S`.
    pub s_y: Address,
    /// The x coordinate of `R` less `r`.
    pub excess: Address,
    /// The signature's `s`.
    pub s: Address,
    /// `v2`.
    pub v2: Address,
    /// `sigma * v2` modulo n.
    pub signed_v2: Address,
    /// The higher half of `w`.
    pub w_high: Address,
}

/// The identities in order: each fetches only values defined before it, or its own.
#[derive(Clone, Debug)]
pub struct Program {
    /// The identities.
    pub identities: Vec<Identity>,
    /// Values that do not follow.
    pub inputs: Inputs,
    /// Constants and their addresses.
    pub constants: Vec<(Address, U256)>,
    /// Addresses of the scalars of `G`, `2^132 G`, `Q` and `S`.
    pub scalars: [Address; 4],
}

impl Program {
    /// ECDSA verification over P-256 as this module's parent describes.
    pub fn new() -> Self {
        Writer::default().verification()
    }
}

/// Coordinates' addresses.
type Point = (Address, Address);

struct Writer {
    program: Program,
    next: Address,
    one: Address,
}

impl Default for Writer {
    fn default() -> Self {
        let program = Program {
            identities: Vec::new(),
            inputs: Inputs::default(),
            constants: Vec::new(),
            scalars: [ZERO; 4],
        };
        Self { program, next: ZERO, one: ZERO }
    }
}

impl Writer {
    fn verification(mut self) -> Program {
        let b = U256::from_be_hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
        let order = <p256::NistP256 as p256::elliptic_curve::Curve>::ORDER;

        let zero = self.constant(U256::ZERO);
        debug_assert_eq!(zero, ZERO);
        self.one = self.constant(U256::ONE);
        let three = self.constant(U256::from_u64(3));
        let minus_b = self.constant(FIELD_PRIME.wrapping_sub(&b));
        let largest_coordinate = self.constant(FIELD_PRIME.wrapping_sub(&U256::ONE));
        let largest_scalar = self.constant(order.wrapping_sub(&U256::ONE));
        let n = self.constant(order);
        let minus_half = self.constant(order.wrapping_sub(&U256::ONE.shl_vartime(STEPS)));

        let key = self.point_on_curve(three, minus_b);
        self.at_most(key.0, largest_coordinate);
        self.at_most(key.1, largest_coordinate);
        let hash = self.free();

        let point = self.point_on_curve(three, minus_b);
        self.at_most(point.0, largest_coordinate);
        let excess = self.next;
        self.push(Shape::Tangent, Modulus::Integers, [excess, n, ZERO, ZERO]);
        let r = self.integer_difference(point.0, excess);
        self.at_least_one(r);
        self.at_most(r, largest_scalar);
        let s = self.free();
        self.at_least_one(s);
        self.at_most(s, largest_scalar);

        let v2 = self.free();
        self.at_least_one(v2);
        let signed_v2 = self.next;
        self.push(Shape::Tangent, Modulus::GroupOrder, [signed_v2, v2, v2, ZERO]);
        let ratio = self.push(Shape::Slope, Modulus::GroupOrder, [s, ZERO, ZERO, signed_v2]);
        let minus_ratio = self.push(Shape::Product, Modulus::GroupOrder, [ZERO, ZERO, ratio, ZERO]);
        let v1 = self.push(Shape::Product, Modulus::GroupOrder, [r, ZERO, ZERO, ratio]);
        let minus_w = self.push(Shape::Product, Modulus::GroupOrder, [hash, ZERO, ZERO, minus_ratio]);
        let w_high = self.free();
        let w_low = self.push(Shape::Product, Modulus::GroupOrder, [minus_half, ZERO, minus_w, w_high]);

        self.program.scalars = [w_low, w_high, v1, v2];
        self.program.inputs = Inputs {
            key_x: key.0,
            key_y: key.1,
            hash,
            s_x: point.0,
            s_y: point.1,
            excess,
            s,
            v2,
            signed_v2,
            w_high,
        };
        self.table(key, point);
        self.multiplication();
        self.program
    }

    /// `T_i = O + i_0 G + i_1 2^132 G + i_2 Q + i_3 S`.
    fn table(&mut self, key: Point, point: Point) {
        let entry = |i: usize| (TABLE_X + i as Address, TABLE_Y + i as Address);
        let high = ProjectivePoint::GENERATOR * half();
        let generators = [
            offset(),
            offset() + ProjectivePoint::GENERATOR,
            offset() + high,
            offset() + high + ProjectivePoint::GENERATOR,
        ];
        for (i, generator) in generators.iter().enumerate() {
            self.constant_point(generator, entry(i));
        }
        for i in generators.len()..TABLE {
            let (below, addend) = if i < 8 { (entry(i - 4), key) } else { (entry(i - 8), point) };
            self.addition(addend, below, entry(i));
        }
    }

    /// `P_0 = A`, `P_(k+1) = (P_k + T_(digit k)) + P_k`, and `P_132 = 2^132 A + (2^132 - 1) O`.
    fn multiplication(&mut self) {
        let start = (self.next, self.next + 1);
        let mut p = start;
        self.constant_point(&accumulator_start(), start);
        self.next += 2;
        for step in 0..STEPS {
            p = self.double_and_add(p, step);
        }
        let end = coordinates(&(accumulator_start() * half() + offset() * (half() - Scalar::ONE)));
        for (address, value) in [(p.0, end.0), (p.1, end.1)] {
            if let Some(last) =
                self.program.identities.iter_mut().rfind(|identity| identity.address == address)
            {
                last.constant = Some(value);
            }
        }
    }

    fn double_and_add(&mut self, p: Point, step: usize) -> Point {
        let lambda1 = self.push(Shape::Slope, Modulus::FieldPrime, [p.0, TABLE_X, TABLE_Y, p.1]);
        self.last(|identity| (identity.step, identity.distinct) = (Some(step), true));
        let x3 = self.push(Shape::Square, Modulus::FieldPrime, [p.0, TABLE_X, TABLE_Y, lambda1]);
        self.last(|identity| identity.step = Some(step));
        let lambda2 = self.push(Shape::Tangent, Modulus::FieldPrime, [p.0, x3, lambda1, p.1]);
        self.last(|identity| identity.distinct = true);
        let x4 = self.push(Shape::Square, Modulus::FieldPrime, [p.0, x3, ZERO, lambda2]);

        let y4 = self.push(Shape::Product, Modulus::FieldPrime, [p.0, x4, p.1, lambda2]);
        (x4, y4)
    }

    /// `p + q` at the addresses of `sum` (SEC 1, 2.2.1).
    fn addition(&mut self, p: Point, q: Point, sum: Point) {
        let lambda = self.push(Shape::Slope, Modulus::FieldPrime, [p.0, q.0, q.1, p.1]);
        self.last(|identity| identity.distinct = true);
        self.push_at(sum.0, Shape::Square, Modulus::FieldPrime, [p.0, q.0, ZERO, lambda]);

        self.push_at(sum.1, Shape::Product, Modulus::FieldPrime, [p.0, sum.0, p.1, lambda]);
    }

    /// A point with `y^2 = x^3 - 3 x + b`.
    fn point_on_curve(&mut self, three: Address, minus_b: Address) -> Point {
        let x = self.free();
        let square = self.push(Shape::Product, Modulus::FieldPrime, [x, ZERO, ZERO, x]);
        let y_square = self.push(Shape::Product, Modulus::FieldPrime, [square, three, minus_b, x]);
        let y = self.next;
        self.push(Shape::Slope, Modulus::FieldPrime, [y, ZERO, ZERO, y_square]);
        (x, y)
    }

    /// Shows `value <= largest`: their difference is a value, so not negative.
    fn at_most(&mut self, value: Address, largest: Address) {
        self.integer_difference(largest, value);
    }

    /// Shows `value >= 1`.
    fn at_least_one(&mut self, value: Address) {
        self.integer_difference(value, self.one);
    }

    fn integer_difference(&mut self, a: Address, b: Address) -> Address {
        self.push(Shape::Product, Modulus::Integers, [a, ZERO, b, self.one])
    }

    fn constant_point(&mut self, point: &ProjectivePoint, at: Point) {
        let (x, y) = coordinates(point);
        self.constant_at(at.0, x);
        self.constant_at(at.1, y);
    }

    fn constant(&mut self, value: U256) -> Address {
        self.constant_at(self.next, value);
        self.next += 1;
        self.next - 1
    }

    fn constant_at(&mut self, address: Address, value: U256) {
        self.push_at(address, Shape::Slope, Modulus::Integers, [ZERO; 4]);
        self.last(|identity| identity.constant = Some(value));
        self.program.constants.push((address, value));
    }

    /// A value that this identity leaves open: `v * 0 = 0`.
    fn free(&mut self) -> Address {
        self.push(Shape::Slope, Modulus::Integers, [ZERO; 4])
    }

    fn push(&mut self, shape: Shape, modulus: Modulus, operands: [Address; 4]) -> Address {
        self.push_at(self.next, shape, modulus, operands);
        self.next += 1;
        self.next - 1
    }

    fn push_at(&mut self, address: Address, shape: Shape, modulus: Modulus, operands: [Address; 4]) {
        self.program.identities.push(Identity {
            shape,
            modulus,
            address,
            operands,
            step: None,
            distinct: false,
            constant: None,
        });
    }

    fn last(&mut self, change: impl FnOnce(&mut Identity)) {
        if let Some(identity) = self.program.identities.last_mut() {
            change(identity);
        }
    }
}

/// `2^132`.
fn half() -> Scalar {
    Scalar::reduce(U256::ONE.shl_vartime(STEPS))
}

/// `O`, of which every table point holds one: the first 64 hexadecimal digits of pi's fraction times `G`.
pub fn offset() -> ProjectivePoint {
    const PI: U256 = U256::from_be_hex("243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89");
    ProjectivePoint::GENERATOR * Scalar::reduce(PI)
}

/// `A`, where the multiplication starts: the first 64 hexadecimal digits of e's fraction times `G`.
fn accumulator_start() -> ProjectivePoint {
    const E: U256 = U256::from_be_hex("b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef");
    ProjectivePoint::GENERATOR * Scalar::reduce(E)
}

/// Affine coordinates, zero for the point at infinity.
pub fn coordinates(point: &ProjectivePoint) -> (U256, U256) {
    let encoded = point.to_affine().to_encoded_point(false);
    let coordinate =
        |bytes: Option<&p256::FieldBytes>| bytes.map_or(U256::ZERO, |bytes| U256::from_be_slice(bytes));
    (coordinate(encoded.x()), coordinate(encoded.y()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn defines_every_address_once_and_before_use() {
        let program = Program::new();
        let mut defined = HashSet::new();
        for identity in &program.identities {
            assert!(defined.insert(identity.address));
            for (operand, &address) in identity.operands.iter().enumerate() {
                let indexed = identity.step.is_some() && (operand == 1 || operand == 2);
                let used = if indexed { 0..TABLE as Address } else { 0..1 };
                assert!(used.into_iter().all(|index| defined.contains(&(address + index))));
            }
        }
    }
}
