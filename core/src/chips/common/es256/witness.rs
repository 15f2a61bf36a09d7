//! The values of the program for one signature, and the committed cells that they make.

use p3_field::{Field as _, PrimeCharacteristicRing};
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::FromEncodedPoint;
use p256::elliptic_curve::subtle::ConditionallySelectable;
use p256::{AffinePoint, EncodedPoint, FieldElement, ProjectivePoint, Scalar, U256};
use velum_stark::air::Trace;
use velum_stark::field::F;
use zeroize::Zeroizing;

use super::layout::{self, SCALARS, column, gathered};
use super::limbs::{
    self, COEFFICIENTS, Coefficients, GROUPS, LIMBS, Limbs, PRIME_BELOW, WORD_LIMBS,
};
use super::program::{
    self, Address, GROUP_ORDER, HALF_BITS, Pair, Place, Program, STEP_PAIRS, STEPS, Shape, TABLE_X,
    TABLE_Y,
};
use super::scalars::half_size;
use crate::statement::PublicKey;

/// Values by place. `None` means that the value follows from others.
pub(super) type Given = Zeroizing<Vec<Option<U256>>>;

/// All addresses are below this number.
const ADDRESSES: usize = TABLE_Y as usize + program::TABLE;

/// The values that do not follow from others, for one way to split the signature equation.
///
/// A signature that does not verify is filled in as if it did: `R` is the point that the equation
/// yields.
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

    let mut given = Zeroizing::new(vec![None; program.pairs.len()]);
    let inputs = &program.inputs;
    for (place, value) in [
        (inputs.key_x, U256::from_be_slice(&key.x)),
        (inputs.key_y, U256::from_be_slice(&key.y)),
        (inputs.hash, e),
        (inputs.s_x, s_x),
        (inputs.s_y, s_y),
        (inputs.r, r),
        (inputs.s, s),
        (inputs.h, U256::from(signed_v2 * s_inverse)),
        (inputs.v2, v2_integer),
    ] {
        given[place] = Some(value);
    }
    given
}

/// A value for every pair.
pub(super) struct Witness {
    values: Zeroizing<Vec<U256>>,
    /// Places of the values that are provided, by address.
    places: Vec<Place>,
    digits: Zeroizing<[u8; STEPS]>,
    /// Inverses of the divisors of both slopes of each step. Empty unless all divisors have an
    /// inverse.
    inverses: Zeroizing<Vec<FieldElement>>,
}

impl Witness {
    /// Computes what follows from the given values, pair by pair.
    pub(super) fn solve(program: &Program, given: &Given) -> Self {
        Self::solve_with(program, given, Self::digits)
    }

    /// Computes the same as [`solve`](Self::solve), but `digits` computes the digits of the steps
    /// from the values before the steps.
    pub(super) fn solve_with(
        program: &Program,
        given: &Given,
        digits: impl Fn(&Self, &Program) -> Zeroizing<[u8; STEPS]>,
    ) -> Self {
        let mut places = vec![0; ADDRESSES];
        for (place, pair) in program.pairs.iter().enumerate() {
            if let Some(address) = pair.provided {
                places[address as usize] = place;
            }
        }
        let values = Zeroizing::new(vec![U256::ZERO; program.pairs.len()]);
        let (digits_unknown, inverses) = (Zeroizing::new([0; STEPS]), Zeroizing::default());
        let mut witness = Self { values, places, digits: digits_unknown, inverses };
        for (place, pair) in program.pairs.iter().enumerate() {
            if place == program.first_step {
                witness.digits = digits(&witness, program);
                witness.inverses = witness.step_inverses(program);
            }
            let value = given[place].unwrap_or_else(|| witness.next(program, place, pair));
            witness.values[place] = value;
        }
        witness
    }

    /// The value at a place.
    #[cfg(test)]
    pub(super) fn value(&self, place: Place) -> U256 {
        self.values[place]
    }

    /// Whether two points that must differ have the same x coordinate, or seem to have it.
    pub(super) fn collides(&self, program: &Program) -> bool {
        let differing =
            (0..program.pairs.len()).filter(|&place| program.pairs[place].shape.is_distinct());
        differing.into_iter().any(|place| {
            let difference = limbs::evaluate(&self.operand(program, place).map(F::from_i64));
            difference == F::ZERO || difference.square() == layout::prime().square()
        })
    }

    /// The committed cells.
    pub(super) fn trace(&self, program: &Program) -> Trace {
        let mut trace = Trace::zeroed(layout::HEIGHT, column::WIDTH);
        for place in 0..program.pairs.len() {
            self.fill_pair(&mut trace, program, place);
        }
        self.fill_digits(&mut trace, program);
        trace
    }

