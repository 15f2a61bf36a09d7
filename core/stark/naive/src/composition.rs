//! The constraint program on rows and on the evaluation domain.

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;
use velum_stark::LookupChallenges;
use velum_stark::air::Chip;
use velum_stark::backend::{QuotientInputs, Tables};
use velum_stark::field::{EF, EXTENSION_DEGREE, F};
use velum_stark::program::{Input, Value};

use crate::polynomial::interpolate;
use crate::{Committed, Key, basis};

/// The public columns of each table.
pub(crate) type PublicColumns = Vec<Vec<Vec<F>>>;

pub(crate) fn public_columns<C: Chip>(tables: &Tables<'_, C>) -> PublicColumns {
    tables.chips().iter().map(Chip::public).collect()
}

impl Key {
    /// Count and denominator of each fraction of a group on one of its rows.
    pub(crate) fn fractions(
        &self,
        group: usize,
        row: usize,
        main: &[RowMajorMatrix<F>],
        public: &PublicColumns,
        challenges: &LookupChallenges,
    ) -> Vec<(EF, EF)> {
        let height = self.rows(group).size();
        let at = |offset: i32| (row as i64 + i64::from(offset)).rem_euclid(height as i64) as usize;
        let of_group = |table: usize| self.shape().tables[table].group == group;
        let values = self.program.evaluate(|input| match *input {
            Input::Main { group: other, column, offset } if other == group => {
                let matrix = &main[group];
                Value::Base(matrix.values[at(offset) * matrix.width + column])
            }
            Input::Fixed { table, column, offset } if of_group(table) => {
                Value::Base(self.verifier.fixed_columns(table)[column][at(offset)])
            }
            Input::Public { table, column } if of_group(table) => {
                Value::Base(public[table][column][row])
            }
            Input::Gamma => Value::Extension(challenges.gamma),
            Input::Beta => Value::Extension(challenges.beta),
            // No fraction of the group reads these inputs.
            _ if input.is_extension() => Value::Extension(EF::ZERO),
            _ => Value::Base(F::ZERO),
        });
        let fractions = self.program.groups()[group].fractions.iter();
        fractions
            .map(|f| (values[f.count].extension(), values[f.denominator].extension()))
            .collect()
    }

    /// The sums of the fractions that share a column.
    pub(crate) fn batches(&self, group: usize, fractions: &[(EF, EF)]) -> Vec<EF> {
        let value = |index: usize| fractions[index].0 * fractions[index].1.inverse();
        let batches = self.program.groups()[group].batches.iter();
        batches.map(|&(first, second)| value(first) + second.map_or(EF::ZERO, value)).collect()
    }

    /// The quotient on the tallest group's evaluation domain, in natural order.
    pub(crate) fn quotient<C: Chip>(
        &self,
        [main, lookup]: [&Committed; 2],
        inputs: &QuotientInputs<'_, C>,
    ) -> Vec<EF> {
        let extended = |table: usize, columns: &[Vec<F>]| -> Vec<Vec<F>> {
            let group = self.shape().tables[table].group;
            let (rows, domain) = (self.rows(group), self.evaluation_domain(group));
            columns.iter().map(|column| domain.evaluate(&interpolate(&rows, column))).collect()
        };
        let tables = 0..self.shape().tables.len();
        let fixed: Vec<_> =
            tables.map(|table| extended(table, &self.verifier.fixed_columns(table))).collect();
        let public = public_columns(inputs.tables);
        let public: Vec<_> =
            public.iter().enumerate().map(|(table, columns)| extended(table, columns)).collect();

        let value = |index: usize| {
            // The next row is as many points further on as the domain has points for each row.
            let at = |group: usize, offset: i32| {
                let size = self.evaluation_domain(group).size() as i64;
                let step = i64::from(offset) << self.log_blowup();
                (index as i64 + step).rem_euclid(size) as usize
            };
            let of_table = |table: usize, offset| at(self.shape().tables[table].group, offset);
            let values = self.program.evaluate(|input| match *input {
                Input::Main { group, column, offset } => {
                    Value::Base(main.values[group][column][at(group, offset)])
                }
                Input::Lookup { group, column, offset } => {
                    let columns = &lookup.values[group][column * EXTENSION_DEGREE..];
                    let cell = |i: usize| basis(i) * columns[i][at(group, offset)];
                    Value::Extension((0..EXTENSION_DEGREE).map(cell).sum())
                }
                Input::Fixed { table, column, offset } => {
                    Value::Base(fixed[table][column][of_table(table, offset)])
                }
                Input::Public { table, column } => {
                    Value::Base(public[table][column][of_table(table, 0)])
                }
                Input::First { group }
                | Input::Last { group }
                | Input::Transition { group }
                | Input::Interior { group, .. }
                | Input::InverseZerofier { group } => Value::Base(self.selector(
                    input,
                    group,
                    self.evaluation_domain(group).point(index),
                )),
                Input::Terminal { group } => Value::Extension(inputs.terminals[group]),
                Input::Gamma => Value::Extension(inputs.challenges.gamma),
                Input::Beta => Value::Extension(inputs.challenges.beta),
                Input::Alpha => Value::Extension(inputs.alpha),
            });
            values[self.program.composition()].extension()
        };
        (0..self.evaluation_domain(0).size()).map(value).collect()
    }

    /// A selector of a group at a point, as [`Input`] defines it.
    fn selector(&self, input: &Input, group: usize, x: F) -> F {
        let (height, active) = (self.rows(group).size(), self.active_rows(group));
        let row = |row: usize| F::two_adic_generator(self.rows(group).log_size).exp_u64(row as u64);
        let zero_on = |rows: std::ops::Range<usize>| rows.map(|at| x - row(at)).product::<F>();
        let vanishing = x.exp_u64(height as u64) - F::ONE;
        match *input {
            Input::First { .. } => vanishing * (x - row(0)).inverse(),
            Input::Last { .. } => vanishing * (x - row(active - 1)).inverse(),
            Input::Transition { .. } => x - row(active - 1),
            Input::Interior { before, after, .. } => {
                zero_on(0..before) * zero_on(active - after..active)
            }
            Input::InverseZerofier { .. } => zero_on(active..height) * vanishing.inverse(),
            _ => unreachable!("{input:?} is no selector"),
        }
    }
}
