//! A device that breaks, for tests of how its users react.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;

use crate::air::Chip;
use crate::backend::{
    Backend, BatchInputs, Inspect, LayerQuery, LookupInputs, OpenedLayer, OpenedRows,
    QuotientInputs, SecretRows, Step, TreeQuery,
};
use crate::control::{Control, Device};
use crate::field::{EF, F};
use crate::{Cpu, CpuBatch, CpuCommitted, CpuKey, Digest, ProveError, Puzzle, Salt, VerifierKey};

/// The step in which a device breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The key is prepared.
    Prepare,
    /// The tables' columns are committed to.
    Main,
    /// The lookup columns are committed to.
    Lookups,
    /// The terminals are returned.
    Terminals,
    /// The quotient is committed to.
    Quotient,
    /// The out-of-domain values are returned.
    Open,
    /// Columns are batched.
    Batch,
    /// A layer of FRI is committed to.
    Layer,
    /// A layer is folded.
    Fold,
    /// The final polynomial is returned.
    FinalPolynomial,
    /// Rows of a tree are opened.
    Rows,
    /// A layer is opened.
    OpenLayer,
    /// A nonce is found.
    Grind,
}

impl At {
    /// All steps, in the order of a proof.
    pub const ALL: [Self; 13] = [
        Self::Prepare,
        Self::Main,
        Self::Lookups,
        Self::Terminals,
        Self::Quotient,
        Self::Open,
        Self::Batch,
        Self::Layer,
        Self::Fold,
        Self::FinalPolynomial,
        Self::Rows,
        Self::OpenLayer,
        Self::Grind,
    ];
}

/// How a device breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The device is lost.
    Fails,
    /// It returns a wrong value.
    Wrong,
    /// It returns less than was requested.
    Short,
}

/// The error of a lost device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the device is lost")]
pub struct Lost;

/// A CPU that completes asynchronously, counts the keys that it prepares, and breaks in one step on
/// request.
#[derive(Clone, Default)]
pub struct Faulty {
    cpu: Cpu,
    step: Option<(At, How)>,
    prepared: Arc<AtomicUsize>,
    /// Whether the CPU may take the device's place.
    is_replaceable: bool,
    /// The salts of the main trees that it committed to.
    salts: Arc<Mutex<Vec<Salt>>>,
}

impl Faulty {
    /// A device that breaks.
    pub fn breaking(at: At, how: How) -> Self {
        Self { step: Some((at, how)), ..Self::default() }
    }

    /// The same device, except that the CPU may take its place.
    #[must_use]
    pub fn replaceable(self) -> Self {
        Self { is_replaceable: true, ..self }
    }

    /// The salts of all main trees that the device and its clones committed to.
    pub fn salts(&self) -> Vec<Salt> {
        self.salts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Number of keys that the device and its clones have prepared.
    pub fn prepared(&self) -> usize {
        self.prepared.load(Ordering::Relaxed)
    }

    fn check(&self, at: At) -> Result<(), Lost> {
        if self.step == Some((at, How::Fails)) { Err(Lost) } else { Ok(()) }
    }

    /// The outcome of a step on the CPU, changed according to the fault.
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
            error => panic!("the CPU does not fail: {error}"),
        })?;
        match self.step {
            Some((step, How::Wrong)) if step == at => wrong(&mut outcome),
            Some((step, How::Short)) if step == at => short(&mut outcome),
            _ => {}
        }
        Ok(outcome)
    }
}

impl Backend for Faulty {
    type Key = CpuKey;
    type Committed = CpuCommitted;
    type Batch = CpuBatch;
    type Error = Lost;

    fn fallback(&self, _device: Device, _why: &str) -> Option<Cpu> {
        self.is_replaceable.then(|| self.cpu.clone())
    }

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<CpuKey, Lost> {
        self.prepared.fetch_add(1, Ordering::Relaxed);
        let prepared = self.cpu.prepare(key, chips, control).await;
        elsewhere().await;
        self.outcome(At::Prepare, prepared, |_| (), |_| ())
    }

    async fn commit_main(
        &self,
        key: &CpuKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Lost> {
        self.salts.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(salts);
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
        self.outcome(
            At::Quotient,
            outcome,
            |(_, root)| root[31] ^= 1,
            |(_, root)| *root = [0xff; 32],
        )
    }

    async fn open(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, Lost> {
        let outcome = self.cpu.open(key, trees, zeta, control).await;
        self.outcome(At::Open, outcome, |values| values[3] += EF::ONE, |values| values.truncate(5))
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<CpuBatch, Lost> {
        let values: Vec<EF> = inputs.values.iter().map(|&value| value + EF::ONE).collect();
        let wrong = BatchInputs { values: &values, ..inputs };
        let inputs = if self.step == Some((At::Batch, How::Wrong)) { wrong } else { inputs };
        self.outcome(At::Batch, self.cpu.batch(key, trees, inputs, control).await, |_| (), |_| ())
    }

    async fn commit_layer(
        &self,
        key: &CpuKey,
        batch: &mut CpuBatch,
        log_arity: usize,
    ) -> Step<Digest, Lost> {
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

    async fn rows(
        &self,
        key: &CpuKey,
        tree: &CpuCommitted,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, Lost> {
        let outcome = self.cpu.rows(key, tree, query, control).await;
        self.outcome(
            At::Rows,
            outcome,
            |rows| rows.groups[0][0] += F::ONE,
            |rows| rows.nodes.truncate(1),
        )
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

    async fn grind(
        &self,
        key: &CpuKey,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, Lost> {
        let outcome = self.cpu.grind(key, puzzle, bits, control).await;
        // The number is not a field element, so it is not a nonce in either case.
        self.outcome(At::Grind, outcome, |nonce| *nonce = u64::MAX, |nonce| *nonce = u64::MAX)
    }
}

impl Inspect for Faulty {
    async fn evaluations(
        &self,
        key: &CpuKey,
        tree: &CpuCommitted,
    ) -> Step<Vec<RowMajorMatrix<F>>, Lost> {
        let read = self.cpu.evaluations(key, tree).await;
        Ok(read.unwrap_or_else(|error| panic!("the CPU does not fail: {error}")))
    }

    async fn codeword(&self, key: &CpuKey, batch: &CpuBatch) -> Step<Vec<EF>, Lost> {
        let read = self.cpu.codeword(key, batch).await;
        Ok(read.unwrap_or_else(|error| panic!("the CPU does not fail: {error}")))
    }
}

/// Waits once until another thread wakes this one.
async fn elsewhere() {
    let mut asked = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        std::thread::spawn(move || waker.wake());
        Poll::Pending
    })
    .await;
}
