//! The rows of a table as points of the field, and the polynomials that select some of them.
//!
//! A table of `N` rows is interpolated over the subgroup of order `N` that `g` generates. Rows
//! `0..A` are *active*. The last `N - A` rows are blinding rows.

use std::ops::Range;

use p3_field::{Algebra, ExtensionField, Field, PrimeCharacteristicRing, TwoAdicField};

use crate::field::F;

/// The rows of one group of tables.
#[derive(Clone, Copy)]
pub(crate) struct Domain {
    log_height: usize,
    active: usize,
    generator: F,
}

/// The selectors at one point.
#[derive(Clone, Copy)]
pub(crate) struct Selectors<E> {
    /// Of degree `N - 1`, non-zero on row 0 only.
    pub(crate) first: E,
    /// Of degree `N - 1`, non-zero on the last active row only.
    pub(crate) last: E,
    /// Of degree 1, zero on the last active row only.
    pub(crate) transition: E,
    /// The inverse of the polynomial of degree `N` that is zero on all rows.
    pub(crate) inverse_vanishing: E,
}

impl Domain {
    pub(crate) fn new(log_height: usize, blinding_rows: usize) -> Self {
        Self {
            log_height,
            active: (1 << log_height) - blinding_rows,
            generator: F::two_adic_generator(log_height),
        }
    }

    fn height(&self) -> usize {
        1 << self.log_height
    }

    /// Number of active rows.
    #[cfg(feature = "prover")]
    pub(crate) fn active(&self) -> usize {
        self.active
    }

    fn row(&self, row: usize) -> F {
        self.generator.exp_u64(row as u64)
    }

    /// The selectors at points outside the subgroup.
    pub(crate) fn selectors<E: ExtensionField<F>>(&self, points: &[E]) -> Vec<Selectors<E>> {
        let last_row = self.row(self.active - 1);
        let denominators = points.iter().flat_map(|&point| {
            let vanishing = point.exp_power_of_2(self.log_height) - E::ONE;
            [point - E::ONE, point - last_row, vanishing]
        });
        let inverses = p3_field::batch_multiplicative_inverse(&denominators.collect::<Vec<_>>());
        let (inverses, _) = inverses.as_chunks::<3>();
        let at = |(&point, &[from_first, from_last, inverse_vanishing]): (&E, &[E; 3])| {
            let vanishing = point.exp_power_of_2(self.log_height) - E::ONE;
            Selectors {
                first: vanishing * from_first,
                last: vanishing * from_last,
                transition: point - last_row,
                inverse_vanishing,
            }
        };
        points.iter().zip(inverses).map(at).collect()
    }

    /// The polynomial of degree `N - A` that is zero on the blinding rows. Divided by the
    /// polynomial that is zero on all rows, it is the inverse of the polynomial of degree `A` that
    /// is zero on the active rows.
    pub(crate) fn blinding<E: Algebra<F> + Copy>(&self, point: E) -> E {
        self.zero_on(self.active..self.height(), point)
    }

    /// The value of [`blinding`](Self::blinding) one row after a point at which its value is
    /// `here`. `transition` is the selector at that point. `from_first` is the inverse of the
    /// difference of the next point and row 0.
    ///
    /// The rows of the product, except the first, are `g` times the rows except the last.
    #[cfg(feature = "prover")]
    pub(crate) fn next_blinding<E: Algebra<F> + Copy>(
        &self,
        here: E,
        transition: E,
        from_first: E,
    ) -> E {
        here * transition * from_first * self.row(self.height() - self.active + 1)
    }

    /// The polynomial of degree `before + after` that is zero on the first `before` and the last
    /// `after` active rows.
    pub(crate) fn interior<E: Algebra<F> + Copy>(
        &self,
        before: usize,
        after: usize,
        point: E,
    ) -> E {
        self.zero_on(0..before, point) * self.zero_on(self.active - after..self.active, point)
    }

    fn zero_on<E: Algebra<F> + Copy>(&self, rows: Range<usize>, point: E) -> E {
        let points = self.generator.shifted_powers(self.row(rows.start));
        points.take(rows.len()).fold(E::ONE, |product, row| product * (point - row))
    }

    /// The Lagrange polynomials of all rows at a point outside the subgroup. A column's value at
    /// the point is the sum of its cells, each multiplied by its row's polynomial.
    pub(crate) fn lagrange<E: ExtensionField<F>>(&self, point: E) -> Vec<E> {
        lagrange(self.log_height, F::ONE, point)
    }
}

/// The Lagrange polynomials of the points `shift * g^i` at a point outside their coset, for `g` of
/// order `2^log_size`.
pub(crate) fn lagrange<E: ExtensionField<F>>(log_size: usize, shift: F, point: E) -> Vec<E> {
    let size = 1 << log_size;
    let rows: Vec<_> = F::two_adic_generator(log_size).shifted_powers(shift).take(size).collect();
    let differences: Vec<_> = rows.iter().map(|&row| point - row).collect();
    let inverses = p3_field::batch_multiplicative_inverse(&differences);
    let shift_power = shift.exp_power_of_2(log_size);
    let scale = (shift_power * F::from_usize(size)).inverse();
    let factor = (point.exp_power_of_2(log_size) - shift_power) * scale;
    rows.iter().zip(inverses).map(|(&row, inverse)| factor * inverse * row).collect()
}

#[cfg(all(test, feature = "prover"))]
mod tests {
    use super::*;

    #[test]
    fn blinding_goes_on_row_by_row() {
        for blinding_rows in [1, 5, 12] {
            let domain = Domain::new(4, blinding_rows);
            let points: Vec<F> = domain.generator.shifted_powers(F::GENERATOR).take(20).collect();
            let selectors = domain.selectors(&points);
            let mut value = domain.blinding(points[0]);
            for (before, (at, &point)) in
                selectors.iter().zip(selectors.iter().zip(&points).skip(1))
            {
                value =
                    domain.next_blinding(value, before.transition, at.first * at.inverse_vanishing);
                assert_eq!(value, domain.blinding(point));
            }
        }
    }
}
