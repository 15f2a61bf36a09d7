//! 256-bit integers as polynomials with small coefficients, and how identities between them are
//! checked in the native field.
//!
//! A value is eight words of 32 bits, and a word is three limbs of 11, 11 and 10 bits. Limb `i`
//! thus stands at bit [`position`]`(i)`. The product of limbs `i` and `j` stands at bit
//! `position(i + j)`, and it counts twice if a word ends between them.
//!
//! The field's prime is sparse in words. Words from the ninth on are *folded* into the lower eight
//! with factors of one digit ([`FOLD`]). What is left of an identity is then a small multiple `q`
//! of the prime. Four coefficients at a time make a *group*. A signed carry takes what exceeds the
//! bits of a group to the next group. The carry out of the last group is `q` itself.
//!
//! # No wrap-around
//!
//! Let the limbs of values lie in `[0, 2^11)` and `[0, 2^10)`. Let an identity be at most two
//! products of a value by a value or by a difference of two values, plus less than 16 single limbs.
//! [`LARGEST_COEFFICIENT`] bounds the folded coefficients of such an identity. It also bounds the
//! coefficients of an identity that adds a multiple of the group's order instead of being folded.
//!
//! Carries are checked to lie in `[-2^20, 2^20)`, which has room for honest carries. No group with
//! its carries in and out then exceeds [`LARGEST_TERM`], which is below the native prime. A group
//! that is zero in the field is therefore zero in the integers.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p256::U256;
use p256::elliptic_curve::bigint::Encoding;
use velum_stark::field::F;

/// Number of limbs in a value.
pub(super) const LIMBS: usize = 24;
/// Number of limbs in a word.
pub(super) const WORD_LIMBS: usize = 3;
/// Number of words in a value.
pub(super) const WORDS: usize = LIMBS / WORD_LIMBS;
/// Number of bits in a word.
const WORD_BITS: usize = 32;
/// Number of bits in each limb of a word.
pub(super) const LIMB_BITS: [usize; WORD_LIMBS] = [11, 11, 10];
/// Number of coefficients in a product of two values. The last coefficient is zero.
pub(super) const COEFFICIENTS: usize = 2 * LIMBS;
/// Number of coefficients that share one carry.
pub(super) const GROUP: usize = 4;
/// Number of groups in a value, and of carries out of them.
pub(super) const GROUPS: usize = LIMBS / GROUP;
/// Number of groups in a product.
pub(super) const PRODUCT_GROUPS: usize = COEFFICIENTS / GROUP;
/// Number of bits in the lower part of a carry.
pub(super) const CARRY_LOW_BITS: usize = 11;
/// Number of bits in a carry, including its sign.
pub(super) const CARRY_BITS: usize = 21;
/// Added to a carry to make it non-negative.
pub(super) const CARRY_OFFSET: i64 = 1 << (CARRY_BITS - 1);

/// The bit at which coefficient `i` of a value or product stands.
pub(super) const fn position(i: usize) -> usize {
    WORD_BITS * (i / WORD_LIMBS) + 11 * (i % WORD_LIMBS)
}

/// The bit of its group at which coefficient `i` stands.
pub(super) const fn position_in_group(i: usize) -> usize {
    position(i) - position(i - i % GROUP)
}

/// Number of bits in a group. What exceeds them is carried.
pub(super) const fn group_bits(group: usize) -> usize {
    position((group + 1) * GROUP) - position(group * GROUP)
}

/// How often the product of limbs `i` and `j` counts at coefficient `i + j`.
pub(super) const fn weight(i: usize, j: usize) -> i64 {
    if i % WORD_LIMBS + j % WORD_LIMBS < WORD_LIMBS { 1 } else { 2 }
}

/// `p256 - 2^256 = -2^224 + 2^192 + 2^96 - 1` in words (FIPS 186-5 refers to SP 800-186, 3.2.1.3).
pub(super) const PRIME_BELOW: [i64; WORDS] = [-1, 0, 0, 1, 0, 0, 1, -1];

