//! Buffers on the device.
//!
//! What a proof computes is secret. Its buffers are cleared when the proof releases them, before
//! other code uses them, as in the CPU backend.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use wgpu::BufferUsages;

use crate::traffic::Counters;

/// Bytes of an element.
pub(crate) const ELEMENT: u64 = 8;

const USAGE: BufferUsages =
    BufferUsages::STORAGE.union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);

/// A storage buffer.
pub(crate) struct Buffer {
    raw: wgpu::Buffer,
    /// The pool to which the buffer returns. `None` for a buffer without secrets.
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

/// Buffers that proofs leave to later proofs.
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

    /// A buffer for this number of secret elements. It is the shortest free buffer that is long
    /// enough and at most twice as long, or a new one.
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

    /// A new buffer for this number of elements that are not secret.
    pub(crate) fn public(&self, elements: u64) -> Buffer {
        Buffer { raw: self.new_buffer((elements * ELEMENT).max(ELEMENT * 2)), pool: None }
    }

    /// Frees the buffers that are not in use.
    pub(crate) fn free(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn new_buffer(&self, size: u64) -> wgpu::Buffer {
        self.counters.buffer();
        let description =
            wgpu::BufferDescriptor { label: None, size, usage: USAGE, mapped_at_creation: false };
        self.device.create_buffer(&description)
    }

    /// Releases several buffers together. Buffers that held secrets are cleared in one submission.
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
