//! Records commands for the device, submits them together, and reads the results.

use bytemuck::Pod;
use velum_stark::control::Control;
use wgpu::{BindGroup, BindGroupEntry, BindingResource, BufferBinding, BufferUsages, MapMode};
use zeroize::Zeroizing;

use crate::device::{Gpu, GpuError};
use crate::kernels::Kernel;
use crate::memory::Buffer;

/// The largest number of workgroups in one row of a dispatch.
const ROW: u32 = 1 << 15;

/// Alignment of the parameters.
const PARAMETERS: usize = 256;

/// Commands that are submitted together.
pub(crate) struct Recorder<'a> {
    gpu: &'a Gpu,
    /// Cancels waiting.
    control: Control<'a>,
    commands: Vec<Command>,
    /// The parameters of all dispatches, concatenated.
    parameters: Vec<u8>,
    /// Buffers that are no longer needed once all commands are done.
    kept: Vec<Buffer>,
}

enum Command {
    Dispatch {
        kernel: Kernel,
        buffers: Vec<wgpu::Buffer>,
        parameters: (usize, usize),
        workgroups: [u32; 2],
    },
    Copy {
        from: (wgpu::Buffer, u64),
        to: (wgpu::Buffer, u64),
        bytes: u64,
    },
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(gpu: &'a Gpu) -> Self {
        Self::under(gpu, &Control::none())
    }

