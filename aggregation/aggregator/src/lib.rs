//! Makes aggregates of presentations: folds many into one proof, task by task.
//!
//! A leaf verifies one presentation, a wrap gives it the shape of all proofs above, a merge joins several, and the root is what verifiers read. Each is a function
//! from proofs to a proof, so that tasks may run anywhere and in any order that the [`Tree`] allows.

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
