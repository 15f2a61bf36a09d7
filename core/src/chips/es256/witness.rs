//! Values of the program for one signature, and the committed cells they make.

use p3_field::{Field as _, PrimeCharacteristicRing};
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::FromEncodedPoint;
use p256::elliptic_curve::subtle::ConditionallySelectable;
use p256::{AffinePoint, EncodedPoint, FieldElement, ProjectivePoint, Scalar, U256};
use zeroize::Zeroizing;

use super::layout::{self, HALF, column};
use super::limbs::{self, COEFFICIENTS, LIMB_BITS, LIMBS, Limbs};
use super::program::{self, Address, Identity, Modulus, Program, STEPS, Shape, TABLE, TABLE_Y};
use super::scalars::half_size;
use crate::air::Trace;
use crate::field::F;
use crate::statement::PublicKey;

/// Values by address; `None` where a value follows from others.
pub(super) type Given = Zeroizing<Vec<Option<U256>>>;

const ADDRESSES: usize = TABLE_Y as usize + TABLE;

/// The values that do not follow from others, for one way to split the signature equation.
///
/// What does not verify is filled as if it did: `R` is the point that the equation gives.
pub(super) fn given(
    program: &Program,
    key: &PublicKey,
    hash: &[u8; 32],
    signature: &[u8; 64],
    balance: usize,
) -> Given {
    let (r_bytes, s_bytes) = signature.split_at(32);
    let (r, s) = (U256::from_be_slice(r_bytes), U256::from_be_slice(s_bytes));
    let e = U256::from_be_slice(hash);
    let s_inverse = Scalar::reduce(s).invert().unwrap_or(Scalar::ZERO);
    let u1 = Scalar::reduce(e) * s_inverse;
    let u2 = Scalar::reduce(r) * s_inverse;
    let (v2_integer, negative) = half_size(&u2, balance);
    let v2 = Scalar::reduce(v2_integer);
    let signed_v2 = Scalar::conditional_select(&v2, &-v2, negative);
    let w = U256::from(signed_v2 * u1);

    let encoded = EncodedPoint::from_affine_coordinates(&key.x.into(), &key.y.into(), false);
    let q = AffinePoint::from_encoded_point(&encoded).unwrap_or(AffinePoint::IDENTITY);
    let verified = ProjectivePoint::GENERATOR * u1 + ProjectivePoint::from(q) * u2;
    let verified = ProjectivePoint::conditional_select(
        &verified,
        &ProjectivePoint::GENERATOR,
        p256::elliptic_curve::Group::is_identity(&verified),
    );
    let (s_x, s_y) =
        program::coordinates(&ProjectivePoint::conditional_select(&-verified, &verified, negative));

    let mut given = Zeroizing::new(vec![None; ADDRESSES]);
    let inputs = &program.inputs;
    for (address, value) in program.constants.iter().copied().chain([
        (inputs.key_x, U256::from_be_slice(&key.x)),
        (inputs.key_y, U256::from_be_slice(&key.y)),
        (inputs.hash, e),
        (inputs.s_x, s_x),
        (inputs.s_y, s_y),
        (inputs.excess, s_x.wrapping_sub(&r)),
        (inputs.s, s),
        (inputs.v2, v2_integer),
        (inputs.signed_v2, U256::from(signed_v2)),
        (inputs.w_high, w.shr_vartime(STEPS)),
    ]) {
        given[address as usize] = Some(value);
    }
    given
}

/// A value for every address.
pub(super) struct Witness {
    values: Zeroizing<Vec<U256>>,
    digits: Zeroizing<[u8; STEPS]>,
}

impl Witness {
    /// Computes what follows from the given values, identity by identity.
    pub(super) fn solve(program: &Program, given: &Given) -> Self {
        let mut witness =
            Self { values: Zeroizing::new(vec![U256::ZERO; ADDRESSES]), digits: Zeroizing::new([0; STEPS]) };
        let first_step = program.identities.iter().position(|identity| identity.step.is_some());

        for (i, identity) in program.identities.iter().enumerate() {
            if Some(i) == first_step {
                witness.read_digits(program);
            }
            let operands = witness.operands(identity);
            let value = given[identity.address as usize].unwrap_or_else(|| match identity.modulus {
                Modulus::Integers => integer_value(identity.shape, operands),
                Modulus::FieldPrime => value::<FieldElement>(identity.shape, operands),
                Modulus::GroupOrder => value::<Scalar>(identity.shape, operands),
            });
            witness.values[identity.address as usize] = value;
        }
        witness
    }