    /// Makes a recorder whose reads are given up when the work is cancelled.
    pub(crate) fn under(gpu: &'a Gpu, control: &Control<'a>) -> Self {
        Self {
            gpu,
            control: *control,
            commands: Vec::new(),
            parameters: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Runs a kernel in this number of workgroups, which the kernel counts by rows of the dispatch.
    pub(crate) fn run<P: Pod>(
        &mut self,
        kernel: Kernel,
        parameters: &P,
        buffers: &[&Buffer],
        workgroups: u64,
    ) {
        let rows = workgroups.div_ceil(ROW.into()).max(1);
        let grid = [workgroups.div_ceil(rows) as u32, rows as u32];
        self.run_grid(kernel, parameters, buffers, grid);
    }

    /// Runs a kernel in a grid of workgroups.
    pub(crate) fn run_grid<P: Pod>(
        &mut self,
        kernel: Kernel,
        parameters: &P,
        buffers: &[&Buffer],
        workgroups: [u32; 2],
    ) {
        if workgroups.contains(&0) {
            return;
        }
        let at = self.parameters.len();
        let bytes = bytemuck::bytes_of(parameters);
        self.parameters.extend_from_slice(bytes);
        self.parameters.resize(self.parameters.len().next_multiple_of(PARAMETERS), 0);
        let buffers = buffers.iter().map(|&buffer| (**buffer).clone()).collect();
        self.commands.push(Command::Dispatch {
            kernel,
            buffers,
            parameters: (at, bytes.len()),
            workgroups,
        });
    }

    /// Releases buffers once all commands are submitted.
    pub(crate) fn keep(&mut self, buffers: impl IntoIterator<Item = Buffer>) {
        self.kept.extend(buffers);
    }

    /// Copies bytes from one buffer to another.
    pub(crate) fn copy(&mut self, from: (&Buffer, u64), to: (&Buffer, u64), bytes: u64) {
        let [from, to] = [from, to].map(|(buffer, offset)| ((**buffer).clone(), offset));
        self.commands.push(Command::Copy { from, to, bytes });
    }

    /// Submits all commands.
    pub(crate) fn submit(mut self) {
        self.flush();
        self.gpu.0.pool.release(self.kept);
        self.gpu.end_stage();
    }

    /// Ends a stage of a proof within the recorded commands. If stages are timed, all commands are
    /// done before the next stage begins.
    pub(crate) fn end_stage(&mut self) {
        if self.gpu.waits_at_stages() {
            self.flush();
            self.gpu.end_stage();
        }
    }

    fn flush(&mut self) {
        self.gpu.submit(self.encode());
        self.commands.clear();
        self.parameters.clear();
    }

    /// Submits all commands, and reads the first bytes of a buffer when they are done.
    pub(crate) async fn read(
        self,
        buffer: &Buffer,
        bytes: u64,
    ) -> Result<Zeroizing<Vec<u8>>, GpuError> {
        Ok(self.mapped(buffer, bytes).await?.0)
    }

    /// [`read`](Self::read) for secrets: clears the buffer on the device through which they were
    /// read.
    pub(crate) async fn read_secret(
        self,
        buffer: &Buffer,
        bytes: u64,
    ) -> Result<Zeroizing<Vec<u8>>, GpuError> {
        let gpu = self.gpu;
        let (read, staging) = self.mapped(buffer, bytes).await?;
        let mut encoder = gpu.0.device.create_command_encoder(&Default::default());
        encoder.clear_buffer(&staging, 0, None);
        gpu.submit(encoder);
        Ok(read)
    }

    /// The bytes, and the buffer through which they were read.
    async fn mapped(
        self,
        buffer: &Buffer,
        bytes: u64,
    ) -> Result<(Zeroizing<Vec<u8>>, wgpu::Buffer), GpuError> {
        let gpu = self.gpu;
        let staging = gpu.0.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes.next_multiple_of(4),
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        gpu.0.counters.buffer();
        gpu.0.counters.readback(bytes);
        let mut encoder = self.encode();
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, staging.size());
        gpu.submit(encoder);
        #[cfg(target_arch = "wasm32")]
        let (sender, receiver) = futures_channel::oneshot::channel();
        #[cfg(not(target_arch = "wasm32"))]
        let (sender, receiver) = std::sync::mpsc::channel();
        staging.map_async(MapMode::Read, .., move |mapped| {
            // Nobody listens if the proof was given up.
            let _ = sender.send(mapped);
        });
        #[cfg(target_arch = "wasm32")]
        let mapped = receiver.await.map_err(|_| GpuError::Lost("it returned nothing".into()));
        #[cfg(not(target_arch = "wasm32"))]
        let mapped = gpu.0.waiter.wait(&receiver, &gpu.0.fault, &self.control);
        gpu.0.pool.release(self.kept);
        self.control.check()?;
        gpu.check()?;
        mapped?.map_err(|error| GpuError::Failed(error.to_string()))?;
        let view =
            staging.get_mapped_range(..).map_err(|error| GpuError::Failed(error.to_string()))?;
        let read = view[..bytes as usize].to_vec().into();
        drop(view);
        staging.unmap();
        Ok((read, staging))
    }

    fn encode(&self) -> wgpu::CommandEncoder {
        let parameters = self.uploaded_parameters();
        #[cfg(feature = "measure")]
        if self.gpu.0.counters.watch.observes_kernels() {
            self.run_singly(parameters.as_ref());
            return self.gpu.0.device.create_command_encoder(&Default::default());
        }
        self.encode_commands(&self.commands, parameters.as_ref())
    }

    fn encode_commands(
        &self,
        commands: &[Command],
        parameters: Option<&wgpu::Buffer>,
    ) -> wgpu::CommandEncoder {
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        let mut left = commands.iter().peekable();
        while let Some(command) = left.next() {
            match (command, parameters) {
                (Command::Copy { from, to, bytes }, _) => {
                    encoder.copy_buffer_to_buffer(&from.0, from.1, &to.0, to.1, *bytes);
                }
                (Command::Dispatch { .. }, Some(parameters)) => {
                    let mut pass = encoder.begin_compute_pass(&Default::default());
                    self.dispatch(&mut pass, command, parameters);
                    while let Some(next) =
                        left.next_if(|next| matches!(next, Command::Dispatch { .. }))
                    {
                        self.dispatch(&mut pass, next, parameters);
                    }
                }
                // Every dispatch has parameters.
                (Command::Dispatch { .. }, None) => {}
            }
        }
        encoder
    }

    /// Runs each command by itself, and records how long each kernel took.
    #[cfg(feature = "measure")]
    fn run_singly(&self, parameters: Option<&wgpu::Buffer>) {
        for command in &self.commands {
            let encoder = self.encode_commands(std::slice::from_ref(command), parameters);
            let start = std::time::Instant::now();
            self.gpu.submit(encoder);
            self.gpu.settle();
            if let Command::Dispatch { kernel, parameters: (at, length), workgroups, .. } = command
            {
                self.gpu.0.counters.watch.observe(crate::measure::Observed {
                    kernel: *kernel,
                    parameters: self.parameters[*at..at + length].to_vec(),
                    workgroups: *workgroups,
                    elapsed: start.elapsed(),
                });
            }
        }
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, command: &Command, of_all: &wgpu::Buffer) {
        let Command::Dispatch { kernel, buffers, parameters: (at, length), workgroups } = command
        else {
            return;
        };
        let pipeline = self.gpu.0.kernels.get(*kernel);
        let group = self.bind_group(&pipeline.layout, (of_all, *length), buffers);
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, &group, &[*at as u32]);
        pass.dispatch_workgroups(workgroups[0], workgroups[1], 1);
        self.gpu.0.counters.dispatch();
    }

    /// The parameters of all dispatches on the device, or `None` if there are none.
    fn uploaded_parameters(&self) -> Option<wgpu::Buffer> {
        if self.parameters.is_empty() {
            return None;
        }
        let parameters = self.gpu.0.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: self.parameters.len() as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.0.counters.buffer();
        self.gpu.upload(&parameters, 0, &self.parameters);
        Some(parameters)
    }

    fn bind_group(
        &self,
        layout: &wgpu::BindGroupLayout,
        (parameters, length): (&wgpu::Buffer, usize),
        buffers: &[wgpu::Buffer],
    ) -> BindGroup {
        // The size of a structure in WGSL is a multiple of a vector's size.
        let size = std::num::NonZeroU64::new(length.next_multiple_of(16) as u64);
        let parameters = BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer(BufferBinding {
                buffer: parameters,
                offset: 0,
                size,
            }),
        };
        let buffers = (1..).zip(buffers).map(|(binding, buffer)| BindGroupEntry {
            binding,
            resource: buffer.as_entire_binding(),
        });
        let entries: Vec<_> = [parameters].into_iter().chain(buffers).collect();
        self.gpu.0.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout,
            entries: &entries,
        })
    }
}