    /// The digits of all steps, made of the bits of `w`'s halves, `v1` and `v2`.
    pub(super) fn digits(&self, program: &Program) -> Zeroizing<[u8; STEPS]> {
        let [w, v1, v2] = [program.inputs.w, program.inputs.v1, program.inputs.v2]
            .map(|place| self.values[place]);
        let bit = |scalar: &U256, bit: usize| (scalar.shr_vartime(bit).as_words()[0] & 1) as u8;
        Zeroizing::new(std::array::from_fn(|step| {
            let i = STEPS - 1 - step;
            let of_w = |first: usize| if i < HALF_BITS { bit(&w, first + i) } else { 0 };
            of_w(0) | of_w(HALF_BITS) << 1 | bit(&v1, i) << 2 | bit(&v2, i) << 3
        }))
    }

    /// Inverts the divisors of all slopes of the steps at once, because one inversion takes as long
    /// as hundreds of products.
    ///
    /// Points are added without division, as `(X / Z^2, Y / Z^3)`, with one `Z` for all points that
    /// are added (Meloni, WAIFI 2007). An addition multiplies `Z` by the difference of the two `X`.
    fn step_inverses(&self, program: &Program) -> Zeroizing<Vec<FieldElement>> {
        let [x, y] =
            [2, 1].map(|above| FieldElement::reduced(self.above(program.first_step, above)));
        let (mut here, mut z) = ((x, y), FieldElement::ONE);
        // `Z` and the difference of each addition.
        let mut additions = Zeroizing::new(Vec::with_capacity(2 * STEPS));
        for &digit in self.digits.iter() {
            let [x, y] = [TABLE_X, TABLE_Y].map(|first| {
                FieldElement::reduced(self.values[self.places[first as usize + usize::from(digit)]])
            });
            let entry = (x * z.square(), y * z.square() * z);
            let (sum, same) = add_alike(here, entry);
            additions.push((z, here.0 - entry.0));
            z *= here.0 - entry.0;
            (here, _) = add_alike(same, sum);
            additions.push((z, same.0 - sum.0));
            z *= same.0 - sum.0;
        }
        let Some(mut inverse) = Option::<FieldElement>::from(z.invert()) else {
            return Zeroizing::default();
        };
        let mut inverses: Vec<_> = additions
            .iter()
            .rev()
            .map(|(z, difference)| {
                let inverse_of_difference = inverse * z;
                inverse *= difference;
                inverse_of_difference * z.square()
            })
            .collect();
        inverses.reverse();
        Zeroizing::new(inverses)
    }

    /// The inverse of the divisor of the slope at a place, or zero if there is none.
    fn inverse(&self, program: &Program, place: Place, divisor: FieldElement) -> FieldElement {
        let known = place.checked_sub(program.first_step).and_then(|place| {
            // The slopes of a step are its first and third pair.
            self.inverses.get(2 * (place / STEP_PAIRS) + place % STEP_PAIRS / 2)
        });
        let known = known.filter(|known| **known * divisor == FieldElement::ONE);
        known.copied().or_else(|| divisor.invert().into()).unwrap_or(FieldElement::ZERO)
    }

    /// The value `places` pairs above.
    fn above(&self, place: Place, places: usize) -> U256 {
        self.values[place - places]
    }

    /// What a pair fetches, or zero if it fetches nothing.
    fn fetched(&self, program: &Program, place: Place) -> U256 {
        let pair = &program.pairs[place];
        let digit = pair.step.map_or(0, |step| self.digits[step]);
        let address = pair.fetched.map(|address| address + Address::from(digit));
        address.map_or(U256::ZERO, |address| self.values[self.places[address as usize]])
    }

    /// The value that the pair's shape requires, or the pair's constant if the shape requires none.
    fn next(&self, program: &Program, place: Place, pair: &Pair) -> U256 {
        use Shape::*;
        let above = |places| self.above(place, places);
        let fetched = |place| self.fetched(program, place);
        let field = |places| FieldElement::reduced(above(places));
        let field_fetched = |place| FieldElement::reduced(fetched(place));
        let over = |numerator: FieldElement, denominator: FieldElement| {
            numerator * self.inverse(program, place, denominator)
        };
        match pair.shape {
            // The quotient by n. It is exact modulo `2^256`, because n is odd.
            Free if place > 0 && program.pairs[place - 1].shape == Order => {
                let product = above(3 - 1).wrapping_mul(&fetched(place - 1));
                product.wrapping_sub(&above(1)).wrapping_mul(&GROUP_ORDER.inv_mod2k_vartime(256))
            }
            Free | Curve | Reduce | Sign => pair.constant,
            Copy => fetched(place - 2),
            Slope => over(field(1) - field_fetched(place + 1), field(2) - field_fetched(place - 2))
                .integer(),
            ThirdX => (field(1).square() - field(3) - field_fetched(place - 3)).integer(),
            ThirdY => (field(2) * (field(4) - field(1)) - field(3)).integer(),
            Return => (over(field(3).double(), field(4) - field(1)) - field(2)).integer(),
            ReturnX => (field(1).square() - field(5) - field(2)).integer(),
            ReturnY => (field(2) * (field(6) - field(1)) - field(5)).integer(),
            Square => field(1).square().integer(),
            Order => (Scalar::reduced(above(1)) * Scalar::reduced(fetched(place))).integer(),
            AtMost => pair.constant.wrapping_sub(&fetched(place)),
            AtLeast => fetched(place).wrapping_sub(&pair.constant),
        }
    }

