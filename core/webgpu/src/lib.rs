//! A [`Backend`](velum_stark::backend::Backend) on GPUs: one set of WGSL kernels that run through
//! `wgpu`, natively and in browsers.
//!
//! | module | contents |
//! |---|---|
//! | `choice`, `calibration` | the choice of the faster device: the CPU or the GPU |
//! | `device` | the adapter, its limits, and its errors |
//! | `memory` | buffers, which are cleared if they held secrets |
//! | `kernels`, `ahead` | the kernels, their source and their compilation, which blocks nobody in browsers |
//! | `recorder`, `waiting` | the commands for the device, and its answers |
//! | `measure` | how long kernels and stages take, with the feature of that name |
//! | `traffic` | how many commands and answers there were |
//! | `program` | constraint programs as instructions of a kernel |
//! | `key` | what is computed once for each verifier key |
//! | `transform`, `tree`, `lookup`, `quotient`, `opening`, `folding`, `grinding` | the steps of a proof |
//!
//! The last row of the table names the steps in the order of a proof: every commitment needs
//! `transform` and `tree`, the lookup columns and the quotient follow, then the openings and FRI.
//! Grinding takes place between the steps.
//!
//! Columns stay on the device from the first commitment to the last opening. The device returns
//! roots, terminals, out-of-domain values, the last codeword, and what the queries open.
//!
//! This crate knows nothing about the meaning of tables.

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
