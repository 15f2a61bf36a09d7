//! A [`Backend`](velum_stark::backend::Backend) on GPUs: one set of WGSL kernels that run through
//! `wgpu`, natively and in browsers.
//!
//! This crate knows nothing about the meaning of tables, nor of the transcript.
//!
//! The picture shows the way of a step to the device. Below, it shows for each step its module,
//! what the host sends to the device, the kernels that run there, and what the host reads back. `T`
//! is `transform` (the kernels `Outer` and `Inner`), and `H` is `tree` (`HashRows`, `HashNodes`,
//! `JoinRows` and `HashTop` of the hash function).
//!
//! ```text
//! Choice: Cpu, or Checked<WebGpu> --> Recorder --> Gpu: wgpu device, Kernels, Pool
//!
//! step             module   sends                    kernels                     reads
//! --------------------------------------------------------------------------------------------
//! prepare          key      fixed, selectors, code   T
//! commit_main      backend  cells, salts             T, H                        root
//! commit_lookups   lookup   constants, public        Interpret, Divide,          root,
//!                           columns, blinding, salts Accumulate, T, H            terminals
//! commit_quotient  quotient constants, public        Interpret, DivideSmall,     root
//!                           columns, masks, salts    Split, T, H
//! open             opening  zeta                     AtPoint, Evaluate           values
//! batch            opening  weights, points          AtPoint, SumTerms,
//!                                                    SumQuotients, T
//! commit_layer     folding                           H                           root
//! fold             folding  challenges               Fold
//! final_polynomial folding                                                       codeword
//! rows, layer      opening  positions                Gather                      cells, nodes
//! chunks           backend                                                       coefficients
//! grind            grinding puzzle                   GrindBlake3, GrindPoseidon2 nonce
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `choice`, `calibration`, `clock` | the choice of the faster device: the CPU or the GPU |
//! | `backend` | the backend of a GPU, whose steps the other modules compute |
//! | `device` | the adapter, its limits, and its errors |
//! | `memory`, `matrix` | buffers, which are cleared if they held secrets, and the columns in them |
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
//! roots, terminals, out-of-domain values, the last codeword, nonces, and what the queries open. It
//! also returns the coefficients of the quotient's chunks, which
//! [`Checked`](velum_stark::Checked) compares.

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
