//! The adapter and its device.

use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use velum_stark::control::{Cancelled, Control};
use wgpu::{DeviceType, Features, Limits};

use crate::kernels::{Form, Kernels};
use crate::memory::Pool;
use crate::traffic::Counters;

/// The reason for which a GPU could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GpuError {
    /// There is no adapter, or none that may be used.
    #[error("no GPU is available: {0}")]
    NoAdapter(String),
    /// The adapter provided no device.
    #[error("the GPU cannot be used: {0}")]
    NoDevice(String),
    /// The adapter's limits are too low.
    #[error("the GPU allows {has} {what}, but {needed} are needed")]
    Limit {
        /// The limited resource.
        what: &'static str,
        /// The amount that is needed.
        needed: u64,
        /// The amount that is available.
        has: u64,
    },
    /// A kernel was refused.
    #[error("the GPU's driver refused the kernel {kernel}: {message}")]
    Compilation {
        /// The kernel.
        kernel: String,
        /// The reason.
        message: String,
    },
    /// The device was lost.
    #[error("the GPU was lost: {0}")]
    Lost(String),
    /// The device has no memory left.
    #[error("the GPU has no memory left: {0}")]
    OutOfMemory(String),
    /// The device refused a command.
    #[error("the GPU failed: {0}")]
    Failed(String),
    /// The caller that waited for the device gave up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The kernels do not support the tables of a key.
    #[error("the GPU's kernels do not support {0}")]
    Unsupported(String),
}

/// An adapter, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// The adapter's name.
    pub name: String,
    /// The interface through which it is used: `vulkan`, `metal`, `dx12`, `webgpu`.
    pub interface: String,
    /// The driver, with its version.
    pub driver: String,
    /// Whether it computes on the CPU.
    pub is_software: bool,
    /// Whether it has 64-bit integers.
    pub has_64_bit: bool,
    /// The largest number of a buffer's bytes that a kernel may access.
    pub max_binding: u64,
}

impl Adapter {
    fn new(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        Self {
            interface: info.backend.to_string(),
            driver: [info.driver, info.driver_info].join(" ").trim().to_owned(),
            is_software: info.device_type == DeviceType::Cpu,
            has_64_bit: adapter.features().contains(Features::SHADER_INT64),
            max_binding: adapter.limits().max_storage_buffer_binding_size,
            name: info.name,
        }
    }

    /// The adapter, completed with what a browser reports about the device.
    #[cfg(target_arch = "wasm32")]
    fn of_device(self, device: &wgpu::Device) -> Self {
        let info =
            device.as_webgpu().and_then(|device| crate::ahead::member(device, "adapterInfo"));
        let part =
            |name| info.as_ref().and_then(|info| crate::ahead::member(info, name)?.as_string());
        let parts: Vec<_> = ["description", "vendor", "architecture", "device"]
            .into_iter()
            .filter_map(part)
            .filter(|part| !part.is_empty())
            .collect();
        let is_software = device.adapter_info().device_type == DeviceType::Cpu;
        Self { name: parts.join(" "), is_software, ..self }
    }

    /// The adapter, which already reports everything.
    #[cfg(not(target_arch = "wasm32"))]
    fn of_device(self, _device: &wgpu::Device) -> Self {
        self
    }

    /// Whether compiling kernels that are written out takes minutes. This is so for a browser's
    /// software adapter, but not for lavapipe.
    fn is_slow_to_compile(&self) -> bool {
        self.is_software && cfg!(target_arch = "wasm32")
    }
}

/// All adapters of the machine, or the adapter that a browser offers.
pub async fn adapters() -> Vec<Adapter> {
    all_adapters().await.iter().map(Adapter::new).collect()
}

/// The process's one instance. It is never dropped, because drivers are unloaded with the last
/// instance. Code of a driver may still be called after that, such as by a handler that runs when
/// the process exits, and the process would then end in a segmentation fault.
#[cfg(not(target_arch = "wasm32"))]
fn instance() -> &'static wgpu::Instance {
    static INSTANCE: std::sync::OnceLock<wgpu::Instance> = std::sync::OnceLock::new();
    INSTANCE.get_or_init(new_instance)
}

#[cfg(target_arch = "wasm32")]
fn instance() -> wgpu::Instance {
    new_instance()
}

fn new_instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle())
}

async fn all_adapters() -> Vec<wgpu::Adapter> {
    #[cfg(not(target_arch = "wasm32"))]
    return instance().enumerate_adapters(wgpu::Backends::all()).await;
    #[cfg(target_arch = "wasm32")]
    return instance()
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .into_iter()
        .collect();
}

/// The largest number of storage buffers that a kernel accesses at once.
const STORAGE_BUFFERS: u32 = 8;

/// The largest number of bytes of a workgroup's memory.
const WORKGROUP_BYTES: u32 = 16_384;

/// The largest number of threads of a workgroup.
const WORKGROUP_THREADS: u32 = 256;

/// A device with its kernels. Clones share the device.
#[derive(Clone)]
pub struct Gpu(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) adapter: Adapter,
    pub(crate) kernels: Kernels,
    pub(crate) pool: Pool,
    pub(crate) counters: Arc<Counters>,
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) waiter: crate::waiting::Waiter,
    pub(crate) fault: Arc<Fault>,
}

/// The first error of the device.
#[derive(Default)]
pub(crate) struct Fault(Mutex<Option<GpuError>>);

impl Fault {
    pub(crate) fn set(&self, error: GpuError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Returns the first error so far, if any.
    pub(crate) fn check(&self) -> Result<(), GpuError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }
}

