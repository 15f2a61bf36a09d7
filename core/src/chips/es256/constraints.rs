//! The constraints of one row.

use p3_field::PrimeCharacteristicRing;

use super::layout::{self, HALF, HALF_CARRIES, PACKED, SPLITS, column, fixed};
use super::limbs::{
    self, CARRIES, CARRY_BITS, COEFFICIENTS, GROUP, GROUPS, LIMB_BITS, LIMBS, QUOTIENT_OFFSET, TOP_BITS,
};
use crate::air::ChipBuilder;
use crate::chips::buses::{ES256, ES256_DIGIT, ES256_VALUE, RANGE};
use crate::field::F;

/// `2^bits`.
fn two_to<E: PrimeCharacteristicRing>(bits: usize) -> E {
    E::from_u64(1 << bits)
}

/// The cells of one row, and for values those of the next.
struct Cells<E> {
    v: Vec<E>,
    q: Vec<E>,
    m: Vec<E>,
    x: Vec<E>,
    y: Vec<E>,
    z: Vec<E>,
    slope: E,
    tangent: E,
    square: E,
    product: E,
    load: E,
}

impl<E: PrimeCharacteristicRing> Cells<E> {
    fn read<B: ChipBuilder<Expr = E>>(b: &B) -> Self {
        let value = |group| (0..LIMBS).map(|i| b.main(group + i % HALF, (i / HALF) as i32)).collect();
        Self {
            v: value(column::V),
            q: value(column::Q),
            m: value(column::M),
            x: value(column::X),
            y: value(column::Y),
            z: value(column::Z),
            slope: b.fixed(fixed::SLOPE, 0),
            tangent: b.fixed(fixed::TANGENT, 0),
            square: b.fixed(fixed::SQUARE, 0),
            product: b.fixed(fixed::PRODUCT, 0),
            load: b.fixed(fixed::LOAD, 0),
        }
    }

    /// 1 on the even rows of identities.
    fn identity(&self) -> E {
        self.slope.clone() + self.tangent.clone() + self.square.clone() + self.product.clone()
    }
}

/// States the constraints of one row.
pub fn eval<B: ChipBuilder>(b: &mut B) {
    let cells = Cells::read(b);
    identity(b, &cells);
    constant(b);
    distinct(b, &cells);
    values(b, &cells);
    digits(b);
    words(b, &cells);
    ranges(b, &cells);
}

/// The identity of the row's shape modulo the row's modulus, on coefficients in `2^12` (see [`limbs`]).
fn identity<B: ChipBuilder>(b: &mut B, cells: &Cells<B::Expr>) {
    let mut coefficients = vec![B::Expr::ZERO; COEFFICIENTS];
    let Cells { slope, tangent, square, product, .. } = cells;
    for i in 0..LIMBS {
        let (v, m, x) = (cells.v[i].clone(), cells.m[i].clone(), cells.x[i].clone());
        let (y, z) = (cells.y[i].clone(), cells.z[i].clone());
        let factor = (slope.clone() + tangent.clone()) * v.clone()
            + tangent.clone() * y.clone()
            + product.clone() * z.clone();
        let squared = square.clone() * z.clone();
        for j in 0..LIMBS {
            coefficients[i + j] += factor.clone() * cells.m[j].clone() + squared.clone() * cells.z[j].clone();
        }
        coefficients[i] += (slope.clone() - product.clone()) * y
            - (square.clone() + product.clone()) * v
            - square.clone() * (m + x.double())
            - (slope.clone() + tangent.double()) * z;
    }
    let (field_prime, group_order) = (b.fixed(fixed::FIELD_PRIME, 0), b.fixed(fixed::GROUP_ORDER, 0));
    let offset = B::Expr::from_i64(QUOTIENT_OFFSET);
    for j in 0..LIMBS {
        let (p, n) = (limbs::FIELD_PRIME[j], limbs::GROUP_ORDER[j]);
        if (p, n) == (0, 0) {
            continue;
        }
        let modulus = field_prime.clone() * F::from_i64(p) + group_order.clone() * F::from_i64(n);
        for i in 0..LIMBS {
            let quotient =
                if i + 1 == LIMBS { cells.q[i].clone() - offset.clone() } else { cells.q[i].clone() };
            coefficients[i + j] -= modulus.clone() * quotient;
        }
    }

    let selected = cells.identity();
    let mut carry_in = B::Expr::ZERO;
    for group in 0..GROUPS {
        let carry_out = if group < CARRIES { carry(b, group) } else { B::Expr::ZERO };
        let mut sum =
            selected.clone() * (carry_in - carry_out.clone() * two_to::<B::Expr>(GROUP * LIMB_BITS));
        for (i, coefficient) in coefficients.iter().skip(group * GROUP).take(GROUP).enumerate() {
            sum += coefficient.clone() * two_to::<B::Expr>(i * LIMB_BITS);
        }
        b.assert_zero("identity", sum);
        carry_in = carry_out;
    }
}

