//! 256-bit integers as polynomials with small coefficients, and what makes an identity between them checkable in the
//! native field.
//!
//! A value is eight words of 32 bits, a word three limbs of 11, 11 and 10 bits. So limb `i` stands at bit
//! [`position`]`(i)`, and the product of limbs `i` and `j` at `position(i + j)`, twice if a word ends between them.
//! The field's prime is sparse in words: words from the ninth on are *folded* into the lower eight with factors of one
//! digit ([`FOLD`]), so that what is left of an identity is a small multiple `q` of the prime. Four coefficients at a time
//! make a *group*; a signed carry takes what exceeds the group's bits to the next group, and the carry out of the last
//! group is `q` itself.
//!
//! # No wrap-around
//!
//! Let limbs of values lie in `[0, 2^11)` and `[0, 2^10)`, and an identity be at most two products of a value by a
//! value or a difference of two, plus less than 16 single limbs. [`LARGEST_COEFFICIENT`] bounds its folded coefficients
//! and those of an identity that adds a multiple of the group's order instead. Carries are checked to lie in `[-2^20, 2^20)`,
//! which has room for honest ones, so that no group with carries in and out exceeds [`LARGEST_TERM`], below the native
//! prime: it is zero in the field only if it is zero in the integers.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p256::U256;
use p256::elliptic_curve::bigint::Encoding;
use velum_stark::field::F;

/// Limbs of a value.
pub(super) const LIMBS: usize = 24;
/// Limbs of a word.
pub(super) const WORD_LIMBS: usize = 3;
/// Words of a value.
pub(super) const WORDS: usize = LIMBS / WORD_LIMBS;
/// Bits of a word.
const WORD_BITS: usize = 32;
/// Bits of each limb of a word.
pub(super) const LIMB_BITS: [usize; WORD_LIMBS] = [11, 11, 10];
/// Coefficients of a product of two values, of which the last is zero.
pub(super) const COEFFICIENTS: usize = 2 * LIMBS;
/// Coefficients that share one carry.
pub(super) const GROUP: usize = 4;
/// Groups of a value, and carries out of them.
pub(super) const GROUPS: usize = LIMBS / GROUP;
/// Groups of a product.
pub(super) const PRODUCT_GROUPS: usize = COEFFICIENTS / GROUP;
/// Bits of the lower part of a carry.
pub(super) const CARRY_LOW_BITS: usize = 11;
/// Bits of a carry, its sign included.
pub(super) const CARRY_BITS: usize = 21;
/// Added to a carry to make it positive.
pub(super) const CARRY_OFFSET: i64 = 1 << (CARRY_BITS - 1);

/// The bit at which coefficient `i` of a value or product stands.
pub(super) const fn position(i: usize) -> usize {
    WORD_BITS * (i / WORD_LIMBS) + 11 * (i % WORD_LIMBS)
}

/// The bit of its group at which coefficient `i` stands.
pub(super) const fn position_in_group(i: usize) -> usize {
    position(i) - position(i - i % GROUP)
}

/// Bits of a group before what exceeds it is carried.
pub(super) const fn group_bits(group: usize) -> usize {
    position((group + 1) * GROUP) - position(group * GROUP)
}

/// How often the product of limbs `i` and `j` counts at coefficient `i + j`.
pub(super) const fn weight(i: usize, j: usize) -> i64 {
    if i % WORD_LIMBS + j % WORD_LIMBS < WORD_LIMBS { 1 } else { 2 }
}

/// `p256 - 2^256 = -2^224 + 2^192 + 2^96 - 1` (FIPS 186-5 by SP 800-186, 3.2.1.3) in words.
pub(super) const PRIME_BELOW: [i64; WORDS] = [-1, 0, 0, 1, 0, 0, 1, -1];

/// Words of `2^(32 * (8 + i))` modulo the field's prime.
pub(super) const FOLD: [[i64; WORDS]; WORDS] = {
    let mut fold = [[0; WORDS]; WORDS];
    let mut word = 0;
    while word < WORDS {
        let mut i = 0;
        while i < WORDS {
            // The word before, moved up by one; what leaves at the top is 2^256 so many times.
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

/// Limbs, little end first.
pub(super) type Limbs = [i64; LIMBS];
/// Coefficients of a product, little end first.
pub(super) type Coefficients = [i64; COEFFICIENTS];

/// Largest limb.
const fn largest_limb(i: usize) -> i128 {
    (1 << LIMB_BITS[i % WORD_LIMBS]) - 1
}

/// Bounds of the coefficients of two products and 16 single limbs.
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

/// Bound of the magnitude of a coefficient, folded or not.
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

/// Bound of the magnitude of a group, without carries.
const LARGEST_GROUP: i128 = LARGEST_COEFFICIENT * (1 + (1 << 11) + (1 << 22) + (1 << 32));

/// Bound of the magnitude of what a group's equation sets to zero: the group, the carries in and out, and `q` times a limb of
/// the prime.
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

/// The limbs of words, little end first.
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

/// The words of a value, little end first.
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

/// Folds words from the ninth on into the lower eight.
pub(super) fn fold(coefficients: &mut Coefficients) {
    let (low, high) = coefficients.split_at_mut(LIMBS);
    for (i, high) in high.iter_mut().enumerate() {
        for (word, factor) in FOLD[i / WORD_LIMBS].iter().enumerate() {
            low[word * WORD_LIMBS + i % WORD_LIMBS] += factor * *high;
        }
        *high = 0;
    }
}

/// The multiple of the field's prime that a folded polynomial is, if it is a small one: the prime is -1 modulo `2^32`.
pub(super) fn multiple_of_prime(folded: &Coefficients) -> i64 {
    let low = folded[0].wrapping_add(folded[1] << 11).wrapping_add(folded[2] << 22);
    i64::from((low as i32).wrapping_neg())
}

/// The carries of a polynomial whose value is zero, each [`moved`].
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

/// A carry, moved by [`CARRY_OFFSET`] and cut to [`CARRY_BITS`].
pub(super) const fn moved(carry: i64) -> i64 {
    (carry + CARRY_OFFSET) & ((1 << CARRY_BITS) - 1)
}

/// A polynomial's value at its limbs' positions in the native field.
pub(super) fn evaluate<E: PrimeCharacteristicRing>(limbs: &[E]) -> E {
    let add = |sum: E, word: &[E]| sum * E::from_u64(1 << WORD_BITS) + evaluate_word(word);
    limbs.chunks(WORD_LIMBS).rev().fold(E::ZERO, add)
}

/// The word of three limbs.
pub(super) fn evaluate_word<E: PrimeCharacteristicRing>(limbs: &[E]) -> E {
    limbs.iter().rev().fold(E::ZERO, |sum, limb| sum * E::from_u64(1 << 11) + limb.clone())
}

/// An expression a small number of times.
pub(super) fn scaled<E: PrimeCharacteristicRing>(expr: &E, times: i64) -> E {
    match times {
        1 => expr.clone(),
        -1 => -expr.clone(),
        2 => expr.double(),
        -2 => -expr.double(),
        _ => expr.clone() * E::from_i64(times),
    }
}

/// What each limb of a value contributes to the groups of its product with the order of the curve's group.
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

    /// Each power of two that is folded is what it is folded to, modulo the prime.
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
        // 2^256 - 1 - (2^256 - 2) - 1 with limbs that do not cancel.
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
