//! A backend that uses the CPU or a GPU, whichever is faster.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_lock::OnceCell;
use velum_stark::air::Chip;
use velum_stark::backend::{
    Backend, BatchInputs, LayerQuery, LookupInputs, OpenedLayer, OpenedRows, QuotientInputs,
    SecretRows, Step, TreeQuery,
};
use velum_stark::control::{CancelToken, Control, Device, Memory};
use velum_stark::field::EF;
use velum_stark::program::Program;
use velum_stark::{
    Checked, CheckedCommitted, CheckedKey, Cpu, CpuBatch, CpuCommitted, CpuKey, Digest, ProveError,
    Puzzle, Salt, VerifierKey,
};

use crate::backend::{Batch, Committed, WebGpu, failed};
use crate::calibration::Calibration;
use crate::device::{Adapter, Gpu, GpuError, Options};
use crate::key::GpuKey;

/// Whether a GPU proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// A GPU proves if there is one, it is ready, and it is faster. The CPU proves until the GPU is
    /// ready, if the GPU fails, and under [`Memory::Low`]. Software adapters are never chosen.
    #[default]
    Auto,
    /// Never.
    Off,
    /// Always, on any adapter. Proofs wait until the GPU is ready, and fail if it fails.
    Require,
}

impl Policy {
    /// The policy in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
            Self::Require => "require",
        }
    }

    /// The policy with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Auto, Self::Off, Self::Require].into_iter().find(|policy| policy.name() == name)
    }
}

/// The backend of machines that may have a GPU. It chooses the device when a proof begins. Clones
/// share their devices.
#[derive(Clone)]
pub struct Choice(Arc<Inner>);

struct Inner {
    policy: Policy,
    cpu: Cpu,
    gpu: OnceCell<Result<Ready, GpuError>>,
    /// The calibration that a caller provided.
    calibration: Option<Calibration>,
    /// The reason for which the GPU is no longer used.
    broken: Mutex<Option<GpuError>>,
    /// Number of proofs that were begun.
    begun: AtomicU64,
    /// Cancels the opening of the GPU.
    opening: CancelToken,
    /// The thread that opens the GPU.
    #[cfg(not(target_arch = "wasm32"))]
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// A GPU whose kernels are compiled.
struct Ready {
    backend: Checked<WebGpu>,
    calibration: Calibration,
}

/// The state of the GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for it.
    Off,
    /// It is being opened, its kernels are being compiled, or it is being measured.
    Opening,
    /// It can be used.
    Ready(Adapter),
    /// There is no GPU that may be used, or it failed.
    Failed(GpuError),
}

impl Choice {
    /// The CPU and, depending on the policy, a GPU. The GPU is not opened yet: [`open`](Self::open)
    /// opens it. With a calibration that the caller kept, no measurement is necessary.
    pub fn new(policy: Policy, calibration: Option<Calibration>) -> Self {
        Self(Arc::new(Inner {
            policy,
            cpu: Cpu::default(),
            gpu: OnceCell::new(),
            calibration,
            broken: Mutex::default(),
            begun: AtomicU64::new(0),
            opening: CancelToken::new(),
            #[cfg(not(target_arch = "wasm32"))]
            thread: Mutex::default(),
        }))
    }