/// The words of `2^(32 * (8 + i))` modulo the field's prime, for each `i`.
pub(super) const FOLD: [[i64; WORDS]; WORDS] = {
    let mut fold = [[0; WORDS]; WORDS];
    let mut word = 0;
    while word < WORDS {
        let mut i = 0;
        while i < WORDS {
            // Move the word before up by one. Each unit that leaves at the top is 2^256.
            let (below, top) = match word {
                0 => (0, 1),
                _ => (if i == 0 { 0 } else { fold[word - 1][i - 1] }, fold[word - 1][WORDS - 1]),
            };
            fold[word][i] = below - top * PRIME_BELOW[i];
            i += 1;
        }
        word += 1;
    }
    fold
};

/// `n`, the order of the curve's group (SP 800-186, 3.2.1.3).
pub(super) const GROUP_ORDER: Limbs = limbs_of_words([
    0xfc63_2551,
    0xf3b9_cac2,
    0xa717_9e84,
    0xbce6_faad,
    0xffff_ffff,
    0xffff_ffff,
    0,
    0xffff_ffff,
]);

/// Limbs, the least significant first.
pub(super) type Limbs = [i64; LIMBS];
/// Coefficients of a product, the least significant first.
pub(super) type Coefficients = [i64; COEFFICIENTS];

/// The largest value of limb `i`.
const fn largest_limb(i: usize) -> i128 {
    (1 << LIMB_BITS[i % WORD_LIMBS]) - 1
}

/// Bounds on the coefficients of two products and 16 single limbs.
const LARGEST_COEFFICIENTS: [i128; COEFFICIENTS] = {
    let mut largest = [0; COEFFICIENTS];
    let mut i = 0;
    while i < LIMBS {
        largest[i] += 16 * largest_limb(i);
        let mut j = 0;
        while j < LIMBS {
            largest[i + j] += 2 * weight(i, j) as i128 * largest_limb(i) * largest_limb(j);
            j += 1;
        }
        i += 1;
    }
    largest
};

/// Bound on the magnitude of a coefficient, folded or not.
pub(super) const LARGEST_COEFFICIENT: i128 = {
    let mut largest = 0;
    let mut i = 0;
    while i < LIMBS {
        let mut folded = LARGEST_COEFFICIENTS[i];
        let mut word = 0;
        while word < WORDS {
            folded += FOLD[word][i / WORD_LIMBS].abs() as i128
                * LARGEST_COEFFICIENTS[LIMBS + word * WORD_LIMBS + i % WORD_LIMBS];
            word += 1;
        }
        if folded > largest {
            largest = folded;
        }
        i += 1;
    }
    largest
};

/// Bound on the magnitude of a group, without carries.
const LARGEST_GROUP: i128 = LARGEST_COEFFICIENT * (1 + (1 << 11) + (1 << 22) + (1 << 32));

/// Bound on the magnitude of what a group's equation sets to zero: the group, the carries in and
/// out, and `q` times a limb of the prime.
pub(super) const LARGEST_TERM: i128 = {
    let carry = CARRY_OFFSET as i128;
    LARGEST_GROUP + carry + (carry << 43) + (carry << 22)
};

const _: () = assert!(LARGEST_COEFFICIENT < 1 << 30, "coefficients are as the documentation says");
const _: () = assert!(LARGEST_TERM < F::ORDER_U64 as i128, "identities cannot wrap");
const _: () = assert!(
    (LARGEST_GROUP + ((CARRY_OFFSET as i128) << 23)) >> 42 < CARRY_OFFSET as i128,
    "honest carries fit"
);

/// The limbs of words, the least significant first.
const fn limbs_of_words(words: [u32; WORDS]) -> Limbs {
    let mut limbs = [0; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        let bits = LIMB_BITS[i % WORD_LIMBS];
        limbs[i] = ((words[i / WORD_LIMBS] >> (11 * (i % WORD_LIMBS))) & ((1 << bits) - 1)) as i64;
        i += 1;
    }
    limbs
}

/// The limbs of a value.
pub(super) fn limbs(value: &U256) -> Limbs {
    limbs_of_words(words(value))
}

/// The words of a value, the least significant first.
pub(super) fn words(value: &U256) -> [u32; WORDS] {
    let bytes = value.to_le_bytes();
    std::array::from_fn(|word| {
        std::array::from_fn::<_, 4, _>(|byte| u32::from(bytes[4 * word + byte]) << (8 * byte))
            .iter()
            .sum()
    })
}

