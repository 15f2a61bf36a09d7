//! What a provider proves with: the presentations that it has won, as tasks that any number of workers on any number of machines do.
//!
//! Workers share a database and a store of blobs, each named by one URL, and nothing else. A lot is a tree of tasks: `leaf`, `wrap`, `merge`, `root`. Each is a function
//! from blobs to a blob and named by what it follows from, so that doing one twice does no harm, and two lots share what they have in common.
//!
//! The tree, attempts and leases are rows of the provider's own. What drives a worker is `apalis`: it asks for the next task when the last is done, keeps leases
//! alive meanwhile, and drains.
//!
//! Nothing here knows a market.

#![warn(missing_docs, unreachable_pub)]

mod engine;
mod error;
mod plan;
mod prove;
mod prover;
mod run;
mod store;
mod task;
mod workshop;

pub use error::WorkError;
pub use plan::{Plan, PlanError, Presentation};
pub use prove::{Prove, Unproven};
pub use prover::Prover;
pub use store::{Counted, DeadTask, Pace, State};
pub use task::{Input, Kind, Task, Work};
pub use workshop::{Aggregate, LotWork, Workshop};

#[cfg(test)]
mod tests;