    /// The value at an address.
    #[cfg(test)]
    pub(super) fn value(&self, address: Address) -> U256 {
        self.values[address as usize]
    }

    /// Whether two points that must differ do not, or seem not to.
    pub(super) fn collides(&self, program: &Program) -> bool {
        program.identities.iter().filter(|identity| identity.distinct).any(|identity| {
            let delta = self.difference(identity);
            let rho = layout::evaluate(&limbs::FIELD_PRIME);
            delta == F::ZERO || delta.square() == rho.square()
        })
    }

    /// The committed cells.
    pub(super) fn trace(&self, program: &Program) -> Trace {
        let mut trace = Trace::zeroed(layout::HEIGHT, column::WIDTH);
        for (i, identity) in program.identities.iter().enumerate() {
            self.fill_identity(&mut trace, 2 * i, identity);
        }
        let rows = layout::Rows::of(program);
        let operands = [program.inputs.key_x, program.inputs.key_y, program.inputs.hash];
        for (row, address) in (rows.words..).step_by(2).zip(operands) {
            self.fill_words(&mut trace, row, address);
        }
        self.fill_digits(&mut trace, program, rows.digits);
        trace
    }

    fn read_digits(&mut self, program: &Program) {
        let scalars = program.scalars.map(|address| self.values[address as usize]);
        for (step, digit) in self.digits.iter_mut().enumerate() {
            let bit = |scalar: &U256| (scalar.shr_vartime(STEPS - 1 - step).as_words()[0] & 1) as u8;
            *digit = scalars.iter().rev().fold(0, |digit, scalar| digit * 2 + bit(scalar));
        }
    }

    fn operands(&self, identity: &Identity) -> [U256; 4] {
        let digit = identity.step.map_or(0, |step| self.digits[step]);
        let moved = [0, digit, digit, 0];
        std::array::from_fn(|i| self.values[(identity.operands[i] + Address::from(moved[i])) as usize])
    }

    fn difference(&self, identity: &Identity) -> F {
        let [m, x, ..] = self.operands(identity);
        layout::evaluate(&limbs::limbs(&m)) - layout::evaluate(&limbs::limbs(&x))
    }

    fn fill_identity(&self, trace: &mut Trace, row: usize, identity: &Identity) {
        let v = limbs::limbs(&self.values[identity.address as usize]);
        let [m, x, y, z] = self.operands(identity).map(|operand| limbs::limbs(&operand));
        let m = std::array::from_fn(|i| m[i] - x[i]);
        let mut n = [0; COEFFICIENTS];
        match identity.shape {
            Shape::Slope => limbs::add_product(&mut n, &v, &m),
            Shape::Tangent => limbs::add_product(&mut n, &std::array::from_fn(|i| v[i] + y[i]), &m),
            Shape::Square => limbs::add_product(&mut n, &z, &z),
            Shape::Product => limbs::add_product(&mut n, &z, &m),
        }
        for i in 0..LIMBS {
            n[i] += match identity.shape {
                Shape::Slope => y[i] - z[i],
                Shape::Tangent => -2 * z[i],
                Shape::Square => -v[i] - m[i] - 2 * x[i],
                Shape::Product => -v[i] - y[i],
            };
        }
        let (quotient, rest) = match identity.modulus {
            Modulus::Integers => ([0; LIMBS], n),
            Modulus::FieldPrime => limbs::divide(n, &limbs::FIELD_PRIME),
            Modulus::GroupOrder => limbs::divide(n, &limbs::GROUP_ORDER),
        };
        for (group, value) in [
            (column::V, v),
            (column::Q, quotient),
            (column::M, m),
            (column::X, x),
            (column::Y, y),
            (column::Z, z),
        ] {
            fill_limbs(trace, row, group, &value);
        }
        for (i, carry) in limbs::carries(&rest).into_iter().enumerate() {
            let (low, high) = layout::carry_cells(i);
            trace.set(row + low.1, low.0, F::from_i64(carry & 0xfff));
            trace.set(row + high.1, high.0, F::from_i64(carry >> LIMB_BITS));
        }
        if let Some(step) = identity.step {
            trace.set_u64(row, column::DIGIT, u64::from(self.digits[step]));
        }
        if identity.distinct {
            let delta = layout::evaluate(&m);
            let rho = layout::evaluate(&limbs::FIELD_PRIME);
            trace.set(row, column::SQUARE, delta.square());
            let inverse = |value: F| value.try_inverse().unwrap_or(F::ZERO);
            trace.set(row + 1, column::DIGIT, inverse(delta));
            trace.set(row + 1, column::SQUARE, inverse(delta.square() - rho.square()));
        }
    }

