//! How a caller follows and stops work: [`Cancellation`], [`ProgressListener`], and one [`Watch`]
//! for each call.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};

use velum_credentials::{CancelToken, Code, Control, Error};

/// Stops the calls that it is given to. One cancellation may be given to several calls. Calls that
/// receive it after it was cancelled end at once.
///
/// Cancelling a Swift task or a Kotlin coroutine does not stop native work by itself. Cancel this
/// object as well. The Kotlin package does so.
#[derive(Default, uniffi::Object)]
pub struct Cancellation {
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    is_cancelled: bool,
    running: Vec<Weak<Call>>,
}

#[uniffi::export]
impl Cancellation {
    /// Creates a cancellation that has not stopped anything yet.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Stops the calls. Each call soon throws the error `cancelled`, unless it is done before. May
    /// be called more than once and from any thread, and does not wait.
    pub fn cancel(&self) {
        let running = {
            let mut calls = locked(&self.calls);
            calls.is_cancelled = true;
            std::mem::take(&mut calls.running)
        };
        running.iter().filter_map(Weak::upgrade).for_each(|call| call.cancel());
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        locked(&self.calls).is_cancelled
    }
}

impl Cancellation {
    fn follow(&self, call: &Arc<Call>) {
        let mut calls = locked(&self.calls);
        if calls.is_cancelled {
            call.cancel();
            return;
        }
        calls.running.retain(|call| call.strong_count() > 0);
        calls.running.push(Arc::downgrade(call));
    }
}

/// Receives the progress of a call.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// Reports that a stage begins when `fraction` of the work is done, from 0 to 1. Called on a
    /// thread that proves, which waits for it. Return quickly, and do not throw.
    fn on_progress(&self, stage: Stage, fraction: f64);
}

/// A stage of proving. A stage can occur more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Stage {
    /// Computing the keys, which do not depend on the document. Happens once for each size class.
    Keys,
    /// Filling the tables.
    Witness,
    /// Computing the low-degree extension of the columns.
    Extension,
    /// Hashing rows and Merkle trees.
    Hashing,
    /// Searching for nonces (proof of work).
    Grinding,
    /// Filling the columns of the lookup argument.
    Lookups,
    /// Evaluating the constraints.
    Quotient,
    /// Evaluating the columns at the out-of-domain points, and batching them.
    Openings,
    /// Folding the batch (FRI), including its Merkle trees.
    Folding,
    /// Gathering what the queries open.
    Queries,
    /// Checking the proof before it is handed out.
    Check,
    /// Restarting on the CPU because another device failed.
    Fallback,
}

impl From<velum_credentials::Stage> for Stage {
    fn from(stage: velum_credentials::Stage) -> Self {
        use velum_credentials::Stage as From;
        match stage {
            From::Keys => Self::Keys,
            From::Witness => Self::Witness,
            From::Extension => Self::Extension,
            From::Hashing => Self::Hashing,
            From::Grinding => Self::Grinding,
            From::Lookups => Self::Lookups,
            From::Quotient => Self::Quotient,
            From::Openings => Self::Openings,
            From::Folding => Self::Folding,
            From::Queries => Self::Queries,
            From::Check => Self::Check,
            From::Fallback => Self::Fallback,
        }
    }
}

/// One call of a caller: its cancellation flag, and the wakers of those who wait for its work.
/// There is more than one waker if work waits for other work.
#[derive(Default)]
struct Call {
    token: CancelToken,
    waiting: Mutex<Vec<Waker>>,
}

impl Call {
    fn cancel(&self) {
        self.token.cancel();
        let waiting = std::mem::take(&mut *locked(&self.waiting));
        waiting.into_iter().for_each(Waker::wake);
    }

    fn wake(&self, waker: &Waker) {
        let mut waiting = locked(&self.waiting);
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }
}

/// What accompanies the work of one call, on whichever thread it runs.
#[derive(Clone)]
pub(crate) struct Watch {
    call: Arc<Call>,
    listener: Option<Arc<dyn ProgressListener>>,
    /// The part of the call that this work makes up, as fractions of the call.
    part: (f64, f64),
}

