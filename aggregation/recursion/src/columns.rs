//! Plans how the values of fixed columns are summed up from their rows' Lagrange polynomials, in
//! few terms.
//!
//! The value of a column is the sum of its cells, each times the polynomial of its row. Two
//! observations save terms:
//!
//! * If the cells of a block of consecutive rows are `a + b i` in row `i` of the block, two terms
//!   suffice for the block: `a` times the sum of its polynomials and `b` times its ramp.
//! * If a table repeats itself, several columns have the same cells in many rows. The polynomials
//!   of such rows are added up once for all of these columns.

use std::collections::BTreeMap;

use plonky2::field::types::{Field, PrimeField64};

use crate::field::F;
use crate::lagrange::BLOCK;

/// One or several rows whose polynomials have already been summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// One row.
    One(usize),
    /// The sum over all rows of a block.
    Block(usize),
    /// The sum over all rows of a block, each times its place in the block.
    Ramp(usize),
}

/// A summand of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// One or several rows.
    Rows(Rows),
    /// All rows of a kind, by the kind's number. Rows of one kind have equal cells in every column
    /// that is summed up by kinds.
    Kind(usize),
}

/// The terms of a sum, each with its factor.
type Terms<P> = Vec<(P, F)>;

/// A column's number and its cells.
type Numbered = (usize, Vec<F>);

/// How some columns of a table are summed up.
#[derive(Default)]
pub(crate) struct Plan {
    /// The terms of each kind.
    pub(crate) kinds: Vec<Terms<Rows>>,
    /// The number of each column, and its terms.
    pub(crate) columns: Vec<(usize, Terms<Part>)>,
}

impl Plan {
    /// The plan with the fewest terms for the columns with these numbers. Each candidate sums up by
    /// kinds some number of columns, those with the fewest different cells, and all other columns
    /// by rows.
    pub(crate) fn new(mut columns: Vec<Numbered>) -> Self {
        columns.sort_by_cached_key(|(_, column)| different(column));
        let plans = (0..=columns.len()).map(|by_kinds| Self::with(columns.split_at(by_kinds)));
        plans.min_by_key(Self::cost).unwrap_or_default()
    }

    fn with((by_kinds, by_rows): (&[Numbered], &[Numbered])) -> Self {
        let mut kinds: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
        let height = by_kinds.first().map_or(0, |(_, column)| column.len());
        for row in 0..height {
            let cells: Vec<_> =
                by_kinds.iter().map(|(_, column)| column[row].to_canonical_u64()).collect();
            kinds.entry(cells).or_default().push(row);
        }
        let of_column = |at: usize| -> Terms<Part> {
            let cells = kinds.keys().map(|cells| F::from_canonical_u64(cells[at])).enumerate();
            let cells = cells.filter(|(_, cell)| *cell != F::ZERO);
            cells.map(|(kind, cell)| (Part::Kind(kind), cell)).collect()
        };
        let by_kinds =
            by_kinds.iter().enumerate().map(|(at, (number, _))| (*number, of_column(at)));
        let by_rows = by_rows.iter().map(|(number, column)| {
            (
                *number,
                terms(column).into_iter().map(|(rows, cell)| (Part::Rows(rows), cell)).collect(),
            )
        });
        let columns = by_kinds.chain(by_rows).collect();
        let rows_of = |(cells, rows): (&Vec<u64>, &Vec<usize>)| {
            let mut indicator = vec![F::ZERO; height];
            // A kind whose cells are all zero contributes nothing.
            if cells.iter().any(|&cell| cell != 0) {
                rows.iter().for_each(|&row| indicator[row] = F::ONE);
            }
            terms(&indicator)
        };
        Self { kinds: kinds.iter().map(rows_of).collect(), columns }
    }

    /// The number of terms. A kind of one term costs nothing, because it is that term.
    fn cost(&self) -> usize {
        let of_kinds: usize = self.kinds.iter().map(Vec::len).filter(|&terms| terms > 1).sum();
        of_kinds + self.columns.iter().map(|(_, terms)| terms.len()).sum::<usize>()
    }
}

fn different(column: &[F]) -> usize {
    let mut cells: Vec<_> = column.iter().map(F::to_canonical_u64).collect();
    cells.sort_unstable();
    cells.dedup();
    cells.len()
}

