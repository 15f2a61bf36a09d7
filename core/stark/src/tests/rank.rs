//! Shows by exact linear algebra on whole proofs over small tables that every view of one witness
//! can also come from every other witness.
//!
//! With forced challenges and all earlier draws fixed, what a verifier sees of a tree is an affine
//! function of what is drawn between the previous tree and this one. The test finds these functions
//! by drawing ones and zeros. It then solves for the draws with which the proof of another witness
//! shows the same view in every field element.
//!
//! The solutions form an affine space of the same dimension for each witness, so views are equally
//! likely. The proofs of two witnesses are therefore distributed alike.

use std::convert::Infallible;

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField64};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng, TryCryptoRng, TryRng};

use crate::air::{Bus, Chip, ChipBuilder, Trace, check_blinded, fill_multiplicities};
use crate::field::{EF, EXTENSION_DEGREE, F};
use crate::params::Parameters;
use crate::shape::{LOOKUP, MAIN, QUOTIENT, TREES};
use crate::testing::linear;
use crate::testing::script::{Event, Mode, Scripted, commitments, recorded};
use crate::testing::seam::{self, Deviation, Seen};
use crate::{HashFunction, ProvingKey, VerifierKey};

/// Number of rows at the end of a table that carry nothing.
const RESERVED: usize = 12;

const PARAMETERS: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 3,
    queries: 2,
    max_log_arity: 2,
    log_final_poly_len: 1,
    // Two for the queries, and two for each of four points.
    blinding_rows: 10,
    lookup_grinding_bits: 0,
    ood_grinding_bits: 0,
    batch_grinding_bits: 0,
    folding_grinding_bits: 0,
    query_grinding_bits: 0,
};

const CHALLENGES: Mode = Mode::Forced(7);

/// `(index, value)`.
const VALUE: Bus = Bus::new("value", 2);

/// Free values, each with the product of three of its neighbours, and a lookup of each value.
#[derive(Clone)]
struct Walk;

impl Chip for Walk {
    fn name(&self) -> &'static str {
        "walk"
    }
    fn height(&self) -> usize {
        32
    }
    fn width(&self) -> usize {
        3
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..self.height()).map(F::from_usize).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let product = b.main(0, -2) * b.main(0, -1) * b.main(0, 2);
        let inside = b.interior(2, 2);
        b.assert_zero("product", inside * (b.main(1, 0) - product));
        let key = vec![b.fixed(0, 0), b.main(0, 0)];
        b.provide(VALUE, key, 2, B::Expr::ONE);
    }
}

/// Takes a value of its choice on every row.
#[derive(Clone)]
struct Taker {
    height: usize,
}

impl Chip for Taker {
    fn name(&self) -> &'static str {
        "taker"
    }
    fn height(&self) -> usize {
        self.height
    }
    fn width(&self) -> usize {
        2
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..self.height).map(|row| F::from_bool(row < self.height - RESERVED)).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let key = vec![b.main(0, 0), b.main(1, 0)];
        b.lookup(VALUE, key, b.fixed(0, 0));
    }
}

crate::chip_enum! {
    enum Small {
        Walk(Walk),
        Taker(Taker),
    }
}

/// One table for each height.
fn chips(heights: usize) -> Vec<Small> {
    let takers = (1..heights).map(|i| Small::Taker(Taker { height: 32 << i }));
    std::iter::once(Small::Walk(Walk)).chain(takers).collect()
}