    /// [`new`](Self::new) with a separate thread that opens the GPU.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn start(policy: Policy, calibration: Option<Calibration>) -> Self {
        let choice = Self::new(policy, calibration);
        if policy != Policy::Off {
            let opened = choice.clone();
            let thread = std::thread::Builder::new().name("velum gpu".into());
            // Without a thread, the first proof that requires the GPU opens it.
            let thread = thread.spawn(move || velum_stark::block_on(opened.open())).ok();
            *choice.0.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread;
        }
        choice
    }

    /// Gives up opening the GPU, and waits until the thread of [`start`](Self::start) has ended. A
    /// process must not end while a driver compiles.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn stop(&self) {
        self.0.opening.cancel();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The panic of a driver was reported when it occurred.
        let _ = thread.map(std::thread::JoinHandle::join);
    }

    /// The CPU and a GPU that is ready and preferred. For tests on software adapters.
    #[cfg(any(test, feature = "testing"))]
    pub fn of(gpu: Gpu, policy: Policy) -> Self {
        let calibration = Calibration::preferring_gpu();
        let choice = Self::new(policy, Some(calibration.clone()));
        let ready = Ready { backend: Checked(WebGpu::new(gpu)), calibration };
        assert!(choice.0.gpu.set_blocking(Ok(ready)).is_ok(), "nothing is opened yet");
        choice
    }

    /// Opens the GPU, compiles its kernels and measures it, once. Concurrent callers wait.
    pub async fn open(&self) {
        let _ = self.ready().await;
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.0.policy
    }

    /// The current state of the GPU.
    pub fn state(&self) -> State {
        if let Some(error) = self.broken() {
            return State::Failed(error);
        }
        match self.0.gpu.get() {
            _ if self.0.policy == Policy::Off => State::Off,
            None => State::Opening,
            Some(Ok(ready)) => {
                let gpu = ready.backend.0.gpu();
                gpu.check().map_or_else(State::Failed, |()| State::Ready(gpu.adapter().clone()))
            }
            Some(Err(error)) => State::Failed(error.clone()),
        }
    }

    /// The measurements, once there are any. The caller can provide them again when the same device
    /// starts again.
    pub fn calibration(&self) -> Option<Calibration> {
        self.0.gpu.get()?.as_ref().ok().map(|ready| ready.calibration.clone())
    }

    async fn ready(&self) -> Result<&Ready, GpuError> {
        let open = async || {
            let policy = self.0.policy;
            if policy == Policy::Off {
                return Err(GpuError::NoAdapter("it is switched off".into()));
            }
            let options = Options { software: policy == Policy::Require, ..Options::default() };
            let control = Control::none().cancelled_by(&self.0.opening);
            let backend = Checked(WebGpu::new(Gpu::open_under(options, &control).await?));
            let calibration = match (&self.0.calibration, policy) {
                (Some(kept), _) => kept.clone(),
                (None, Policy::Auto) => {
                    let begun = || self.0.begun.load(Ordering::Relaxed);
                    Calibration::measure(&self.0.cpu, &backend, begun, &control).await?
                }
                (None, _) => Calibration::default(),
            };
            Ok(Ready { backend, calibration })
        };
        self.0.gpu.get_or_init(open).await.as_ref().map_err(Clone::clone)
    }

    fn broken(&self) -> Option<GpuError> {
        self.0.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops using the GPU.
    fn give_up(&self, error: GpuError) {
        self.0.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Handles the outcome of a step on the GPU. Unless the GPU is required, it is not used again
    /// after a step has failed.
    fn outcome<T>(&self, outcome: Step<T, GpuError>) -> Step<T, GpuError> {
        if self.0.policy == Policy::Auto {
            match &outcome {
                Err(ProveError::Backend(error)) => self.give_up(error.clone()),
                Err(ProveError::Faulty(what)) => {
                    self.give_up(GpuError::Failed(format!("it returned {what}")))
                }
                _ => {}
            }
        }
        outcome
    }

    /// The GPU that is used for a key now, if any.
    fn chosen(&self, key: &ChoiceKey) -> Option<&Ready> {
        let ready = self.0.gpu.get()?.as_ref().ok()?;
        let wins =
            self.0.policy == Policy::Require || ready.calibration.prefers_gpu(key.log_height());
        (wins && key.program.is_some() && self.broken().is_none()).then_some(ready)
    }
}

/// What either device computes before the witness is known, at its first use.
///
/// No caller waits for another caller that computes it. A thread that shares the CPU's work would
/// otherwise wait for work that lies below on its own stack. Two callers that need it at once
/// compute it twice.
pub struct ChoiceKey {
    verifier: Arc<VerifierKey>,
    /// `None` if no GPU was available when the key was prepared.
    program: Option<Program>,
    cpu: OnceLock<CpuKey>,
    gpu: OnceLock<CheckedKey<GpuKey>>,
}

impl ChoiceKey {
    fn log_height(&self) -> usize {
        self.verifier.shape().log_height()
    }

    fn cpu(&self, cpu: &Cpu, control: &Control<'_>) -> Step<&CpuKey, GpuError> {
        kept(&self.cpu, || Ok(cpu.key(&self.verifier, control)?))
    }

    fn gpu(&self, gpu: &Gpu) -> Step<&CheckedKey<GpuKey>, GpuError> {
        kept(&self.gpu, || {
            let program =
                self.program.clone().ok_or(ProveError::Faulty("a key without a program"))?;
            let key = GpuKey::new(gpu, self.verifier.clone(), program).map_err(failed)?;
            Ok(CheckedKey::new(key, self.verifier.clone()))
        })
    }
}

/// The stored value, which `make` computes if there is none yet.
fn kept<T>(place: &OnceLock<T>, make: impl FnOnce() -> Step<T, GpuError>) -> Step<&T, GpuError> {
    if place.get().is_none() {
        let made = make()?;
        // Another caller may have been first. Its value is used then.
        let _ = place.set(made);
    }
    place.get().ok_or(ProveError::Faulty("a key that was not stored"))
}

/// A tree on either device.
pub enum ChoiceCommitted {
    /// A tree of the CPU.
    Cpu(CpuCommitted),
    /// A tree of the GPU.
    Gpu(Box<CheckedCommitted<Committed>>),
}

/// A codeword on either device.
pub enum ChoiceBatch {
    /// A codeword of the CPU.
    Cpu(CpuBatch),
    /// A codeword of the GPU.
    Gpu(Batch),
}

/// The outcome of a step on the CPU, which does not fail.
fn of_cpu<T>(outcome: Step<T, Infallible>) -> Step<T, GpuError> {
    outcome.map_err(|error| match error {
        ProveError::Cancelled(cancelled) => ProveError::Cancelled(cancelled),
        ProveError::Randomness(error) => ProveError::Randomness(error),
        ProveError::Faulty(what) => ProveError::Faulty(what),
        _ => ProveError::Faulty("an error of an unknown kind"),
    })
}

/// The error if the trees of a step are on two devices and thus belong to two proofs.
const MIXED: &str = "trees that are on another device";

/// The trees of one device.
fn trees<'a, T>(
    trees: &[&'a ChoiceCommitted],
    of: impl Fn(&'a ChoiceCommitted) -> Option<&'a T>,
) -> Step<Vec<&'a T>, GpuError> {
    trees.iter().map(|tree| of(tree)).collect::<Option<_>>().ok_or(ProveError::Faulty(MIXED))
}

impl ChoiceCommitted {
    fn cpu(&self) -> Option<&CpuCommitted> {
        match self {
            Self::Cpu(tree) => Some(tree),
            Self::Gpu(_) => None,
        }
    }

    fn gpu(&self) -> Option<&CheckedCommitted<Committed>> {
        match self {
            Self::Gpu(tree) => Some(tree),
            Self::Cpu(_) => None,
        }
    }
}

impl ChoiceBatch {
    fn device(&self) -> Device {
        match self {
            Self::Cpu(_) => Device::Cpu,
            Self::Gpu(_) => Device::Gpu,
        }
    }
}

/// One device's backend and its key.
enum Chosen<'a> {
    Cpu(&'a Cpu, &'a CpuKey),
    Gpu(&'a Checked<WebGpu>, &'a CheckedKey<GpuKey>),
}

