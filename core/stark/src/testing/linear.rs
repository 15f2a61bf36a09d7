//! Exact linear algebra over the base field.

use p3_field::{Field, PrimeCharacteristicRing};

use crate::field::F;

/// Brings rows into echelon form on their first `columns` columns. Returns the columns of the
/// pivots, one for each leading row.
fn eliminate(rows: &mut [Vec<F>], columns: usize) -> Vec<usize> {
    let mut pivots = Vec::new();
    for column in 0..columns {
        let next = pivots.len();
        let Some(found) = (next..rows.len()).find(|&row| rows[row][column] != F::ZERO) else {
            continue;
        };
        rows.swap(next, found);
        let (head, tail) = rows.split_at_mut(next + 1);
        let pivot = &head[next];
        let inverse = pivot[column].inverse();
        for row in tail.iter_mut().filter(|row| row[column] != F::ZERO) {
            let factor = row[column] * inverse;
            row.iter_mut()
                .zip(pivot)
                .skip(column)
                .for_each(|(cell, &above)| *cell -= factor * above);
        }
        pivots.push(column);
    }
    pivots
}

/// The rank of a matrix given by its rows.
pub(crate) fn rank(mut rows: Vec<Vec<F>>) -> usize {
    let columns = rows.first().map_or(0, Vec::len);
    eliminate(&mut rows, columns).len()
}

/// The rank of a matrix given by its columns, and the weights with which the columns sum to
/// `target`, if such weights exist.
#[cfg(test)]
pub(crate) fn solve(columns: &[Vec<F>], target: &[F]) -> (usize, Option<Vec<F>>) {
    let row = |i: usize| columns.iter().map(|column| column[i]).chain([target[i]]).collect();
    let mut rows: Vec<Vec<F>> = (0..target.len()).map(row).collect();
    let pivots = eliminate(&mut rows, columns.len());
    if rows[pivots.len()..].iter().any(|row| row[columns.len()] != F::ZERO) {
        return (pivots.len(), None);
    }
    let mut weights = F::zero_vec(columns.len());
    for (row, &pivot) in rows.iter().zip(&pivots).rev() {
        let rest: F = (pivot + 1..columns.len()).map(|column| row[column] * weights[column]).sum();
        weights[pivot] = (row[columns.len()] - rest) * row[pivot].inverse();
    }
    (pivots.len(), Some(weights))
}
