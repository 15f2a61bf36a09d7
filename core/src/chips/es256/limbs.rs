//! 256-bit integers as polynomials in `2^12`, and what makes an identity between them checkable in the native field.
//!
//! An identity `N = q * m` between integers is shown on coefficients: with `N` and `q * m` as polynomials in
//! `B = 2^12`, three coefficients at a time are summed to a *group* in base `B^3 = 2^36` and a signed carry takes what
//! exceeds it to the next group.
//!
//! # No wrap-around
//!
//! Let limbs lie in `[0, 2^12)`, differences of two of them in `(-2^12, 2^12)`, and `N` be one product of a sum of two
//! limbs with a difference of two, plus at most four single limbs. A coefficient of `N - q * m` is at most
//! `22 * 2^13 * 2^12 + 4 * 2^12 + 22 * 2^12 * 2^12 < 2^30.1` in magnitude, a group below `2^54.2`, an honest carry below
//! `2^18.2`. Carries are checked to lie in `[-2^19, 2^19)`, so that `group + carry in - 2^36 * carry out` stays below
//! `2^55.6`: it is zero in the field only if it is zero in the integers. [`LARGEST_TERM`] is that bound.

use p3_field::PrimeField64;
use p256::U256;
use p256::elliptic_curve::bigint::Encoding;

use crate::field::F;

/// Bits of a limb.
pub const LIMB_BITS: usize = 12;
/// Limbs of a value. The highest has only [`TOP_BITS`] bits.
pub const LIMBS: usize = 22;
/// Bits of the highest limb of a value below `2^256`.
pub const TOP_BITS: usize = 256 - (LIMBS - 1) * LIMB_BITS;
/// Coefficients of a product of two values.
pub const COEFFICIENTS: usize = 2 * LIMBS - 1;
/// Coefficients that share one carry.
pub const GROUP: usize = 3;
/// Groups of an identity.
pub const GROUPS: usize = COEFFICIENTS.div_ceil(GROUP);
/// Carries of an identity: the last group has none.
pub const CARRIES: usize = GROUPS - 1;
/// Bits of a carry, its sign included.
pub const CARRY_BITS: usize = 20;
/// Committed quotients are `2^258` larger than the signed ones: this much in the highest limb.
pub const QUOTIENT_OFFSET: i64 = 1 << (258 - (LIMBS - 1) * LIMB_BITS);
/// Bound of the magnitude of what a carry equation sets to zero.
pub const LARGEST_TERM: i128 = {
    let (limb, base) = (1i128 << LIMB_BITS, 1i128 << (GROUP * LIMB_BITS));
    let coefficient = LIMBS as i128 * (2 * limb * limb) + 4 * limb + LIMBS as i128 * limb * limb;
    let carry = 1i128 << (CARRY_BITS - 1);
    coefficient * (1 + limb + limb * limb) + carry + base * carry
};

const _: () = assert!(2 * LARGEST_TERM < F::ORDER_U64 as i128, "identities cannot wrap");

/// Limbs, little end first.
pub type Limbs = [i64; LIMBS];
/// Coefficients, little end first.
pub type Coefficients = [i64; COEFFICIENTS];

/// `p256 = 2^256 - 2^224 + 2^192 + 2^96 - 1` (FIPS 186-5 by SP 800-186, 3.2.1.3), with signed limbs.
pub const FIELD_PRIME: Limbs = {
    let mut limbs = generalised_mersenne();
    limbs[8] = 1;
    limbs[0] = -1;
    limbs
};

/// `n`, the order of the curve's group (SP 800-186, 3.2.1.3), with signed limbs.
pub const GROUP_ORDER: Limbs = {
    let mut limbs = generalised_mersenne();
    let mut rest: u128 = 0x4319_0552_58e8_617b_0c46_353d_039c_daaf;
    let mut i = 0;
    while rest != 0 {
        limbs[i] = -((rest & 0xfff) as i64);
        rest >>= LIMB_BITS;
        i += 1;
    }
    limbs
};

/// `2^256 - 2^224 + 2^192`, the common part of both moduli.
const fn generalised_mersenne() -> Limbs {
    let mut limbs = [0; LIMBS];
    limbs[21] = 1 << 4;
    limbs[18] = -(1 << 8);
    limbs[16] = 1;
    limbs
}

/// The limbs of a value.
pub fn limbs(value: &U256) -> Limbs {
    let bytes = value.to_le_bytes();
    std::array::from_fn(|i| {
        let bit = i * LIMB_BITS;
        let low = i64::from(bytes[bit / 8]) | i64::from(bytes.get(bit / 8 + 1).copied().unwrap_or(0)) << 8;
        (low >> (bit % 8)) & 0xfff
    })
}