    /// The operand of a pair: what the pair fetches, or the difference that its shape states.
    fn operand(&self, program: &Program, place: Place) -> Limbs {
        use Shape::*;
        let minus = |a: U256, b: U256| {
            let (a, b) = (limbs::limbs(&a), limbs::limbs(&b));
            std::array::from_fn(|i| a[i] - b[i])
        };
        match program.pairs[place].shape {
            Slope => minus(self.above(place, 2), self.fetched(program, place - 2)),
            ThirdY | Return => minus(self.above(place, 4), self.above(place, 1)),
            ReturnY => minus(self.above(place, 6), self.above(place, 1)),
            Curve => limbs::limbs(&self.above(place, 3)),
            _ => limbs::limbs(&self.fetched(program, place)),
        }
    }

    /// Whether the bit by which a pair chooses is 1.
    fn chooses(&self, program: &Program, place: Place) -> bool {
        match program.pairs[place].shape {
            Shape::Reduce => self.values[place] != self.fetched(program, place - 1),
            Shape::Sign => self.values[place] != self.above(place, 2),
            _ => false,
        }
    }

    /// The polynomial that is zero if the pair's identity holds. It is folded if the identity holds
    /// modulo the field's prime.
    fn polynomial(&self, program: &Program, place: Place) -> Coefficients {
        use Shape::*;
        let pair = &program.pairs[place];
        let above = |places: usize| limbs::limbs(&self.above(place, places));
        let fetched = |place| limbs::limbs(&self.fetched(program, place));
        let (value, operand) = (limbs::limbs(&self.values[place]), self.operand(program, place));
        let constant = limbs::limbs(&pair.constant);
        let bit = i64::from(self.chooses(program, place));

        let mut sum = [0; COEFFICIENTS];
        match pair.shape {
            Slope => limbs::add_product(&mut sum, &value, &operand),
            Return => limbs::add_product(&mut sum, &plus(&value, &above(2), 1), &operand),
            ThirdY | ReturnY => limbs::add_product(&mut sum, &above(2), &operand),
            ThirdX | ReturnX | Square => limbs::add_product(&mut sum, &above(1), &above(1)),
            Curve => {
                limbs::add_product(&mut sum, &above(1), &above(1));
                limbs::add_product(&mut sum, &above(2).map(|limb| -limb), &operand);
            }
            Order => {
                limbs::add_product(&mut sum, &above(1), &operand);
                let quotient = limbs::limbs(&self.values[place + 1]).map(|limb| -limb);
                limbs::add_product(&mut sum, &quotient, &limbs::GROUP_ORDER);
            }
            Free | Copy | AtMost | AtLeast | Reduce | Sign => {}
        }
        let none = [0; LIMBS];
        let rest = match pair.shape {
            Free | Copy => none,
            Slope => plus(&fetched(place + 1), &above(1), -1),
            ThirdX => plus(&plus(&plus(&none, &value, -1), &above(3), -1), &fetched(place - 3), -1),
            ThirdY => plus(&plus(&none, &value, -1), &above(3), -1),
            Return => plus(&none, &above(3), -2),
            ReturnX => plus(&plus(&plus(&none, &value, -1), &above(5), -1), &above(2), -1),
            ReturnY => plus(&plus(&none, &value, -1), &above(5), -1),
            Square | Order => plus(&none, &value, -1),
            Curve => plus(&plus(&none, &operand, 3), &constant, -1),
            AtMost => plus(&plus(&value, &operand, 1), &constant, -1),
            AtLeast => plus(&plus(&value, &operand, -1), &constant, 1),
            Reduce => plus(&plus(&value, &constant, bit), &fetched(place - 1), -1),
            Sign => {
                plus(&plus(&value.map(|limb| (1 - 2 * bit) * limb), &constant, bit), &above(2), -1)
            }
        };
        sum.iter_mut().zip(rest).for_each(|(sum, limb)| *sum += limb);
        if pair.shape.is_modulo_prime() {
            limbs::fold(&mut sum);
        }
        sum
    }