/// Adds `a * b` to the coefficients.
pub(super) fn add_product(sum: &mut Coefficients, a: &Limbs, b: &Limbs) {
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            sum[i + j] += weight(i, j) * a * b;
        }
    }
}

/// Folds the words from the ninth on into the lower eight.
pub(super) fn fold(coefficients: &mut Coefficients) {
    let (low, high) = coefficients.split_at_mut(LIMBS);
    for (i, high) in high.iter_mut().enumerate() {
        for (word, factor) in FOLD[i / WORD_LIMBS].iter().enumerate() {
            low[word * WORD_LIMBS + i % WORD_LIMBS] += factor * *high;
        }
        *high = 0;
    }
}

/// The factor `q` for which a folded polynomial is `q` times the field's prime, if `q` is small. It
/// is read off the lowest word, because the prime is -1 modulo `2^32`.
pub(super) fn multiple_of_prime(folded: &Coefficients) -> i64 {
    let low = folded[0].wrapping_add(folded[1] << 11).wrapping_add(folded[2] << 22);
    i64::from((low as i32).wrapping_neg())
}

/// The carries of a polynomial whose value is zero, each of them [`moved`].
pub(super) fn carries(coefficients: &Coefficients) -> [i64; PRODUCT_GROUPS] {
    let mut carry = 0i64;
    std::array::from_fn(|group| {
        for (i, coefficient) in coefficients.iter().enumerate().skip(group * GROUP).take(GROUP) {
            carry = carry.wrapping_add(coefficient << position_in_group(i));
        }
        carry >>= group_bits(group);
        moved(carry)
    })
}

/// A carry plus [`CARRY_OFFSET`], cut to [`CARRY_BITS`].
pub(super) const fn moved(carry: i64) -> i64 {
    (carry + CARRY_OFFSET) & ((1 << CARRY_BITS) - 1)
}

/// The value of a polynomial at the positions of its limbs, in the native field.
pub(super) fn evaluate<E: PrimeCharacteristicRing>(limbs: &[E]) -> E {
    let add = |sum: E, word: &[E]| sum * E::from_u64(1 << WORD_BITS) + evaluate_word(word);
    limbs.chunks(WORD_LIMBS).rev().fold(E::ZERO, add)
}

/// The word that three limbs make.
pub(super) fn evaluate_word<E: PrimeCharacteristicRing>(limbs: &[E]) -> E {
    limbs.iter().rev().fold(E::ZERO, |sum, limb| sum * E::from_u64(1 << 11) + limb.clone())
}

/// An expression, multiplied by a small number.
pub(super) fn scaled<E: PrimeCharacteristicRing>(expr: &E, times: i64) -> E {
    match times {
        1 => expr.clone(),
        -1 => -expr.clone(),
        2 => expr.double(),
        -2 => -expr.double(),
        _ => expr.clone() * E::from_i64(times),
    }
}

/// The factors with which each limb of a value contributes to the groups of the product of the
/// value and the order of the curve's group.
pub(super) const ORDER_GROUPS: [[u64; LIMBS]; PRODUCT_GROUPS] = {
    let mut factors = [[0; LIMBS]; PRODUCT_GROUPS];
    let mut i = 0;
    while i < LIMBS {
        let mut j = 0;
        while j < LIMBS {
            let term = (weight(i, j) * GROUP_ORDER[j]) as u64;
            factors[(i + j) / GROUP][i] += term << position_in_group(i + j);
            j += 1;
        }
        i += 1;
    }
    factors
};

