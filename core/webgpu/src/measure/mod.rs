//! How long kernels and stages take on a device, what they do in that time, and what the device can do at most.
//!
//! Kernels are timed in proofs: [`Gpu::observe_kernels`](crate::Gpu::observe_kernels) has a device run each of them by itself and wait for it, which no proof
//! does otherwise. Stages are timed by [`Gpu::wait_at_stages`](crate::Gpu::wait_at_stages). Both tell durations of the host's clock, with
//! the time that it takes to submit a command and to hear that it is done: [`Peaks`] has it.

mod compile;
mod kernels;
mod observe;
mod peak;
mod samples;
mod work;

pub use compile::{Compiled, compile};
pub use kernels::{Done, Kind, OfGroup, OfRow};
pub use observe::Observed;
pub(crate) use observe::Watch;
pub use peak::Peaks;
pub use samples::Samples;
pub use work::Work;