    fn fill_pair(&self, trace: &mut Trace, program: &Program, place: Place) {
        let (row, pair) = (2 * place, &program.pairs[place]);
        fill_limbs(trace, row, column::V, &limbs::limbs(&self.values[place]));
        let operand = self.operand(program, place);
        fill_limbs(trace, row, column::M, &operand);
        match pair.shape {
            shape if shape.is_modulo_prime() => {
                let mut sum = self.polynomial(program, place);
                let multiple = limbs::multiple_of_prime(&sum);
                for (word, factor) in PRIME_BELOW.into_iter().enumerate() {
                    sum[word * WORD_LIMBS] -= multiple * factor;
                }
                let mut carries = limbs::carries(&sum);
                carries[GROUPS - 1] = limbs::moved(multiple);
                fill_carries(trace, row, &carries[..GROUPS]);
            }
            Shape::Order => {
                let carries = limbs::carries(&self.polynomial(program, place));
                fill_carries(trace, row, &carries[..carries.len() - 1]);
            }
            shape if shape.is_integer() => {
                fill_carries(
                    trace,
                    row,
                    &limbs::carries(&self.polynomial(program, place))[..GROUPS],
                );
                trace.set(row, column::AUXILIARY, F::from_bool(self.chooses(program, place)));
            }
            _ => {}
        }
        if pair.shape.is_distinct() {
            let difference = limbs::evaluate(&operand.map(F::from_i64));
            // If there is no inverse, any value will do, and the other rule is still met.
            let inverse = |value: F| value.try_inverse().unwrap_or(F::ONE);
            let other = difference - layout::prime().square() * inverse(difference);
            trace.set(row, column::AUXILIARY, inverse(difference));
            trace.set(row + 1, column::AUXILIARY, inverse(other));
        }
        if pair.words.is_some() {
            for (i, word) in limbs::words(&self.values[place]).into_iter().enumerate() {
                trace.set(row + i, column::WORD, F::from_u32(word));
            }
        }
    }

    fn fill_digits(&self, trace: &mut Trace, program: &Program) {
        let mut made = [0u64; SCALARS];
        for (step, &digit) in self.digits.iter().enumerate() {
            let row = program.digit_row(step);
            if (STEPS - step).is_multiple_of(32) {
                made = [0; SCALARS];
            }
            for (scalar, made) in made.iter_mut().enumerate() {
                let bit = u64::from(digit >> scalar & 1);
                *made = 2 * *made + bit;
                trace.set_u64(row + scalar, column::WORD, bit);
                trace.set_u64(row + gathered(scalar), column::WORD, *made);
            }
            for row in [row, row + 6] {
                trace.set_u64(row, column::AUXILIARY, digit.into());
            }
        }
    }
}

/// `p + q` for two different points with one `Z`, and `p` with the `Z` of the sum.
fn add_alike(
    p: (FieldElement, FieldElement),
    q: (FieldElement, FieldElement),
) -> ((FieldElement, FieldElement), (FieldElement, FieldElement)) {
    let scale = (p.0 - q.0).square();
    let (p_x, q_x) = (p.0 * scale, q.0 * scale);
    let p_y = p.1 * (p_x - q_x);
    let x = (p.1 - q.1).square() - p_x - q_x;
    ((x, (p.1 - q.1) * (p_x - x) - p_y), (p_x, p_y))
}

fn plus(a: &Limbs, b: &Limbs, factor: i64) -> Limbs {
    std::array::from_fn(|i| a[i] + factor * b[i])
}

fn fill_limbs(trace: &mut Trace, row: usize, first: usize, limbs: &Limbs) {
    for (i, &limb) in limbs.iter().enumerate() {
        let (column, offset) = layout::limb_cell(first, i);
        trace.set(row + offset, column, F::from_i64(limb));
    }
}

/// Writes the carries out of a pair's groups.
pub(super) fn fill_carries(trace: &mut Trace, row: usize, carries: &[i64]) {
    for (group, carry) in carries.iter().enumerate() {
        let (low, high) = layout::carry_cells(group);
        trace.set(row + low.1, low.0, F::from_i64(carry & ((1 << limbs::CARRY_LOW_BITS) - 1)));
        trace.set(row + high.1, high.0, F::from_i64(carry >> limbs::CARRY_LOW_BITS));
    }
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
        Self::from_uint(value).unwrap_or(
            Self::from_uint(value.wrapping_sub(&program::FIELD_PRIME)).unwrap_or(Self::ZERO),
        )
    }

    fn integer(self) -> U256 {
        self.to_canonical()
    }
}
