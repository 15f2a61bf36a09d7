//! What can be wrong with keys, proofs and paths.

use alloc::string::String;

use thiserror::Error;

/// Why public inputs, or the bytes of a digest, are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NodeError {
    /// Another number of them.
    #[error(
        "there are {given} public inputs in place of {expected}: the proof is of another kind of circuit"
    )]
    Length {
        /// As many as there should be.
        expected: usize,
        /// As many as there are.
        given: usize,
    },
    /// No more of them.
    #[error("the public inputs end early")]
    Ended,
    /// No leaf.
    #[error("the public inputs count no leaf; every proof counts at least one")]
    Empty,
    /// The last before the first.
    #[error("the public inputs' last statement comes before their first")]
    Order,
    /// An element that holds more bytes than it may.
    #[error("public input {index} holds more bytes than are packed into it")]
    Packed {
        /// Its index.
        index: usize,
    },
    /// A number that is no element.
    #[error("element {element} of the digest is not below the field's order")]
    Digest {
        /// Its index.
        element: usize,
    },
}

/// Why a verifier key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Bytes that are no key.
    #[error("the bytes are no key of an aggregate's root")]
    Malformed,
    /// A circuit of another profile.
    #[error(
        "the key is for other parameters than those of the profile: take the key of the profile"
    )]
    Profile,
    /// A circuit with other public inputs.
    #[error(
        "the key's circuit has {given} public inputs in place of {expected}: it is not that of a root"
    )]
    PublicInputs {
        /// A root's.
        expected: usize,
        /// The circuit's.
        given: usize,
    },
    /// The root of the allow-list is no digest.
    #[error("the key's allow-list: {0}")]
    List(NodeError),
}

/// Why an aggregate is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// The key is for another profile.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another number of bytes.
    #[error(
        "the proof has {given} bytes in place of {expected}: it is cut off, or of another circuit"
    )]
    Length {
        /// As many as there should be.
        expected: usize,
        /// As many as there are.
        given: usize,
    },
    /// A number that is no element.
    #[error("the number at byte {offset} of the proof is not below the field's order")]
    NotCanonical {
        /// Where it starts.
        offset: usize,
    },
    /// A length that is not the circuit's.
    #[error("the length at byte {offset} of the proof is {given} in place of {expected}")]
    Part {
        /// Where it stands.
        offset: usize,
        /// The circuit's.
        expected: u64,
        /// The proof's.
        given: u64,
    },
    /// The proof is wrong.
    #[error("the proof does not verify: {0}")]
    Proof(String),
    /// What the proof states is nothing that an aggregate can state.
    #[error(transparent)]
    Statement(#[from] NodeError),
    /// Counted for somebody else.
    #[error("the aggregate is counted for another payee than the expected one")]
    Payee,
    /// Of another format or profile.
    #[error("the aggregate is of another format or profile than {expected:?}")]
    Domain {
        /// The profile's name.
        expected: &'static str,
    },
    /// Made with circuits of another list.
    #[error("the aggregate was made with another list of circuits than the pinned one")]
    List,
}

/// Why a path does not show that a presentation is in an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// Another number of siblings.
    #[error("level {level} of the path has {given} siblings, which does not fit {arity} places")]
    Siblings {
        /// The level, the lowest is 0.
        level: usize,
        /// The places.
        arity: usize,
        /// The siblings.
        given: usize,
    },
    /// No such place.
    #[error("level {level} of the path comes from place {position} of {arity}")]
    Position {
        /// The level, the lowest is 0.
        level: usize,
        /// The places.
        arity: usize,
        /// The place.
        position: usize,
    },
    /// Fewer leaves than below, or more than there can be.
    #[error("level {level} of the path counts {above} leaves, where there are {below} below")]
    Fewer {
        /// The level, the lowest is 0.
        level: usize,
        /// The leaves that it counts.
        above: u64,
        /// The leaves below.
        below: u64,
    },
    /// Another number of leaves than the aggregate's.
    #[error("the path ends at a node over {given} leaves; the aggregate has {expected}")]
    Count {
        /// The aggregate's.
        expected: u64,
        /// The path's.
        given: u64,
    },
    /// Another digest than the aggregate's.
    #[error(
        "the path does not lead to the aggregate's root: the presentation is not in the aggregate, or at another place"
    )]
    Root,
}
