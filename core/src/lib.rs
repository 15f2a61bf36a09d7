//! Zero-knowledge proofs about ISO 18013-5 credentials: chips (AIRs), prover and verifier.
//!
//! This crate knows no CBOR libraries, certificates, HTTP or user interfaces. The proof system is
//! [`velum_stark`].
//!
//! The picture shows what is public and what is private in each of the two proofs, and what joins
//! them: the commitment `C` to the record, and the name of the credential proof.
//!
//! ```text
//!                 credential proof                presentation proof
//! statement       CredentialStatement             PresentationStatement
//!   public          Subject, C                      Subject, C, name of the credential proof,
//!                                                   request, times, hash that the device
//!                                                   signed, predicates; salt (aggregatable)
//! statement       CredentialWitness               PresentationWitness
//!   private         Sig_structure, signature,       record opening, the device's signature
//!                   items, record opening
//!                   |                               |
//! chips, record     | 11 kinds of tables            | 5 kinds of tables
//!                   v                               v
//! proof           Prover -> bytes --name-->       Prover -> bytes
//!                   |                               |
//!                   v                               v
//! proof           Verifier::verify_credential     Verifier::verify_presentation
//!
//! suite, class    --> parameters and heights: one VerifierKey for each proof
//! public_inputs   --> the bytes to which each proof is bound
//! statement_hash  --> one digest of both statements, for aggregates
//! ```
//!
//! The modules in reading order. Each uses only modules above it, apart from tests:
//!
//! | module | contents |
//! |---|---|
//! | [`class`] | size classes: the public bounds that fix the shape of every table |
//! | `kind` | the two kinds of proof |
//! | [`suite`] | parameter suites |
//! | `digest` | the digests of the record: permutation and sponge |
//! | [`value`] | the value of an element as the record holds it |
//! | [`statement`] | what the two proofs state and what they keep private |
//! | `record` | what a credential proof commits to and a presentation proof opens |
//! | `public_inputs` | the public inputs as bytes |
//! | `chips` | the chips, each of which follows the standard that it proves |
//! | [`proof`] | the two proofs: tables, proving, verifying |
//! | `statement_hash` | the hash by which an aggregate identifies a presentation |
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
