//! A plonky2 circuit that verifies a proof of velum-stark, if the proof's trees and transcript are
//! hashed with Poseidon2.
//!
//! The crate builds on plonky2, velum-stark and velum-core. It knows nothing of the circuits above
//! a leaf, such as wraps and merges.
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
