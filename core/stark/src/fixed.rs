//! The values of fixed columns at out-of-domain points.
//!
//! A column's value at a point is the sum of its cells, each multiplied by its row's Lagrange
//! polynomial at the point. Tables repeat themselves, in steps, blocks and permutations. The
//! polynomials of rows that are equal in all fixed columns are therefore added up first.

use std::collections::BTreeMap;

use p3_field::{PrimeCharacteristicRing, PrimeField64};

use crate::field::{EF, F};

/// The fixed columns of a table, stored by distinct rows.
pub(crate) struct FixedRows {
    /// For each row, the number of its distinct row.
    kinds: Vec<u32>,
    /// Number of distinct rows.
    different: usize,
    /// For each column, the distinct rows in which it is not zero, and its cells there.
    cells: Vec<Vec<(u32, F)>>,
}

impl FixedRows {
    pub(crate) fn new(columns: &[Vec<F>]) -> Self {
        let height = columns.first().map_or(0, Vec::len);
        let row = |row: u32| columns.iter().map(move |column| column[row as usize]);
        // Fingerprints bring equal rows together. If two fingerprints collide, some rows are
        // counted as distinct more than once, which is not an error.
        let mut rows: Vec<(u64, u32)> =
            fingerprints(columns, height).into_iter().zip(0..).collect();
        rows.sort_unstable();
        // The first row of each kind.
        let mut firsts = Vec::new();
        let mut kinds = vec![0; height];
        for alike in rows.chunk_by(|&(_, a), &(_, b)| row(a).eq(row(b))) {
            alike.iter().for_each(|&(_, row)| kinds[row as usize] = firsts.len() as u32);
            firsts.push(alike[0].1);
        }
        let cells = columns.iter().map(|column| {
            let cells = (0..).zip(&firsts).map(|(kind, &first)| (kind, column[first as usize]));
            let mut cells: Vec<_> = cells.filter(|(_, cell)| *cell != F::ZERO).collect();
            cells.shrink_to_fit();
            cells
        });
        Self { kinds, different: firsts.len(), cells: cells.collect() }
    }

    /// Number of columns.
    #[cfg(feature = "prover")]
    pub(crate) fn width(&self) -> usize {
        self.cells.len()
    }

    /// The columns.
    pub(crate) fn columns(&self) -> Vec<Vec<F>> {
        (0..self.cells.len()).map(|column| self.column(column)).collect()
    }

    /// Writes the columns into a row-major matrix of `width` columns, starting at column `first`.
    #[cfg(feature = "prover")]
    pub(crate) fn write(&self, matrix: &mut [F], width: usize, first: usize) {
        if self.width() == 0 {
            return;
        }
        let mut different = F::zero_vec(self.different * self.width());
        for (column, cells) in self.cells.iter().enumerate() {
            cells
                .iter()
                .for_each(|&(kind, cell)| different[kind as usize * self.width() + column] = cell);
        }
        for (row, &kind) in matrix.chunks_exact_mut(width).zip(&self.kinds) {
            let cells = &different[kind as usize * self.width()..][..self.width()];
            row[first..first + self.width()].copy_from_slice(cells);
        }
    }

    /// A column.
    pub(crate) fn column(&self, column: usize) -> Vec<F> {
        let mut different = F::zero_vec(self.different);
        self.cells[column].iter().for_each(|&(kind, cell)| different[kind as usize] = cell);
        self.kinds.iter().map(|&kind| different[kind as usize]).collect()
    }

    /// The values of the columns of `window`, each at its row offset from the point at which
    /// `lagrange` gives the Lagrange polynomials of the rows.
    pub(crate) fn values(&self, window: &[(usize, i32)], lagrange: &[EF]) -> Vec<EF> {
        let mut weights = BTreeMap::new();
        let value = |&(column, offset): &(usize, i32)| {
            let weights: &mut Vec<EF> =
                weights.entry(offset).or_insert_with(|| self.weights(offset, lagrange));
            self.cells[column].iter().map(|&(kind, cell)| weights[kind as usize] * cell).sum()
        };
        window.iter().map(value).collect()
    }

    /// The sum of the polynomials of each kind of row.
    fn weights(&self, offset: i32, lagrange: &[EF]) -> Vec<EF> {
        let mut weights = vec![EF::ZERO; self.different];
        for (&kind, &polynomial) in self.kinds.iter().zip(rotated(lagrange, offset)) {
            weights[kind as usize] += polynomial;
        }
        weights
    }
}

/// A number for each row. Equal rows have equal numbers.
fn fingerprints(columns: &[Vec<F>], height: usize) -> Vec<u64> {
    /// An odd number with spread bits, from the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut fingerprints = vec![0u64; height];
    for column in columns {
        for (fingerprint, cell) in fingerprints.iter_mut().zip(column) {
            *fingerprint =
                (fingerprint.rotate_left(5) ^ cell.as_canonical_u64()).wrapping_mul(FACTOR);
        }
    }
    fingerprints
}

/// The value of a column at the point at which `lagrange` gives the Lagrange polynomials of its
/// rows.
pub(crate) fn value(column: &[F], lagrange: &[EF]) -> EF {
    let cells = column.iter().zip(lagrange).filter(|(cell, _)| **cell != F::ZERO);
    cells.map(|(&cell, &polynomial)| polynomial * cell).sum()
}

/// The polynomials of the rows that are `offset` rows above each row.
fn rotated(lagrange: &[EF], offset: i32) -> impl Iterator<Item = &EF> {
    let rotation = (-i64::from(offset)).rem_euclid(lagrange.len() as i64) as usize;
    let (head, tail) = lagrange.split_at(rotation);
    tail.iter().chain(head)
}

#[cfg(test)]
mod tests {
    use p3_field::{Field, TwoAdicField};

    use super::*;
    use crate::domain::lagrange;

    #[test]
    fn values_are_those_of_the_columns() {
        const LOG_HEIGHT: usize = 4;
        // Rows 2 and 10 are equal, and so are the rows of zeros.
        let mut columns = vec![F::zero_vec(1 << LOG_HEIGHT); 3];
        for (row, cells) in [(0, [1, 2, 3]), (2, [0, 5, 7]), (3, [9, 0, 7]), (10, [0, 5, 7])] {
            for (column, cell) in columns.iter_mut().zip(cells) {
                column[row] = F::from_u64(cell);
            }
        }
        let rows = FixedRows::new(&columns);
        assert_eq!(rows.different, 4);
        assert_eq!(rows.columns(), columns);
        let mut matrix = F::zero_vec(5 << LOG_HEIGHT);
        rows.write(&mut matrix, 5, 1);
        for (row, cells) in matrix.chunks_exact(5).enumerate() {
            assert_eq!(
                cells,
                [F::ZERO, columns[0][row], columns[1][row], columns[2][row], F::ZERO]
            );
        }

        let generator = F::two_adic_generator(LOG_HEIGHT);
        let point = EF::from(F::GENERATOR);
        let polynomials =
            |offset: u64| lagrange(LOG_HEIGHT, F::ONE, point * generator.exp_u64(offset));
        let window = [(0, 0), (1, 0), (1, 3), (2, -1)];
        let expected = [
            value(&columns[0], &polynomials(0)),
            value(&columns[1], &polynomials(0)),
            value(&columns[1], &polynomials(3)),
            value(&columns[2], &polynomials((1 << LOG_HEIGHT) - 1)),
        ];
        assert_eq!(rows.values(&window, &polynomials(0)), expected);
    }
}
