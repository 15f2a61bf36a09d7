//! Polynomials with textbook algorithms.

use p3_field::{Algebra, Field, PrimeCharacteristicRing, TwoAdicField};
use velum_stark::field::{EF, F};

/// The points `shift * g^i`, for `g` of order `2^log_size`.
#[derive(Clone, Copy)]
pub(crate) struct Coset {
    pub(crate) shift: F,
    pub(crate) log_size: usize,
}

impl Coset {
    pub(crate) fn size(&self) -> usize {
        1 << self.log_size
    }

    pub(crate) fn point(&self, index: usize) -> F {
        self.shift * F::two_adic_generator(self.log_size).exp_u64(index as u64)
    }

    /// The values of a polynomial on all points.
    pub(crate) fn evaluate<E: Algebra<F> + Copy>(&self, coefficients: &[E]) -> Vec<E> {
        let value =
            |x: F| coefficients.iter().rfold(E::ZERO, |sum, &coefficient| sum * x + coefficient);
        (0..self.size()).map(|index| value(self.point(index))).collect()
    }
}

/// The value of a polynomial at a point.
pub(crate) fn evaluate(coefficients: &[F], point: EF) -> EF {
    coefficients.iter().rfold(EF::ZERO, |sum, &coefficient| sum * point + coefficient)
}

/// The coefficients of the polynomial with these values: `c_i = 1/n sum_j v_j x_j^-i`.
pub(crate) fn interpolate<E: Algebra<F> + Copy>(domain: &Coset, values: &[E]) -> Vec<E> {
    let inverses: Vec<F> = (0..domain.size()).map(|index| domain.point(index).inverse()).collect();
    let scale = F::from_usize(domain.size()).inverse();
    let mut powers = vec![scale; domain.size()];
    let mut coefficients = Vec::with_capacity(domain.size());
    for _ in 0..domain.size() {
        coefficients.push(
            values.iter().zip(&powers).fold(E::ZERO, |sum, (&value, &power)| sum + value * power),
        );
        powers.iter_mut().zip(&inverses).for_each(|(power, &inverse)| *power *= inverse);
    }
    coefficients
}

/// The number whose lowest `bits` bits are those of `number` in reverse order.
pub(crate) fn reverse_bits(number: usize, bits: usize) -> usize {
    (0..bits).fold(0, |reversed, bit| reversed << 1 | (number >> bit & 1))
}
