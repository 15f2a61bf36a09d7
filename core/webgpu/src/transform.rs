//! Transforms of columns, and their low-degree extension.

use bytemuck::{Pod, Zeroable};

use crate::device::Gpu;
use crate::kernels::Kernel;
use crate::matrix::{Extended, Place};
use crate::memory::{Buffer, ELEMENT};
use crate::recorder::Recorder;

/// Binary logarithm of the number of elements that a workgroup transforms in its memory.
const LOG_BLOCK: usize = 11;

/// Number of layers that a thread computes at once.
const LOG_RADIX: usize = 3;

/// Number of threads in a workgroup.
const THREADS: u64 = 256;

/// The direction of a transform and its factors, as the kernel numbers them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Coefficients to values on cosets. The coefficients are multiplied by the factors as they are
    /// read.
    Values,
    /// Values in natural order to coefficients. The coefficients are multiplied by the factors as
    /// they are written.
    Coefficients,
}

pub(crate) const FROM_FACTORS: u32 = 1;
pub(crate) const TO_FACTORS: u32 = 2;
const TO_COEFFICIENTS: u32 = 4;

/// The parameters of both kernels.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct Transform {
    source: Place,
    to: Place,
    pub(crate) log_size: u32,
    pub(crate) log_block: u32,
    pub(crate) log_radix: u32,
    pub(crate) columns: u32,
    pub(crate) cosets: u32,
    log_roots: u32,
    pub(crate) flags: u32,
    factors: u32,
}

/// All powers of a root of unity.
pub(crate) struct Roots {
    pub(crate) buffer: Buffer,
    pub(crate) log_order: usize,
}

/// Columns to transform.
pub(crate) struct Columns<'a> {
    pub(crate) log_size: usize,
    pub(crate) columns: usize,
    /// Number of cosets of the values.
    pub(crate) cosets: usize,
    pub(crate) from: (&'a Buffer, Place),
    pub(crate) to: (&'a Buffer, Place),
    /// The factors, and the number of the first one.
    pub(crate) factors: (&'a Buffer, usize),
    pub(crate) form: Form,
}

impl Recorder<'_> {
    /// Transforms columns.
    pub(crate) fn transform(&mut self, gpu: &Gpu, roots: &Roots, columns: &Columns<'_>) {
        let Columns { log_size, columns: count, cosets, from, to, factors, form } = *columns;
        let size = 1_u64 << log_size;
        let all = size * (count * cosets) as u64;
        if all == 0 {
            return;
        }
        let mut parameters = Transform {
            source: from.1,
            to: to.1,
            log_size: log_size as u32,
            log_block: log_size as u32,
            log_radix: 0,
            columns: count as u32,
            cosets: cosets as u32,
            log_roots: roots.log_order as u32,
            flags: if form == Form::Values { FROM_FACTORS } else { 0 },
            factors: factors.1 as u32,
        };
        let within =
            Place { offset: 0, coset: (count << log_size) as u32, column: 1 << log_size, row: 1 };
        let mut source: Option<Buffer> = None;
        let mut left = log_size;
        while left > LOG_BLOCK {
            let log_radix = (left - LOG_BLOCK).min(LOG_RADIX);
            let scratch = gpu.0.pool.secret(all);
            let pass = Transform {
                to: within,
                log_block: left as u32,
                log_radix: log_radix as u32,
                ..parameters
            };
            let buffers = [source.as_ref().unwrap_or(from.0), &scratch, &roots.buffer, factors.0];
            self.run(Kernel::Outer, &pass, &buffers, (all >> log_radix).div_ceil(THREADS));
            let before = source.replace(scratch);
            self.keep(before);
            parameters.source = within;
            parameters.flags = 0;
            left -= log_radix;
        }
        parameters.log_block = left as u32;
        if form == Form::Coefficients {
            parameters.flags |= TO_FACTORS | TO_COEFFICIENTS;
        }
        let buffers = [source.as_ref().unwrap_or(from.0), to.0, &roots.buffer, factors.0];
        self.run(Kernel::Inner, &parameters, &buffers, all.div_ceil(1 << LOG_BLOCK));
        self.keep(source);
    }

    /// Extends columns, given by their coefficients, to all cosets. The factors of the cosets are
    /// concatenated.
    pub(crate) fn extend(
        &mut self,
        gpu: &Gpu,
        roots: &Roots,
        coefficients: &Buffer,
        factors: (&Buffer, usize),
        to: &Extended,
    ) {
        let size = 1 << to.log_height;
        let from = Place { offset: 0, coset: 0, column: size as u32, row: 1 };
        let coset_bytes = (to.width as u64) << to.log_height;
        // A transform in several passes takes the same amount of memory again.
        let at_once = if to.log_height > LOG_BLOCK {
            ((SCRATCH / ELEMENT) / coset_bytes.max(1)).max(1)
        } else {
            u64::MAX
        };
        let at_once = (at_once.min(to.cosets as u64) as usize).next_power_of_two().min(to.cosets);
        for first in (0..to.chunks.len() * to.cosets).step_by(at_once) {
            let (buffer, place) = to.coset(first);
            let columns = Columns {
                log_size: to.log_height,
                columns: to.width,
                cosets: at_once,
                from: (coefficients, from),
                to: (buffer, place),
                factors: (factors.0, factors.1 + first * size),
                form: Form::Values,
            };
            self.transform(gpu, roots, &columns);
        }
    }
}

/// Number of additional bytes that a transform may take.
const SCRATCH: u64 = 32 << 20;
