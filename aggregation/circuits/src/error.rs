//! Why there is no circuit, or no proof.

use thiserror::Error;
use velum_aggregate_verifier::{LIST_ENTRIES, NodeError};

/// Why there is no circuit for a leaf or an aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The wrapped circuit has other public inputs.
    #[error("the circuit has {given} public inputs in place of the {expected} that a wrap takes")]
    PublicInputs {
        /// As many as there should be.
        expected: usize,
        /// As many as there are.
        given: usize,
    },
    /// The wrapped circuit has other parameters than the profile.
    #[error("the circuit has other parameters than those of the profile")]
    Config,
    /// Verifying the wrapped circuit does not fit a wrap.
    #[error(
        "verifying the circuit takes {rows} rows or gates that no wrap has; wraps have 2^{degree_bits} rows"
    )]
    Wrap {
        /// The rows that it takes.
        rows: usize,
        /// Logarithm of a wrap's rows.
        degree_bits: usize,
    },
    /// Bytes that are no list.
    #[error("the bytes are no allow-list of the profile")]
    Malformed,
    /// Too many circuits.
    #[error("{given} circuits do not fit the allow-list, which has {LIST_ENTRIES} places")]
    List {
        /// The circuits.
        given: usize,
    },
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregationError {
    /// A proof that should be verified is wrong.
    #[error("proof {index} does not verify with its circuit: {reason}")]
    Child {
        /// Which.
        index: usize,
        /// What plonky2 says.
        reason: String,
    },
    /// Its public inputs are those of no node.
    #[error("proof {index}: {error}")]
    Node {
        /// Which.
        index: usize,
        /// What is wrong with them.
        error: NodeError,
    },
    /// A circuit that is not in the list.
    #[error(
        "proof {index} is said to be of circuit {position} of the allow-list, which has {circuits}"
    )]
    Position {
        /// Which.
        index: usize,
        /// The circuit.
        position: usize,
        /// The circuits of the list.
        circuits: usize,
    },
    /// None, or more than there are places for.
    #[error("a merge of {arity} takes from 1 to {arity} proofs, not {given}")]
    Arity {
        /// The places.
        arity: usize,
        /// The proofs.
        given: usize,
    },
    /// Proofs for different payees, of different profiles, or made with different lists.
    #[error("proof {index} has another payee, domain or allow-list than the aggregate")]
    Context {
        /// Which.
        index: usize,
    },
    /// Statements out of order, or one twice.
    #[error(
        "the first statement below proof {index} does not come after the last below the one before"
    )]
    Order {
        /// Which.
        index: usize,
    },
    /// No such circuit.
    #[error("there is no circuit for {what}")]
    NoCircuit {
        /// What one was asked for.
        what: String,
    },
    /// plonky2 refused to prove.
    #[error("the circuit has no such proof: {0}")]
    Circuit(String),
}

impl AggregationError {
    pub(crate) fn circuit(error: impl ToString) -> Self {
        Self::Circuit(error.to_string())
    }
}
