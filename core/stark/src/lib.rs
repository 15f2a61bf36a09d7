//! A zero-knowledge STARK over the Goldilocks field, for tables of several heights that are joined
//! by buses.
//!
//! To prove, state each table as a [`Chip`](air::Chip), make a [`ProvingKey`] from the chips and
//! the [`Parameters`], and fill a [`Trace`](air::Trace) for each chip. A [`VerifierKey`] of the
//! same chips verifies the proof. There is no trusted setup and nothing to download. Blinding rows,
//! masks and salts hide the witness.
//!
//! The picture shows the way from chips to a verified proof, and on the right the modules that each
//! part consists of.
//!
//! ```text
//! label, Parameters, &[impl Chip]                             air, params
//!   |
//!   v
//! VerifierKey: Shape, domains, fixed columns, hash            key, shape, recorder, program,
//!   |                                  |                        mask, domain, fixed
//!   | a Backend prepares it            |
//!   v                                  |
//! ProvingKey                           |                      prover, backend
//!   |                                  |
//!   | <- chips, traces, bound          | <- chips, bound      air
//!   v                                  v
//! prove ----- proof: Vec<u8> ------> verify                   prover, verify, proof
//!                                      |
//!                                      +--> Ok, VerifyError   error
//!
//! both use: commitments and challenges                        hash, merkle, transcript
//!           constraints and fractions                         composition
//!           folding                                           fri
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`air`] | how a chip states constraints and uses buses; the checker that names every failure |
//! | [`field`] | the base field and its extension |
//! | [`backend`] | the interface to the device that computes a proof |
//! | [`shape`] | what the chips of a key fix: groups, columns, what is opened where |
//! | [`words`] | the numbers of the words that a batch combines |
//! | [`program`] | the canonical constraint program of a key, which other code can replay |
//! | [`control`] | progress and cancellation |
//! | [`secret`] | memory that is overwritten when it is dropped |
//! | [`guide`] | a guide from a statement to a proof, with a program |
//! | `poseidon2`, `contexts` | parts of the hash functions, for code that computes them elsewhere |
//! | `testing`, `oracle` | with the feature `testing`: tools for tests, and another prover of the same chips |
//!
//! A module without a link depends on a feature. The private modules are best read in this order:
//!
//! 1. `hash`, `merkle` and `transcript`: commitments and challenges.
//! 2. `shape`, `key` and `composition`: what a proof over some chips consists of, and its
//!    constraints. They build on `params`, `recorder`, `symbol`, `mask`, `domain` and `fixed`.
//! 3. `prover` and `verify`: the steps of the protocol, which both modules list at their start.
//! 4. `fri`: the low-degree test.
//! 5. `proof`: the encoding of a proof.
//! 6. `security`: the proven soundness error.
//! 7. `opened` and `public_cells`: openings and public columns in the form that a circuit needs.
//!
//! This crate knows nothing about the meaning of its tables: no documents, no names of suites, no
//! files, no network.
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
pub mod guide;
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
    //! The permutation of [`Poseidon2Hash`](crate::Poseidon2Hash) and its use by the hash, for code
    //! that states it elsewhere, such as in a circuit or a shader.

    pub use crate::hash::poseidon2::{
        DIAGONAL, DIGEST, INITIAL, INTERNAL, RATE, SALT, TERMINAL, TRANSCRIPT_LANE, WIDTH, permute,
        salt_word,
    };
}
#[cfg(feature = "prover")]
pub mod contexts {
    //! The chaining values with which the messages of [`Blake3Hash`](crate::Blake3Hash) start, for
    //! code that computes the hash elsewhere, such as in a shader.

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
