//! Counts what is sent to the device and read back. Transfers and commands cost more than one
//! expects, above all in browsers.

use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::device::Gpu;

/// The traffic of a device so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Number of writes to buffers, including parameters of kernels.
    pub uploads: u64,
    /// Number of bytes in these writes.
    pub uploaded_bytes: u64,
    /// Number of buffers that were read back.
    pub readbacks: u64,
    /// Number of bytes that were read back.
    pub readback_bytes: u64,
    /// Number of kernel runs.
    pub dispatches: u64,
    /// Number of submissions of commands.
    pub submissions: u64,
    /// Number of buffers that were created.
    pub buffers: u64,
}

impl Sub for Traffic {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            uploads: self.uploads - before.uploads,
            uploaded_bytes: self.uploaded_bytes - before.uploaded_bytes,
            readbacks: self.readbacks - before.readbacks,
            readback_bytes: self.readback_bytes - before.readback_bytes,
            dispatches: self.dispatches - before.dispatches,
            submissions: self.submissions - before.submissions,
            buffers: self.buffers - before.buffers,
        }
    }
}

/// The counters of a device.
#[derive(Default)]
pub(crate) struct Counters {
    uploads: AtomicU64,
    uploaded_bytes: AtomicU64,
    readbacks: AtomicU64,
    readback_bytes: AtomicU64,
    dispatches: AtomicU64,
    submissions: AtomicU64,
    buffers: AtomicU64,
    #[cfg(feature = "measure")]
    pub(crate) watch: crate::measure::Watch,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn upload(&self, bytes: usize) {
        add(&self.uploads, 1);
        add(&self.uploaded_bytes, bytes as u64);
    }

    pub(crate) fn readback(&self, bytes: u64) {
        add(&self.readbacks, 1);
        add(&self.readback_bytes, bytes);
    }

    pub(crate) fn dispatch(&self) {
        add(&self.dispatches, 1);
    }

    pub(crate) fn submission(&self) {
        add(&self.submissions, 1);
    }

    pub(crate) fn buffer(&self) {
        add(&self.buffers, 1);
    }
}

impl Gpu {
    /// The traffic of the device so far.
    pub fn traffic(&self) -> Traffic {
        let Counters {
            uploads,
            uploaded_bytes,
            readbacks,
            readback_bytes,
            dispatches,
            submissions,
            buffers,
            ..
        } = &*self.0.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            uploads: read(uploads),
            uploaded_bytes: read(uploaded_bytes),
            readbacks: read(readbacks),
            readback_bytes: read(readback_bytes),
            dispatches: read(dispatches),
            submissions: read(submissions),
            buffers: read(buffers),
        }
    }

    /// Writes bytes to a buffer.
    pub(crate) fn upload(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) {
        self.0.counters.upload(bytes.len());
        self.0.queue.write_buffer(buffer, offset, bytes);
    }

    /// Whether the host waits for the device at the end of each stage of a proof.
    pub(crate) fn waits_at_stages(&self) -> bool {
        #[cfg(feature = "measure")]
        return self.0.counters.watch.waits_at_stages();
        #[cfg(not(feature = "measure"))]
        false
    }

    /// Ends a stage of a proof. If stages are timed, the device is done before the next stage
    /// begins.
    pub(crate) fn end_stage(&self) {
        #[cfg(feature = "measure")]
        if self.waits_at_stages() {
            self.settle();
        }
    }

    /// Submits recorded commands.
    pub(crate) fn submit(&self, encoder: wgpu::CommandEncoder) {
        self.0.counters.submission();
        self.0.queue.submit([encoder.finish()]);
    }
}
