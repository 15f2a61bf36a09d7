//! The processor's backend and the naive one on the same coins: every root, every column, every codeword.

use std::convert::Infallible;
use std::sync::Arc;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;
use velum_stark::air::{Bus, Chip, ChipBuilder, Trace, fill_multiplicities};
use velum_stark::backend::{
    Backend, BatchInputs, Inspect, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientInputs,
    SecretRows, Step, TreeQuery,
};
use velum_stark::control::Control;
use velum_stark::field::{EF, F};
use velum_stark::testing::differential::{Differential, DifferentialError};
use velum_stark::{
    Cpu, CpuBatch, CpuCommitted, CpuKey, Digest, HashFunction, Parameters, ProveError, ProvingKey, Salt,
    VerifierKey, block_on, chip_enum,
};
use velum_stark_naive::Naive;

const PARAMETERS: Parameters = Parameters {
    hash: HashFunction::Blake3,
    log_blowup: 3,
    queries: 5,
    max_log_arity: 3,
    log_final_poly_len: 2,
    blinding_rows: 13,
    lookup_grinding_bits: 1,
    ood_grinding_bits: 1,
    batch_grinding_bits: 1,
    folding_grinding_bits: 1,
    query_grinding_bits: 1,
};

/// `(index, value)`.
const SQUARE: Bus = Bus::new("square", 2);
/// `(value)`.
const COPY: Bus = Bus::new("copy", 1);

/// A recurrence from a public start, with every selector; provides its terms on SQUARE and sends some on COPY.
#[derive(Clone)]
struct Squares {
    start: u64,
}

const SQUARES: usize = 256;
const USED: usize = 96;

impl Squares {
    fn trace(&self) -> Trace {
        let mut trace = Trace::zeroed(SQUARES, 3);
        for row in 0..SQUARES {
            let value = match row {
                0 | 1 => F::from_u64(self.start) + F::from_usize(row),
                _ => trace.get(row - 1, 0).square() + trace.get(row - 2, 0),
            };
            trace.set(row, 0, value);
            trace.set_u64(row, 1, row as u64);
        }
        trace
    }
}

impl Chip for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn height(&self) -> usize {
        SQUARES
    }
    fn width(&self) -> usize {
        3
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..SQUARES).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn public(&self) -> Vec<Vec<F>> {
        let mut start = F::zero_vec(SQUARES);
        start[0] = F::from_u64(self.start);
        vec![start]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let [value, before, earlier] = [0, -1, -2].map(|offset| b.main(0, offset));
        b.assert_zero("start", b.first() * (value.clone() - b.public(0)));
        b.assert_zero("step", b.interior(2, 0) * (value.clone() - before.square() - earlier));
        let (count, next) = (b.main(1, 0), b.main(1, 1));
        b.assert_zero("count", b.transition() * (next - count.clone() - B::Expr::ONE));
        let last = SQUARES - PARAMETERS.blinding_rows - 1;
        b.assert_zero("end", b.last() * (count.clone() - B::Expr::from_usize(last)));
        b.provide(SQUARE, vec![count, value.clone()], 2, b.fixed(0, 0));
        b.send(COPY, vec![value], b.fixed(0, 0));
    }
}

/// Receives the terms in another order, and looks each up.
#[derive(Clone)]
struct Reader;

impl Reader {
    fn trace(&self, squares: &Trace) -> Trace {
        let mut trace = Trace::zeroed(self.height(), 2);
        for row in 0..USED {
            let index = row * 5 % USED;
            trace.set_u64(row, 0, index as u64);
            trace.set(row, 1, squares.get(index, 0));
        }
        trace
    }
}

impl Chip for Reader {
    fn name(&self) -> &'static str {
        "reader"
    }
    fn height(&self) -> usize {
        2 * SQUARES
    }
    fn width(&self) -> usize {
        2
    }
    fn fixed(&self) -> Vec<Vec<F>> {
        vec![(0..self.height()).map(|row| F::from_bool(row < USED)).collect()]
    }
    fn eval<B: ChipBuilder>(&self, b: &mut B) {
        let value = b.main(1, 0);
        b.lookup(SQUARE, vec![b.main(0, 0), value.clone()], b.fixed(0, 0));
        b.receive(COPY, vec![value], b.fixed(0, 0));
    }
}

chip_enum! {
    enum Table {
        Squares(Squares),
        Reader(Reader),
    }
}

fn instance(start: u64) -> (Vec<Table>, Vec<Trace>) {
    let squares = Squares { start };
    let chips = vec![Table::Squares(squares.clone()), Table::Reader(Reader)];
    let trace = squares.trace();
    let mut traces = vec![trace.clone(), Reader.trace(&trace)];
    fill_multiplicities(&chips, &mut traces);
    (chips, traces)
}

type Both = ProvingKey<Differential<Cpu, Naive>>;

