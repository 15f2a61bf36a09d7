//! What can be wrong with a message.

use thiserror::Error;

/// Why a message is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// The message is longer than any message may be.
    #[error(
        "the {kind} has {length} bytes, and at most {most} are allowed; name proofs by their hash, and do not put them into the message"
    )]
    TooLong {
        /// The kind of the message.
        kind: &'static str,
        /// The length of the message.
        length: usize,
        /// The limit.
        most: usize,
    },
    /// The message is not JSON, or does not have the members of its kind.
    #[error("the {kind} cannot be read: {error}; write it as its documentation says")]
    Malformed {
        /// The kind of the message.
        kind: &'static str,
        /// What is wrong, with line and column.
        error: String,
    },
    /// The message can be read, but is not in its canonical form: a list in place of an object, or
    /// a member that says nothing.
    #[error("the {kind} is not in its only valid form; write it as {canonical}")]
    Form {
        /// The kind of the message.
        kind: &'static str,
        /// The form that is required.
        canonical: String,
    },
    /// A member has a value that is not allowed.
    #[error("{kind}.{member} is not valid: {why}")]
    Member {
        /// The kind of the message.
        kind: &'static str,
        /// The member.
        member: &'static str,
        /// What it has to be.
        why: &'static str,
    },
    /// The message is signed by another key than the one that it names.
    #[error("the {kind} names another key as its author; sign it with the key that it names")]
    Author {
        /// The kind of the message.
        kind: &'static str,
    },
    /// The bytes are not a valid key.
    #[error("the public key is not a valid {algorithm} key; encode it as the algorithm specifies")]
    Key {
        /// The algorithm of the key.
        algorithm: &'static str,
    },
    /// The signature is wrong, or belongs to another message, kind or version.
    #[error(
        "the signature of the {kind} does not verify; sign the tag of its kind and its canonical JSON"
    )]
    Signature {
        /// The kind of the message.
        kind: &'static str,
    },
    /// An ES256 signature has the larger of its two possible values of `s`.
    #[error("the signature of the {kind} has a high s; send n - s instead")]
    HighS {
        /// The kind of the message.
        kind: &'static str,
    },
}
