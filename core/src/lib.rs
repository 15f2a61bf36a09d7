//! Zero-knowledge proofs about ISO 18013-5 credentials: chips (AIRs), prover and verifier.
//!
//! | module | what lives there |
//! |---|---|
//! | [`field`] | the base field and its extension |
//! | [`air`] | how a chip states constraints and speaks on buses; the checker that names every failure |
//! | [`chips`] | the chips, each following the standard it proves |
//! | [`poseidon2`] | the permutation and sponge of the record |
//! | [`record`] | what a credential proof commits to and a presentation proof opens |
//! | [`class`] | size classes, the public bounds that fix every table's shape |
//! | [`transcript`] | the public inputs as bytes |
//! | [`control`] | progress and cancellation |
//! | [`suite`] | parameter suites |
//! | [`proof`] | the two proofs: tables, proving, verifying |
//! | [`stark`] | the proof system |
//! | [`statement`] | what the two proofs state and what they keep private |
//!
//! Nothing here knows CBOR libraries, certificates, HTTP or user interfaces.

pub mod air;
pub mod chips;
pub mod class;
pub mod control;
pub mod field;
pub mod poseidon2;
pub mod proof;
pub mod record;
mod secret;
pub mod stark;
pub mod statement;
pub mod suite;
pub mod transcript;

#[cfg(all(test, feature = "prover"))]
mod oracle;
