//! Proofs by dishonest provers of the [`tiny`](super::tiny) tables, each with the check that its
//! lie breaks, and honest proofs that are similar.
//!
//! Every verifier, in this crate or elsewhere, must return the same verdict on each of them.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::layout::{Part, Parts, parts};
use super::script::{Event, Mode, Scripted, recorded};
use super::seam::{self, Deviation, Seen};
use super::tiny::{ACTIVE, HEIGHT, Sequence, TINY, Tiny, chips, rng, traces};
use crate::air::Trace;
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::fri;
use crate::hash::{ProofHash, Transcript};
use crate::proof::ELEMENT_BYTES;
use crate::shape::{LOOKUP, MAIN, QUOTIENT};
use crate::verify::points;
use crate::{Check, ProvingKey, VerifierKey, VerifyError};

/// The first terms of the sequence that the proofs are about.
pub const START: [u64; 2] = [3, 5];

/// The bytes to which the proofs are bound.
pub const BOUND: &[u8] = b"\0\0\0\0\0\0tiny statement";

/// Challenges that no prover can influence, so that each check can be told apart.
pub const FORCED: Mode = Mode::Forced(1);

/// A proof, and a verifier's verdict on it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the prover does.
    pub name: String,
    /// The first terms of the sequence in the statement.
    pub start: [u64; 2],
    /// How challenges follow.
    pub mode: Mode,
    /// The proof.
    pub proof: Vec<u8>,
    /// The part of an honest proof in which a word is changed, if this is the only change.
    pub part: Option<Part>,
    /// The check that refuses the proof. `None` if it is accepted.
    pub refused_by: Option<Check>,
}

impl Case {
    /// The verdict of this crate's verifier.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if the proof is refused.
    pub fn verify<H: ProofHash>(&self, key: &VerifierKey) -> Result<(), VerifyError> {
        self.verify_recorded::<H>(key).0
    }

    /// The verdict of this crate's verifier, with the transcript's events if challenges are forced.
    pub(crate) fn verify_recorded<H: ProofHash>(
        &self,
        key: &VerifierKey,
    ) -> (Result<(), VerifyError>, Vec<Event>) {
        let chips = chips(self.start);
        match self.mode {
            Mode::Real => (key.verify_with::<Tiny, H>(&chips, BOUND, &self.proof), Vec::new()),
            mode => {
                recorded(mode, || key.verify_with::<Tiny, Scripted<H>>(&chips, BOUND, &self.proof))
            }
        }
    }
}

/// All cases under a key whose trees are hashed with `H`.
pub fn all<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let lists = [
        honest::<H>,
        without_work::<H>,
        every_word::<H>,
        terminals_that_cancel::<H>,
        other_first_terms::<H>,
        violations_on_active_rows::<H>,
        lookups_off_by_one::<H>,
        anything_on_blinding_rows::<H>,
        provided_on_blinding_rows::<H>,
        columns_of_too_high_degree::<H>,
        codewords_of_too_high_degree::<H>,
        repeated_queries::<H>,
    ];
    lists.into_iter().flat_map(|list| list(key)).collect()
}

/// A proof by a prover that starts from these traces and deviates.
fn case<H: ProofHash>(
    key: &ProvingKey,
    name: impl Into<String>,
    traces: &[Trace],
    deviation: Deviation<'_>,
    refused_by: Option<Check>,
) -> Case {
    let (proof, _) =
        seam::prove::<H, _>(key, (&chips(START), traces, BOUND), &mut rng(1), deviation);
    Case { name: name.into(), start: START, mode: Mode::Real, proof, part: None, refused_by }
}

