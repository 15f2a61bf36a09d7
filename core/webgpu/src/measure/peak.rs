//! Measures what a device can do at most.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use wgpu::{BindGroupEntry, ComputePipeline};

use crate::device::{Gpu, GpuError};
use crate::kernels::Form;
use crate::memory::{Buffer, ELEMENT};

use super::Work;

/// What a device can do in a second, measured with kernels that do nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    /// The time from the submission of an empty command until the host learns that it is done.
    pub submission: Duration,
    /// Bytes that are read or written by copying. The faster of a kernel and a copy command counts.
    pub bytes: f64,
    /// Products of two elements of the base field.
    pub multiplications: f64,
    /// Products of an element with a power of two.
    pub shifts: f64,
    /// Sums of two elements.
    pub additions: f64,
    /// Additions, exclusive ors and rotations of 32-bit words.
    pub mixes: f64,
    /// Products of 32-bit words, to each of which another word is added.
    pub products: f64,
}

/// Additions, exclusive ors and rotations of a BLAKE3 compression: 56 times 6, 4 and 4, and 8 more.
const MIXES: u64 = 56 * 14 + 8;

/// Numbers of operations on 32-bit words, counted in `field_u32.wgsl`, where halves of words are
/// computed once. `OF_PRODUCT` has the number of products and the number of other operations.
const OF_PRODUCT: [f64; 2] = [16.0, 99.0];
const OF_SHIFT: f64 = 72.0;
const OF_SUM: f64 = 16.0;

/// Number of operations of a mix, whose rotation consists of two shifts and an or.
const OF_MIX: f64 = 1_240.0 / MIXES as f64;

/// Number of threads of a workgroup, as in the kernels.
const THREADS: u64 = 256;

/// The largest number of elements that are copied, more than caches hold.
const COPIED: u64 = 1 << 25;

/// Number of threads that compute, and the number of steps of each.
const COMPUTING: u64 = 1 << 16;
const STEPS: u64 = 128;

/// The minimum duration of a measurement, and the number of measurements.
const LONG: Duration = Duration::from_millis(40);
const RUNS: usize = 5;

/// The largest number of runs of a kernel in one submission.
const MOST: u64 = 512;

impl Peaks {
    /// Measures a device.
    ///
    /// # Errors
    /// Returns the errors of the device.
    pub fn measure(gpu: &Gpu, only_32_bit: bool) -> Result<Self, GpuError> {
        let copied = (gpu.adapter().max_binding / ELEMENT).min(COPIED) / THREADS * THREADS;
        let buffers = [gpu.0.pool.public(copied), gpu.0.pool.public(copied)];
        let form = Form { has_64_bit: gpu.adapter().has_64_bit && !only_32_bit, is_looped: false };
        let peak = Peak { gpu, buffers, module: module(gpu, form) };
        let copy = [peak.kernel("copy", copied), peak.copy(copied)];
        let bytes = (2 * ELEMENT * copied) as f64;
        let rate = |name: &str, of_step: u64| {
            (COMPUTING * STEPS * of_step) as f64 / peak.kernel(name, COMPUTING).as_secs_f64()
        };
        let peaks = Self {
            submission: peak.empty(),
            bytes: bytes / copy[0].min(copy[1]).as_secs_f64(),
            multiplications: rate("multiply", 4),
            shifts: rate("shift", 4),
            additions: rate("sum", 4),
            mixes: rate("mix", 12),
            products: rate("multiply_words", 4),
        };
        gpu.check()?;
        Ok(peaks)
    }

    /// The limits of a device of which only three numbers are known: the bytes that it moves, the
    /// products of 32-bit words, and the other operations on 32-bit words in a second.
    pub const fn assumed(bytes: f64, products: f64, others: f64) -> Self {
        Self {
            submission: Duration::ZERO,
            bytes,
            multiplications: 1.0 / (OF_PRODUCT[0] / products + OF_PRODUCT[1] / others),
            shifts: others / OF_SHIFT,
            additions: others / OF_SUM,
            mixes: others / OF_MIX,
            products,
        }
    }

    /// The minimum time that the device takes to move the bytes of some work, and the minimum time
    /// to compute it.
    pub fn least(&self, work: &Work) -> [Duration; 2] {
        let arithmetic = work.multiplications as f64 / self.multiplications
            + work.shifts as f64 / self.shifts
            + work.additions as f64 / self.additions
            + (work.compressions * MIXES) as f64 / self.mixes;
        [work.bytes() as f64 / self.bytes, arithmetic].map(Duration::from_secs_f64)
    }
}

fn module(gpu: &Gpu, form: Form) -> wgpu::ShaderModule {
    let source = crate::kernels::source_of_peaks(form);
    gpu.0.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("measure"),
        source: wgpu::ShaderSource::Wgsl(Cow::Owned(format!("const STEPS = {STEPS}u;\n{source}"))),
    })
}

struct Peak<'a> {
    gpu: &'a Gpu,
    buffers: [Buffer; 2],
    module: wgpu::ShaderModule,
}

impl Peak<'_> {
    /// The duration of a kernel on this number of threads.
    fn kernel(&self, name: &str, threads: u64) -> Duration {
        let device = &self.gpu.0.device;
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: None,
            module: &self.module,
            entry_point: Some(name),
            compilation_options: Default::default(),
            cache: None,
        });
        let entries = [0, 1].map(|binding| BindGroupEntry {
            binding: binding as u32,
            resource: self.buffers[binding].as_entire_binding(),
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let workgroups = threads / THREADS;
        let rows = workgroups.div_ceil(1 << 15);
        self.repeated(|encoder| run(encoder, &pipeline, &group, [workgroups / rows, rows]))
    }

    fn copy(&self, elements: u64) -> Duration {
        let [from, to] = &self.buffers;
        self.repeated(|encoder| encoder.copy_buffer_to_buffer(from, 0, to, 0, elements * ELEMENT))
    }

    fn empty(&self) -> Duration {
        (0..10 * RUNS).map(|_| self.timed(1, &|_| ())).min().unwrap_or_default()
    }

    /// The shortest of several runs, each of which is repeated until it takes long enough.
    fn repeated(&self, record: impl Fn(&mut wgpu::CommandEncoder)) -> Duration {
        self.timed(1, &record);
        let once = self.timed(1, &record);
        let times = (LONG.as_nanos() / once.as_nanos().max(1)).clamp(1, MOST.into()) as u32;
        let runs = (0..RUNS).map(|_| self.timed(times, &record) / times);
        runs.min().unwrap_or(once)
    }

    fn timed(&self, times: u32, record: &dyn Fn(&mut wgpu::CommandEncoder)) -> Duration {
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        (0..times).for_each(|_| record(&mut encoder));
        let start = Instant::now();
        self.gpu.submit(encoder);
        self.gpu.settle();
        start.elapsed()
    }
}

fn run(
    encoder: &mut wgpu::CommandEncoder,
    pipeline: &ComputePipeline,
    group: &wgpu::BindGroup,
    [columns, rows]: [u64; 2],
) {
    let mut pass = encoder.begin_compute_pass(&Default::default());
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, group, &[]);
    pass.dispatch_workgroups(columns as u32, rows as u32, 1);
}