impl Choice {
    /// The device on which a proof was begun. Its key was computed then.
    fn made<'a>(&'a self, key: &'a ChoiceKey, device: Device) -> Step<Chosen<'a>, GpuError> {
        let made = match device {
            Device::Cpu => key.cpu.get().map(|key| Chosen::Cpu(&self.0.cpu, key)),
            Device::Gpu => {
                let ready = self.0.gpu.get().and_then(|ready| ready.as_ref().ok());
                ready.zip(key.gpu.get()).map(|(ready, key)| Chosen::Gpu(&ready.backend, key))
            }
        };
        made.ok_or(ProveError::Faulty(MIXED))
    }

    /// The device on which a proof is begun, with its key.
    async fn on<'a>(
        &'a self,
        key: &'a ChoiceKey,
        control: &Control<'_>,
    ) -> Step<Chosen<'a>, GpuError> {
        match control.device() {
            Device::Cpu => Ok(Chosen::Cpu(&self.0.cpu, key.cpu(&self.0.cpu, control)?)),
            Device::Gpu => {
                let backend = &self.ready().await.map_err(failed)?.backend;
                Ok(Chosen::Gpu(backend, key.gpu(backend.0.gpu())?))
            }
        }
    }
}

impl Backend for Choice {
    type Key = ChoiceKey;
    type Committed = ChoiceCommitted;
    type Batch = ChoiceBatch;
    type Error = GpuError;

    fn free_memory(&self) {
        self.0.cpu.free_memory();
        if let Some(Ok(ready)) = self.0.gpu.get() {
            ready.backend.free_memory();
        }
    }

    fn fallback(&self, device: Device, why: &str) -> Option<Cpu> {
        // A wrong result of the CPU would occur again.
        let may_replace = self.0.policy == Policy::Auto && device == Device::Gpu;
        may_replace.then(|| {
            self.give_up(GpuError::Failed(why.into()));
            self.0.cpu.clone()
        })
    }

