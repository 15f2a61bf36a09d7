//! The proof system: proves and verifies a list of chips with `p3-batch-stark`.
//!
//! # Fiat-Shamir
//!
//! The transcript starts with a prefix that the caller gives (protocol, version, suite, proof kind, class, statement)
//! followed by the hash of the verifier key: chips' names, shapes, fixed columns and lookups. Then come heights, commitments
//! and openings as `p3-batch-stark` orders them.
//!
//! # Fixed shapes
//!
//! Heights are constants of the chips: the whole vector in a proof is compared with them before anything else. A proof's
//! length is a constant of the verifier key.

mod config;
mod key;
mod lower;
mod params;
#[cfg(feature = "prover")]
mod prove;
mod security;
mod verify;

pub use key::VerifierKey;
pub use params::Parameters;
#[cfg(feature = "prover")]
pub use prove::{ProveError, ProvingKey};
pub use security::{Security, SecurityTerm};
pub use verify::VerifyError;

#[cfg(all(test, feature = "prover"))]
mod tests;