/// Which adapters may be used, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Use adapters that compute on the CPU, too, if there is no other.
    pub software: bool,
    /// Represent elements as pairs of 32-bit integers even if the adapter has 64-bit integers.
    pub only_32_bit: bool,
    /// Compile short kernels instead of fast ones. Some software adapters take minutes to compile
    /// fast kernels.
    pub short: bool,
}

impl Gpu {
    /// Opens a GPU and compiles the kernels.
    ///
    /// # Errors
    /// Returns [`GpuError`] if the GPU cannot be used.
    pub async fn open(options: Options) -> Result<Self, GpuError> {
        Self::open_with(options, &Control::none(), |source| source).await
    }

    /// [`open`](Self::open) with cancellation.
    ///
    /// # Errors
    /// Returns [`GpuError`] if the GPU cannot be used.
    pub(crate) async fn open_under(
        options: Options,
        control: &Control<'_>,
    ) -> Result<Self, GpuError> {
        Self::open_with(options, control, |source| source).await
    }

    /// [`open`](Self::open) with kernels whose source is altered, so that tests can find out what
    /// notices the change.
    ///
    /// # Errors
    /// Returns [`GpuError`] if the GPU cannot be used.
    #[cfg(any(test, feature = "testing", feature = "measure"))]
    pub async fn open_altered(
        options: Options,
        alter: impl Fn(String) -> String,
    ) -> Result<Self, GpuError> {
        Self::open_with(options, &Control::none(), alter).await
    }

    async fn open_with(
        options: Options,
        control: &Control<'_>,
        alter: impl Fn(String) -> String,
    ) -> Result<Self, GpuError> {
        let mut adapters = all_adapters().await;
        adapters.retain(|adapter| {
            options.software || adapter.get_info().device_type != DeviceType::Cpu
        });
        adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        });
        let adapter = adapters.first().ok_or_else(|| {
            GpuError::NoAdapter(
                if options.software {
                    "none was found"
                } else {
                    "only a software adapter was found"
                }
                .into(),
            )
        })?;
        #[cfg(not(target_arch = "wasm32"))]
        return crate::waiting::driven(|| {
            velum_stark::block_on(Self::on(adapter, options, control, alter))
        });
        #[cfg(target_arch = "wasm32")]
        return Self::on(adapter, options, control, alter).await;
    }

    async fn on(
        adapter: &wgpu::Adapter,
        options: Options,
        control: &Control<'_>,
        alter: impl Fn(String) -> String,
    ) -> Result<Self, GpuError> {
        let has = adapter.limits();
        for (what, needed, has) in [
            (
                "storage buffers per kernel",
                STORAGE_BUFFERS,
                has.max_storage_buffers_per_shader_stage,
            ),
            (
                "bytes of memory per workgroup",
                WORKGROUP_BYTES,
                has.max_compute_workgroup_storage_size,
            ),
            ("threads per workgroup", WORKGROUP_THREADS, has.max_compute_invocations_per_workgroup),
        ] {
            if has < needed {
                return Err(GpuError::Limit { what, needed: needed.into(), has: has.into() });
            }
        }
        let has_64_bit =
            !options.only_32_bit && adapter.features().contains(Features::SHADER_INT64);
        let description = wgpu::DeviceDescriptor {
            label: Some("velum"),
            required_features: if has_64_bit { Features::SHADER_INT64 } else { Features::empty() },
            required_limits: Limits {
                max_storage_buffer_binding_size: has.max_storage_buffer_binding_size,
                max_buffer_size: has.max_buffer_size,
                ..Limits::defaults()
            },
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&description)
            .await
            .map_err(|error| GpuError::NoDevice(error.to_string()))?;
        let fault = Arc::new(Fault::default());
        let of_errors = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error| of_errors.set(error.into())));
        let of_loss = fault.clone();
        device.set_device_lost_callback(move |_, message| of_loss.set(GpuError::Lost(message)));
        let adapter = Adapter::new(adapter).of_device(&device);
        let form = Form { has_64_bit, is_looped: options.short || adapter.is_slow_to_compile() };
        let kernels = Kernels::new(&device, &fault, form, control, alter).await?;
        #[cfg(not(target_arch = "wasm32"))]
        let waiter = crate::waiting::Waiter::start(device.clone(), fault.clone())?;
        let counters = Arc::<Counters>::default();
        let pool = Pool::new(device.clone(), queue.clone(), counters.clone());
        Ok(Self(Arc::new(Inner {
            device,
            queue,
            adapter,
            kernels,
            pool,
            counters,
            #[cfg(not(target_arch = "wasm32"))]
            waiter,
            fault,
        })))
    }

    /// Loses the device, as drivers do.
    #[cfg(any(test, feature = "testing"))]
    pub fn lose(&self) {
        self.0.device.destroy();
    }

    /// Reports that no memory is left, as drivers do.
    #[cfg(any(test, feature = "testing"))]
    pub fn exhaust(&self) {
        self.0.fault.set(GpuError::OutOfMemory("on purpose".into()));
    }

    /// The adapter.
    pub fn adapter(&self) -> &Adapter {
        &self.0.adapter
    }

    /// Returns the first error so far, if any.
    pub(crate) fn check(&self) -> Result<(), GpuError> {
        self.0.fault.check()
    }
}

impl From<wgpu::Error> for GpuError {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { source } => Self::OutOfMemory(source.to_string()),
            wgpu::Error::Validation { description, .. } => Self::Failed(description),
            wgpu::Error::Internal { description, .. } => Self::Failed(description),
        }
    }
}
