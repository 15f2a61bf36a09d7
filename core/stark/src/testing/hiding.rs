//! What hides the proofs under a key, counted from the key.

use std::collections::{BTreeMap, BTreeSet};

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::linear;
use crate::air::RESERVED_ROWS;
use crate::domain::lagrange;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::shape::{MAIN, Point, QUOTIENT};
use crate::verify::points;
use crate::{VerifierKey, fri};

/// The numbers behind the hiding of a key's main columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blinding {
    /// Number of queries.
    pub queries: usize,
    /// The largest number of points, besides the queries, at which a main column is opened.
    pub points: usize,
    /// Number of blinding rows that hide every column.
    pub needed: usize,
    /// Number of blinding rows that the key has.
    pub rows: usize,
}

/// Counts what is seen of every column and asserts that the column has as many blinding values.
///
/// # Panics
/// Panics if a column has too few.
pub fn assert_every_column_is_blinded(key: &VerifierKey) -> Blinding {
    let parameters = key.parameters();
    let mut most = 0;
    for ((tree, group, column), (is_extension, points)) in opened(key) {
        let learnt = learnt(parameters.queries, is_extension, points.len());
        if tree == QUOTIENT {
            if column == key.shape.chunks * EXTENSION_DEGREE {
                // It is seen at the queries, at the queries times the mask's shift, and at its own
                // point.
                assert_eq!(points, BTreeSet::from([Point::Mask]));
                assert!(learnt + parameters.queries <= key.shape.groups[group].height());
            } else {
                assert!(learnt <= parameters.chunk_blinding());
            }
        } else {
            most = most.max(learnt);
        }
    }
    assert_eq!(most, key.shape.blinding_rows_needed(parameters.queries));
    assert!(most <= parameters.blinding_rows, "{most} blinding rows needed");
    assert!(parameters.blinding_rows <= RESERVED_ROWS);
    let (queries, rows) = (parameters.queries, parameters.blinding_rows);
    Blinding { queries, points: key.shape.most_points().0, needed: most, rows }
}

/// Asserts that the needed number of blinding rows is exact, for a column with the most points.
/// Builds the matrix of what is seen of the column as a function of its blinding cells. With the
/// needed rows, the rank equals the number of values seen. With one row less, the rank is one less.
///
/// # Panics
/// Panics if a rank is different.
pub fn assert_one_row_less_does_not_hide(key: &VerifierKey) {
    let queries = key.parameters().queries;
    let needed = key.shape.blinding_rows_needed(queries);
    let opened = opened(key);
    let main = opened.iter().filter(|((tree, _, _), _)| *tree == MAIN);
    let (&(_, group, _), (_, points)) =
        main.max_by_key(|(_, (_, points))| points.len()).expect("a key has columns");
    let learnt = learnt(queries, false, points.len());
    assert_eq!(learnt, needed);
    assert_eq!(rank(key, group, points, needed), learnt);
    assert_eq!(rank(key, group, points, needed - 1), learnt - 1);
}

/// The points, besides the queries, at which each column is opened, by tree, group and column.
fn opened(key: &VerifierKey) -> BTreeMap<(usize, usize, usize), (bool, BTreeSet<Point>)> {
    let mut opened: BTreeMap<_, (bool, BTreeSet<Point>)> = BTreeMap::new();
    for term in &key.shape.terms {
        let column = opened.entry((term.tree, term.group, term.column)).or_default();
        column.0 = term.is_extension;
        assert!(column.1.insert(key.shape.points[term.point]), "a cell is opened once");
    }
    opened
}

/// The largest number of linear functions of a column's blinding cells that a verifier learns, over
/// the field of the cells.
fn learnt(queries: usize, is_extension: bool, points: usize) -> usize {
    queries + if is_extension { points } else { EXTENSION_DEGREE * points }
}

/// The rank of what a verifier learns about a column, as a function of its last `blinding` cells.
fn rank(key: &VerifierKey, group: usize, seen: &BTreeSet<Point>, blinding: usize) -> usize {
    let (queries, lift) = (key.parameters().queries, key.shape.lift(group));
    let log_height = key.shape.groups[group].log_height;
    let log_size = log_height + key.parameters().log_blowup;
    let weights = |point: EF| {
        let weights = lagrange(log_height, F::ONE, point);
        weights[weights.len() - blinding..].to_vec()
    };
    let coefficient = |weights: &[EF], i: usize| -> Vec<F> {
        weights.iter().map(|weight| weight.as_basis_coefficients_slice()[i]).collect()
    };
    let mut rng = StdRng::seed_from_u64(5);
    let mut rows = BTreeSet::new();
    while rows.len() < queries {
        rows.insert(rng.random_range(0..1usize << log_size));
    }
    let at_query =
        |&row: &usize| coefficient(&weights(fri::point(key.shift(group), log_size, row).into()), 0);
    let mut matrix: Vec<_> = rows.iter().map(at_query).collect();
    let zeta: EF = rng.random();
    let opened = points(key, zeta)
        .into_iter()
        .zip(&key.shape.points)
        .filter(|(_, point)| seen.contains(point));
    for (at, _) in opened {
        let weights = weights(at.exp_power_of_2(lift));
        matrix.extend((0..EXTENSION_DEGREE).map(|i| coefficient(&weights, i)));
    }
    linear::rank(matrix)
}