fn proves(hash: HashFunction) {
    let parameters = Parameters { hash, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both = Differential { first: Cpu::default(), second: Naive };
    let key: Both = block_on(ProvingKey::on(both, verifier, &chips)).unwrap();
    let proof = key.prove(&chips, traces, b"statement", &Control::none()).unwrap();
    key.verifier().verify(&chips, b"statement", &proof).unwrap();
}

#[test]
fn two_backends_agree_on_every_step_with_blake3() {
    proves(HashFunction::Blake3);
}

#[test]
fn two_backends_agree_on_every_step_with_poseidon2() {
    proves(HashFunction::Poseidon2);
}

/// The steps of a proof, as `Broken` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Prepare,
    Main,
    Lookups,
    Terminals,
    Quotient,
    Open,
    Batch,
    Layer,
    Fold,
    FinalPolynomial,
    Rows,
    OpenLayer,
}

const ALL: [At; 12] = [
    At::Prepare,
    At::Main,
    At::Lookups,
    At::Terminals,
    At::Quotient,
    At::Open,
    At::Batch,
    At::Layer,
    At::Fold,
    At::FinalPolynomial,
    At::Rows,
    At::OpenLayer,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The device is lost.
    Fails,
    /// It gives something else.
    Wrong,
    /// It gives less than it was asked for.
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the device is lost")]
struct Lost;

/// A processor that breaks in one step.
#[derive(Clone, Default)]
struct Broken {
    cpu: Cpu,
    step: Option<(At, How)>,
}

impl Broken {
    fn check(&self, at: At) -> Result<(), Lost> {
        if self.step == Some((at, How::Fails)) { Err(Lost) } else { Ok(()) }
    }

    /// The outcome of a step of the processor, and what it becomes here.
    fn outcome<T>(
        &self,
        at: At,
        outcome: Step<T, Infallible>,
        wrong: impl FnOnce(&mut T),
        short: impl FnOnce(&mut T),
    ) -> Step<T, Lost> {
        self.check(at).map_err(ProveError::Backend)?;
        let mut outcome = outcome.map_err(|error| match error {
            ProveError::Cancelled(cancelled) => ProveError::Cancelled(cancelled),
            error => panic!("the processor does not fail: {error}"),
        })?;
        match self.step {
            Some((step, How::Wrong)) if step == at => wrong(&mut outcome),
            Some((step, How::Short)) if step == at => short(&mut outcome),
            _ => {}
        }
        Ok(outcome)
    }
}

impl Backend for Broken {
    type Key = CpuKey;
    type Committed = CpuCommitted;
    type Batch = CpuBatch;
    type Error = Lost;

    async fn prepare<C: Chip>(&self, key: &Arc<VerifierKey>, chips: &[C]) -> Result<CpuKey, Lost> {
        self.check(At::Prepare)?;
        Ok(self.cpu.prepare(key, chips).await.unwrap_or_else(|never| match never {}))
    }

    async fn commit_main(
        &self,
        key: &CpuKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Lost> {
        let outcome = self.cpu.commit_main(key, rows, salts, control).await;
        self.outcome(At::Main, outcome, |(_, root)| root[0] ^= 1, |(_, root)| *root = [0xff; 32])
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &CpuKey,
        main: &mut CpuCommitted,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest, Vec<EF>), Lost> {
        let outcome = self.cpu.commit_lookups(key, main, inputs, control).await;
        let outcome = self.outcome(
            At::Lookups,
            outcome,
            |(_, root, _)| root[9] ^= 1,
            |(_, root, _)| *root = [0xff; 32],
        )?;
        self.outcome(
            At::Terminals,
            Ok(outcome),
            |(.., sums)| sums[0] += EF::ONE,
            |(.., sums)| sums.truncate(1),
        )
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &CpuKey,
        main_and_lookup: [&CpuCommitted; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Lost> {
        let outcome = self.cpu.commit_quotient(key, main_and_lookup, inputs, control).await;
        self.outcome(At::Quotient, outcome, |(_, root)| root[31] ^= 1, |(_, root)| *root = [0xff; 32])
    }

    async fn open(&self, key: &CpuKey, trees: &[&CpuCommitted], zeta: EF) -> Step<Vec<EF>, Lost> {
        let outcome = self.cpu.open(key, trees, zeta).await;
        self.outcome(At::Open, outcome, |values| values[3] += EF::ONE, |values| values.truncate(5))
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        inputs: BatchInputs<'_>,
    ) -> Step<CpuBatch, Lost> {
        let values: Vec<EF> = inputs.values.iter().map(|&value| value + EF::ONE).collect();
        let wrong = BatchInputs { values: &values, ..inputs };
        let inputs = if self.step == Some((At::Batch, How::Wrong)) { wrong } else { inputs };
        self.outcome(At::Batch, self.cpu.batch(key, trees, inputs).await, |_| (), |_| ())
    }

    async fn commit_layer(&self, key: &CpuKey, batch: &mut CpuBatch, log_arity: usize) -> Step<Digest, Lost> {
        let outcome = self.cpu.commit_layer(key, batch, log_arity).await;
        self.outcome(At::Layer, outcome, |root| root[0] ^= 1, |root| *root = [0xff; 32])
    }

    async fn fold(&self, key: &CpuKey, batch: &mut CpuBatch, challenges: &[EF]) -> Step<(), Lost> {
        let mut challenges = challenges.to_vec();
        if self.step == Some((At::Fold, How::Wrong)) {
            challenges[0] += EF::ONE;
        }
        self.outcome(At::Fold, self.cpu.fold(key, batch, &challenges).await, |_| (), |_| ())
    }

    async fn final_polynomial(&self, key: &CpuKey, batch: &mut CpuBatch) -> Step<Vec<EF>, Lost> {
        let outcome = self.cpu.final_polynomial(key, batch).await;
        self.outcome(At::FinalPolynomial, outcome, |c| c[0] += EF::ONE, |c| c.truncate(1))
    }

    async fn rows(&self, key: &CpuKey, tree: &CpuCommitted, query: &TreeQuery) -> Step<OpenedRows, Lost> {
        let outcome = self.cpu.rows(key, tree, query).await;
        self.outcome(At::Rows, outcome, |rows| rows.groups[0][0] += F::ONE, |rows| rows.nodes.truncate(1))
    }

    async fn layer(
        &self,
        key: &CpuKey,
        batch: &CpuBatch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Lost> {
        let outcome = self.cpu.layer(key, batch, layer, query).await;
        self.outcome(At::OpenLayer, outcome, |o| o.values[0] += EF::ONE, |o| o.values.truncate(1))
    }
}

impl Inspect for Broken {
    async fn evaluations(&self, key: &CpuKey, tree: &CpuCommitted) -> Step<Vec<RowMajorMatrix<F>>, Lost> {
        let read = self.cpu.evaluations(key, tree).await;
        Ok(read.unwrap_or_else(|error| panic!("the processor does not fail: {error}")))
    }

    async fn codeword(&self, key: &CpuKey, batch: &CpuBatch) -> Step<Vec<EF>, Lost> {
        let read = self.cpu.codeword(key, batch).await;
        Ok(read.unwrap_or_else(|error| panic!("the processor does not fail: {error}")))
    }
}

/// Proves on a processor and on one that breaks, with Poseidon2, whose digests have to be canonical.
fn prove_beside(step: (At, How)) -> Result<Vec<u8>, ProveError<DifferentialError<Infallible, Lost>>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let both =
        Differential { first: Cpu::default(), second: Broken { step: Some(step), ..Broken::default() } };
    let key = block_on(ProvingKey::on(both, verifier, &chips)).map_err(ProveError::Backend)?;
    key.prove(&chips, traces, b"statement", &Control::none())
}

/// The same on one that breaks alone.
fn prove_on_broken(step: (At, How)) -> Result<Vec<u8>, ProveError<Lost>> {
    let parameters = Parameters { hash: HashFunction::Poseidon2, ..PARAMETERS };
    let (chips, traces) = instance(3);
    let verifier = VerifierKey::new("differential", parameters, &chips);
    let broken = Broken { step: Some(step), ..Broken::default() };
    let key = block_on(ProvingKey::on(broken, verifier, &chips)).map_err(ProveError::Backend)?;
    let proof = key.prove(&chips, traces, b"statement", &Control::none())?;
    key.verifier().verify(&chips, b"statement", &proof).map_err(|_| ProveError::Faulty("no proof"))?;
    Ok(proof)
}

#[test]
fn whatever_a_backend_does_wrong_is_noticed() {
    for at in ALL.into_iter().filter(|&at| at != At::Prepare) {
        let outcome = prove_beside((at, How::Wrong));
        let differ = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Differ { .. })));
        assert!(differ, "{at:?}: {outcome:?}");
    }
}

#[test]
fn a_lost_device_is_told_in_every_step() {
    for at in ALL {
        let outcome = prove_beside((at, How::Fails));
        let lost = matches!(&outcome, Err(ProveError::Backend(DifferentialError::Second(Lost))));
        assert!(lost, "{at:?}: {outcome:?}");
        let outcome = prove_on_broken((at, How::Fails));
        assert!(matches!(outcome, Err(ProveError::Backend(Lost))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn a_device_that_returns_too_little_makes_no_proof_and_no_panic() {
    let whole = [At::Prepare, At::Batch, At::Fold];
    for at in ALL.into_iter().filter(|at| !whole.contains(at)) {
        let outcome = prove_on_broken((at, How::Short));
        assert!(matches!(outcome, Err(ProveError::Faulty(_))), "{at:?}: {outcome:?}");
    }
}

#[test]
fn proofs_can_be_made_on_any_thread() {
    fn crosses<T: Send>(value: T) -> T {
        value
    }
    let (chips, traces) = instance(3);
    let key = ProvingKey::new("differential", PARAMETERS, &chips);
    let control = Control::none();
    let proof = block_on(crosses(key.prove_async(&chips, traces, b"", &control))).unwrap();
    key.verifier().verify(&chips, b"", &proof).unwrap();
}