/// A witness for each number.
fn traces(chips: &[Small], number: u64) -> Vec<Trace> {
    let mut rng = StdRng::seed_from_u64(number);
    let mut walk = Trace::zeroed(32, 3);
    (0..32).for_each(|row| walk.set(row, 0, rng.random()));
    for row in 2..30 {
        let product = walk.get(row - 2, 0) * walk.get(row - 1, 0) * walk.get(row + 2, 0);
        walk.set(row, 1, product);
    }
    let taker = |chip: &Small| {
        let mut trace = Trace::zeroed(chip.height(), 2);
        for row in 0..chip.height() - RESERVED {
            let index = rng.random_range(0..32 - RESERVED);
            trace.set_u64(row, 0, index as u64);
            trace.set(row, 1, walk.get(index, 0));
        }
        trace
    };
    let takers: Vec<_> = chips[1..].iter().map(taker).collect();
    let mut traces: Vec<_> = std::iter::once(walk).chain(takers).collect();
    fill_multiplicities(chips, &mut traces);
    traces
}

/// Everything that is drawn, by the number of trees that are committed to before. After the last
/// draw, and for salts, zeros are drawn.
#[derive(Clone, Default)]
struct Draws([Vec<F>; TREES]);

struct Dictated<'a> {
    draws: &'a Draws,
    used: [usize; TREES],
}

impl TryRng for Dictated<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("the prover draws field elements and salts")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let stage = commitments();
        let drawn = self.draws.0[stage].get(self.used[stage]).map_or(0, F::as_canonical_u64);
        self.used[stage] += 1;
        Ok(drawn)
    }

    fn try_fill_bytes(&mut self, salts: &mut [u8]) -> Result<(), Infallible> {
        salts.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Dictated<'_> {}

/// The randomness that a prover of this test can lack.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    MaskBus,
    MainRow,
    MainRows,
    QuotientMask,
    ChunkBlinding,
    FriMask,
    LookupRows,
}

/// The place where no draws were found that give the view.
#[derive(Debug, PartialEq)]
enum Leak {
    Terminals,
    Tree(usize),
}

struct Experiment {
    key: ProvingKey,
    chips: Vec<Small>,
    /// Number of draws at each stage.
    counts: [usize; TREES],
    queries: usize,
    without: Option<Part>,
}

impl Experiment {
    fn new(heights: usize, without: Option<Part>) -> Self {
        let chips = chips(heights);
        let traces = traces(&chips, 0);
        let violations = check_blinded(&chips, &traces, PARAMETERS.blinding_rows);
        assert!(violations.is_empty(), "{violations}");
        let key = ProvingKey::new("test", PARAMETERS, &chips);
        let mut generator = Dictated { draws: &Draws::default(), used: [0; TREES] };
        let prove = || {
            seam::prove::<Scripted, _>(
                &key,
                (&chips, &traces, b""),
                &mut generator,
                Deviation::default(),
            )
        };
        let (_, events) = recorded(CHALLENGES, prove);
        let counts = generator.used;
        let mut queries: Vec<_> = events
            .iter()
            .filter_map(|event| if let Event::Index(index) = event { Some(index) } else { None })
            .collect();
        queries.sort();
        queries.dedup();
        let queries = queries.len();
        Self { key, chips, counts, queries, without }
    }

    fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Number of draws for the cells of masks. They come first.
    fn mask_cells(&self) -> usize {
        EXTENSION_DEGREE * self.verifier().shape.groups.len()
    }

    /// Whether a draw is for the last blinding row of a group.
    fn is_of_last_row(&self, draw: usize) -> bool {
        let mut end = self.mask_cells();
        self.verifier().shape.groups.iter().any(|group| {
            end += group.widths[MAIN] * PARAMETERS.blinding_rows;
            (end - group.widths[MAIN]..end).contains(&draw)
        })
    }

