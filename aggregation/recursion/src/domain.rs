//! The rows of a group of tables, evaluated at one point outside of them: the selectors, and the
//! values of columns whose cells are known.

use std::collections::{BTreeMap, BTreeSet};

use plonky2::field::types::Field;
use plonky2::iop::target::Target;

use crate::columns::{Part, Plan, Rows};
use crate::field::{Builder, Extension, F, root_of_unity};
use crate::lagrange::{Quotients, quotients};
use crate::sums::weighted_sum;

/// The rows of a group, evaluated at a point.
pub(crate) struct Domain {
    log_height: usize,
    active: usize,
    point: Extension,
    /// `z^N - 1`, the polynomial that is zero on all `N` rows, at the point `z`.
    vanishing: Extension,
    /// `g^i / (z - g^i)` for each row `i`. This is the row's Lagrange polynomial without the factor
    /// `vanishing / N`. No quotient is zero.
    quotients: Quotients,
}

impl Domain {
    /// The rows of tables of height `2^log_height`. The last `blinding_rows` rows are not active.
    pub(crate) fn new(
        builder: &mut Builder,
        log_height: usize,
        blinding_rows: usize,
        point: Extension,
    ) -> Self {
        let power = builder.exp_power_of_2_extension(point, log_height);
        let vanishing = builder.add_const_extension(power, F::NEG_ONE);
        let quotients = quotients(builder, log_height, point);
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
        let product = builder.mul_extension(self.vanishing, self.quotients.rows[row]);
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

    /// A polynomial that is zero on the first `before` and the last `after` active rows.
    pub(crate) fn interior(&self, builder: &mut Builder, before: usize, after: usize) -> Extension {
        let rows = (0..before).chain(self.active - after..self.active);
        let one = builder.one_extension();
        self.zero_on(builder, rows, one)
    }

    /// The inverse of the zerofier of the active rows. It is the zerofier of the other rows divided
    /// by the zerofier of all rows.
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
        // `z - g^i` is `g^i` divided by the quotient of row `i`.
        let (mut numerator, mut denominator) = (F::ONE, divisor);
        for row in rows {
            numerator *= self.row(row);
            denominator = builder.mul_extension(denominator, self.quotients.rows[row]);
        }
        let numerator = builder.constant_extension(numerator.into());
        builder.div_extension(numerator, denominator)
    }

    /// The values of columns whose cells are constants. `window` lists each column with the offset,
    /// in rows from the point, at which it is read.
    pub(crate) fn fixed(
        &self,
        builder: &mut Builder,
        columns: &[Vec<F>],
        window: &[(usize, i32)],
    ) -> BTreeMap<(usize, i32), Extension> {
        let mut values = BTreeMap::new();
        let offsets: BTreeSet<i32> = window.iter().map(|&(_, offset)| offset).collect();
        for offset in offsets {
            let read =
                window.iter().filter(|(_, other)| *other == offset).map(|&(column, _)| column);
            let rotated = read.map(|column| (column, rotate(&columns[column], offset))).collect();
            let Plan { kinds, columns } = Plan::new(rotated);
            let kinds: Vec<_> = kinds.iter().map(|terms| self.sum(builder, terms)).collect();
            for (column, terms) in columns {
                let terms: Vec<_> = terms
                    .into_iter()
                    .map(|(part, cell)| {
                        let weight = match part {
                            Part::Kind(kind) => kinds[kind],
                            Part::Rows(rows) => self.rows(rows),
                        };
                        (weight, builder.constant(cell))
                    })
                    .collect();
                values.insert((column, offset), self.value(builder, &terms));
            }
        }
        values
    }

    /// The sum of the terms of a kind, without the common factor `vanishing / N`.
    fn sum(&self, builder: &mut Builder, rows: &[(Rows, F)]) -> Extension {
        if let [(only, factor)] = *rows
            && factor == F::ONE
        {
            return self.rows(only);
        }
        let terms: Vec<_> =
            rows.iter().map(|&(rows, cell)| (self.rows(rows), builder.constant(cell))).collect();
        let zero = builder.zero_extension();
        weighted_sum(builder, zero, &terms)
    }

    fn rows(&self, rows: Rows) -> Extension {
        match rows {
            Rows::One(row) => self.quotients.rows[row],
            Rows::Block(block) => self.quotients.sums[block],
            Rows::Ramp(block) => self.quotients.ramps[block],
        }
    }

    /// The value at the point of a column with these cells.
    pub(crate) fn public(&self, builder: &mut Builder, column: &[Target]) -> Extension {
        let is_zero = |builder: &Builder, cell| builder.target_as_constant(cell) == Some(F::ZERO);
        let cells = self.quotients.rows.iter().copied().zip(column.iter().copied());
        let terms: Vec<_> = cells.filter(|&(_, cell)| !is_zero(builder, cell)).collect();
        self.value(builder, &terms)
    }

    /// The value of a column, from the quotients of rows and the cells in these rows.
    fn value(&self, builder: &mut Builder, terms: &[(Extension, Target)]) -> Extension {
        let zero = builder.zero_extension();
        let sum = weighted_sum(builder, zero, terms);
        let product = builder.mul_extension(self.vanishing, sum);
        builder.mul_const_extension(F::from_canonical_usize(self.height()).inverse(), product)
    }
}

/// The column as it is read at an offset. Row `i` of the result holds the cell of row `i + offset`,
/// modulo the height.
fn rotate(column: &[F], offset: i32) -> Vec<F> {
    let mut column = column.to_vec();
    let rows = i64::from(offset).rem_euclid(column.len() as i64) as usize;
    column.rotate_left(rows);
    column
}