/// A proof whose challenges follow `mode`, what is seen of it, and its parts.
fn scripted<H: ProofHash>(
    key: &ProvingKey,
    mode: Mode,
    traces: &[Trace],
    deviation: Deviation<'_>,
) -> (Vec<u8>, Seen, Parts) {
    let chips = chips(START);
    let prove =
        || seam::prove::<Scripted<H>, _>(key, (&chips, traces, BOUND), &mut rng(2), deviation);
    let ((proof, seen), events) = recorded(mode, prove);
    let parts = parts(key.verifier(), &events);
    assert_eq!(parts.last().map(|(_, range)| range.end), Some(proof.len()));
    (proof, seen, parts)
}

fn forced_case(name: impl Into<String>, proof: &[u8], refused_by: Option<Check>) -> Case {
    Case {
        name: name.into(),
        start: START,
        mode: FORCED,
        proof: proof.to_vec(),
        part: None,
        refused_by,
    }
}

/// Adds to the element at a position.
fn add(proof: &mut [u8], at: usize, amount: F) {
    let bytes = &mut proof[at..at + ELEMENT_BYTES];
    let element =
        F::from_u64(u64::from_le_bytes(bytes.try_into().expect("bytes of an element"))) + amount;
    bytes.copy_from_slice(&element.as_canonical_u64().to_le_bytes());
}

/// The position of a part's first byte.
fn start_of(parts: &Parts, part: Part) -> usize {
    parts.iter().find(|(other, _)| *other == part).expect("every proof has each part").1.start
}

/// Honest proofs.
pub fn honest<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let real = case::<H>(key, "honest", &traces(START), Deviation::default(), None);
    let (proof, ..) = scripted::<H>(key, FORCED, &traces(START), Deviation::default());
    vec![real, forced_case("honest, with forced challenges", &proof, None)]
}

/// Proofs by provers that skip the proof of work before one of the challenges. Everything else in
/// the proofs is right.
pub fn without_work<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let (_, _, parts) = scripted::<H>(key, FORCED, &traces(START), Deviation::default());
    let nonces = parts.iter().filter(|(part, _)| *part == Part::Nonce).count();
    let of = |time| {
        let (proof, ..) =
            scripted::<H>(key, Mode::WithoutWork(time), &traces(START), Deviation::default());
        let name = format!("without work before nonce {time}");
        Case {
            name,
            start: START,
            mode: Mode::Real,
            proof,
            part: None,
            refused_by: Some(Check::Grinding),
        }
    };
    (0..nonces).map(of).collect()
}

/// Proofs in which one word is changed while challenges stay the same.
pub fn every_word<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let (proof, _, parts) = scripted::<H>(key, FORCED, &traces(START), Deviation::default());
    let mut cases = Vec::new();
    for (part, range) in parts {
        let Some(check) = part.check() else { continue };
        for at in range.step_by(ELEMENT_BYTES) {
            let mut forged = proof.clone();
            if part.is_of_elements() {
                add(&mut forged, at, F::ONE)
            } else {
                forged[at] ^= 1
            };
            let case = forced_case(format!("{part:?}, byte {at}"), &forged, Some(check));
            cases.push(Case { part: Some(part), ..case });
        }
    }
    cases
}

/// Terminals of which one is changed, and then a second one, so that the sum is zero again.
pub fn terminals_that_cancel<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let (mut proof, _, parts) = scripted::<H>(key, FORCED, &traces(START), Deviation::default());
    let terminals = start_of(&parts, Part::Terminals);
    add(&mut proof, terminals, F::ONE);
    let one = forced_case("a terminal", &proof, Some(Check::Lookups));
    add(&mut proof, terminals + EXTENSION_DEGREE * ELEMENT_BYTES, F::NEG_ONE);
    vec![one, forced_case("terminals that cancel", &proof, Some(Check::Constraints))]
}

/// An honest proof of another statement.
pub fn other_first_terms<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let honest = case::<H>(key, "other first terms", &traces(START), Deviation::default(), None);
    vec![Case { start: [START[0] + 1, START[1]], refused_by: Some(Check::Constraints), ..honest }]
}

