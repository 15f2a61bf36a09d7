//! What hides a proof, counted from the keys in use; that no two proofs share anything; that nobody can seed the prover.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use rand::RngExt;

use super::layout::{Part, parts};
use super::linear;
use super::script::{Mode, Scripted, recorded};
use super::{TINY, Tiny, chips, key, rng, traces};
use crate::air::{RESERVED_ROWS, Trace};
use crate::class::CLASSES;
use crate::control::Control;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::proof::Verifier;
use crate::stark::domain::lagrange;
use crate::stark::hash::{Blake3Hash, Poseidon2Hash, SuiteHash};
use crate::stark::prover::seam::{self, Deviation};
use crate::stark::shape::{MAIN, Point, QUOTIENT};
use crate::stark::verify::points;
use crate::stark::{Parameters, ProveError, ProvingKey, VerifierKey, fri};
use crate::suite::{SUITES, Suite};

/// Runs a check on the keys of both proofs in every suite and class.
fn for_every_key(check: impl Fn(&VerifierKey)) {
    for &suite in SUITES {
        for class in CLASSES {
            Verifier::new(suite, class).keys().into_iter().for_each(&check);
        }
    }
}

/// Points besides the queries at which each column is opened, by tree, group and column.
fn opened(key: &VerifierKey) -> BTreeMap<(usize, usize, usize), (bool, BTreeSet<Point>)> {
    let mut opened: BTreeMap<_, (bool, BTreeSet<Point>)> = BTreeMap::new();
    for term in &key.shape.terms {
        let column = opened.entry((term.tree, term.group, term.column)).or_default();
        column.0 = term.is_extension;
        assert!(column.1.insert(key.shape.points[term.point]), "a cell is opened once");
    }
    opened
}

/// Linear functions of a column's blinding cells that a verifier learns at most, over the field that the cells lie in.
fn learnt(queries: usize, is_extension: bool, points: usize) -> usize {
    queries + if is_extension { points } else { EXTENSION_DEGREE * points }
}

