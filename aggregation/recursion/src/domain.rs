//! Rows of a group of tables as points of the field, at one point outside them: selectors, and the values of columns that are known.

use std::collections::BTreeMap;

use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::target::Target;

use crate::field::{Builder, Extension, F, root_of_unity};
use crate::lagrange::lagrange;
use crate::sums::weighted_sum;

/// The rows of a group at a point.
pub(crate) struct Domain {
    log_height: usize,
    active: usize,
    point: Extension,
    /// What is zero on all rows.
    vanishing: Extension,
    /// `g^i / (z - g^i)` of row `i`: its Lagrange polynomial but for `vanishing / N`. None is zero.
    quotients: Vec<Extension>,
}

impl Domain {
    /// The rows of tables of `2^log_height`, the last `blinding_rows` of them not active.
    pub(crate) fn new(
        builder: &mut Builder,
        log_height: usize,
        blinding_rows: usize,
        point: Extension,
    ) -> Self {
        let power = builder.exp_power_of_2_extension(point, log_height);
        let vanishing = builder.add_const_extension(power, F::NEG_ONE);
        let quotients = lagrange(builder, log_height, point);
        Self { log_height, active: (1 << log_height) - blinding_rows, point, vanishing, quotients }
    }

    fn height(&self) -> usize {
        1 << self.log_height
    }

    fn row(&self, row: usize) -> F {
        root_of_unity(self.log_height).exp_u64(row as u64)
    }

    /// `(z^N - 1) / (z - g^i)`.
    fn without(&self, builder: &mut Builder, row: usize) -> Extension {
        let product = builder.mul_extension(self.vanishing, self.quotients[row]);
        builder.mul_const_extension(self.row(row).inverse(), product)
    }

    pub(crate) fn first(&self, builder: &mut Builder) -> Extension {
        self.without(builder, 0)
    }

    pub(crate) fn last(&self, builder: &mut Builder) -> Extension {
        self.without(builder, self.active - 1)
    }

    pub(crate) fn transition(&self, builder: &mut Builder) -> Extension {
        builder.add_const_extension(self.point, -self.row(self.active - 1))
    }

    /// What is zero on the first `before` and the last `after` active rows.
    pub(crate) fn interior(&self, builder: &mut Builder, before: usize, after: usize) -> Extension {
        let rows = (0..before).chain(self.active - after..self.active);
        let one = builder.one_extension();
        self.zero_on(builder, rows, one)
    }

    /// The inverse of what is zero on the active rows: what is zero on the others, divided by what is zero on all.
    pub(crate) fn inverse_zerofier(&self, builder: &mut Builder) -> Extension {
        self.zero_on(builder, self.active..self.height(), self.vanishing)
    }

    /// The product of `z - g^i` over these rows, divided by `divisor`, which must not be zero.
    fn zero_on(
        &self,
        builder: &mut Builder,
        rows: impl Iterator<Item = usize>,
        divisor: Extension,
    ) -> Extension {
        // Of the quotients of these rows.
        let (mut numerator, mut denominator) = (F::ONE, divisor);
        for row in rows {
            numerator *= self.row(row);
            denominator = builder.mul_extension(denominator, self.quotients[row]);
        }
        let numerator = builder.constant_extension(numerator.into());
        builder.div_extension(numerator, denominator)
    }

    /// The values of columns whose cells are constants, each so many rows from the point.
    pub(crate) fn fixed(
        &self,
        builder: &mut Builder,
        columns: &[Vec<F>],
        window: &[(usize, i32)],
    ) -> BTreeMap<(usize, i32), Extension> {
        let mut values = BTreeMap::new();
        let mut offsets: Vec<_> = window.iter().map(|&(_, offset)| offset).collect();
        offsets.sort_unstable();
        offsets.dedup();
        for offset in offsets {
            let of_offset = window.iter().filter(|(_, other)| *other == offset).map(|&(column, _)| column);
            let (steps, numbers): (Vec<_>, Vec<_>) = of_offset.partition(|&column| is_step(&columns[column]));
            for alike in [steps].into_iter().chain(numbers.into_iter().map(|column| vec![column])) {
                self.alike(builder, columns, &alike, offset, &mut values);
            }
        }
        values
    }

    /// The values of columns that are told apart by few rows: rows that are alike in all of them have their polynomials added up first.
    fn alike(
        &self,
        builder: &mut Builder,
        columns: &[Vec<F>],
        alike: &[usize],
        offset: i32,
        values: &mut BTreeMap<(usize, i32), Extension>,
    ) {
        let mut kinds: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
        for row in 0..self.height() {
            let cells: Vec<_> = alike.iter().map(|&column| columns[column][row].to_canonical_u64()).collect();
            if cells.iter().any(|&cell| cell != 0) {
                kinds.entry(cells).or_default().push(row);
            }
        }
        let kinds: Vec<_> =
            kinds.into_iter().map(|(cells, rows)| (cells, self.sum(builder, &rows, offset))).collect();
        for (at, &column) in alike.iter().enumerate() {
            let terms: Vec<_> = kinds
                .iter()
                .filter(|(cells, _)| cells[at] != 0)
                .map(|(cells, weight)| (*weight, builder.constant(F::from_canonical_u64(cells[at]))))
                .collect();
            values.insert((column, offset), self.value(builder, &terms));
        }
    }

    /// The sum of the quotients of rows, as seen from so many rows above.
    fn sum(&self, builder: &mut Builder, rows: &[usize], offset: i32) -> Extension {
        let one = builder.one();
        let terms: Vec<_> = rows.iter().map(|&row| (self.quotient(row, offset), one)).collect();
        let zero = builder.zero_extension();
        match terms[..] {
            [(only, _)] => only,
            _ => weighted_sum(builder, zero, &terms),
        }
    }

    fn quotient(&self, row: usize, offset: i32) -> Extension {
        let row = (row as i64 - i64::from(offset)).rem_euclid(self.height() as i64);
        self.quotients[row as usize]
    }

    /// The value of a column, by its cells.
    pub(crate) fn public(&self, builder: &mut Builder, column: &[Target]) -> Extension {
        let is_zero = |builder: &Builder, cell| builder.target_as_constant(cell) == Some(F::ZERO);
        let cells = self.quotients.iter().copied().zip(column.iter().copied());
        let terms: Vec<_> = cells.filter(|&(_, cell)| !is_zero(builder, cell)).collect();
        self.value(builder, &terms)
    }

    /// The value of a column, by the quotients of rows and the cells there.
    fn value(&self, builder: &mut Builder, terms: &[(Extension, Target)]) -> Extension {
        let zero = builder.zero_extension();
        let sum = weighted_sum(builder, zero, terms);
        let product = builder.mul_extension(self.vanishing, sum);
        builder.mul_const_extension(F::from_canonical_usize(self.height()).inverse(), product)
    }
}

/// Whether a column has few different cells.
fn is_step(column: &[F]) -> bool {
    const FEW: usize = 16;
    let mut different: Vec<_> = column.iter().map(F::to_canonical_u64).collect();
    different.sort_unstable();
    different.dedup();
    different.len() <= FEW
}
