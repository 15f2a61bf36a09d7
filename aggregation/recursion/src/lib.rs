//! A plonky2 circuit that verifies a proof of velum-stark whose trees and transcript are hashed with Poseidon2.

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