fn carry<B: ChipBuilder>(b: &B, index: usize) -> B::Expr {
    let (low, high) = layout::carry_cells(index);
    let cell = |(column, offset)| b.main(column, offset as i32);
    cell(low) + cell(high) * two_to::<B::Expr>(LIMB_BITS) - two_to::<B::Expr>(CARRY_BITS - 1)
}

/// Four limbs are below `2^48`, so equal to the constant's one by one.
fn constant<B: ChipBuilder>(b: &mut B) {
    let selected = b.fixed(fixed::CONSTANT, 0);
    let limbs: Vec<_> = (0..HALF).map(|i| b.main(column::V + i, 0)).collect();
    for (i, limbs) in limbs.chunks(PACKED).enumerate() {
        let expected = b.fixed(fixed::CONSTANTS + i, 0);
        b.assert_zero("constant", selected.clone() * (evaluate(limbs) - expected));
    }
}

/// `m` and `x` differ modulo the field's prime: their difference in the native field is none of 0, `rho` and `-rho`.
fn distinct<B: ChipBuilder>(b: &mut B, cells: &Cells<B::Expr>) {
    let selected = b.fixed(fixed::DISTINCT, 0);
    let delta = evaluate(&cells.m);
    let rho = layout::evaluate(&limbs::FIELD_PRIME);
    let square = b.main(column::SQUARE, 0);
    let (inverse, other_inverse) = (b.main(column::DIGIT, 1), b.main(column::SQUARE, 1));
    b.assert_zero("distinct", selected.clone() * (delta.clone() * inverse - B::Expr::ONE));
    b.assert_zero("distinct square", selected.clone() * (delta.square() - square.clone()));
    b.assert_zero("distinct by prime", selected * ((square - rho * rho) * other_inverse - B::Expr::ONE));
}

fn evaluate<E: PrimeCharacteristicRing>(limbs: &[E]) -> E {
    limbs.iter().rev().fold(E::ZERO, |sum, limb| sum * two_to::<E>(LIMB_BITS) + limb.clone())
}

/// Each identity provides its value and fetches its operands.
fn values<B: ChipBuilder>(b: &mut B, cells: &Cells<B::Expr>) {
    let key = |address: B::Expr, limbs: &mut dyn Iterator<Item = B::Expr>| {
        let mut key = vec![address];
        key.extend(limbs);
        key
    };
    let defined = key(b.fixed(fixed::ADDRESS, 0), &mut cells.v.iter().cloned());
    b.provide(ES256_VALUE, defined, column::MULTIPLICITY, cells.identity());

    let fetched = cells.identity() + cells.load.clone();
    let digit = b.main(column::DIGIT, 0);
    b.assert_zero("digit use", (fetched.clone() - b.fixed(fixed::INDEXED, 0)) * digit.clone());
    let operand = |b: &B, i: usize| b.fixed(fixed::OPERANDS + i, 0);
    let m = cells.m.iter().zip(&cells.x).map(|(m, x)| m.clone() + x.clone());
    let keys = [
        key(operand(b, 0), &mut { m }),
        key(operand(b, 1) + digit.clone(), &mut cells.x.iter().cloned()),
        key(operand(b, 2) + digit, &mut cells.y.iter().cloned()),
        key(operand(b, 3), &mut cells.z.iter().cloned()),
    ];
    for key in keys {
        b.lookup(ES256_VALUE, key, fetched.clone());
    }
}

