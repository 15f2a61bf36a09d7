//! What can be wrong with a message.

use thiserror::Error;

/// Why a message is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// Longer than any message is.
    #[error(
        "the {kind} has {length} bytes, of {most} that are allowed; send proofs by their hash, not in the message"
    )]
    TooLong {
        /// Of the message.
        kind: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        most: usize,
    },
    /// No JSON, or not of the members that this kind has.
    #[error("the {kind} cannot be read: {error}; write it as the documentation of its kind says")]
    Malformed {
        /// Of the message.
        kind: &'static str,
        /// What is wrong, with line and column.
        error: String,
    },
    /// Read, but written otherwise than a message is: a list in place of an object, or a member that says nothing.
    #[error("the {kind} is not in the form that is signed; write it as {canonical}")]
    Form {
        /// Of the message.
        kind: &'static str,
        /// How it should read.
        canonical: String,
    },
    /// A member's value cannot be.
    #[error("{kind}.{member} cannot be so: {why}")]
    Member {
        /// Of the message.
        kind: &'static str,
        /// The member.
        member: &'static str,
        /// What it has to be.
        why: &'static str,
    },
    /// Signed by another than the message names.
    #[error("the {kind} names another key as its author; sign it with the key that it names")]
    Author {
        /// Of the message.
        kind: &'static str,
    },
    /// Bytes that are no key.
    #[error("the public key is no point of {algorithm}; send the key as its algorithm encodes it")]
    Key {
        /// Of the key.
        algorithm: &'static str,
    },
    /// The signature is wrong, or of another message, kind or version.
    #[error(
        "the signature of the {kind} does not hold; sign the tag of its kind and its canonical JSON"
    )]
    Signature {
        /// Of the message.
        kind: &'static str,
    },
    /// An ES256 signature whose `s` is the larger of two.
    #[error("the signature of the {kind} has a high s; send n - s in its place")]
    HighS {
        /// Of the message.
        kind: &'static str,
    },
}
