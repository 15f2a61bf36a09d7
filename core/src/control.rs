//! Watching and stopping long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

/// A part of proving, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Committing to the fixed columns, once a size class.
    Keys,
    /// Filling the tables.
    Witness,
    /// Making the proof.
    Proof,
    /// Checking the proof before it is handed out.
    Check,
}

impl Stage {
    /// The stage in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "fixed columns",
            Self::Witness => "witness",
            Self::Proof => "proof",
            Self::Check => "check",
        }
    }
}

/// Stops work from another thread: every clone stands for the same work.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop at the next boundary between stages.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The work was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How the caller follows and stops work.
#[derive(Clone, Copy, Default)]
pub struct Control<'a> {
    cancel: Option<&'a CancelToken>,
    progress: Option<&'a (dyn Fn(Stage) + Send + Sync)>,
}

impl<'a> Control<'a> {
    /// Neither followed nor stopped.
    pub const fn none() -> Self {
        Self { cancel: None, progress: None }
    }

    /// Stops when `token` is cancelled.
    #[must_use]
    pub const fn cancelled_by(self, token: &'a CancelToken) -> Self {
        Self { cancel: Some(token), ..self }
    }

    /// Calls `progress` as each stage begins, from the thread that works.
    #[must_use]
    pub const fn reporting_to(self, progress: &'a (dyn Fn(Stage) + Send + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Begins a stage, unless the work was cancelled.
    pub fn begin(&self, stage: Stage) -> Result<(), Cancelled> {
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(Cancelled);
        }
        if let Some(progress) = self.progress {
            progress(stage);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn reports_stages_until_cancelled() {
        let (token, seen) = (CancelToken::new(), Mutex::new(Vec::new()));
        let progress = |stage: Stage| seen.lock().unwrap().push(stage);
        let control = Control::none().cancelled_by(&token).reporting_to(&progress);
        control.begin(Stage::Witness).unwrap();
        token.clone().cancel();
        assert_eq!(control.begin(Stage::Proof), Err(Cancelled));
        assert_eq!(*seen.lock().unwrap(), [Stage::Witness]);
    }
}
