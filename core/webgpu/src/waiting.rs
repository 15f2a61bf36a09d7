//! Waits for a device natively, where a device wakes nobody unless a thread polls it.
//!
//! One thread for each device polls it, and sleeps while nobody waits. Its polls have no time
//! limit, because `wgpu` panics if a wait that times out coincides with a submission by another
//! thread. Callers that need an answer wait for the polling thread, so a device that hangs blocks
//! only that thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use velum_stark::control::Control;

use crate::device::{Fault, GpuError};

/// The interval at which a waiting caller checks whether to continue.
const LOOK: Duration = Duration::from_millis(20);

/// The time after which a device counts as lost. No step takes this long, not even on an adapter in
/// software. Operating systems reset a GPU that hangs after a few seconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks the polling thread of a device to poll. Dropping it ends the thread, unless the device
/// hangs.
pub(crate) struct Waiter(Sender<()>);

impl Waiter {
    /// Starts the thread.
    ///
    /// # Errors
    /// Returns [`GpuError::NoDevice`] if no more threads can be created.
    pub(crate) fn start(device: wgpu::Device, fault: Arc<Fault>) -> Result<Self, GpuError> {
        let (sender, asked) = channel();
        let poll = move || {
            while asked.recv().is_ok() {
                let polled = driven(|| {
                    let polled = device.poll(wgpu::PollType::wait_indefinitely());
                    polled.map(drop).map_err(|error| GpuError::Failed(error.to_string()))
                });
                if let Err(error) = polled {
                    fault.set(error);
                }
            }
        };
        let thread = std::thread::Builder::new().name("velum gpu wait".into()).spawn(poll);
        thread.map_err(|error| GpuError::NoDevice(error.to_string()))?;
        Ok(Self(sender))
    }

    /// Waits for an answer to what was submitted.
    ///
    /// # Errors
    /// Returns [`GpuError::Cancelled`], an error that the device had meanwhile, or
    /// [`GpuError::Lost`] if the device does not respond.
    pub(crate) fn wait<T>(
        &self,
        answer: &Receiver<T>,
        fault: &Fault,
        control: &Control<'_>,
    ) -> Result<T, GpuError> {
        let start = Instant::now();
        // A thread that has ended answers nobody. The loop below notices this.
        let _ = self.0.send(());
        loop {
            match answer.recv_timeout(LOOK) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => {
                    fault.check()?;
                    return Err(GpuError::Lost("it returned nothing".into()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    fault.check()?;
                    control.check()?;
                }
            }
            if start.elapsed() > PATIENCE {
                fault.set(GpuError::Lost(format!(
                    "it did not respond for {} seconds",
                    PATIENCE.as_secs()
                )));
            }
        }
    }
}

/// Calls a driver. `wgpu` panics if a device is lost at certain moments, and offers no other way to
/// learn of it.
pub(crate) fn driven<T>(call: impl FnOnce() -> Result<T, GpuError>) -> Result<T, GpuError> {
    let outcome = catch_unwind(AssertUnwindSafe(call));
    outcome.unwrap_or_else(|_| Err(GpuError::Lost("its driver failed".into())))
}

#[cfg(test)]
mod tests {
    use velum_stark::control::CancelToken;

    use super::*;

    #[test]
    fn a_driver_that_panics_is_lost() {
        let outcome =
            driven(|| -> Result<(), GpuError> { panic!("as wgpu does where a device is lost") });
        assert!(matches!(outcome, Err(GpuError::Lost(_))), "{outcome:?}");
        assert_eq!(driven(|| Ok(7)), Ok(7));
    }

    /// A device that hangs blocks only the thread that polls it.
    #[test]
    fn waiting_for_a_device_that_hangs_is_cancelled() {
        let (asked, _kept) = channel();
        let (_hangs, answer) = channel::<()>();
        let (waiter, token) = (Waiter(asked), CancelToken::new());
        token.cancel();
        let control = Control::none().cancelled_by(&token);
        let outcome = waiter.wait(&answer, &Fault::default(), &control);
        assert!(matches!(outcome, Err(GpuError::Cancelled(_))), "{outcome:?}");
    }

    #[test]
    fn whoever_waits_is_told_what_went_wrong() {
        let (asked, _kept) = channel();
        let (_hangs, answer) = channel::<()>();
        let fault = Fault::default();
        fault.set(GpuError::Lost("on purpose".into()));
        let outcome = Waiter(asked).wait(&answer, &fault, &Control::none());
        assert_eq!(outcome, Err(GpuError::Lost("on purpose".into())));
    }
}
