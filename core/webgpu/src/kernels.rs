//! The kernels: their source, their bindings, their pipelines.

use std::borrow::Cow;

use velum_stark::control::Control;
use wgpu::{
    BindGroupLayout, BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline,
    ShaderStages,
};

use crate::device::{Fault, GpuError};

/// Number of registers of the interpreter.
pub(crate) const REGISTERS: usize = 256;

/// A kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    Inner,
    Outer,
    HashRowsBlake3,
    HashNodesBlake3,
    JoinRowsBlake3,
    HashTopBlake3,
    HashRowsPoseidon2,
    HashNodesPoseidon2,
    JoinRowsPoseidon2,
    HashTopPoseidon2,
    Interpret,
    Divide,
    Accumulate,
    DivideSmall,
    Split,
    AtPoint,
    Evaluate,
    SumTerms,
    SumQuotients,
    Fold,
    Gather,
    GrindBlake3,
    GrindPoseidon2,
    #[cfg(test)]
    Operate,
}

/// The form of the kernels' source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Elements are 64-bit integers instead of pairs of 32-bit integers.
    pub(crate) has_64_bit: bool,
    /// Repeated code is in loops instead of written out.
    pub(crate) is_looped: bool,
}

/// A module of kernels: the parts of its source, and its kernels with their entry points. `buffers`
/// describes the bindings after the parameters: `r` is read, `w` is read and written.
struct Module {
    parts: &'static [&'static str],
    buffers: &'static str,
    kernels: &'static [(Kernel, &'static str)],
}

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!("wgsl/", $name, ".wgsl"))
    };
}

impl Module {
    /// The source in a form.
    fn source(&self, form: Form) -> String {
        let field = if form.has_64_bit { source!("field_u64") } else { source!("field_u32") };
        let repeated = if form.is_looped { source!("looped") } else { source!("unrolled") };
        [&[field, repeated, source!("extension")], self.parts].concat().concat()
    }
}

const MODULES: &[Module] = &[
    Module {
        parts: &[source!("transform")],
        buffers: "rwrr",
        kernels: &[(Kernel::Inner, "inner"), (Kernel::Outer, "outer")],
    },
    Module {
        parts: &[source!("tree"), source!("blake3"), source!("blake3_tree")],
        buffers: "rrwr",
        kernels: &[
            (Kernel::HashRowsBlake3, "hash_rows"),
            (Kernel::HashNodesBlake3, "hash_nodes"),
            (Kernel::JoinRowsBlake3, "join_rows"),
            (Kernel::HashTopBlake3, "hash_top"),
        ],
    },
    Module {
        parts: &[source!("tree"), source!("poseidon2"), source!("poseidon2_tree")],
        buffers: "rrwr",
        kernels: &[
            (Kernel::HashRowsPoseidon2, "hash_rows"),
            (Kernel::HashNodesPoseidon2, "hash_nodes"),
            (Kernel::JoinRowsPoseidon2, "join_rows"),
            (Kernel::HashTopPoseidon2, "hash_top"),
        ],
    },
    Module {
        parts: &["const REGISTERS = 256;\n", source!("interpret")],
        buffers: "rrrrrrw",
        kernels: &[(Kernel::Interpret, "interpret")],
    },
    Module {
        parts: &[source!("lookup")],
        buffers: "wrww",
        kernels: &[(Kernel::Divide, "divide"), (Kernel::Accumulate, "accumulate")],
    },
    Module {
        parts: &[source!("chunks")],
        buffers: "rrrw",
        kernels: &[(Kernel::DivideSmall, "divide_small")],
    },
    Module {
        parts: &[source!("split")],
        buffers: "rrrw",
        kernels: &[(Kernel::Split, "split_quotient")],
    },
    Module {
        parts: &[source!("points")],
        buffers: "rw",
        kernels: &[(Kernel::AtPoint, "at_point")],
    },
    Module {
        parts: &[source!("evaluate")],
        buffers: "rrrw",
        kernels: &[(Kernel::Evaluate, "evaluate_columns")],
    },
    Module {
        parts: &[source!("batch")],
        buffers: "rrrrrrw",
        kernels: &[(Kernel::SumTerms, "sum_terms")],
    },
    Module {
        parts: &[source!("quotients")],
        buffers: "rrrrrw",
        kernels: &[(Kernel::SumQuotients, "sum_quotients")],
    },
    Module { parts: &[source!("fold")], buffers: "rrw", kernels: &[(Kernel::Fold, "fold_pairs")] },
    Module {
        parts: &[source!("gather")],
        buffers: "rrw",
        kernels: &[(Kernel::Gather, "gather_cells")],
    },
    Module {
        parts: &[source!("blake3"), source!("grind_blake3")],
        buffers: "w",
        kernels: &[(Kernel::GrindBlake3, "try_nonces")],
    },
    Module {
        parts: &[source!("poseidon2"), source!("grind_poseidon2")],
        buffers: "wr",
        kernels: &[(Kernel::GrindPoseidon2, "try_nonces")],
    },
    #[cfg(test)]
    Module {
        parts: &[source!("testing")],
        buffers: "rrw",
        kernels: &[(Kernel::Operate, "operate")],
    },
];

