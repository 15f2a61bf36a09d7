//! A zero-knowledge STARK for tables of several heights, joined by buses, over the Goldilocks field.
//!
//! State each table as a [`Chip`](air::Chip), make a [`ProvingKey`] from the chips and [`Parameters`], fill a [`Trace`](air::Trace) for
//! each, and prove. A [`VerifierKey`] of the same chips verifies. Nothing is trusted, nothing is downloaded; proofs are hidden by blinding
//! rows, masks and salts.
//!
//! | module | what lives there |
//! |---|---|
//! | [`air`] | how a chip states constraints and speaks on buses; the checker that names every failure |
//! | [`field`] | the base field and its extension |
//! | [`backend`] | the interface to the device that computes |
//! | [`shape`] | what the chips of a key fix: groups, columns, what is opened where |
//! | [`program`] | the canonical constraint program of a key, to be replayed elsewhere |
//! | [`control`] | progress and cancellation |
//! | [`secret`] | memory that is overwritten |
//!
//! This crate knows nothing of what its tables are about: no documents, no names of suites, no files, no network.
//!
//! ```
#![doc = include_str!("../examples/fibonacci.rs")]
//! ```

#![warn(missing_docs, unnameable_types, unreachable_pub)]

pub mod air;
mod composition;
pub mod control;
mod domain;
mod error;
pub mod field;
mod fixed;
mod fri;
#[allow(
    unnameable_types,
    reason = "hash functions are sealed: no other crate calls what they are made of"
)]
mod hash;
mod key;
mod mask;
mod merkle;
mod opened;
#[cfg(all(any(test, feature = "testing"), feature = "prover"))]
pub mod oracle;
mod params;
#[cfg(feature = "poseidon2")]
pub mod poseidon2 {
    //! The permutation of [`Poseidon2Hash`](crate::Poseidon2Hash) and how it is used, for those who state it elsewhere.

    pub use crate::hash::poseidon2::{
        DIAGONAL, DIGEST, INITIAL, INTERNAL, RATE, SALT, TERMINAL, TRANSCRIPT_LANE, WIDTH, permute,
        salt_word,
    };
}
#[cfg(feature = "prover")]
pub mod contexts {
    //! The chaining values that messages of [`Blake3Hash`](crate::Blake3Hash) start with, for those who hash elsewhere.

    pub use crate::hash::blake3::keys::{grinding, node, row, row_pieces};
}
pub mod program;
mod proof;
#[cfg(feature = "prover")]
mod prover;
mod public_cells;
mod recorder;
pub mod secret;
mod security;
pub mod shape;
mod symbol;
#[cfg(all(any(test, feature = "testing"), feature = "prover"))]
pub mod testing;
mod transcript;
mod verify;
pub mod words;

pub use composition::LookupChallenges;
pub use error::{Check, VerifyError};
#[cfg(feature = "poseidon2")]
pub use hash::Poseidon2Hash;
#[cfg(feature = "prover")]
pub use hash::Puzzle;
pub use hash::{
    Blake3Hash, Blake3TruncatedHash, DIGEST_BYTES, Digest, HashFunction, ProofHash, SALT_BYTES,
    Salt, TRUNCATED_BYTES,
};
pub use key::VerifierKey;
pub use opened::{OpenedLayer, OpenedProof, OpenedTree};
pub use params::Parameters;
pub use proof::{Commitments, LayerCommitment, LayerOpening, Openings, Proof, TreeOpening};
#[cfg(feature = "prover")]
pub use prover::{
    Checked, CheckedCommitted, CheckedKey, Cpu, CpuBatch, CpuCommitted, CpuKey, ProveError,
    ProvingKey, Untrusted, backend, block_on, block_on_worker,
};
pub use public_cells::PublicCells;
pub use security::{LineTheorem, Security, SecurityTerm, sum_bits};

#[cfg(all(test, feature = "prover"))]
mod tests;
