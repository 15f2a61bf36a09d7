//! A plonky2 circuit that verifies proofs of velum-stark whose trees and transcript are hashed with
//! Poseidon2, and the leaf of an aggregate, which verifies both proofs of one presentation with it.
//!
//! The crate builds on plonky2, velum-stark and velum-core. It knows nothing of the circuits above
//! a leaf, such as wraps and merges.
//!
//! The picture shows the circuit of a leaf in the order in which it is built. On the left is the
//! module of each part, and on the right what the part computes (`->`) or constrains (`=`).
//!
//! ```text
//!               for each of the two proofs: bound elements, public cells, ProofTargets
//! verifier        |
//!   transcript    |  roots, terminals, opened values, FRI layers, final polynomial, nonces
//!                 |    -> gamma, beta | alpha | zeta | batching | folding | query indices
//!                 |  sum of the terminals = 0
//!   domain        |  zeta -> selectors, fixed columns (planned by columns), public columns
//!   composition   |  constraint program at these inputs = quotient at zeta
//!   batch         |  zeta, opened values, batching -> the part that all queries share
//!   merkle        |  hash of each cap = root of its tree or FRI layer
//!                 |  for each query index:
//!   merkle        |    opened rows and salts -> node of the cap of each of the three trees
//!   points        |    index -> x
//!   batch         |    x, rows -> value of the batched codeword
//!   fri           |    value in each layer's leaf, leaf in its tree; folded = final polynomial
//!                 v
//! leaf          C of one proof = C of the other; the presentation proof is bound to the main
//!               root of the credential proof; hash of what both state -> 4 public inputs
//! ```
//!
//! From the bottom up, the modules are:
//!
//! * `field` converts elements between the two proof systems.
//! * `gate` turns one statement of relations into a plonky2 gate. `poseidon2`, `bits`, `sums`,
//!   `blocks`, `fold` and `lagrange` state such relations.
//! * `transcript`, `merkle`, `points`, `columns`, `domain`, `composition`, `batch` and `fri` are
//!   the parts of the verifier.
//! * `proof` holds the targets of a proof, and `verifier` joins the parts to the circuit that
//!   verifies it.
//! * `leaf` verifies both proofs of a presentation.

#![warn(missing_docs, unreachable_pub)]

mod batch;
mod bits;
mod blocks;
mod columns;
mod composition;
mod domain;
mod error;
mod field;
mod fold;
mod fri;
mod gate;
mod lagrange;
mod leaf;
mod merkle;
mod points;
mod poseidon2;
mod proof;
mod sums;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transcript;
mod verifier;

pub use error::{KeyError, LeafError, WitnessError};
pub use field::{Builder, D, F};
pub use leaf::{LeafCircuit, ProvenStatements};
pub use proof::ProofTargets;
pub use verifier::{PublicTargets, Rows, StarkVerifier, bound_elements};