    async fn prepare<C: Chip>(
        &self,
        key: &Arc<VerifierKey>,
        chips: &[C],
        control: &Control<'_>,
    ) -> Step<ChoiceKey, GpuError> {
        let may_use_gpu = !matches!(self.state(), State::Off | State::Failed(_));
        let key = ChoiceKey {
            verifier: key.clone(),
            program: may_use_gpu.then(|| key.program(chips)),
            cpu: OnceLock::new(),
            gpu: OnceLock::new(),
        };
        let device = self.begin(&key, control).await?;
        let made = self.outcome(self.on(&key, &control.on(device)).await.map(drop));
        match made {
            // The key serves both devices, so the CPU continues.
            Err(ProveError::Backend(_) | ProveError::Faulty(_))
                if self.0.policy == Policy::Auto && device == Device::Gpu =>
            {
                self.on(&key, &control.on(Device::Cpu)).await?;
            }
            made => made?,
        }
        Ok(key)
    }

    async fn begin(&self, key: &ChoiceKey, control: &Control<'_>) -> Step<Device, GpuError> {
        control.check()?;
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        if self.0.policy == Policy::Require {
            self.ready().await.map_err(failed)?;
            return Ok(Device::Gpu);
        }
        // The CPU's memory is bounded under `Memory::Low`. The GPU's is not.
        let is_gpu = control.memory() == Memory::Normal && self.chosen(key).is_some();
        Ok(if is_gpu { Device::Gpu } else { Device::Cpu })
    }

    async fn commit_main(
        &self,
        key: &ChoiceKey,
        rows: SecretRows,
        salts: &[Salt],
        control: &Control<'_>,
    ) -> Step<(ChoiceCommitted, Digest), GpuError> {
        match self.on(key, control).await? {
            Chosen::Cpu(cpu, key) => {
                let (tree, root) = of_cpu(cpu.commit_main(key, rows, salts, control).await)?;
                Ok((ChoiceCommitted::Cpu(tree), root))
            }
            Chosen::Gpu(gpu, key) => {
                let (tree, root) =
                    self.outcome(gpu.commit_main(key, rows, salts, control).await)?;
                Ok((ChoiceCommitted::Gpu(tree.into()), root))
            }
        }
    }

