//! What is being done and since when, as short lines on stderr, and where the time went.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use velum_core::control::{Progress as Step, Stage};

use crate::report::write_stderr;

/// The clock of one command.
pub struct Progress(Instant);

impl Progress {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// A line.
    pub fn line(&self, text: &str) {
        write_stderr(format_args!("{:>5.1} s  {text}", self.0.elapsed().as_secs_f64()));
    }

    /// A line for each stage of a verb, to be handed to a prover.
    pub fn of(&self, verb: &'static str) -> impl Fn(Step) + Send + Sync + '_ {
        move |step| self.line(&format!("{verb}: {:>3.0} %  {}", step.fraction * 100.0, step.stage.name()))
    }
}

/// The time that each stage took.
pub struct Profile(Mutex<Times>);

struct Times {
    current: Option<Stage>,
    since: Instant,
    spent: BTreeMap<Stage, Duration>,
}

impl Profile {
    /// Starts now.
    pub fn start() -> Self {
        Self(Mutex::new(Times { current: None, since: Instant::now(), spent: BTreeMap::new() }))
    }

    /// Another stage begins.
    pub fn enter(&self, stage: Stage) {
        self.lock().switch(Some(stage));
    }

    /// Stages in order and the milliseconds of each, to a tenth; the last ends now.
    pub fn finish(&self) -> Vec<(&'static str, f64)> {
        let mut times = self.lock();
        times.switch(None);
        times.spent.iter().map(|(stage, spent)| (stage.name(), milliseconds(*spent))).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    fn switch(&mut self, stage: Option<Stage>) {
        let now = Instant::now();
        if let Some(current) = self.current {
            *self.spent.entry(current).or_default() += now - self.since;
        }
        (self.current, self.since) = (stage, now);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Runs `work`; its result and the milliseconds it took, to a tenth.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, milliseconds(start.elapsed()))
}