/// Adds `a * b` to the coefficients.
pub fn add_product(sum: &mut Coefficients, a: &Limbs, b: &Limbs) {
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            sum[i + j] += a * b;
        }
    }
}

/// The offset quotient `q + 2^258` of the polynomial `n` by `modulus`, and `n - q * modulus`.
///
/// The quotient is exact modulo `2^264`. If the modulus divides `n`, and the quotient's magnitude is below `2^258`, it
/// is exact; else the difference is not zero.
pub fn divide(mut n: Coefficients, modulus: &Limbs) -> (Limbs, Coefficients) {
    const MASK: i64 = (1 << LIMB_BITS) - 1;
    let inverse = inverse_modulo_limb(modulus[0]);
    for (i, m) in modulus.iter().enumerate() {
        n[LIMBS - 1 + i] += QUOTIENT_OFFSET * m;
    }
    let mut quotient = [0; LIMBS];
    let mut carry = 0;
    for i in 0..LIMBS {
        let digit = (((n[i] + carry) & MASK) * inverse) & MASK;
        for (j, m) in modulus.iter().enumerate() {
            n[i + j] -= digit * m;
        }
        carry = (n[i] + carry) >> LIMB_BITS;
        quotient[i] = digit;
    }
    (quotient, n)
}

/// The inverse of an odd number modulo `2^12`.
fn inverse_modulo_limb(odd: i64) -> i64 {
    (0..4).fold(odd, |inverse, _| (inverse * (2 - odd * inverse)) & 0xfff)
}

/// The carries of a polynomial whose value is zero, each moved by `2^19` to be positive. Others are cut to
/// [`CARRY_BITS`].
pub fn carries(n: &Coefficients) -> [i64; CARRIES] {
    let mut carry = 0;
    std::array::from_fn(|group| {
        for i in 0..GROUP {
            carry += n[group * GROUP + i] << (i * LIMB_BITS);
        }
        carry >>= GROUP * LIMB_BITS;
        (carry + (1 << (CARRY_BITS - 1))) & ((1 << CARRY_BITS) - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_cannot_wrap() {
        assert!(2 * LARGEST_TERM < i128::from(F::ORDER_U64));
        assert_eq!(GROUPS * GROUP, COEFFICIENTS + 2);
        let honest = (LARGEST_TERM - (1 << (CARRY_BITS - 1)) * ((1i128 << (GROUP * LIMB_BITS)) + 1))
            / ((1 << (GROUP * LIMB_BITS)) - 1);
        assert!(honest < 1 << (CARRY_BITS - 1), "honest carries fit");
        for modulus in [FIELD_PRIME, GROUP_ORDER] {
            assert!(modulus.iter().all(|limb| limb.abs() < 1 << LIMB_BITS));
        }
    }

    #[test]
    fn moduli_are_those_of_the_curve() {
        let value = |limbs: &Limbs| {
            limbs.iter().rev().fold(U256::ZERO, |sum, &limb| {
                let magnitude = U256::from_u64(limb.unsigned_abs());
                let sum = sum.shl_vartime(LIMB_BITS);
                if limb < 0 { sum.wrapping_sub(&magnitude) } else { sum.wrapping_add(&magnitude) }
            })
        };
        assert_eq!(
            format!("{:x}", value(&FIELD_PRIME)),
            "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        );
        assert_eq!(value(&GROUP_ORDER), <p256::NistP256 as p256::elliptic_curve::Curve>::ORDER);
    }

    #[test]
    fn divides_exactly_and_carries_to_zero() {
        let a = U256::MAX;
        for modulus in [FIELD_PRIME, GROUP_ORDER] {
            for sign in [1, -1] {
                let mut n = [0; COEFFICIENTS];
                add_product(&mut n, &limbs(&a).map(|limb| sign * limb), &modulus);
                let (quotient, rest) = divide(n, &modulus);
                let mut expected = limbs(&a).map(|limb| sign * limb);
                expected[LIMBS - 1] += QUOTIENT_OFFSET;
                let value = |limbs: &Limbs| {
                    limbs
                        .iter()
                        .rev()
                        .fold(0i128, |sum, limb| (sum * 4096 + i128::from(*limb)) % 1_000_000_007)
                };
                assert_eq!(value(&quotient), value(&expected));
                let carries = carries(&rest).map(|carry| carry - (1 << (CARRY_BITS - 1)));
                for group in 0..GROUPS {
                    let coefficient = |i: usize| rest.get(group * GROUP + i).copied().unwrap_or(0);
                    let sum = coefficient(0) + (coefficient(1) << 12) + (coefficient(2) << 24);
                    let carry_in = if group == 0 { 0 } else { carries[group - 1] };
                    let carry_out = carries.get(group).copied().unwrap_or(0);
                    assert_eq!(sum + carry_in, carry_out << 36);
                }
            }
        }
    }
}
