//! What can be wrong with a key or a proof.

use thiserror::Error;
use velum_core::statement_hash::StatementHashError;
use velum_stark::VerifyError;

/// Why there is no circuit for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Its proofs are not hashed with Poseidon2.
    #[error(
        "proofs under the key are not hashed with Poseidon2; a circuit hashes with nothing else"
    )]
    Hash,
    /// It folds by more than a gate does.
    #[error(
        "proofs under the key fold by 2^{log_arity} at once; a circuit folds by at most 2^{most}"
    )]
    Arity {
        /// Logarithm of what it folds by.
        log_arity: usize,
        /// The most.
        most: usize,
    },
}

/// Why a proof is no witness of a circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// Its parts have other lengths than the key says.
    #[error("the proof cannot be read: {0}")]
    Proof(#[from] VerifyError),
    /// Some part has another length than the circuit's.
    #[error(
        "a part of the proof has {given} elements in place of {expected}: it is one under another key"
    )]
    Shape {
        /// The circuit's.
        expected: usize,
        /// The proof's.
        given: usize,
    },
    /// Something is not opened.
    #[error("the proof does not open what query {query} asks for")]
    NotOpened {
        /// The query.
        query: usize,
    },
    /// The proof does not tell all nodes at the top of a tree.
    #[error(
        "no query of the proof is below some nodes at the top of a tree, which a circuit reads: make another proof"
    )]
    Cap,
    /// plonky2 refused a value.
    #[error("the circuit takes no such witness: {0}")]
    Circuit(String),
}

/// Why a presentation has no leaf.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The credential proof does not verify.
    #[error("the credential proof does not verify: {0}")]
    CredentialProof(#[source] VerifyError),
    /// The presentation proof does not verify.
    #[error("the presentation proof does not verify: {0}")]
    PresentationProof(#[source] VerifyError),
    /// The statements have no hash.
    #[error(transparent)]
    Statement(#[from] StatementHashError),
    /// A proof that verifies is no witness of the circuit.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// plonky2 made no proof.
    #[error("no proof of the leaf was made: {0}")]
    Circuit(String),
}
