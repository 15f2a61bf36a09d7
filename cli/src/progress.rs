//! What is being done and since when, as short lines on stderr.

use std::time::Instant;

use velum_core::control::Stage;

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
    pub fn of(&self, verb: &'static str) -> impl Fn(Stage) + Send + Sync + '_ {
        move |stage| self.line(&format!("{verb}: {}", stage.name()))
    }
}

/// Runs `work`; its result and the milliseconds it took, to a tenth.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, (start.elapsed().as_secs_f64() * 10_000.0).round() / 10.0)
}
