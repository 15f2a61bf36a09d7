//! Watching, bounding and stopping long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use thiserror::Error;

/// What a prover is doing. Some stages come several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Computing what does not depend on the witness, once a size class.
    Keys,
    /// Filling the tables.
    Witness,
    /// Low-degree extension of columns.
    Extension,
    /// Hashing rows and trees.
    Hashing,
    /// Searching nonces.
    Grinding,
    /// Filling the columns of the lookup argument.
    Lookups,
    /// Evaluating the constraints.
    Quotient,
    /// Evaluating columns at the out-of-domain points, and batching them.
    Openings,
    /// Folding the batch (FRI), its trees included.
    Folding,
    /// Gathering what the queries open.
    Queries,
    /// Checking the proof before it is handed out.
    Check,
    /// Beginning anew on the processor, since another device failed.
    Fallback,
}

impl Stage {
    /// The stage in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Witness => "witness",
            Self::Extension => "low-degree extension",
            Self::Hashing => "hashing",
            Self::Grinding => "grinding",
            Self::Lookups => "lookup columns",
            Self::Quotient => "quotient",
            Self::Openings => "openings",
            Self::Folding => "FRI",
            Self::Queries => "queries",
            Self::Check => "check",
            Self::Fallback => "fallback",
        }
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU, or an adapter that stands for one.
    Gpu,
}

impl Device {
    /// The device in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// How far work has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The stage that begins.
    pub stage: Stage,
    /// What it is computed on.
    pub device: Device,
    /// The part of the whole that is done, 0 to 1: an estimate, never falling.
    pub fraction: f64,
}

/// Stops work from another thread: every clone stands for the same work.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    cancelled: AtomicBool,
    #[cfg(any(test, feature = "testing"))]
    looks: looks::Looks,
}

impl CancelToken {
    /// A token not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop, which it does within tens of milliseconds for a document of class `standard`.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        #[cfg(any(test, feature = "testing"))]
        self.0.count_look();
        self.0.cancelled.load(Ordering::Relaxed)
    }
}

/// The work was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How much memory work may take at once, for speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Memory {
    /// As much as is fastest: columns stay extended. At rates below 1/8 they do not, since they would take several times the memory for little.
    #[default]
    Normal,
    /// As little as possible: columns are extended piece by piece, and again where they are read again. The proof is the same.
    Low,
}

/// How the caller follows, bounds and stops work.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    cancel: Option<&'a CancelToken>,
    memory: Memory,
    device: Device,
    progress: Option<&'a (dyn Fn(Progress) + Send + Sync)>,
    /// Where it is kept how far work has come.
    reached: Option<&'a Reached>,
    /// The part of the whole that this work is.
    part: (f64, f64),
}

/// How far work has come and on what, for who begins it anew and would not have its progress fall.
#[derive(Debug, Default)]
pub struct Reached {
    done: AtomicU32,
    has_gpu: AtomicBool,
}

/// What a whole is counted as.
const WHOLE: f64 = 65_536.0;

impl Reached {
    fn set(&self, fraction: f64, device: Device) {
        self.done.fetch_max((fraction * WHOLE).ceil() as u32, Ordering::Relaxed);
        self.has_gpu.fetch_or(device == Device::Gpu, Ordering::Relaxed);
    }

    /// The fraction of the work that is done.
    pub fn fraction(&self) -> f64 {
        f64::from(self.done.load(Ordering::Relaxed)) / WHOLE
    }

    /// What computed it: a GPU where one computed any of it.
    pub fn device(&self) -> Device {
        if self.has_gpu.load(Ordering::Relaxed) { Device::Gpu } else { Device::Cpu }
    }
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self::none()
    }
}

impl<'a> Control<'a> {
    /// Neither followed nor stopped, and as fast as it can be.
    pub const fn none() -> Self {
        Self {
            cancel: None,
            memory: Memory::Normal,
            device: Device::Cpu,
            progress: None,
            reached: None,
            part: (0.0, 1.0),
        }
    }