#[test]
fn every_column_is_blinded_as_often_as_it_is_seen() {
    for_every_key(|key| {
        let parameters = key.parameters();
        let mut most = 0;
        for ((tree, group, column), (is_extension, points)) in opened(key) {
            let learnt = learnt(parameters.queries, is_extension, points.len());
            if tree == QUOTIENT {
                if column == key.shape.chunks * EXTENSION_DEGREE {
                    // Seen at the queries, at the queries times the mask's shift, and at its own point.
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
    });
}

/// `docs/zero-knowledge.md` has a row for every suite and proof.
#[test]
fn the_numbers_that_are_printed_are_those_in_use() {
    let document = include_str!("../../../../docs/zero-knowledge.md");
    for &suite in SUITES {
        for class in CLASSES {
            for (kind, key) in
                ["credential", "presentation"].into_iter().zip(Verifier::new(suite, class).keys())
            {
                let (queries, blinding_rows) = (key.parameters().queries, key.parameters().blinding_rows);
                let points = key.shape.most_points().0;
                let needed = key.shape.blinding_rows_needed(queries);
                let name = suite.name();
                let row =
                    format!("| `{name}` | {kind} | {queries} | {points} | {needed} | {blinding_rows} |");
                assert!(document.contains(&row), "{}: {row}", class.name);
            }
        }
    }
}

/// The rank of what a verifier learns of a column as a function of its last `blinding` cells.
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
    let mut rng = rng(5);
    let mut rows = BTreeSet::new();
    while rows.len() < queries {
        rows.insert(rng.random_range(0..1usize << log_size));
    }
    let at_query =
        |&row: &usize| coefficient(&weights(fri::point(key.shift(group), log_size, row).into()), 0);
    let mut matrix: Vec<_> = rows.iter().map(at_query).collect();
    let zeta: EF = rng.random();
    let opened =
        points(key, zeta).into_iter().zip(&key.shape.points).filter(|(_, point)| seen.contains(point));
    for (at, _) in opened {
        let weights = weights(at.exp_power_of_2(lift));
        matrix.extend((0..EXTENSION_DEGREE).map(|i| coefficient(&weights, i)));
    }
    linear::rank(matrix)
}

#[test]
fn one_blinding_row_less_does_not_hide() {
    for_every_key(|key| {
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
    });
}

#[test]
#[should_panic(expected = "tables need 12 blinding rows")]
fn no_key_has_too_few_blinding_rows() {
    let parameters = Parameters { blinding_rows: TINY.blinding_rows - 1, ..TINY };
    VerifierKey::new(Suite::Direct, parameters, &chips([0, 0]));
}

/// The words of two proofs of the same by the same witness under the same challenges, by part.
fn twice<H: SuiteHash>(deviation: Deviation<'_>) -> Vec<(Part, Vec<[[u8; 8]; 2]>)> {
    let (key, chips, traces) = (key(), chips([3, 5]), traces([3, 5]));
    let [(first, events), (second, _)] = [1, 2].map(|seed| {
        let prove =
            || seam::prove::<Scripted<H>, _>(&key, (&chips, &traces, b""), &mut rng(seed), deviation).0;
        recorded(Mode::Forced(4), prove)
    });
    assert_eq!(first.len(), second.len());
    let words = |range: std::ops::Range<usize>| {
        let (first, second) = (first[range.clone()].as_chunks::<8>().0, second[range].as_chunks::<8>().0);
        first.iter().zip(second).map(|(&first, &second)| [first, second]).collect()
    };
    parts(key.verifier(), &events).into_iter().map(|(part, range)| (part, words(range))).collect()
}

/// Words of each part that two proofs share.
fn shared<H: SuiteHash>(deviation: Deviation<'_>) -> Vec<Part> {
    let words =
        twice::<H>(deviation).into_iter().flat_map(|(part, words)| words.into_iter().map(move |w| (part, w)));
    // Nothing is searched where challenges are forced: nonces are zero.
    words.filter(|(part, [a, b])| *part != Part::Nonce && a == b).map(|(part, _)| part).collect()
}

#[test]
fn two_proofs_by_one_witness_share_no_word() {
    assert_eq!(shared::<Blake3Hash>(Deviation::default()), []);
    assert_eq!(shared::<Poseidon2Hash>(Deviation::default()), []);
}

#[test]
fn two_proofs_without_blinding_rows_share_what_the_queries_open() {
    let zeroed = |tree: usize, matrices: &mut [RowMajorMatrix<F>]| {
        if tree == MAIN {
            for matrix in matrices {
                let rows = matrix.values.len() / matrix.width;
                let blinding = (rows - TINY.blinding_rows) * matrix.width;
                matrix.values[blinding..].fill(F::ZERO);
            }
        }
    };
    let deviation = Deviation { columns: &zeroed, ..Deviation::default() };
    for shared in [shared::<Blake3Hash>(deviation), shared::<Poseidon2Hash>(deviation)] {
        assert!(shared.contains(&Part::Rows) && shared.contains(&Part::Values), "{shared:?}");
    }
}

/// All source files of the crate but tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_test = ["tests", "testing", "fixture", "freedom", "mutant", "oracle"].contains(&name.as_str());
        match path.is_dir() {
            _ if is_test => {}
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn nobody_can_seed_the_prover() {
    // What the prover is given is chips, traces, bound bytes and a control: no generator.
    type Prove = fn(&ProvingKey, &[Tiny], Vec<Trace>, &[u8], &Control<'_>) -> Result<Vec<u8>, ProveError>;
    let _: Prove = ProvingKey::prove::<Tiny>;

    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 40, "{files:?}");
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        // What follows stands in tests only.
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in source.lines() {
            let declares = line.trim_start().starts_with("pub ") && line.contains("fn ");
            assert!(!declares || !(line.contains("Rng") || line.contains("seed")), "{file:?}: {line}");
            if line.contains("from_seed") || line.contains("seed_from") || line.contains("from_rng") {
                let seeded_by_the_system = line.trim() == "Ok(StdRng::from_seed(*seed))";
                assert!(seeded_by_the_system, "{file:?}: {line}");
            }
        }
    }
}
