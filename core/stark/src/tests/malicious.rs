//! Proofs by dishonest provers, each refused by the check that its lie breaks.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::layout::{Part, Parts, parts};
use super::script::{Event, Mode, Scripted, recorded};
use super::{ACTIVE, HEIGHT, Sequence, TINY, Tiny, chips, key_with, rng, traces};
use crate::air::{Trace, check_blinded};
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::fri;
use crate::hash::{Blake3Hash, Blake3TruncatedHash, Poseidon2Hash, ProofHash, Transcript};
use crate::proof::ELEMENT_BYTES;
use crate::prover::seam::{self, Deviation};
use crate::shape::{LOOKUP, MAIN, QUOTIENT};
use crate::verify::points;
use crate::{Check, Parameters, ProvingKey, VerifierKey, VerifyError};

const START: [u64; 2] = [3, 5];
const BOUND: &[u8] = b"statement";

/// Challenges that no prover can move, to tell each check apart.
const FORCED: Mode = Mode::Forced(1);

fn invalid(check: Check) -> Result<(), VerifyError> {
    Err(VerifyError::Invalid { check })
}

/// Tests with the hash of each suite.
macro_rules! with_all_hashes {
    ($($test:ident)+) => {
        mod blake3 {
            $(#[test] fn $test() { super::$test::<super::Blake3Hash>() })+
        }
        mod blake3_truncated {
            $(#[test] fn $test() { super::$test::<super::Blake3TruncatedHash>() })+
        }
        mod poseidon2 {
            $(#[test] fn $test() { super::$test::<super::Poseidon2Hash>() })+
        }
    };
}

/// What the real verifier says to a deviating prover.
fn judge<H: ProofHash>(
    key: &ProvingKey,
    traces: &[Trace],
    deviation: Deviation<'_>,
) -> Result<(), VerifyError> {
    let chips = chips(START);
    let (proof, _) = seam::prove::<H, _>(key, (&chips, traces, BOUND), &mut rng(1), deviation);
    key.verifier().verify_with::<Tiny, H>(&chips, BOUND, &proof)
}

/// A proof with forced challenges, and its parts.
fn forced<H: ProofHash>() -> (ProvingKey, Vec<u8>, Parts) {
    let (key, chips, traces) = (key_with(H::FUNCTION), chips(START), traces(START));
    let instance = (&chips[..], &traces[..], BOUND);
    let prove = || seam::prove::<Scripted<H>, _>(&key, instance, &mut rng(2), Deviation::default()).0;
    let (proof, events) = recorded(FORCED, prove);
    let parts = parts(key.verifier(), &events);
    assert_eq!(parts.last().map(|(_, range)| range.end), Some(proof.len()));
    (key, proof, parts)
}

fn judge_forced<H: ProofHash>(key: &VerifierKey, proof: &[u8]) -> Result<(), VerifyError> {
    let verify = || key.verify_with::<Tiny, Scripted<H>>(&chips(START), BOUND, proof);
    recorded(FORCED, verify).0
}

/// Adds to the element at a place.
fn add(proof: &mut [u8], at: usize, amount: F) {
    let bytes = &mut proof[at..at + ELEMENT_BYTES];
    let element = F::from_u64(u64::from_le_bytes(bytes.try_into().unwrap())) + amount;
    bytes.copy_from_slice(&element.as_canonical_u64().to_le_bytes());
}

with_all_hashes! {
    honest_proofs_verify
    every_word_counts
    terminals_that_cancel_are_still_wrong
    violations_on_active_rows_are_refused
    lookups_off_by_one_are_refused
    blinding_rows_carry_nothing
    what_is_provided_on_blinding_rows_is_not
    columns_of_too_high_degree_are_refused
    codewords_of_too_high_degree_are_refused
    other_numbers_of_queries_are_refused
    repeated_queries_are_opened_once
    other_heights_are_refused
}

fn honest_proofs_verify<H: ProofHash>() {
    assert_eq!(judge::<H>(&key_with(H::FUNCTION), &traces(START), Deviation::default()), Ok(()));
    let (key, proof, _) = forced::<H>();
    assert_eq!(judge_forced::<H>(key.verifier(), &proof), Ok(()));
}

fn every_word_counts<H: ProofHash>() {
    let (key, proof, parts) = forced::<H>();
    for (part, range) in parts {
        let Some(check) = part.check() else { continue };
        for at in range.step_by(ELEMENT_BYTES) {
            let mut forged = proof.clone();
            if part.is_of_elements() {
                add(&mut forged, at, F::ONE)
            } else {
                forged[at] ^= 1
            };
            assert_eq!(judge_forced::<H>(key.verifier(), &forged), invalid(check), "{part:?}, byte {at}");
        }
    }
}

fn terminals_that_cancel_are_still_wrong<H: ProofHash>() {
    let (key, mut proof, parts) = forced::<H>();
    let (_, range) = parts.into_iter().find(|(part, _)| *part == Part::Terminals).unwrap();
    add(&mut proof, range.start, F::ONE);
    assert_eq!(judge_forced::<H>(key.verifier(), &proof), invalid(Check::Lookups));
    add(&mut proof, range.start + EXTENSION_DEGREE * ELEMENT_BYTES, F::NEG_ONE);
    assert_eq!(judge_forced::<H>(key.verifier(), &proof), invalid(Check::Constraints));
}

fn violations_on_active_rows_are_refused<H: ProofHash>() {
    // Cells that are on no bus.
    let changes = [
        ("first row", 0, Sequence::COUNT),
        ("second row", 1, Sequence::COUNT),
        ("a row in between", 100, Sequence::LATER),
        ("the last row but one", ACTIVE - 2, Sequence::COUNT),
        ("the last active row", ACTIVE - 1, Sequence::COUNT),
    ];
    let key = key_with(H::FUNCTION);
    for (what, row, column) in changes {
        let mut traces = traces(START);
        let cell = traces[0].get(row, column);
        traces[0].set(row, column, cell + F::ONE);
        assert!(!check_blinded(&chips(START), &traces, TINY.blinding_rows).is_empty(), "{what}");
        assert_eq!(judge::<H>(&key, &traces, Deviation::default()), invalid(Check::Constraints), "{what}");
    }
}

fn lookups_off_by_one_are_refused<H: ProofHash>() {
    let key = key_with(H::FUNCTION);
    for (table, row, column) in
        [(0, 0, Sequence::MULTIPLICITY), (0, ACTIVE - 1, Sequence::MULTIPLICITY), (1, 7, 1)]
    {
        let mut traces = traces(START);
        let cell = traces[table].get(row, column);
        traces[table].set(row, column, cell + F::ONE);
        assert_eq!(judge::<H>(&key, &traces, Deviation::default()), invalid(Check::Lookups), "row {row}");
    }
}

/// Writes into a column of a tree's group, on its blinding rows.
fn on_blinding_rows(
    tree: usize,
    group: usize,
    write: impl Fn(usize, &mut [F]),
) -> impl Fn(usize, &mut [RowMajorMatrix<F>]) {
    move |at: usize, matrices: &mut [RowMajorMatrix<F>]| {
        if at == tree {
            let matrix = &mut matrices[group];
            let active = matrix.height() - TINY.blinding_rows;
            matrix.rows_mut().enumerate().skip(active).for_each(|(row, cells)| write(row, cells));
        }
    }
}

fn blinding_rows_carry_nothing<H: ProofHash>() {
    let key = key_with(H::FUNCTION);
    for tree in [MAIN, LOOKUP] {
        for group in 0..2 {
            let columns = on_blinding_rows(tree, group, |_, cells| cells.fill(F::from_u64(9)));
            let deviation = Deviation { columns: &columns, ..Deviation::default() };
            assert_eq!(judge::<H>(&key, &traces(START), deviation), Ok(()));
        }
    }
}

fn what_is_provided_on_blinding_rows_is_not<H: ProofHash>() {
    // The reader takes a value that is none of the sequence's; a blinding row of the sequence offers it.
    let key = key_with(H::FUNCTION);
    let mut traces = traces(START);
    traces[1].set_u64(0, 0, ACTIVE as u64);
    traces[1].set_u64(0, 1, 1);
    let offer = |row: usize, cells: &mut [F]| {
        if row == ACTIVE {
            (cells[Sequence::VALUE], cells[Sequence::MULTIPLICITY]) = (F::ONE, F::ONE);
        }
    };
    let columns = on_blinding_rows(MAIN, 1, offer);
    let deviation = Deviation { columns: &columns, ..Deviation::default() };
    assert_eq!(judge::<H>(&key, &traces, deviation), invalid(Check::Lookups));

    // The same, with terminals that are said to cancel.
    let chips = chips(START);
    let prove = || seam::prove::<Scripted<H>, _>(&key, (&chips, &traces, BOUND), &mut rng(2), deviation);
    let ((mut proof, seen), events) = recorded(FORCED, prove);
    let surplus: EF = seen.terminals.iter().copied().sum();
    let parts = parts(key.verifier(), &events);
    let (_, range) = parts.into_iter().find(|(part, _)| *part == Part::Terminals).unwrap();
    let coefficients: &[F] = surplus.as_basis_coefficients_slice();
    for (at, &coefficient) in range.step_by(ELEMENT_BYTES).zip(coefficients) {
        add(&mut proof, at, -coefficient);
    }
    assert_eq!(judge_forced::<H>(key.verifier(), &proof), invalid(Check::Constraints));
}

/// The values of `X^exponent` on the evaluation domain of a matrix of this height, in its order.
fn power(key: &ProvingKey, group: usize, height: usize, exponent: u64) -> Vec<F> {
    let (log_size, shift) = (height.ilog2() as usize, key.verifier().shift(group));
    (0..height).map(|row| fri::point(shift, log_size, row).exp_u64(exponent)).collect()
}

fn columns_of_too_high_degree_are_refused<H: ProofHash>() {
    // X^(N+1) - X is zero on every row: the table stays as it is, and the values at the out-of-domain points are the true ones, so
    // that the constraints hold.
    let key = key_with(H::FUNCTION);
    let shape = &key.verifier().shape;
    for (tree, group) in [(MAIN, 0), (MAIN, 1), (LOOKUP, 0), (LOOKUP, 1)] {
        let exponent = shape.groups[group].height() as u64 + 1;
        let evaluations = |at: usize, matrices: &mut [RowMajorMatrix<F>]| {
            if at == tree {
                let height = matrices[group].height();
                let (high, low) = (power(&key, group, height, exponent), power(&key, group, height, 1));
                for (cells, (high, low)) in matrices[group].rows_mut().zip(high.into_iter().zip(low)) {
                    cells[0] += high - low;
                }
            }
        };
        let values = |zeta: EF, values: &mut [EF]| {
            let points = points(key.verifier(), zeta);
            for (term, value) in shape.terms.iter().zip(values) {
                if (term.tree, term.group, term.column) == (tree, group, 0) {
                    let point = points[term.point].exp_power_of_2(shape.lift(group));
                    // The honest prover reads values off rows on which X^N is constant.
                    let constant = key.verifier().shift(group).exp_u64(exponent - 1);
                    *value += point * (point.exp_u64(exponent - 1) - constant);
                }
            }
        };
        let deviation = Deviation { evaluations: &evaluations, values: &values, ..Deviation::default() };
        assert_eq!(judge::<H>(&key, &traces(START), deviation), invalid(Check::Folding), "{tree}, {group}");
        // Less than the truth about the values is a violation of the constraints.
        let deviation = Deviation { evaluations: &evaluations, ..Deviation::default() };
        assert_eq!(
            judge::<H>(&key, &traces(START), deviation),
            invalid(Check::Constraints),
            "{tree}, {group}"
        );
    }
}

fn codewords_of_too_high_degree_are_refused<H: ProofHash>() {
    let key = key_with(H::FUNCTION);
    let rows = 2 * HEIGHT as u64;
    let high = power(&key, 0, (2 * HEIGHT) << TINY.log_blowup, rows);
    // Only what FRI folds: not what was committed to.
    let codeword = |codeword: &mut [EF]| codeword.iter_mut().zip(&high).for_each(|(value, &x)| *value += x);
    let deviation = Deviation { codeword: &codeword, ..Deviation::default() };
    assert_eq!(judge::<H>(&key, &traces(START), deviation), invalid(Check::Folding));

    // The mask of FRI too: the codeword is what was committed to, and still of too high a degree. The honest prover extends it
    // from rows on which the power is constant.
    let constant = high[0];
    let column = key.verifier().shape.fri_mask();
    let evaluations = |tree: usize, matrices: &mut [RowMajorMatrix<F>]| {
        if tree == QUOTIENT {
            matrices[0].rows_mut().zip(&high).for_each(|(cells, &x)| cells[column] += x);
        }
    };
    let codeword =
        |codeword: &mut [EF]| codeword.iter_mut().zip(&high).for_each(|(value, &x)| *value += x - constant);
    let deviation = Deviation { evaluations: &evaluations, codeword: &codeword, ..Deviation::default() };
    assert_eq!(judge::<H>(&key, &traces(START), deviation), invalid(Check::FinalPolynomial));
}

fn other_numbers_of_queries_are_refused<H: ProofHash>() {
    let (chips, traces) = (chips(START), traces(START));
    let instance = (&chips[..], &traces[..], BOUND);
    let tiny = Parameters { hash: H::FUNCTION, ..TINY };
    let fewer = Parameters { queries: TINY.queries - 1, ..tiny };
    let [many, few] = [tiny, fewer].map(|parameters| ProvingKey::new("test", parameters, &chips));
    for (prover, verifier) in [(&many, &few), (&few, &many)] {
        let (proof, _) = seam::prove::<H, _>(prover, instance, &mut rng(1), Deviation::default());
        assert!(verifier.verifier().verify_with::<Tiny, H>(&chips, BOUND, &proof).is_err());
        // Even where no challenge depends on the key.
        let prove = || seam::prove::<Scripted<H>, _>(prover, instance, &mut rng(1), Deviation::default()).0;
        let (proof, _) = recorded(FORCED, prove);
        assert_eq!(judge_forced::<H>(prover.verifier(), &proof), Ok(()));
        assert!(judge_forced::<H>(verifier.verifier(), &proof).is_err());
    }
}

fn repeated_queries_are_opened_once<H: ProofHash>() {
    let (key, chips, traces) = (key_with(H::FUNCTION), chips(START), traces(START));
    let instance = (&chips[..], &traces[..], BOUND);
    // Of the lookup argument two, of the constraints one, the out-of-domain point, of batching and of each fold.
    let shape = &key.verifier().shape;
    let challenges = 4 + shape.batching_challenges() + TINY.folding(shape.log_height()).iter().sum::<usize>();
    let repeats = |seed: &u64| {
        let mut transcript = H::Transcript::new(&seed.to_le_bytes());
        for _ in 0..challenges {
            let _ = transcript.challenge();
        }
        let mut indices: Vec<_> =
            (0..TINY.queries).map(|_| transcript.index(key.verifier().log_codeword())).collect();
        indices.sort_unstable();
        indices.dedup();
        indices.len() < TINY.queries
    };
    let seed = (0..).find(repeats).unwrap();
    let prove = || seam::prove::<Scripted<H>, _>(&key, instance, &mut rng(1), Deviation::default()).0;
    let (proof, events) = recorded(Mode::Forced(seed), prove);
    let judge = |proof: &[u8]| {
        let verify = || key.verifier().verify_with::<Tiny, Scripted<H>>(&chips, BOUND, proof);
        recorded(Mode::Forced(seed), verify).0
    };
    assert_eq!(judge(&proof), Ok(()));
    // Opened twice it is one row too many.
    let parts = parts(key.verifier(), &events);
    let opened = parts.iter().position(|(part, _)| *part == Part::Rows).unwrap();
    let row = parts[opened].1.start..parts[opened + 1].1.end;
    let forged = [&proof[..row.end], &proof[row.clone()], &proof[row.end..]].concat();
    assert!(judge(&forged).is_err());
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Index(_))).count(), TINY.queries);
}

fn other_heights_are_refused<H: ProofHash>() {
    let key = key_with(H::FUNCTION);
    let (proof, _) =
        seam::prove::<H, _>(&key, (&chips(START), &traces(START), BOUND), &mut rng(1), Deviation::default());
    let mut swapped = chips(START);
    swapped.reverse();
    for other in [swapped, chips(START)[..1].to_vec()] {
        let result = key.verifier().verify_with::<Tiny, H>(&other, BOUND, &proof);
        assert!(matches!(result, Err(VerifyError::Statement(_))), "{result:?}");
    }
}
