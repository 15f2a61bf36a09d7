//! Why a key has no circuit, a proof is not a witness of a circuit, or a presentation has no leaf.

use thiserror::Error;
use velum_core::statement_hash::StatementHashError;
use velum_stark::VerifyError;

/// Why there is no circuit for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Proofs under the key are not hashed with Poseidon2.
    #[error("proofs under the key are not hashed with Poseidon2; circuits support no other hash")]
    Hash,
    /// Proofs under the key fold by more than a gate can.
    #[error(
        "proofs under the key fold by 2^{log_arity} at once; a circuit folds by at most 2^{most}"
    )]
    Arity {
        /// Binary logarithm of the factor by which they fold at once.
        log_arity: usize,
        /// The largest such logarithm that a circuit supports.
        most: usize,
    },
}

/// Why a proof is not a witness of a circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The proof's parts do not have the lengths that the key requires.
    #[error("the proof cannot be read: {0}")]
    Proof(#[from] VerifyError),
    /// A part of the proof does not have the length that the circuit requires.
    #[error(
        "a part of the proof has {given} elements in place of {expected}: the proof belongs to another key"
    )]
    Shape {
        /// The circuit's length.
        expected: usize,
        /// The proof's length.
        given: usize,
    },
    /// The proof does not open a row or node that a query needs.
    #[error("the proof does not open a row or node that query {query} needs")]
    NotOpened {
        /// The number of the query.
        query: usize,
    },
    /// The proof does not reveal all nodes of a tree's cap.
    #[error(
        "the proof's queries do not reveal all nodes at the top of a tree, and a circuit needs them: make another proof"
    )]
    Cap,
    /// plonky2 refused to set a value.
    #[error("plonky2 does not accept the witness: {0}")]
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
    /// A proof verifies but is not a witness of the circuit.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// plonky2 could not prove the circuit.
    #[error("the leaf could not be proved: {0}")]
    Circuit(String),
}
