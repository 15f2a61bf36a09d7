//! Measures how long kernels and stages take on a device, what they do in that time, and what the
//! device can do at most.
//!
//! Kernels are timed in proofs. [`Gpu::observe_kernels`](crate::Gpu::observe_kernels) makes a
//! device run each kernel by itself and waits for it, which a proof does not do otherwise.
//! [`Gpu::wait_at_stages`](crate::Gpu::wait_at_stages) times stages. Both report durations of the
//! host's clock. These include the time to submit a command and to learn that it is done, which
//! [`Peaks`] measures.

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