/// A kernel that can be run.
pub(crate) struct Pipeline {
    pub(crate) pipeline: ComputePipeline,
    pub(crate) layout: BindGroupLayout,
}

/// All kernels.
pub(crate) struct Kernels(Vec<(Kernel, Pipeline)>);

/// A module that the device has loaded, with the layout of its kernels' bindings.
struct Loaded {
    kernels: &'static [(Kernel, &'static str)],
    shader: wgpu::ShaderModule,
    layout: BindGroupLayout,
}

impl Loaded {
    fn new(device: &wgpu::Device, module: &Module, source: String) -> Self {
        let shader = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: module.kernels.first().map(|(_, name)| *name),
            source: wgpu::ShaderSource::Wgsl(Cow::Owned(source)),
        });
        Self { kernels: module.kernels, shader, layout: layout(device, module.buffers) }
    }

    fn pipeline(&self, device: &wgpu::Device, entry: &'static str) -> Pipeline {
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&self.layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: Some(&pipeline_layout),
            module: &self.shader,
            entry_point: Some(entry),
            // A workgroup writes its memory before it reads it.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        Pipeline { pipeline, layout: self.layout.clone() }
    }
}

impl Kernels {
    /// Compiles all kernels. `alter` may change their source, which tests do.
    ///
    /// # Errors
    /// Returns [`GpuError::Compilation`] for the first kernel that is refused, another error that
    /// the device has had by then, or the cancellation.
    pub(crate) async fn new(
        device: &wgpu::Device,
        fault: &Fault,
        form: Form,
        control: &Control<'_>,
        alter: impl Fn(String) -> String,
    ) -> Result<Self, GpuError> {
        let load = |module: &Module| -> Result<Loaded, GpuError> {
            let loaded = Loaded::new(device, module, alter(module.source(form)));
            fault.check().map_err(|error| refused(module.kernels[0].1, error))?;
            Ok(loaded)
        };
        let create = |module: &Loaded| -> Result<Vec<(Kernel, Pipeline)>, GpuError> {
            let mut kernels = Vec::with_capacity(module.kernels.len());
            for &(kernel, entry) in module.kernels {
                control.check()?;
                kernels.push((kernel, module.pipeline(device, entry)));
                fault.check().map_err(|error| refused(entry, error))?;
            }
            Ok(kernels)
        };
        #[cfg(not(target_arch = "wasm32"))]
        let kernels =
            MODULES.iter().map(|module| create(&load(module)?)).collect::<Result<Vec<_>, _>>();
        #[cfg(target_arch = "wasm32")]
        let kernels = {
            let loaded: Vec<_> = MODULES.iter().map(load).collect::<Result<_, GpuError>>()?;
            let create = || loaded.iter().map(create).collect::<Result<Vec<_>, GpuError>>();
            crate::ahead::compile(device, create).await?;
            let kernels = create();
            crate::ahead::forget(device);
            kernels
        };
        Ok(Self(kernels?.into_iter().flatten().collect()))
    }

    pub(crate) fn get(&self, kernel: Kernel) -> &Pipeline {
        let found = self.0.iter().find(|(other, _)| *other == kernel);
        &found.expect("every kernel is in a module").1
    }
}

/// Converts an error that came with a kernel.
fn refused(kernel: &'static str, error: GpuError) -> GpuError {
    match error {
        GpuError::Failed(message) => GpuError::Compilation { kernel: kernel.into(), message },
        error => error,
    }
}

/// The layout of the parameters and the buffers after them.
fn layout(device: &wgpu::Device, buffers: &str) -> BindGroupLayout {
    let entry =
        |binding: usize, ty: BufferBindingType, has_dynamic_offset: bool| BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
    let storage = |(index, kind): (usize, char)| {
        entry(index + 1, BufferBindingType::Storage { read_only: kind == 'r' }, false)
    };
    let parameters = entry(0, BufferBindingType::Uniform, true);
    let entries: Vec<_> =
        [parameters].into_iter().chain(buffers.chars().enumerate().map(storage)).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &entries,
    })
}

/// The source of each module, by its first kernel.
#[cfg(test)]
pub(crate) fn sources(form: Form) -> impl Iterator<Item = (&'static str, String)> {
    MODULES.iter().map(move |module| (module.kernels[0].1, module.source(form)))
}

/// The names of each module's kernels.
#[cfg(feature = "measure")]
pub(crate) fn names() -> impl Iterator<Item = String> {
    let name = |(kernel, _): &(Kernel, _)| format!("{kernel:?}");
    MODULES.iter().map(move |module| module.kernels.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// The source of the kernels that measure the limits of a device.
#[cfg(feature = "measure")]
pub(crate) fn source_of_peaks(form: Form) -> String {
    Module { parts: &[source!("measure")], buffers: "", kernels: &[] }.source(form)
}