    fn fill_words(&self, trace: &mut Trace, row: usize, address: Address) {
        let value = limbs::limbs(&self.values[address as usize]);
        fill_limbs(trace, row, column::X, &value);
        fill_limbs(trace, row, column::M, &value.map(|limb| -limb));
        for split in &layout::SPLITS {
            let limb = value[split.limb];
            let mut set = |cell: usize, value: i64| {
                trace.set(row + cell / HALF, column::Q + cell % HALF, F::from_i64(value));
            };
            set(split.high, limb >> split.bits);
            set(split.low, (limb & ((1 << split.bits) - 1)) << (LIMB_BITS - split.bits));
        }
    }

    fn fill_digits(&self, trace: &mut Trace, program: &Program, first: usize) {
        let mut registers = [[0i64; HALF]; 4];
        for (step, &digit) in self.digits.iter().enumerate() {
            trace.set_u64(first + step, column::DIGIT, u64::from(digit));
            fill_registers(trace, first + step, &registers);
            for (i, register) in registers.iter_mut().enumerate() {
                let bit = i64::from(digit >> i & 1);
                trace.set(first + step, column::V + i, F::from_i64(bit));
                if step % LIMB_BITS == 0 {
                    register.rotate_right(1);
                    register[0] = bit;
                } else {
                    register[0] = 2 * register[0] + bit;
                }
            }
        }
        let scalars = program.scalars.map(|address| limbs::limbs(&self.values[address as usize]));
        for half in 0..2 {
            let registers = scalars.map(|limbs| std::array::from_fn(|i| limbs[half * HALF + i]));
            fill_registers(trace, first + STEPS + half, &registers);
        }
    }
}

/// Writes half of four scalars. Column M holds what the first is more than the second.
pub(super) fn fill_registers(trace: &mut Trace, row: usize, registers: &[[i64; HALF]; 4]) {
    let [first, second, third, fourth] = registers;
    for limb in 0..HALF {
        trace.set(row, column::M + limb, F::from_i64(first[limb] - second[limb]));
        trace.set(row, column::X + limb, F::from_i64(second[limb]));
        trace.set(row, column::Y + limb, F::from_i64(third[limb]));
        trace.set(row, column::Z + limb, F::from_i64(fourth[limb]));
    }
}

fn fill_limbs(trace: &mut Trace, row: usize, group: usize, limbs: &Limbs) {
    for (i, &limb) in limbs.iter().enumerate() {
        trace.set(row + i / HALF, group + i % HALF, F::from_i64(limb));
    }
}

fn integer_value(shape: Shape, [m, x, y, z]: [U256; 4]) -> U256 {
    match shape {
        Shape::Product => z.wrapping_mul(&m.wrapping_sub(&x)).wrapping_sub(&y),
        Shape::Slope | Shape::Tangent | Shape::Square => U256::ZERO,
    }
}

/// The value that an identity modulo a prime defines; zero where it defines none.
fn value<T: Residue>(shape: Shape, operands: [U256; 4]) -> U256 {
    let [m, x, y, z] = operands.map(T::reduced);
    let over = |divisor: T| divisor.invert().unwrap_or(T::ZERO);
    match shape {
        Shape::Slope => (z - y) * over(m - x),
        Shape::Tangent => z.double() * over(m - x) - y,
        Shape::Square => z.square() - m - x,
        Shape::Product => z * (m - x) - y,
    }
    .integer()
}

/// A number modulo one of the curve's two primes.
trait Residue: PrimeField {
    fn reduced(value: U256) -> Self;
    fn integer(self) -> U256;
}

impl Residue for Scalar {
    fn reduced(value: U256) -> Self {
        Self::reduce(value)
    }

    fn integer(self) -> U256 {
        self.into()
    }
}

impl Residue for FieldElement {
    fn reduced(value: U256) -> Self {
        Self::from_uint(value)
            .unwrap_or(Self::from_uint(value.wrapping_sub(&program::FIELD_PRIME)).unwrap_or(Self::ZERO))
    }

    fn integer(self) -> U256 {
        self.to_canonical()
    }
}
