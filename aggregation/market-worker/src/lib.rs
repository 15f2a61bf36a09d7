//! The workshop that a provider proves with. It turns the presentations that the provider has won
//! into tasks, which any number of workers on any number of machines do.
//!
//! Workers share a database and a store of blobs, each named by one URL, and nothing else. A lot is
//! a tree of tasks: `leaf`, `wrap`, `merge`, `root`. Each task is a function from blobs to a blob,
//! and its name is derived from what it follows from. So doing a task twice does no harm, and two
//! lots share the tasks that they have in common.
//!
//! The picture shows the provider on the left, its workers on the right, and between them all that
//! they share.
//!
//! ```text
//! provider (Workshop)       database and blobs              worker (Workshop::work)
//!   |                                                         |
//!   | fetch --------------> blobs: submissions                | engine: apalis
//!   |                                                         |
//!   | take(LotWork)                                           | Store::claim: the most urgent
//!   v                                                         v ready task, on a lease
//! plan: Plan::of                                            run: inputs from blobs
//!   leaf   leaf   leaf                                        |
//!   wrap   wrap   wrap                                        v
//!      \    |    /                                          Prove::prove   (prover)
//!        merge                                                |
//!        root ------------> store: lots, tasks, leases        v
//!                           blobs: results, by task <------ result, then Store::end
//!   | result(lot) <-------- the result of the root
//!   v   checked by Prove::holds
//! Aggregate { statements, proof }
//! ```
//!
//! The tree, the attempts and the leases are rows in the provider's own database. `apalis` drives a
//! worker: it asks for the next task when the last one is done, keeps leases alive in the meantime,
//! and drains.
//!
//! Nothing here knows a market.
//!
//! # Order of the source
//!
//! - `task` is one proof to be made, and `plan` is the tree of tasks for a lot.
//! - `prove` is the interface of what makes results. `prover` implements it, and is the only module
//!   that knows circuits.
//! - `store` keeps lots and tasks in the database. It knows nothing of proofs.
//! - `run` makes one attempt at a task, and `engine` drives a worker from task to task.
//! - `workshop` is what a provider's daemon uses.

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
