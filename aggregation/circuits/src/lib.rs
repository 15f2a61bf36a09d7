//! The circuits of an aggregate, above its leaves.
//!
//! * A leaf may be any circuit whose public inputs are the hash of a statement. Leaves differ from
//!   each other.
//! * Each leaf has a [`Wrap`] of its own, which verifies it. All wraps have one shape.
//! * A [`Merge`] verifies several wraps, of any circuits on the allow-list. A wrap of the merge
//!   gives it the shape of all wraps again.
//! * The [`RootCircuit`] verifies one wrap and states what a verifier reads.
//!
//! The picture shows these circuits from the leaves down to the root, with the public inputs of
//! each. Numbers in parentheses are those of the profile `proven-100`.
//!
//! ```text
//! leaf circuit    leaf circuit           statement hash 4
//!      |               |
//!      v               v
//! Wrap::of_leaf   Wrap::of_leaf          adds the context: payee, domain, root of AllowList
//!      |               |
//!      v               v
//! proofs of wraps (Wrapped)              digest 4 | count 1 | first 4 | last 4 | context 14
//! one WrapShape: 2^13 (2^14) rows
//!      |                |       ^
//!      | the uppermost  |       |
//!      |                v       |
//!      |    Merge --> Wrap::of_merge     of 2 or 8 (2 or 4) places, the same public inputs
//!      |      in each place: a wrap is verified, its key is on the list (list), and its
//!      |      context is that of the others; filled places are in order (order)
//!      v
//! RootCircuit                            digest 4 | count 1 | context 14
//! ```
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