/// Four scalars are made of bits, the highest first, one bit of each a row, and each row's bits are a step's digit.
fn digits<B: ChipBuilder>(b: &mut B) {
    let (shift, double) = (b.fixed(fixed::SHIFT, 0), b.fixed(fixed::DOUBLE, 0));
    let end = b.fixed(fixed::SCALAR_END, 0);
    let row = shift.clone() + double.clone();
    let register = |b: &B, i: usize, limb: usize, offset: i32| match i {
        0 => b.main(column::M + limb, offset) + b.main(column::X + limb, offset),
        _ => b.main([column::X, column::Y, column::Z][i - 1] + limb, offset),
    };
    let mut digit = B::Expr::ZERO;
    for i in 0..4 {
        let bit = b.main(column::V + i, 0);
        b.assert_zero("bit", row.clone() * bit.bool_check());
        digit += bit.clone() * two_to::<B::Expr>(i);
        for limb in 0..HALF {
            let (now, next) = (register(b, i, limb, 0), register(b, i, limb, 1));
            let (shifted, doubled) = match limb {
                0 => (bit.clone(), now.double() + bit.clone()),
                _ => (register(b, i, limb - 1, 0), now.clone()),
            };
            b.assert_zero(
                "scalar",
                shift.clone() * (next.clone() - shifted) + double.clone() * (next - doubled),
            );
            b.assert_zero("scalar length", end.clone() * now);
        }
    }
    let committed = b.main(column::DIGIT, 0);
    b.assert_zero("digit", row.clone() * (committed.clone() - digit));
    let count = row.double() - b.fixed(fixed::INDEXED, 0);
    b.interact(ES256_DIGIT, vec![b.fixed(fixed::STEP, 0), committed], count, 2);
}

/// The operand `x` of word rows is received in words.
fn words<B: ChipBuilder>(b: &mut B, cells: &Cells<B::Expr>) {
    let selected = b.fixed(fixed::WORDS, 0);
    for split in &SPLITS {
        let whole = cells.x[split.limb].clone() * two_to::<B::Expr>(LIMB_BITS - split.bits);
        let parts = cells.q[split.low].clone() + cells.q[split.high].clone() * two_to::<B::Expr>(LIMB_BITS);
        b.assert_zero("word split", selected.clone() * (whole - parts));
    }
    let [s2, s5, s10, s13, s18] = &SPLITS;
    let x = |limb: usize| cells.x[limb].clone();
    let upper = |split: &layout::Split| cells.q[split.high].clone();
    let lower = |split: &layout::Split| x(split.limb) - upper(split) * two_to::<B::Expr>(split.bits);
    let words: [&[(B::Expr, usize)]; 8] = [
        &[(upper(s18), 0), (x(19), 4), (x(20), 16), (x(21), 28)],
        &[(x(16), 0), (x(17), 12), (lower(s18), 24)],
        &[(upper(s13), 0), (x(14), 8), (x(15), 20)],
        &[(upper(s10), 0), (x(11), 4), (x(12), 16), (lower(s13), 28)],
        &[(x(8), 0), (x(9), 12), (lower(s10), 24)],
        &[(upper(s5), 0), (x(6), 8), (x(7), 20)],
        &[(upper(s2), 0), (x(3), 4), (x(4), 16), (lower(s5), 28)],
        &[(x(0), 0), (x(1), 12), (lower(s2), 24)],
    ];
    let operand = b.fixed(fixed::STEP, 0);
    for (k, parts) in words.into_iter().enumerate() {
        let add = |sum, (part, bit): &(B::Expr, usize)| sum + part.clone() * two_to::<B::Expr>(*bit);
        let word = parts.iter().fold(B::Expr::ZERO, add);
        b.receive(ES256, vec![operand.clone(), B::Expr::from_usize(k), word], selected.clone());
    }
}

/// Values, quotients and carries are made of limbs of 12 bits but for the value's highest.
fn ranges<B: ChipBuilder>(b: &mut B, cells: &Cells<B::Expr>) {
    let active = b.fixed(fixed::ACTIVE, 0);
    let limb_bits = B::Expr::from_usize(LIMB_BITS);
    for i in 0..HALF {
        let bits = if i + 1 == HALF {
            cells.identity() * F::from_usize(LIMB_BITS - TOP_BITS) + F::from_usize(TOP_BITS)
        } else {
            limb_bits.clone()
        };
        b.lookup(RANGE, vec![b.main(column::V + i, 0), bits], active.clone());
        b.lookup(RANGE, vec![b.main(column::Q + i, 0), limb_bits.clone()], active.clone());
    }
    let high_bits = B::Expr::from_usize(CARRY_BITS - LIMB_BITS);
    for i in 0..HALF_CARRIES {
        b.lookup(RANGE, vec![b.main(column::CARRY_LOW + i, 0), limb_bits.clone()], active.clone());
        b.lookup(RANGE, vec![b.main(column::CARRY_HIGH + i, 0), high_bits.clone()], active.clone());
    }
}