    /// Stops when `token` is cancelled.
    #[must_use]
    pub const fn cancelled_by(self, token: &'a CancelToken) -> Self {
        Self { cancel: Some(token), ..self }
    }

    /// Takes so much memory.
    #[must_use]
    pub const fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// How much memory it may take.
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Is computed on this device.
    #[must_use]
    pub const fn on(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// What it is computed on.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// Keeps how far the work has come.
    #[must_use]
    pub const fn keeping(self, reached: &'a Reached) -> Self {
        Self { reached: Some(reached), ..self }
    }

    /// Calls `progress` as each stage begins, from the thread that works.
    #[must_use]
    pub const fn reporting_to(self, progress: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// The control of a part of the work, from the one fraction of it to the other.
    #[must_use]
    pub fn part(self, from: f64, to: f64) -> Self {
        let (start, end) = self.part;
        let at = |fraction: f64| start + (end - start) * fraction;
        Self { part: (at(from), at(to)), ..self }
    }

    /// Whether the work was cancelled. Whoever loops over much work looks each time round.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// Stops where the work was cancelled.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a stage when a fraction of the work is done, unless the work was cancelled.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn begin(&self, stage: Stage, fraction: f64) -> Result<(), Cancelled> {
        self.check()?;
        let fraction = self.part(fraction, 1.0).part.0;
        if let Some(reached) = self.reached {
            reached.set(fraction, self.device);
        }
        if let Some(progress) = self.progress {
            progress(Progress { stage, device: self.device, fraction });
        }
        Ok(())
    }
}

/// Counts how often a token is looked at, and cancels it at one of these looks.
#[cfg(any(test, feature = "testing"))]
mod looks {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{CancelToken, Flag};

    #[derive(Debug)]
    pub(super) struct Looks {
        so_far: AtomicUsize,
        last: AtomicUsize,
    }

    impl Default for Looks {
        fn default() -> Self {
            Self { so_far: AtomicUsize::new(0), last: AtomicUsize::new(usize::MAX) }
        }
    }

    impl Flag {
        pub(super) fn count_look(&self) {
            if self.looks.so_far.fetch_add(1, Ordering::Relaxed)
                >= self.looks.last.load(Ordering::Relaxed)
            {
                self.cancelled.store(true, Ordering::Relaxed);
            }
        }
    }

    impl CancelToken {
        /// A token that is cancelled when it was looked at so many times.
        pub fn after_looks(looks: usize) -> Self {
            let token = Self::new();
            token.0.looks.last.store(looks, Ordering::Relaxed);
            token
        }

        /// How often it was looked at.
        pub fn looks(&self) -> usize {
            self.0.looks.so_far.load(Ordering::Relaxed)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn how_far_work_has_come_is_kept() {
        let reached = Reached::default();
        let control = Control::none().keeping(&reached);
        control.part(0.5, 1.0).begin(Stage::Hashing, 0.5).unwrap();
        assert_eq!(reached.fraction(), 0.75);
        control.begin(Stage::Fallback, 0.0).unwrap();
        assert_eq!(reached.fraction(), 0.75);
    }

    #[test]
    fn reports_stages_until_cancelled() {
        let (token, seen) = (CancelToken::new(), Mutex::new(Vec::new()));
        let progress = |progress: Progress| seen.lock().unwrap().push(progress);
        let control = Control::none().cancelled_by(&token).reporting_to(&progress);
        control.begin(Stage::Witness, 0.0).unwrap();
        control.on(Device::Gpu).part(0.5, 1.0).part(0.0, 0.5).begin(Stage::Hashing, 0.5).unwrap();
        token.clone().cancel();
        assert_eq!(control.begin(Stage::Check, 0.9), Err(Cancelled));
        let expected = [(Stage::Witness, Device::Cpu, 0.0), (Stage::Hashing, Device::Gpu, 0.625)];
        let expected =
            expected.map(|(stage, device, fraction)| Progress { stage, device, fraction });
        assert_eq!(*seen.lock().unwrap(), expected);
    }
}
