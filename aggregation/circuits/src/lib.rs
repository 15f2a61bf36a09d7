//! The circuits of an aggregate, above its leaves.
//!
//! * A leaf may be any circuit whose public inputs are the hash of a statement. Leaves differ from
//!   each other.
//! * Each leaf has a [`Wrap`] of its own, which verifies it. All wraps have one shape.
//! * A [`Merge`] verifies several wraps, of any circuits on the allow-list. A wrap of the merge
//!   gives it the shape of all wraps again.
//! * The [`RootCircuit`] verifies one wrap and states what a verifier reads.
//!
//! Neither merges nor the root depend on what is wrapped. Another leaf changes only the list. This
//! crate knows nothing of presentations and their proofs, and `velum-aggregate-verifier` defines
//! what each circuit states.
//!
//! The modules `circuit`, `node` and `shape` hold what circuits have in common, and `wrap` makes
//! wraps. `list` and `order` constrain membership in the allow-list and the order of hashes.
//! `merge` and `root` verify wraps. `aggregator` holds all circuits of a profile.
//!
//! Everything here is public, so no proof hides anything.

#![warn(missing_docs, unreachable_pub)]

use plonky2::plonk::circuit_builder::CircuitBuilder;
use velum_aggregate_verifier::{C, D, F};

mod aggregator;
mod circuit;
mod error;
mod list;
mod merge;
mod node;
mod order;
mod root;
mod shape;
#[cfg(test)]
mod tests;
mod wrap;

pub use aggregator::{Aggregator, arities};
pub use circuit::{Circuit, Proof};
pub use error::{AggregationError, ShapeError};
pub use list::AllowList;
pub use merge::{Merge, Wrapped};
pub use root::RootCircuit;
pub use shape::WrapShape;
pub use wrap::Wrap;

/// A builder of circuits.
pub(crate) type Builder = CircuitBuilder<F, D>;
