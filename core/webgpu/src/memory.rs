//! Buffers on the device.
//!
//! What a proof computes is secret: its buffers are cleared when it lets them go, before they serve another, as those of the processor's
//! backend are.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use wgpu::BufferUsages;

use crate::traffic::Counters;

/// Bytes of an element.
pub(crate) const ELEMENT: u64 = 8;

const USAGE: BufferUsages =
    BufferUsages::STORAGE.union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);

/// A buffer of storage.
pub(crate) struct Buffer {
    raw: wgpu::Buffer,
    /// Where it goes back to; none for what is no secret.
    pool: Option<Pool>,
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.raw
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.take_back(vec![self.raw.clone()]);
        }
    }
}

/// Buffers that proofs leave to later ones.
#[derive(Clone)]
pub(crate) struct Pool {
    device: wgpu::Device,
    queue: wgpu::Queue,
    counters: Arc<Counters>,
    free: Arc<Mutex<Vec<wgpu::Buffer>>>,
}

impl Pool {
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, counters: Arc<Counters>) -> Self {
        Self { device, queue, counters, free: Arc::default() }
    }

    /// A buffer of so many elements for secrets: the shortest that is long enough and not twice as long, or a new one.
    pub(crate) fn secret(&self, elements: u64) -> Buffer {
        let bytes = (elements * ELEMENT).max(ELEMENT * 2);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &wgpu::Buffer| (bytes..=2 * bytes).contains(&buffer.size());
        let fitting = (0..free.len()).filter(|&index| fits(&free[index]));
        let raw = match fitting.min_by_key(|&index| free[index].size()) {
            Some(index) => free.swap_remove(index),
            None => self.new_buffer(bytes),
        };
        Buffer { raw, pool: Some(self.clone()) }
    }

    /// A new buffer of so many elements for what is no secret.
    pub(crate) fn public(&self, elements: u64) -> Buffer {
        Buffer { raw: self.new_buffer((elements * ELEMENT).max(ELEMENT * 2)), pool: None }
    }

    /// Frees what is not in use.
    pub(crate) fn free(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn new_buffer(&self, size: u64) -> wgpu::Buffer {
        self.counters.buffer();
        let description =
            wgpu::BufferDescriptor { label: None, size, usage: USAGE, mapped_at_creation: false };
        self.device.create_buffer(&description)
    }

    /// Lets go of buffers at once: those that held secrets are cleared by one submission.
    pub(crate) fn release(&self, mut buffers: Vec<Buffer>) {
        let secret =
            buffers.iter_mut().filter_map(|buffer| buffer.pool.take().map(|_| buffer.raw.clone()));
        self.take_back(secret.collect());
    }

    fn take_back(&self, buffers: Vec<wgpu::Buffer>) {
        if buffers.is_empty() {
            return;
        }
        let mut encoder = self.device.create_command_encoder(&Default::default());
        for buffer in &buffers {
            encoder.clear_buffer(buffer, 0, None);
        }
        self.counters.submission();
        self.queue.submit([encoder.finish()]);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).extend(buffers);
    }
}
