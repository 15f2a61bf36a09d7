//! The circuits of an aggregate, above its leaves.
//!
//! A leaf is any circuit with the hash of a statement as its public inputs. Leaves differ, so that each has a [`Wrap`] of its own, and all wraps have one shape.
//! A [`Merge`] verifies several wraps, of whichever circuits the allow-list has, and a wrap of the merge brings it to the wraps' shape again. The [`RootCircuit`]
//! verifies one wrap and states what a verifier reads. Neither merge nor root depends on what is wrapped: another leaf changes the list alone.
//!
//! What each states is in `velum-aggregate-verifier`. Everything here is public, so that no proof hides anything.

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

/// Builds circuits.
pub(crate) type Builder = CircuitBuilder<F, D>;