impl Watch {
    pub(crate) fn new(
        cancellation: Option<&Arc<Cancellation>>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Self {
        let call = Arc::default();
        if let Some(cancellation) = cancellation {
            cancellation.follow(&call);
        }
        Self { call, listener, part: (0.0, 1.0) }
    }

    /// Returns the watch for a part of the work, between two fractions of it.
    pub(crate) fn part(&self, from: f64, to: f64) -> Self {
        let (start, end) = self.part;
        let at = |fraction: f64| start + (end - start) * fraction;
        Self { part: (at(from), at(to)), ..self.clone() }
    }

    /// Returns the error `cancelled` if the call was cancelled.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.call.token.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    /// Does the work under the control of this call.
    pub(crate) fn controlled<T>(&self, work: impl FnOnce(Control<'_>) -> T) -> T {
        let report = |progress: velum_credentials::Progress| {
            if let Some(listener) = &self.listener {
                listener.on_progress(progress.stage.into(), progress.fraction.clamp(0.0, 1.0));
            }
        };
        let control = Control::none().cancelled_by(&self.call.token).reporting_to(&report);
        work(control.part(self.part.0, self.part.1))
    }

    /// Waits, and also wakes up when the call is cancelled. `poll` is told whether it was.
    pub(crate) async fn wait<T>(
        &self,
        mut poll: impl FnMut(&mut std::task::Context<'_>, bool) -> Poll<T>,
    ) -> T {
        poll_fn(|context| {
            // Register the waker before reading the flag, so that no cancellation is missed in
            // between.
            self.call.wake(context.waker());
            poll(context, self.call.token.is_cancelled())
        })
        .await
    }

    /// Waits for something that may be abandoned at any time.
    ///
    /// # Errors
    /// `cancelled`.
    pub(crate) async fn unless_cancelled<T>(
        &self,
        future: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let mut future = pin!(future);
        self.wait(|context, is_cancelled| {
            if is_cancelled {
                Poll::Ready(Err(cancelled()))
            } else {
                future.as_mut().poll(context).map(Ok)
            }
        })
        .await
    }
}

/// Stops the work of a call whose future is dropped before the work is done.
pub(crate) struct CancelOnDrop(Option<Watch>);

impl CancelOnDrop {
    pub(crate) fn new(watch: &Watch) -> Self {
        Self(Some(watch.clone()))
    }

    /// Marks the work as done.
    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.call.cancel();
        }
    }
}

pub(crate) fn cancelled() -> Error {
    Error::new(Code::Cancelled, "prover", "the call was cancelled; no result was handed out")
}

/// Ignores poisoning: no code under these locks panics half-way, so the data is consistent.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_credentials::block_on;

    #[test]
    fn a_cancellation_stops_calls_before_and_after_it() {
        let cancellation = Cancellation::new();
        let before = Watch::new(Some(&cancellation), None);
        let apart = Watch::new(None, None);
        before.check().unwrap();
        cancellation.cancel();
        cancellation.cancel();
        assert!(cancellation.is_cancelled());
        for watch in [before, Watch::new(Some(&cancellation), None)] {
            assert_eq!(watch.check().unwrap_err().code(), Code::Cancelled);
            let waited = block_on(watch.unless_cancelled(std::future::pending::<()>()));
            assert_eq!(waited.unwrap_err().code(), Code::Cancelled);
        }
        apart.check().unwrap();
    }

    #[test]
    fn who_waits_is_woken_by_a_cancellation() {
        let cancellation = Cancellation::new();
        let watch = Watch::new(Some(&cancellation), None);
        let waiter = std::thread::spawn(move || {
            block_on(watch.unless_cancelled(std::future::pending::<()>()))
        });
        cancellation.cancel();
        assert!(waiter.join().unwrap().is_err());
    }

    #[test]
    fn parts_of_parts_lie_within() {
        let watch = Watch::new(None, None).part(0.5, 1.0).part(0.5, 1.0);
        assert_eq!(watch.part, (0.75, 1.0));
    }
}
