//! Proving on other devices than the processor, and as a future.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use velum_credentials::{Code, PrepareOptions, Prover, SizeClass, Suite, Verifier};
use velum_stark::air::Chip;
use velum_stark::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientInputs, SecretRows,
    Step, TreeQuery,
};
use velum_stark::control::Control;
use velum_stark::field::EF;
use velum_stark::{Cpu, CpuBatch, CpuCommitted, CpuKey, Digest, ProveError, Salt, VerifierKey, block_on};
use velum_testdata::MUSTERMANN;

use super::{ANY_CLOCK, Session};

/// A processor that is lost where it is told to be, and counts the keys that it prepares.
#[derive(Clone, Default)]
struct Device {
    cpu: Cpu,
    keys: Arc<AtomicUsize>,
    lost: Option<At>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Prepare,
    Commit,
    Rows,
}

#[derive(Debug, thiserror::Error)]
#[error("the device is lost")]
struct Lost;

impl Device {
    fn check(&self, at: At) -> Result<(), Lost> {
        if self.lost == Some(at) { Err(Lost) } else { Ok(()) }
    }
}

/// The processor's outcome as one of the device.
fn done<T>(outcome: Step<T, std::convert::Infallible>) -> Step<T, Lost> {
    outcome.map_err(|error| match error {
        ProveError::Cancelled(cancelled) => ProveError::Cancelled(cancelled),
        error => panic!("the processor does not fail: {error}"),
    })
}

impl Backend for Device {
    type Key = CpuKey;
    type Committed = CpuCommitted;
    type Batch = CpuBatch;
    type Error = Lost;

    async fn prepare<C: Chip>(&self, key: &Arc<VerifierKey>, chips: &[C]) -> Result<CpuKey, Lost> {
        self.keys.fetch_add(1, Ordering::Relaxed);
        self.check(At::Prepare)?;
        // Elsewhere for a while, as a device that compiles its shaders is.
        let mut asked = false;
        std::future::poll_fn(|context| match std::mem::replace(&mut asked, true) {
            true => std::task::Poll::Ready(()),
            false => {
                let waker = context.waker().clone();
                std::thread::spawn(move || waker.wake());
                std::task::Poll::Pending
            }
        })
        .await;
        Ok(self.cpu.prepare(key, chips).await.unwrap_or_else(|never| match never {}))
    }

    async fn commit_main(
        &self,
        key: &CpuKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Lost> {
        self.check(At::Commit).map_err(ProveError::Backend)?;
        done(self.cpu.commit_main(key, rows, salts, control).await)
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &CpuKey,
        main: &mut CpuCommitted,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest, Vec<EF>), Lost> {
        done(self.cpu.commit_lookups(key, main, inputs, control).await)
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &CpuKey,
        main_and_lookup: [&CpuCommitted; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(CpuCommitted, Digest), Lost> {
        done(self.cpu.commit_quotient(key, main_and_lookup, inputs, control).await)
    }

    async fn open(&self, key: &CpuKey, trees: &[&CpuCommitted], zeta: EF) -> Step<Vec<EF>, Lost> {
        done(self.cpu.open(key, trees, zeta).await)
    }

    async fn batch(
        &self,
        key: &CpuKey,
        trees: &[&CpuCommitted],
        inputs: BatchInputs<'_>,
    ) -> Step<CpuBatch, Lost> {
        done(self.cpu.batch(key, trees, inputs).await)
    }

    async fn commit_layer(&self, key: &CpuKey, batch: &mut CpuBatch, log_arity: usize) -> Step<Digest, Lost> {
        done(self.cpu.commit_layer(key, batch, log_arity).await)
    }

    async fn fold(&self, key: &CpuKey, batch: &mut CpuBatch, challenges: &[EF]) -> Step<(), Lost> {
        done(self.cpu.fold(key, batch, challenges).await)
    }

    async fn final_polynomial(&self, key: &CpuKey, batch: &mut CpuBatch) -> Step<Vec<EF>, Lost> {
        done(self.cpu.final_polynomial(key, batch).await)
    }

    async fn rows(&self, key: &CpuKey, tree: &CpuCommitted, query: &TreeQuery) -> Step<OpenedRows, Lost> {
        self.check(At::Rows).map_err(ProveError::Backend)?;
        done(self.cpu.rows(key, tree, query).await)
    }

    async fn layer(
        &self,
        key: &CpuKey,
        batch: &CpuBatch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, Lost> {
        done(self.cpu.layer(key, batch, layer, query).await)
    }
}

#[test]
fn a_lost_device_is_told_by_its_code() {
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    for lost in [At::Prepare, At::Commit, At::Rows] {
        let prover = Prover::on(Device { lost: Some(lost), ..Device::default() }, Suite::Direct);
        let error = prover.prepare(document, request, PrepareOptions::default()).err().unwrap();
        assert_eq!(error.code(), Code::Backend);
        assert!(error.to_string().contains("the device is lost"), "{error}");
    }
}

#[test]
fn a_device_answers_as_the_processor_does_and_makes_its_keys_once() {
    fn crosses<T: Send>(value: T) -> T {
        value
    }
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    let device = Device::default();
    let prover = Prover::on(device.clone(), Suite::Direct);
    let standard = SizeClass::by_name("standard").unwrap();
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| prover.make_keys(standard, &Control::none()).unwrap());
        }
    });
    let prepared = block_on(crosses(prover.prepare_async(document, request, PrepareOptions::default())));
    let presented =
        prover.present_async(prepared.unwrap(), document, &session.transcript, request, ANY_CLOCK);
    let presentation = block_on(crosses(presented)).unwrap();
    // One for each of the two proofs.
    assert_eq!(device.keys.load(Ordering::Relaxed), 2);
    Verifier::new().verify(&presentation, &session.transcript, request).unwrap();
}