/// Traces that break a constraint in one cell, which is on no bus.
pub fn violating_traces() -> Vec<(&'static str, Vec<Trace>)> {
    let changes = [
        ("first row", 0, Sequence::COUNT),
        ("second row", 1, Sequence::COUNT),
        ("a row in between", 100, Sequence::LATER),
        ("the last row but one", ACTIVE - 2, Sequence::COUNT),
        ("the last active row", ACTIVE - 1, Sequence::COUNT),
    ];
    let change = |(what, row, column)| {
        let mut traces = traces(START);
        let cell = traces[0].get(row, column);
        traces[0].set(row, column, cell + F::ONE);
        (what, traces)
    };
    changes.map(change).into()
}

/// Proofs from [`violating_traces`].
pub fn violations_on_active_rows<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let of = |(what, traces): (&str, Vec<Trace>)| {
        let name = format!("a violation in {what}");
        case::<H>(key, name, &traces, Deviation::default(), Some(Check::Constraints))
    };
    violating_traces().into_iter().map(of).collect()
}

/// One lookup more than is provided, or one less.
pub fn lookups_off_by_one<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let cells =
        [(0, 0, Sequence::MULTIPLICITY), (0, ACTIVE - 1, Sequence::MULTIPLICITY), (1, 7, 1)];
    let of = |(table, row, column): (usize, usize, usize)| {
        let mut traces = traces(START);
        let cell = traces[table].get(row, column);
        traces[table].set(row, column, cell + F::ONE);
        let name = format!("a lookup off by one in table {table}, row {row}");
        case::<H>(key, name, &traces, Deviation::default(), Some(Check::Lookups))
    };
    cells.into_iter().map(of).collect()
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

/// Proofs whose blinding rows are not uniform. They verify, since blinding rows carry nothing.
pub fn anything_on_blinding_rows<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let of = |(tree, group): (usize, usize)| {
        let columns = on_blinding_rows(tree, group, |_, cells| cells.fill(F::from_u64(9)));
        let deviation = Deviation { columns: &columns, ..Deviation::default() };
        let name = format!("nines on the blinding rows of tree {tree}, group {group}");
        case::<H>(key, name, &traces(START), deviation, None)
    };
    [(MAIN, 0), (MAIN, 1), (LOOKUP, 0), (LOOKUP, 1)].into_iter().map(of).collect()
}

/// The reader takes a value that is not in the sequence. A blinding row of the sequence offers it.
pub fn provided_on_blinding_rows<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
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
    let plain =
        case::<H>(key, "provided on a blinding row", &traces, deviation, Some(Check::Lookups));

    let (mut proof, seen, parts) = scripted::<H>(key, FORCED, &traces, deviation);
    let surplus: EF = seen.terminals.iter().copied().sum();
    let coefficients: &[F] = surplus.as_basis_coefficients_slice();
    let at = start_of(&parts, Part::Terminals);
    for (at, &coefficient) in (at..).step_by(ELEMENT_BYTES).zip(coefficients) {
        add(&mut proof, at, -coefficient);
    }
    let name = "provided on a blinding row, with terminals that are said to cancel";
    vec![plain, forced_case(name, &proof, Some(Check::Constraints))]
}

/// The values of `X^exponent` on the evaluation domain of a matrix of this height, in its order.
fn power(key: &ProvingKey, group: usize, height: usize, exponent: u64) -> Vec<F> {
    let (log_size, shift) = (height.ilog2() as usize, key.verifier().shift(group));
    (0..height).map(|row| fri::point(shift, log_size, row).exp_u64(exponent)).collect()
}

