//! Why keys, proofs and paths are refused.

use alloc::string::String;

use thiserror::Error;

/// Why public inputs, or the bytes of a digest, are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The number of public inputs is wrong.
    #[error(
        "there are {given} public inputs in place of {expected}: the proof is of another kind of circuit"
    )]
    Length {
        /// The expected number.
        expected: usize,
        /// The given number.
        given: usize,
    },
    /// The public inputs end early.
    #[error("the public inputs end early")]
    Ended,
    /// The public inputs count no leaf.
    #[error("the public inputs count zero leaves; every proof counts at least one")]
    Empty,
    /// The last statement comes before the first.
    #[error("the last statement in the public inputs comes before the first")]
    Order,
    /// An element holds more bytes than it may.
    #[error("public input {index} holds more bytes than are packed into it")]
    Packed {
        /// The index of the public input.
        index: usize,
    },
    /// A number is not below the field's order.
    #[error("element {element} of the digest is not below the field's order")]
    Digest {
        /// The index of the element in the digest.
        element: usize,
    },
}

/// Why a verifier key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not a key.
    #[error("the bytes are not the key of an aggregate's root")]
    Malformed,
    /// The circuit belongs to another profile.
    #[error("the key does not have the profile's parameters: use the key of the profile")]
    Profile,
    /// The circuit has another number of public inputs.
    #[error(
        "the key's circuit has {given} public inputs in place of {expected}: it is not the circuit of a root"
    )]
    PublicInputs {
        /// The number that a root has.
        expected: usize,
        /// The number that the circuit has.
        given: usize,
    },
    /// The root of the allow-list is not a digest.
    #[error("the key's allow-list: {0}")]
    List(NodeError),
}

/// Why an aggregate is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// The key belongs to another profile.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The proof has the wrong number of bytes.
    #[error(
        "the proof has {given} bytes in place of {expected}: it is cut off, or belongs to another circuit"
    )]
    Length {
        /// The expected number.
        expected: usize,
        /// The given number.
        given: usize,
    },
    /// A number is not below the field's order.
    #[error("the number at byte {offset} of the proof is not below the field's order")]
    NotCanonical {
        /// The offset of the number in the proof.
        offset: usize,
    },
    /// A length is not that of the circuit.
    #[error("the length at byte {offset} of the proof is {given} in place of {expected}")]
    Part {
        /// The offset of the length in the proof.
        offset: usize,
        /// The length that the circuit requires.
        expected: u64,
        /// The length in the proof.
        given: u64,
    },
    /// The proof is wrong.
    #[error("the proof does not verify: {0}")]
    Proof(String),
    /// The proof states something that an aggregate cannot state.
    #[error(transparent)]
    Statement(#[from] NodeError),
    /// The aggregate is counted for another payee.
    #[error("the aggregate is counted for another payee, not for the expected one")]
    Payee,
    /// The aggregate is of another format or profile.
    #[error("the aggregate is of another format or profile than {expected:?}")]
    Domain {
        /// The name of the expected format and profile.
        expected: &'static str,
    },
    /// The aggregate was made with circuits of another list.
    #[error("the aggregate was made with another list of circuits, not with the pinned one")]
    List,
}

/// Why a path does not show that a presentation is in an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// The number of siblings does not match the number of places.
    #[error(
        "level {level} of the path has {given} siblings, which does not match its {arity} places"
    )]
    Siblings {
        /// The level of the path. The lowest is 0.
        level: usize,
        /// The number of places.
        arity: usize,
        /// The number of siblings.
        given: usize,
    },
    /// The place that the path comes from does not exist.
    #[error(
        "level {level} of the path names place {position}; it has {arity} places, counted from 0"
    )]
    Position {
        /// The level of the path. The lowest is 0.
        level: usize,
        /// The number of places.
        arity: usize,
        /// The place.
        position: usize,
    },
    /// The path counts fewer leaves than are below, or more than there can be.
    #[error(
        "level {level} of the path counts {above} leaves: fewer than the {below} below it, or more than there can be"
    )]
    Fewer {
        /// The level of the path. The lowest is 0.
        level: usize,
        /// The number of leaves that the level counts.
        above: u64,
        /// The number of leaves below.
        below: u64,
    },
    /// The path ends at another number of leaves than the aggregate has.
    #[error("the path ends at a node over {given} leaves; the aggregate has {expected}")]
    Count {
        /// The aggregate's number.
        expected: u64,
        /// The path's number.
        given: u64,
    },
    /// The path ends at another digest than the aggregate has.
    #[error(
        "the path does not lead to the aggregate's root: the presentation is not in the aggregate, or is at another place"
    )]
    Root,
}
