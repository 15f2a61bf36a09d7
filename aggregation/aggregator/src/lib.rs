//! Makes aggregates of presentations: folds many presentations into one proof, task by task.
//!
//! * A leaf verifies one presentation.
//! * A wrap gives a proof the shape of all proofs above the leaves.
//! * A merge joins several wraps.
//! * The root is what verifiers read.
//!
//! Each task is a function from proofs to a proof. Tasks may therefore run anywhere, and in any
//! order that the [`Tree`] allows.

#![warn(missing_docs, unreachable_pub)]

mod aggregator;
mod error;
mod receipt;
mod tree;

pub use aggregator::{Aggregator, Circuits, wide};
pub use error::AggregatorError;
pub use receipt::{ReceiptError, receipt};
pub use tree::Tree;
pub use velum_aggregate_circuits::{Proof, Wrapped};
pub use velum_recursion::ProvenStatements;
