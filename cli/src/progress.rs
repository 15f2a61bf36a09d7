//! Shows on stderr what a command does and how long it has run: a bar on a terminal, a line for
//! each stage elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use velum_stark::control::{Control, Progress as Step};
use velum_wallet::measure::{self, Profile};

use crate::report::{write_stderr, write_stderr_part};

/// Number of cells of a full bar.
const BAR: usize = 30;

/// Returns to the start of the line and clears it.
const CLEAR: &str = "\r\x1b[K";

/// The progress output of one command.
pub struct Progress {
    start: Instant,
    is_terminal: bool,
    /// Whether the cursor is at the end of a bar.
    in_bar: AtomicBool,
}

impl Progress {
    /// Starts the clock. Warns once if another build would prove faster on this machine.
    pub fn start() -> Self {
        if let Some(warning) = measure::simd_warning() {
            write_stderr(format_args!("{warning}"));
        }
        let is_terminal = std::io::stderr().is_terminal();
        Self { start: Instant::now(), is_terminal, in_bar: AtomicBool::new(false) }
    }

    /// Writes a line.
    pub fn line(&self, text: &str) {
        let clear = if self.in_bar.swap(false, Ordering::Relaxed) { CLEAR } else { "" };
        write_stderr(format_args!("{clear}{}", stamped(self.seconds(), text)));
    }

    /// Runs the work of a verb, and shows its progress.
    pub fn of<T>(&self, verb: &str, work: impl FnOnce(Control<'_>) -> T) -> (T, Profile) {
        let (result, profile) = Profile::of(|step| self.step(verb, step), work);
        if self.is_terminal {
            self.line(&format!("{verb}: {:.0} ms", profile.total_ms));
        }
        (result, profile)
    }

    fn step(&self, verb: &str, step: Step) {
        let (percent, stage) = (step.fraction * 100.0, step.stage.name());
        if self.is_terminal {
            self.in_bar.store(true, Ordering::Relaxed);
            let text = format!("{verb} {} {percent:>3.0} %  {stage}", bar(step.fraction));
            write_stderr_part(format_args!("{CLEAR}{}", stamped(self.seconds(), &text)));
        } else {
            self.line(&format!("{verb}: {percent:>3.0} %  {stage}"));
        }
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

fn stamped(seconds: f64, text: &str) -> String {
    format!("{seconds:>5.1} s  {text}")
}

fn bar(fraction: f64) -> String {
    let full = (fraction.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_of_one_length() {
        assert_eq!(bar(0.0), format!("[{}]", "-".repeat(BAR)));
        assert_eq!(bar(0.5), format!("[{}{}]", "#".repeat(BAR / 2), "-".repeat(BAR / 2)));
        for fraction in [1.0, 1.5] {
            assert_eq!(bar(fraction), format!("[{}]", "#".repeat(BAR)));
        }
    }
}
