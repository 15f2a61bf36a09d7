//! A [`Backend`](velum_stark::backend::Backend) on GPUs: one set of WGSL kernels through `wgpu`, natively and in browsers.
//!
//! | module | what lives there |
//! |---|---|
//! | `choice`, `calibration` | the processor or the GPU, whichever is faster |
//! | `device` | the adapter, its limits, what went wrong with it |
//! | `memory` | buffers, which are cleared where they held secrets |
//! | `kernels`, `ahead` | the kernels, their source and their compilation; in browsers without anyone waiting |
//! | `recorder`, `waiting` | what the device is told to do, and what comes back from it |
//! | `measure` | how long kernels and stages take, with the feature of that name |
//! | `traffic` | how much of both there was |
//! | `program` | constraint programs as instructions of a kernel |
//! | `key` | what is computed once for each verifier key |
//! | `transform`, `tree`, `lookup`, `quotient`, `opening`, `folding`, `grinding` | the steps of a proof |
//!
//! Columns stay on the device from the first commitment to the last opening. What comes back are roots, terminals, values out of domain,
//! the last codeword, and what the queries open.
//!
//! This crate knows nothing of what tables are about.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

#[cfg(target_arch = "wasm32")]
mod ahead;
mod backend;
mod calibration;
mod choice;
mod clock;
mod device;
mod folding;
mod grinding;
mod kernels;
mod key;
mod lookup;
mod matrix;
#[cfg(feature = "measure")]
pub mod measure;
mod memory;
mod opening;
mod program;
mod quotient;
mod recorder;
#[cfg(test)]
mod tests;
mod traffic;
mod transform;
mod tree;
#[cfg(not(target_arch = "wasm32"))]
mod waiting;

pub use backend::{Batch, Committed, WebGpu};
pub use calibration::{Calibration, Timing};
pub use choice::{Choice, ChoiceBatch, ChoiceCommitted, ChoiceKey, Policy, State};
pub use device::{Adapter, Gpu, GpuError, Options, adapters};
pub use key::GpuKey;
pub use traffic::Traffic;
