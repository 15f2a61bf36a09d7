//! What a node says about its log, so that clients can hold it to what it said before.

use serde::{Deserialize, Serialize};

use crate::{Count, Hash, Key, Message, Time};

/// Everything that a market did has an entry in its log, in the order in which it did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Counts entries, from 1.
    pub number: Count,
    /// When, by the market's clock, which never goes back.
    pub at: Time,
    /// What was done.
    pub kind: LogKind,
    /// The id of the job, lot, quote or order that it was done to.
    pub subject: Hash,
    /// Of what it was done with: SHA-256 of the canonical JSON of the message that says so, or the root over a sealed auction's bids.
    pub digest: Hash,
}

/// What an entry of the log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// A job was taken.
    Job,
    /// A job was given back, by its submitter's cancellation.
    Cancel,
    /// A batch closed, and is a lot.
    Lot,
    /// A sealed bid was taken.
    Bid,
    /// A bid was opened.
    Reveal,
    /// No more bids are taken, and the digest is the root over those that were.
    Fixed,
    /// A provider has a lot.
    Match,
    /// A lease ended without a delivery.
    Failed,
    /// A lot was delivered and paid, or was not and is refunded.
    Settlement,
    /// A quote was taken, or changed by being taken back.
    Quote,
    /// Capacity was bought ahead, or an order of it has ended.
    Standing,
    /// Money came in, went out, or was staked.
    Money,
    /// A dispute was recorded.
    Dispute,
    /// Blind credit is issued under another key from now on: the subject is [`crate::CreditKey::subject`] of its epoch, the digest the key's id.
    Credit,
}

/// The end of the log at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many entries there are.
    pub number: Count,
    /// The hash of the last, which covers all before it.
    pub hash: Hash,
    /// When it was the last.
    pub at: Time,
    /// Who says so.
    pub node: Key,
}

/// The promise to a client that its job was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The job's id.
    pub job: Hash,
    /// The number of its entry in the log.
    pub number: Count,
    /// When.
    pub at: Time,
    /// Who says so.
    pub node: Key,
}

/// The hash of an entry after the one with the hash `before`; before the first stand 32 zero bytes.
///
/// # Errors
/// Those of [`crate::canonical::text`].
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
