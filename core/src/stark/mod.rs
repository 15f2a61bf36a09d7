//! The compact prover and verifier: several tables of different heights in one STARK, hidden by blinding rows.

mod domain;
mod fixed;
mod fri;
mod hash;
mod key;
mod mask;
mod merkle;
mod params;
mod proof;
#[cfg(feature = "prover")]
mod prover;
mod recorder;
mod rows;
mod security;
mod shape;
mod symbol;
mod verify;

pub use key::VerifierKey;
pub use params::Parameters;
#[cfg(feature = "prover")]
pub use prover::{ProveError, ProvingKey};
pub use security::{COLLISION_BITS, LineTheorem, Security, SecurityTerm, sum_bits};
pub use verify::{Check, VerifyError};

#[cfg(all(test, feature = "prover"))]
mod tests;