    /// Whether a draw is left zero because this prover lacks it.
    fn is_withheld(&self, stage: usize, draw: usize) -> bool {
        let shape = &self.verifier().shape;
        let masks = EXTENSION_DEGREE * shape.groups[0].height();
        let chunks = EXTENSION_DEGREE * (shape.chunks - 1) * PARAMETERS.chunk_blinding();
        assert_eq!(masks + chunks + masks, self.counts[QUOTIENT]);
        let Some(part) = self.without else { return false };
        match (part, stage) {
            (Part::MaskBus, MAIN) => draw < self.mask_cells(),
            (Part::MainRow, MAIN) => self.is_of_last_row(draw),
            (Part::MainRows, MAIN) => draw >= self.mask_cells(),
            (Part::LookupRows, LOOKUP) => true,
            (Part::QuotientMask, QUOTIENT) => draw < masks,
            (Part::ChunkBlinding, QUOTIENT) => (masks..masks + chunks).contains(&draw),
            (Part::FriMask, QUOTIENT) => draw >= masks + chunks,
            _ => false,
        }
    }

    fn draw(&self, seed: u64) -> Draws {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stage = 0;
        Draws(self.counts.map(|count| {
            stage += 1;
            let draw =
                |draw| if self.is_withheld(stage - 1, draw) { F::ZERO } else { rng.random() };
            (0..count).map(draw).collect()
        }))
    }

    fn see(&self, traces: &[Trace], draws: &Draws) -> Seen {
        let mut generator = Dictated { draws, used: [0; TREES] };
        let instance = (&self.chips[..], traces, &b""[..]);
        let prove = || {
            seam::prove::<Scripted, _>(&self.key, instance, &mut generator, Deviation::default())
        };
        let ((proof, seen), _) = recorded(CHALLENGES, prove);
        let verify = || self.verifier().verify_with::<Small, Scripted>(&self.chips, b"", &proof);
        recorded(CHALLENGES, verify).0.expect("the proof is honest");
        seen
    }

    /// What is seen of a tree. For the last tree, this includes the codeword.
    fn of_tree(&self, seen: &Seen, tree: usize) -> Vec<F> {
        let shape = &self.verifier().shape;
        let values = seen.values.iter().zip(&shape.terms).filter(|(_, term)| term.tree == tree);
        // As many values of a codeword as it has coefficients determine the codeword.
        let codeword =
            if tree == QUOTIENT { &seen.codeword[..1 << shape.log_height()] } else { &[] };
        let extensions = values.map(|(value, _)| value).chain(codeword);
        let extensions = extensions.flat_map(|value| value.as_basis_coefficients_slice());
        seen.rows[tree].iter().flatten().chain(extensions).copied().collect()
    }

    /// Finds draws with which another witness gives the same view as the first witness with its own
    /// draws.
    fn simulate(&self) -> Result<(), Leak> {
        let (first, other) = (traces(&self.chips, 1), traces(&self.chips, 2));
        let view = self.see(&first, &self.draw(3));
        let mut draws = self.draw(4);
        self.simulate_terminals(&view, &other, &mut draws)?;
        for tree in [MAIN, LOOKUP, QUOTIENT] {
            self.simulate_tree(tree, &view, &other, &mut draws)?;
        }
        assert_eq!(self.see(&other, &draws), view);
        Ok(())
    }

    /// Finds the cells of the masks. A group's terminal contains the inverse of one fingerprint of
    /// them, less the inverse of the previous group's fingerprint.
    fn simulate_terminals(
        &self,
        view: &Seen,
        other: &[Trace],
        draws: &mut Draws,
    ) -> Result<(), Leak> {
        let shape = &self.verifier().shape;
        let [gamma, beta] = self.lookup_challenges(other, draws);
        let groups = shape.groups.len();
        let sends = shape.groups[0].interactions.last().expect("its mask sends");
        let tag = EF::from_usize(sends.tag);
        // `gamma - tag - beta group - beta^2 (first + beta second)`
        let start = |group: usize| gamma - tag - beta * F::from_usize(group);
        let seen = self.see(other, draws);
        let (mut before, mut wanted_before) = (EF::ZERO, EF::ZERO);
        for group in 0..groups - 1 {
            let cells = &mut draws.0[MAIN][EXTENSION_DEGREE * group..][..EXTENSION_DEGREE];
            let sent = (start(group) - beta.square() * (beta * cells[1] + cells[0])).inverse();
            let wanted =
                view.terminals[group] - seen.terminals[group] + sent - before + wanted_before;
            if self.without != Some(Part::MaskBus) {
                let sum = (start(group) - wanted.inverse()) * beta.square().inverse();
                let (sum, beta): (&[F], &[F]) =
                    (sum.as_basis_coefficients_slice(), beta.as_basis_coefficients_slice());
                cells[1] = sum[1] * beta[1].inverse();
                cells[0] = sum[0] - cells[1] * beta[0];
            }
            (before, wanted_before) = (sent, wanted);
        }
        let found = self.see(other, draws).terminals == view.terminals;
        if found { Ok(()) } else { Err(Leak::Terminals) }
    }

