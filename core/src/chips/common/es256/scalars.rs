//! Splits the scalar of a signature equation into two scalars of half its size.

use p256::elliptic_curve::Curve;
use p256::elliptic_curve::subtle::{Choice, ConditionallySelectable, ConstantTimeLess};
use p256::{NistP256, Scalar, U256};

/// Returns a multiplier `v2` of at least 1 and at most `2^(256 - balance)`, and the choice of a
/// sign, such that `+-v2 * u` modulo n is below `2^balance`.
///
/// The function runs Euclid's algorithm on n and `u` until the remainder is below `2^balance`.
///
/// The remainders `a > b` satisfy `a = -+p u` and `b = +-q u` modulo n, and `a q + b p = n`. So
/// `q <= n / a` when `b` first falls below `2^balance <= a`. Every pass subtracts `b` times a power
/// of two from `a` and thereby shortens the larger remainder by at least one bit. The number of
/// passes and the operations of each pass do not depend on `u`.
pub(super) fn half_size(u: &Scalar, balance: usize) -> (U256, Choice) {
    let end = U256::ONE.shl_vartime(balance);
    let (mut a, mut b) = (NistP256::ORDER, U256::from(u));
    let (mut p, mut q) = (U256::ZERO, U256::ONE);
    let mut negative = Choice::from(0);
    for _ in 0..2 * (U256::BITS - balance) {
        let running = !b.ct_lt(&end);
        let shift = (a.bits() - U256::conditional_select(&a, &b, running).bits()) as u32;
        let over = a.ct_lt(&shift_left(&b, shift));
        let shift = u32::conditional_select(&shift, &shift.saturating_sub(1), over);
        a.conditional_assign(&a.wrapping_sub(&shift_left(&b, shift)), running);
        p.conditional_assign(&p.wrapping_add(&shift_left(&q, shift)), running);
        let swap = running & a.ct_lt(&b);
        U256::conditional_swap(&mut a, &mut b, swap);
        U256::conditional_swap(&mut p, &mut q, swap);
        negative ^= swap;
    }
    (q, negative)
}

/// `value << shift` for `shift < 256`, in time that does not depend on `shift`.
fn shift_left(value: &U256, shift: u32) -> U256 {
    (0..8).fold(*value, |value, bit| {
        let set = Choice::from((shift >> bit & 1) as u8);
        U256::conditional_select(&value, &value.shl_vartime(1 << bit), set)
    })
}

#[cfg(test)]
mod tests {
    use p256::elliptic_curve::ops::Reduce;

    use super::*;

    #[test]
    fn halves_every_scalar() {
        let mut u = Scalar::reduce(U256::from_u64(0x1234_5678_9abc_def1));
        let edges =
            [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(2u64), -Scalar::from(3u64)];
        let walk = (0..200).map(|i| {
            u = u * u + Scalar::from(i as u64);
            u
        });
        for u in edges.into_iter().chain(walk) {
            for balance in 124..=132 {
                let (v2, negative) = half_size(&u, balance);
                assert!(v2 != U256::ZERO && v2 <= U256::ONE.shl_vartime(256 - balance));
                let product = Scalar::reduce(v2) * u;
                let v1 = Scalar::conditional_select(&product, &-product, negative);
                assert!(U256::from(v1).bits() <= balance);
            }
        }
    }
}
