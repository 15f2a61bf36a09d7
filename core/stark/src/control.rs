//! Watching, bounding and stopping long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use thiserror::Error;

/// What a prover is doing. Some stages occur several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Computing what does not depend on the witness, once for each size class.
    Keys,
    /// Filling the tables.
    Witness,
    /// Low-degree extension of columns.
    Extension,
    /// Hashing rows and trees.
    Hashing,
    /// Searching for nonces.
    Grinding,
    /// Filling the columns of the lookup argument.
    Lookups,
    /// Evaluating the constraints.
    Quotient,
    /// Evaluating columns at the out-of-domain points, and batching them.
    Openings,
    /// Folding the batch (FRI), including its trees.
    Folding,
    /// Gathering what the queries open.
    Queries,
    /// Checking the proof before it is handed out.
    Check,
    /// Restarting on the CPU because another device failed.
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

/// The kind of device that computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
    /// A GPU, or an adapter that stands for one.
    Gpu,
}

impl Device {
    /// The device in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// How much of the work is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The stage that begins.
    pub stage: Stage,
    /// The device that computes it.
    pub device: Device,
    /// The fraction of the whole work that is done, from 0 to 1. It is an estimate and never falls.
    pub fraction: f64,
}

/// Stops work from another thread. All clones of a token stand for the same work.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    cancelled: AtomicBool,
    #[cfg(any(test, feature = "testing"))]
    looks: looks::Looks,
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop. The work stops within tens of milliseconds for a document of class
    /// `standard`.
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

/// How much memory the work may use at once for the sake of speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Memory {
    /// As much as is fastest: columns stay extended. At rates below 1/8 they do not, since they
    /// would take several times the memory for little gain.
    #[default]
    Normal,
    /// As little as possible: columns are extended piece by piece, and again wherever they are read
    /// again. The proof is the same.
    Low,
}

/// The caller's means to follow, bound and stop work.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    cancel: Option<&'a CancelToken>,
    memory: Memory,
    device: Device,
    progress: Option<&'a (dyn Fn(Progress) + Send + Sync)>,
    /// Where the progress of the work is recorded.
    reached: Option<&'a Reached>,
    /// The part of the whole that this work is, as its first and last fraction.
    part: (f64, f64),
}

/// How much of the work is done, and on which device. A caller that restarts the work keeps it, so
/// that the progress does not fall.
#[derive(Debug, Default)]
pub struct Reached {
    done: AtomicU32,
    has_gpu: AtomicBool,
}

/// The number that stands for the whole.
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

    /// The device that computed it: a GPU if a GPU computed any part of it.
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
    /// A control that neither follows nor stops work, and allows as much memory as is fastest.
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

    /// Stops the work when `token` is cancelled.
    #[must_use]
    pub const fn cancelled_by(self, token: &'a CancelToken) -> Self {
        Self { cancel: Some(token), ..self }
    }

    /// Limits the memory of the work.
    #[must_use]
    pub const fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// How much memory the work may use.
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Sets the device that computes.
    #[must_use]
    pub const fn on(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// The device that computes.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// Records the progress of the work in `reached`.
    #[must_use]
    pub const fn keeping(self, reached: &'a Reached) -> Self {
        Self { reached: Some(reached), ..self }
    }

    /// Calls `progress` as each stage begins, from the thread that works.
    #[must_use]
    pub const fn reporting_to(self, progress: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// The control of a part of the work, from the fraction `from` to the fraction `to`.
    #[must_use]
    pub fn part(self, from: f64, to: f64) -> Self {
        let (start, end) = self.part;
        let at = |fraction: f64| start + (end - start) * fraction;
        Self { part: (at(from), at(to)), ..self }
    }

    /// Whether the work was cancelled. A loop over much work checks this in each iteration.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(CancelToken::is_cancelled)
    }

    /// Returns an error if the work was cancelled.
    ///
    /// # Errors
    /// Returns [`Cancelled`] if the work was cancelled.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a stage when a fraction of the work is done, unless the work was cancelled.
    ///
    /// # Errors
    /// Returns [`Cancelled`] if the work was cancelled.
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

/// Counts how often a token is checked, and cancels it at one of these checks.
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
        /// A token that is cancelled after this number of checks.
        pub fn after_looks(looks: usize) -> Self {
            let token = Self::new();
            token.0.looks.last.store(looks, Ordering::Relaxed);
            token
        }

        /// The number of checks so far.
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
