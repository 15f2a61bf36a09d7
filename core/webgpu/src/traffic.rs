//! What goes to the device and comes back, counted: transfers and commands cost more than they look, in browsers above all.

use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::device::Gpu;

/// What a device was told and asked so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Writes to buffers, parameters of kernels among them.
    pub uploads: u64,
    /// Bytes that they wrote.
    pub uploaded_bytes: u64,
    /// Buffers that were read back.
    pub readbacks: u64,
    /// Bytes that came back.
    pub readback_bytes: u64,
    /// Kernels that were run.
    pub dispatches: u64,
    /// Commands that were submitted together.
    pub submissions: u64,
    /// Buffers that were made.
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
    /// What the device was told and asked so far.
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

    /// Whether it is waited for at the end of each stage of a proof.
    pub(crate) fn waits_at_stages(&self) -> bool {
        #[cfg(feature = "measure")]
        return self.0.counters.watch.waits_at_stages();
        #[cfg(not(feature = "measure"))]
        false
    }

    /// Ends a stage of a proof: where stages are timed, the device is done before the next one begins.
    pub(crate) fn end_stage(&self) {
        #[cfg(feature = "measure")]
        if self.waits_at_stages() {
            self.settle();
        }
    }

    /// Submits commands that were recorded.
    pub(crate) fn submit(&self, encoder: wgpu::CommandEncoder) {
        self.0.counters.submission();
        self.0.queue.submit([encoder.finish()]);
    }
}
