//! Why a circuit or a proof cannot be made.

use thiserror::Error;
use velum_aggregate_verifier::{LIST_ENTRIES, NodeError};

/// Why there is no circuit for a leaf or for an aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The circuit to wrap does not have the expected number of public inputs.
    #[error("the circuit has {given} public inputs in place of the {expected} that a wrap takes")]
    PublicInputs {
        /// The number that a wrap expects.
        expected: usize,
        /// The circuit's number.
        given: usize,
    },
    /// The circuit to wrap has other parameters than the profile.
    #[error("the circuit has other parameters than those of the profile")]
    Config,
    /// The verification of the circuit does not fit into a wrap.
    #[error(
        "the circuit's verification takes {rows} rows, or gates that a wrap does not have; a wrap has 2^{degree_bits} rows"
    )]
    Wrap {
        /// The number of rows that it takes.
        rows: usize,
        /// Binary logarithm of the number of a wrap's rows.
        degree_bits: usize,
    },
    /// The bytes are not a list.
    #[error("the bytes are not an allow-list of the profile")]
    Malformed,
    /// There are more circuits than the list has places.
    #[error("{given} circuits do not fit the allow-list, which has {LIST_ENTRIES} places")]
    List {
        /// The number of circuits.
        given: usize,
    },
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregationError {
    /// A proof that is to be verified is wrong.
    #[error("proof {index} does not verify with its circuit: {reason}")]
    Child {
        /// The index of the proof.
        index: usize,
        /// plonky2's message.
        reason: String,
    },
    /// The public inputs of a proof do not state a node.
    #[error("proof {index}: {error}")]
    Node {
        /// The index of the proof.
        index: usize,
        /// What is wrong with the public inputs.
        error: NodeError,
    },
    /// The circuit of a proof is not on the list.
    #[error(
        "proof {index} names circuit {position} of the allow-list, which has {circuits} circuits"
    )]
    Position {
        /// The index of the proof.
        index: usize,
        /// The position of the circuit.
        position: usize,
        /// The number of circuits on the list.
        circuits: usize,
    },
    /// There are no proofs, or more proofs than places.
    #[error("a merge of {arity} takes from 1 to {arity} proofs, not {given}")]
    Arity {
        /// The number of places.
        arity: usize,
        /// The number of proofs.
        given: usize,
    },
    /// The proofs are for different payees, belong to different profiles, or were made with
    /// different lists.
    #[error("proof {index} has another payee, domain or allow-list than the aggregate")]
    Context {
        /// The index of the proof.
        index: usize,
    },
    /// Statements are out of order, or one statement occurs twice.
    #[error(
        "the first statement of proof {index} does not come after the last statement of the previous proof"
    )]
    Order {
        /// The index of the proof.
        index: usize,
    },
    /// The circuit does not exist.
    #[error("there is no circuit for {what}")]
    NoCircuit {
        /// What a circuit was requested for.
        what: String,
    },
    /// plonky2 refused to prove.
    #[error("plonky2 could not prove the circuit: {0}")]
    Circuit(String),
}

impl AggregationError {
    pub(crate) fn circuit(error: impl ToString) -> Self {
        Self::Circuit(error.to_string())
    }
}