/// The value of a group's coefficients.
pub(super) fn evaluate_group<E: PrimeCharacteristicRing>(coefficients: &[E], group: usize) -> E {
    let terms = coefficients.iter().enumerate().map(|(i, coefficient)| {
        match position_in_group(group * GROUP + i) {
            0 => coefficient.clone(),
            bits => coefficient.clone() * E::from_u64(1 << bits),
        }
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use p256::NistP256;
    use p256::elliptic_curve::Curve;

    use super::*;
    use crate::chips::common::es256::program::FIELD_PRIME;

    #[test]
    fn limbs_are_those_of_the_value() {
        let value =
            U256::from_be_hex("fedcba9876543210123456789abcdef00f1e2d3c4b5a69788796a5b4c3d2e1f0");
        let sum = limbs(&value).iter().enumerate().fold(U256::ZERO, |sum, (i, &limb)| {
            assert!(i128::from(limb) <= largest_limb(i));
            sum.wrapping_add(&U256::from_u64(limb as u64).shl_vartime(position(i)))
        });
        assert_eq!(sum, value);
        assert_eq!(limbs(&NistP256::ORDER), GROUP_ORDER);
    }

    #[test]
    fn bounds_leave_room_to_the_native_prime() {
        assert!(LARGEST_TERM < i128::from(F::ORDER_U64));
        assert!((0..PRODUCT_GROUPS).all(|group| (42..=43).contains(&group_bits(group))));
        assert!((0..COEFFICIENTS).all(|i| position_in_group(i) <= 32));
    }

    /// Each power of two that is folded equals, modulo the prime, what it is folded to.
    #[test]
    fn folds_modulo_the_prime() {
        let field = |value: &U256| p256::FieldElement::from_uint(*value).unwrap();
        let word = p256::FieldElement::from(1u64 << 32);
        let mut power = p256::FieldElement::ONE;
        let powers: Vec<_> = (0..2 * WORDS)
            .map(|_| {
                let this = power;
                power *= word;
                this
            })
            .collect();
        for (factors, expected) in FOLD.iter().zip(&powers[WORDS..]) {
            assert!(factors.iter().all(|factor| factor.abs() < 10));
            let signed = |factor: i64| match factor {
                0.. => field(&U256::from_u64(factor as u64)),
                _ => -field(&U256::from_u64(factor.unsigned_abs())),
            };
            let sum = factors
                .iter()
                .zip(&powers)
                .fold(p256::FieldElement::ZERO, |sum, (factor, power)| {
                    sum + signed(*factor) * power
                });
            assert_eq!(sum, *expected);
        }
        let below = PRIME_BELOW.iter().rev().fold(U256::ZERO, |sum, &word| {
            let sum = sum.shl_vartime(32);
            if word < 0 {
                sum.wrapping_sub(&U256::ONE)
            } else {
                sum.wrapping_add(&U256::from_u64(word as u64))
            }
        });
        assert_eq!(below, FIELD_PRIME);
    }

    #[test]
    fn carries_of_products_meet_every_group() {
        let [a, b] = [U256::MAX, NistP256::ORDER].map(|value| limbs(&value));
        // (2^256 - 1) n - n (2^256 - 1)
        let mut zero = [0; COEFFICIENTS];
        add_product(&mut zero, &a, &b);
        add_product(&mut zero, &b.map(|limb| -limb), &a);
        assert_eq!(zero, [0; COEFFICIENTS]);
        // 2^256 - 1 + 1 - 2^256, with limbs that do not cancel.
        let mut sum = [0; COEFFICIENTS];
        sum[..LIMBS].copy_from_slice(&a);
        sum[0] += 1;
        sum[LIMBS] -= 1;
        let carries = carries(&sum).map(|carry| carry - CARRY_OFFSET);
        assert_eq!(carries[..GROUPS], [1; GROUPS]);
        assert_eq!(carries[GROUPS..], [0; PRODUCT_GROUPS - GROUPS]);
    }

    #[test]
    fn multiples_of_the_prime_are_told() {
        let prime = limbs(&FIELD_PRIME);
        for q in [0, 1, -1, 1_000, -300_000] {
            let mut coefficients = [0; COEFFICIENTS];
            coefficients[..LIMBS].copy_from_slice(&prime.map(|limb| q * limb));
            assert_eq!(multiple_of_prime(&coefficients), q);
        }
        let mut square = [0; COEFFICIENTS];
        add_product(&mut square, &prime, &prime);
        fold(&mut square);
        let q = multiple_of_prime(&square);
        for i in 0..LIMBS {
            square[i] -= if i % WORD_LIMBS == 0 { q * PRIME_BELOW[i / WORD_LIMBS] } else { 0 };
        }
        square[LIMBS] -= q;
        assert_eq!(carries(&square)[GROUPS - 1] - CARRY_OFFSET, q);
        assert_eq!(carries(&square)[GROUPS], CARRY_OFFSET);
    }
}