/// Proofs with a column of too high degree. `X^(N+1) - X` is zero on every row, so the table is
/// unchanged. The values at the out-of-domain points are the true ones, so the constraints hold.
pub fn columns_of_too_high_degree<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let shape = &key.verifier().shape;
    let mut cases = Vec::new();
    for (tree, group) in [(MAIN, 0), (MAIN, 1), (LOOKUP, 0), (LOOKUP, 1)] {
        let exponent = shape.groups[group].height() as u64 + 1;
        let evaluations = |at: usize, matrices: &mut [RowMajorMatrix<F>]| {
            if at == tree {
                let height = matrices[group].height();
                let (high, low) =
                    (power(key, group, height, exponent), power(key, group, height, 1));
                for (cells, (high, low)) in
                    matrices[group].rows_mut().zip(high.into_iter().zip(low))
                {
                    cells[0] += high - low;
                }
            }
        };
        let values = |zeta: EF, values: &mut [EF]| {
            let points = points(key.verifier(), zeta);
            for (term, value) in shape.terms.iter().zip(values) {
                if (term.tree, term.group, term.column) == (tree, group, 0) {
                    let point = points[term.point].exp_power_of_2(shape.lift(group));
                    // The honest prover computes values from rows on which X^N is constant.
                    let constant = key.verifier().shift(group).exp_u64(exponent - 1);
                    *value += point * (point.exp_u64(exponent - 1) - constant);
                }
            }
        };
        let name = format!("a column of too high degree in tree {tree}, group {group}");
        let deviation =
            Deviation { evaluations: &evaluations, values: &values, ..Deviation::default() };
        cases.push(case::<H>(key, &name, &traces(START), deviation, Some(Check::Folding)));
        // Without the true values, the constraints are violated.
        let (name, deviation) = (
            format!("{name}, and a lie about it"),
            Deviation { evaluations: &evaluations, ..Deviation::default() },
        );
        cases.push(case::<H>(key, name, &traces(START), deviation, Some(Check::Constraints)));
    }
    cases
}

/// Proofs with a codeword of too high degree: one that was not committed to, and one that was.
pub fn codewords_of_too_high_degree<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    let rows = 2 * HEIGHT as u64;
    let high = power(key, 0, (2 * HEIGHT) << TINY.log_blowup, rows);
    let codeword =
        |codeword: &mut [EF]| codeword.iter_mut().zip(&high).for_each(|(value, &x)| *value += x);
    let deviation = Deviation { codeword: &codeword, ..Deviation::default() };
    let name = "a codeword of too high degree that was not committed to";
    let other = case::<H>(key, name, &traces(START), deviation, Some(Check::Folding));

    // The mask of FRI is changed, too. The honest prover extends it from rows on which the power is
    // constant.
    let constant = high[0];
    let column = key.verifier().shape.fri_mask();
    let evaluations = |tree: usize, matrices: &mut [RowMajorMatrix<F>]| {
        if tree == QUOTIENT {
            matrices[0].rows_mut().zip(&high).for_each(|(cells, &x)| cells[column] += x);
        }
    };
    let codeword = |codeword: &mut [EF]| {
        codeword.iter_mut().zip(&high).for_each(|(value, &x)| *value += x - constant)
    };
    let deviation =
        Deviation { evaluations: &evaluations, codeword: &codeword, ..Deviation::default() };
    let name = "a codeword of too high degree that was committed to";
    vec![other, case::<H>(key, name, &traces(START), deviation, Some(Check::FinalPolynomial))]
}

/// An honest proof with two queries of the same row.
pub fn repeated_queries<H: ProofHash>(key: &ProvingKey) -> Vec<Case> {
    // Two for the lookup argument, one for the constraints, the out-of-domain point, and those of
    // batching and of each fold.
    let shape = &key.verifier().shape;
    let challenges =
        4 + shape.batching_challenges() + TINY.folding(shape.log_height()).iter().sum::<usize>();
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
    let mode = Mode::Forced((0..).find(repeats).expect("some seed repeats a query"));
    let (proof, ..) = scripted::<H>(key, mode, &traces(START), Deviation::default());
    vec![Case { mode, ..forced_case("repeated queries", &proof, None) }]
}