    async fn commit_lookups<C: Chip>(
        &self,
        key: &ChoiceKey,
        main: &mut ChoiceCommitted,
        inputs: LookupInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(ChoiceCommitted, Digest, Vec<EF>), GpuError> {
        match (self.made(key, control.device())?, main) {
            (Chosen::Cpu(cpu, key), ChoiceCommitted::Cpu(main)) => {
                let (tree, root, terminals) =
                    of_cpu(cpu.commit_lookups(key, main, inputs, control).await)?;
                Ok((ChoiceCommitted::Cpu(tree), root, terminals))
            }
            (Chosen::Gpu(gpu, key), ChoiceCommitted::Gpu(main)) => {
                let (tree, root, terminals) =
                    self.outcome(gpu.commit_lookups(key, main, inputs, control).await)?;
                Ok((ChoiceCommitted::Gpu(tree.into()), root, terminals))
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn commit_quotient<C: Chip>(
        &self,
        key: &ChoiceKey,
        main_and_lookup: [&ChoiceCommitted; 2],
        inputs: QuotientInputs<'_, C>,
        control: &Control<'_>,
    ) -> Step<(ChoiceCommitted, Digest), GpuError> {
        match (self.made(key, control.device())?, main_and_lookup) {
            (Chosen::Cpu(cpu, key), [ChoiceCommitted::Cpu(main), ChoiceCommitted::Cpu(lookup)]) => {
                let (tree, root) =
                    of_cpu(cpu.commit_quotient(key, [main, lookup], inputs, control).await)?;
                Ok((ChoiceCommitted::Cpu(tree), root))
            }
            (Chosen::Gpu(gpu, key), [ChoiceCommitted::Gpu(main), ChoiceCommitted::Gpu(lookup)]) => {
                let (tree, root) =
                    self.outcome(gpu.commit_quotient(key, [main, lookup], inputs, control).await)?;
                Ok((ChoiceCommitted::Gpu(tree.into()), root))
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn open(
        &self,
        key: &ChoiceKey,
        opened: &[&ChoiceCommitted],
        zeta: EF,
        control: &Control<'_>,
    ) -> Step<Vec<EF>, GpuError> {
        match self.made(key, control.device())? {
            Chosen::Cpu(cpu, key) => {
                of_cpu(cpu.open(key, &trees(opened, ChoiceCommitted::cpu)?, zeta, control).await)
            }
            Chosen::Gpu(gpu, key) => self
                .outcome(gpu.open(key, &trees(opened, ChoiceCommitted::gpu)?, zeta, control).await),
        }
    }

    async fn batch(
        &self,
        key: &ChoiceKey,
        opened: &[&ChoiceCommitted],
        inputs: BatchInputs<'_>,
        control: &Control<'_>,
    ) -> Step<ChoiceBatch, GpuError> {
        match self.made(key, control.device())? {
            Chosen::Cpu(cpu, key) => {
                let trees = trees(opened, ChoiceCommitted::cpu)?;
                of_cpu(cpu.batch(key, &trees, inputs, control).await).map(ChoiceBatch::Cpu)
            }
            Chosen::Gpu(gpu, key) => {
                let trees = trees(opened, ChoiceCommitted::gpu)?;
                self.outcome(gpu.batch(key, &trees, inputs, control).await).map(ChoiceBatch::Gpu)
            }
        }
    }

    async fn commit_layer(
        &self,
        key: &ChoiceKey,
        batch: &mut ChoiceBatch,
        log_arity: usize,
    ) -> Step<Digest, GpuError> {
        match (self.made(key, batch.device())?, batch) {
            (Chosen::Cpu(cpu, key), ChoiceBatch::Cpu(batch)) => {
                of_cpu(cpu.commit_layer(key, batch, log_arity).await)
            }
            (Chosen::Gpu(gpu, key), ChoiceBatch::Gpu(batch)) => {
                self.outcome(gpu.commit_layer(key, batch, log_arity).await)
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn fold(
        &self,
        key: &ChoiceKey,
        batch: &mut ChoiceBatch,
        challenges: &[EF],
    ) -> Step<(), GpuError> {
        match (self.made(key, batch.device())?, batch) {
            (Chosen::Cpu(cpu, key), ChoiceBatch::Cpu(batch)) => {
                of_cpu(cpu.fold(key, batch, challenges).await)
            }
            (Chosen::Gpu(gpu, key), ChoiceBatch::Gpu(batch)) => {
                self.outcome(gpu.fold(key, batch, challenges).await)
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn final_polynomial(
        &self,
        key: &ChoiceKey,
        batch: &mut ChoiceBatch,
    ) -> Step<Vec<EF>, GpuError> {
        match (self.made(key, batch.device())?, batch) {
            (Chosen::Cpu(cpu, key), ChoiceBatch::Cpu(batch)) => {
                of_cpu(cpu.final_polynomial(key, batch).await)
            }
            (Chosen::Gpu(gpu, key), ChoiceBatch::Gpu(batch)) => {
                self.outcome(gpu.final_polynomial(key, batch).await)
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn rows(
        &self,
        key: &ChoiceKey,
        tree: &ChoiceCommitted,
        query: &TreeQuery,
        control: &Control<'_>,
    ) -> Step<OpenedRows, GpuError> {
        match (self.made(key, control.device())?, tree) {
            (Chosen::Cpu(cpu, key), ChoiceCommitted::Cpu(tree)) => {
                of_cpu(cpu.rows(key, tree, query, control).await)
            }
            (Chosen::Gpu(gpu, key), ChoiceCommitted::Gpu(tree)) => {
                self.outcome(gpu.rows(key, tree, query, control).await)
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn layer(
        &self,
        key: &ChoiceKey,
        batch: &ChoiceBatch,
        layer: usize,
        query: &LayerQuery,
    ) -> Step<OpenedLayer, GpuError> {
        match (self.made(key, batch.device())?, batch) {
            (Chosen::Cpu(cpu, key), ChoiceBatch::Cpu(batch)) => {
                of_cpu(cpu.layer(key, batch, layer, query).await)
            }
            (Chosen::Gpu(gpu, key), ChoiceBatch::Gpu(batch)) => {
                self.outcome(gpu.layer(key, batch, layer, query).await)
            }
            _ => Err(ProveError::Faulty(MIXED)),
        }
    }

    async fn grind(
        &self,
        key: &ChoiceKey,
        puzzle: &Puzzle,
        bits: usize,
        control: &Control<'_>,
    ) -> Step<u64, GpuError> {
        match self.made(key, control.device())? {
            Chosen::Cpu(cpu, key) => of_cpu(cpu.grind(key, puzzle, bits, control).await),
            Chosen::Gpu(gpu, key) => self.outcome(gpu.grind(key, puzzle, bits, control).await),
        }
    }
}
