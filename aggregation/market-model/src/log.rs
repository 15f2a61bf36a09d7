//! What a node says about its log, so that clients can hold it to its earlier statements.

use serde::{Deserialize, Serialize};

use crate::{Count, Hash, Key, Message, Time};

/// An entry of a market's log. Everything that a market did has an entry, in the order in which it
/// happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// The number of the entry, counted from 1.
    pub number: Count,
    /// When it happened, by the market's clock, which never goes back.
    pub at: Time,
    /// What was done.
    pub kind: LogKind,
    /// The id of the job, lot, quote or order that it was done to.
    pub subject: Hash,
    /// A hash of what was done: the id of the message that asked for it, SHA-256 of the canonical
    /// JSON of what the node signed about it, or the root over the bids of a sealed auction. Some
    /// kinds of entries have another value, such as the commitment of a sealed bid.
    pub digest: Hash,
}

/// What an entry of the log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// A job was accepted.
    Job,
    /// A job was given back, because its submitter cancelled it.
    Cancel,
    /// A batch closed and became a lot.
    Lot,
    /// A sealed bid was accepted.
    Bid,
    /// A bid was opened.
    Reveal,
    /// No more bids are accepted. The digest is the root over the accepted bids.
    Fixed,
    /// A provider has won a lot.
    Match,
    /// A lease ended without a delivery, or an award had no winner.
    Failed,
    /// A lot was delivered and paid, or was not delivered and is refunded.
    Settlement,
    /// A quote was accepted, or taken back.
    Quote,
    /// Capacity was bought ahead, or such an order has ended.
    Standing,
    /// Money came in, went out, or was staked.
    Money,
    /// A dispute was recorded.
    Dispute,
    /// Blind credit is issued under another key from now on. The subject is
    /// [`crate::CreditKey::subject`] of its epoch, and the digest is the id of the key.
    Credit,
}

/// The end of the log at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many entries the log has.
    pub number: Count,
    /// The hash of the last entry, which covers all entries before it.
    pub hash: Hash,
    /// When that entry was the last one.
    pub at: Time,
    /// The node that states this.
    pub node: Key,
}

/// The promise to a client that its job was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The id of the job.
    pub job: Hash,
    /// The number of the job's entry in the log.
    pub number: Count,
    /// When the job was accepted.
    pub at: Time,
    /// The node that states this.
    pub node: Key,
}

/// The hash of an entry that follows the entry with the hash `before`. For the first entry,
/// `before` is 32 zero bytes.
///
/// # Errors
/// Returns the errors of [`crate::canonical::text`].
pub fn chained(before: &Hash, entry: &LogEntry) -> Result<Hash, crate::ModelError> {
    let entry = crate::canonical::text("log entry", entry)?;
    Ok(Hash::of(&[b"velum market v1 log\0", &before.0, entry.as_bytes()]))
}

impl Message for Head {
    const KIND: &'static str = "head";

    fn author(&self) -> &Key {
        &self.node
    }
}

impl Message for Acceptance {
    const KIND: &'static str = "acceptance";

    fn author(&self) -> &Key {
        &self.node
    }
}
