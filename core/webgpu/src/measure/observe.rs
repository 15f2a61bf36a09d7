//! The clock of kernels and stages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use velum_stark::control::Control;

use crate::device::Gpu;
use crate::kernels::Kernel;

/// What is timed on a device.
#[derive(Default)]
pub(crate) struct Watch {
    stages: AtomicBool,
    kernels: AtomicBool,
    observed: Mutex<Vec<Observed>>,
}

/// A run of a kernel, alone on the device.
#[derive(Clone, Debug)]
pub struct Observed {
    pub(crate) kernel: Kernel,
    pub(crate) parameters: Vec<u8>,
    pub(crate) workgroups: [u32; 2],
    /// The time from its submission until the device was done.
    pub elapsed: Duration,
}

impl Watch {
    pub(crate) fn waits_at_stages(&self) -> bool {
        self.stages.load(Ordering::Relaxed)
    }

    pub(crate) fn observes_kernels(&self) -> bool {
        self.kernels.load(Ordering::Relaxed)
    }

    pub(crate) fn observe(&self, observed: Observed) {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner).push(observed);
    }
}

impl Gpu {
    /// Turns waiting for the device at the end of each stage of a proof on or off. Without waiting,
    /// stages overlap, and a stage that waits for the device is charged with the work that earlier
    /// stages left.
    pub fn wait_at_stages(&self, waits: bool) {
        self.0.counters.watch.stages.store(waits, Ordering::Relaxed);
    }

    /// Turns on or off that every kernel runs by itself and its duration is recorded.
    pub fn observe_kernels(&self, observes: bool) {
        self.0.counters.watch.kernels.store(observes, Ordering::Relaxed);
    }

    /// The kernels observed since the last call, in their order.
    pub fn observed(&self) -> Vec<Observed> {
        std::mem::take(
            &mut self.0.counters.watch.observed.lock().unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Waits until the device has done everything that was submitted. Errors show when data is read
    /// from the device.
    pub(crate) fn settle(&self) {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.0.queue.on_submitted_work_done(move || {
            let _ = sender.send(());
        });
        let _ = self.0.waiter.wait(&receiver, &self.0.fault, &Control::none());
    }
}