    fn lookup_challenges(&self, traces: &[Trace], draws: &Draws) -> [EF; 2] {
        let mut generator = Dictated { draws, used: [0; TREES] };
        let instance = (&self.chips[..], traces, &b""[..]);
        let prove = || {
            seam::prove::<Scripted, _>(&self.key, instance, &mut generator, Deviation::default())
        };
        let (_, events) = recorded(CHALLENGES, prove);
        let mut challenges = events
            .iter()
            .filter_map(|event| if let Event::Challenge(c) = event { Some(*c) } else { None });
        std::array::from_fn(|_| challenges.next().expect("a proof has challenges"))
    }

    fn simulate_tree(
        &self,
        tree: usize,
        view: &Seen,
        other: &[Trace],
        draws: &mut Draws,
    ) -> Result<(), Leak> {
        let base = self.of_tree(&self.see(other, draws), tree);
        // The cells of the masks are already fixed.
        let first = if tree == MAIN { self.mask_cells() } else { 0 };
        let free: Vec<_> =
            (first..self.counts[tree]).filter(|&draw| !self.is_withheld(tree, draw)).collect();
        let direction = |&draw: &usize| {
            let mut probe = draws.clone();
            probe.0[tree][draw] += F::ONE;
            difference(&self.of_tree(&self.see(other, &probe), tree), &base)
        };
        let directions: Vec<_> = free.iter().map(direction).collect();
        let target = difference(&self.of_tree(view, tree), &base);
        let (rank, weights) = linear::solve(&directions, &target);
        if self.without.is_none() {
            let known = if tree == QUOTIENT {
                // The constraint identity, and the codeword at the queries.
                (1 + self.queries) * EXTENSION_DEGREE
            } else {
                0
            };
            if rank != target.len() - known {
                return Err(Leak::Tree(tree));
            }
        }
        let weights = weights.ok_or(Leak::Tree(tree))?;
        free.iter().zip(weights).for_each(|(&draw, weight)| draws.0[tree][draw] += weight);
        Ok(())
    }
}

fn difference(left: &[F], right: &[F]) -> Vec<F> {
    left.iter().zip(right).map(|(&left, &right)| left - right).collect()
}

#[test]
fn every_witness_gives_every_view() {
    assert_eq!(Experiment::new(2, None).simulate(), Ok(()));
}

#[test]
fn every_witness_gives_every_view_of_three_heights() {
    assert_eq!(Experiment::new(3, None).simulate(), Ok(()));
}

#[test]
fn every_blinding_row_and_mask_is_needed() {
    let leaks = [
        (Part::MaskBus, Leak::Terminals),
        (Part::MainRow, Leak::Tree(MAIN)),
        (Part::MainRows, Leak::Tree(MAIN)),
        (Part::LookupRows, Leak::Tree(LOOKUP)),
        (Part::QuotientMask, Leak::Tree(QUOTIENT)),
        (Part::ChunkBlinding, Leak::Tree(QUOTIENT)),
        (Part::FriMask, Leak::Tree(QUOTIENT)),
    ];
    for (part, leak) in leaks {
        assert_eq!(Experiment::new(2, Some(part)).simulate(), Err(leak), "{part:?}");
    }
}
