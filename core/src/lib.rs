//! Zero-knowledge proofs about ISO 18013-5 credentials: chips (AIRs), prover and verifier.
//!
//! This crate knows no CBOR libraries, certificates, HTTP or user interfaces. The proof system is
//! [`velum_stark`].
//!
//! | module | contents |
//! |---|---|
//! | `chips` | the chips, each of which follows the standard that it proves |
//! | `digest` | the digests of the record: permutation and sponge |
//! | `record` | what a credential proof commits to and a presentation proof opens |
//! | [`class`] | size classes: the public bounds that fix the shape of every table |
//! | `public_inputs` | the public inputs as bytes |
//! | `statement_hash` | the hash by which an aggregate identifies a presentation |
//! | [`suite`] | parameter suites |
//! | [`proof`] | the two proofs: tables, proving, verifying |
//! | [`statement`] | what the two proofs state and what they keep private |
//! | [`value`] | the value of an element as the record holds it |
//! | `testing` | with the feature `testing`: the tables of a document, checked without a proof |
//!
//! A module without a link is private or depends on a feature.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

#[allow(unnameable_types, reason = "other crates hold tables whole, and name no chip")]
#[cfg_attr(
    not(feature = "prover"),
    allow(dead_code, unreachable_pub, reason = "what fills tables is the prover's")
)]
mod chips;
pub mod class;
mod digest;
mod kind;
pub mod proof;
mod public_inputs;
#[cfg_attr(not(feature = "prover"), allow(dead_code, reason = "what fills tables is the prover's"))]
mod record;
pub mod statement;
#[cfg(feature = "aggregatable")]
pub mod statement_hash;
pub mod suite;
#[cfg(any(all(test, feature = "prover"), feature = "testing"))]
pub mod testing;
pub mod value;