/// The terms of a column that is summed up by rows.
fn terms(column: &[F]) -> Terms<Rows> {
    let mut terms = Vec::new();
    for (block, cells) in column.chunks(BLOCK).enumerate() {
        match line(cells) {
            Some([start, step]) => {
                terms.extend([(Rows::Block(block), start), (Rows::Ramp(block), step)]);
            }
            None => {
                terms.extend(
                    cells
                        .iter()
                        .enumerate()
                        .map(|(at, &cell)| (Rows::One(block * BLOCK + at), cell)),
                );
            }
        }
    }
    terms.retain(|(_, cell)| *cell != F::ZERO);
    terms
}

/// The first cell and the step of a whole block whose cells are equally far apart.
fn line(cells: &[F]) -> Option<[F; 2]> {
    let [start, next, ..] = *cells else { return None };
    let step = next - start;
    let is_line = cells.windows(2).all(|pair| pair[1] - pair[0] == step);
    (cells.len() == BLOCK && is_line).then_some([start, step])
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Sample;

    use super::*;

    const HEIGHT: usize = 128;

    /// The value of a column according to a plan, if the rows have these polynomials.
    fn value(plan: &Plan, number: usize, polynomials: &[F]) -> F {
        let of_rows = |rows: Rows| match rows {
            Rows::One(row) => polynomials[row],
            Rows::Block(block) => polynomials[block * BLOCK..][..BLOCK].iter().copied().sum(),
            Rows::Ramp(block) => {
                let rows = polynomials[block * BLOCK..][..BLOCK].iter().zip(0..);
                rows.map(|(&polynomial, place)| polynomial * F::from_canonical_u64(place)).sum()
            }
        };
        let of_terms = |terms: &Terms<Rows>| -> F {
            terms.iter().map(|&(rows, cell)| of_rows(rows) * cell).sum()
        };
        let (_, terms) = plan.columns.iter().find(|(other, _)| *other == number).unwrap();
        let of_part = |part: &Part| match *part {
            Part::Rows(rows) => of_rows(rows),
            Part::Kind(kind) => of_terms(&plan.kinds[kind]),
        };
        terms.iter().map(|(part, cell)| of_part(part) * *cell).sum()
    }

    #[test]
    fn plans_sum_up_the_columns_that_they_are_made_for() {
        let numbers: Vec<_> = (0..HEIGHT).map(F::from_canonical_usize).collect();
        let steps = |at: usize| (0..HEIGHT).map(|row| F::from_bool(row < at)).collect::<Vec<_>>();
        let repeated: Vec<_> =
            (0..HEIGHT).map(|row| F::from_canonical_usize(row * row % 7)).collect();
        let columns = vec![
            (3, numbers),
            (4, steps(50)),
            (7, steps(101)),
            (8, repeated.clone()),
            (9, repeated),
            (11, F::rand_vec(HEIGHT)),
            (12, vec![F::ZERO; HEIGHT]),
        ];
        let polynomials = F::rand_vec(HEIGHT);
        let expected = |column: &[F]| {
            column.iter().zip(&polynomials).map(|(&cell, &row)| cell * row).sum::<F>()
        };
        for by_kinds in 0..=columns.len() {
            let plan = Plan::with(columns.split_at(by_kinds));
            for (number, column) in &columns {
                assert_eq!(
                    value(&plan, *number, &polynomials),
                    expected(column),
                    "{number} of {by_kinds}"
                );
            }
        }
        let best = Plan::new(columns.clone());
        for (number, column) in &columns {
            assert_eq!(value(&best, *number, &polynomials), expected(column));
        }
        assert!((0..=columns.len()).all(|by_kinds| best.cost() <= {
            let mut sorted = columns.clone();
            sorted.sort_by_cached_key(|(_, column)| different(column));
            Plan::with(sorted.split_at(by_kinds)).cost()
        }));
    }

    #[test]
    fn numbers_in_order_take_two_terms_a_block() {
        let numbers: Vec<_> = (5..5 + HEIGHT).map(F::from_canonical_usize).collect();
        assert_eq!(terms(&numbers).len(), 2 * (HEIGHT / BLOCK) + HEIGHT % BLOCK);
    }
}
