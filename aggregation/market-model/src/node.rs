//! What a node says, signed with its own key: matches, leases, receipts, settlements, reputations.

use serde::{Deserialize, Serialize};

use crate::{Amount, Count, Hash, Key, Message, ProofReference, Time};

/// Which provider won a lot, and of which jobs it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The lot's id.
    pub lot: Hash,
    /// The ids of its jobs.
    pub jobs: Vec<Hash>,
    /// Who won it, as accounts name it.
    pub provider: Hash,
    /// For the whole lot.
    pub price: Amount,
    /// The root over all commitments of a sealed auction, fixed before any was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments: Option<Hash>,
    /// Who says so.
    pub node: Key,
}

/// The right and duty to deliver a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The lot's id.
    pub lot: Hash,
    /// Counts the leases of a lot; a delivery names it.
    pub epoch: Count,
    /// Whose it is.
    pub provider: Hash,
    /// For the whole lot.
    pub price: Amount,
    /// What is held of the provider's.
    pub collateral: Amount,
    /// By when the node has to have taken the delivery.
    pub deliver_by: Time,
    /// Who says so.
    pub node: Key,
}

/// Where the receipt of a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptReference {
    /// The job's id.
    pub job: Hash,
    /// The id of the lot that it was in.
    pub lot: Hash,
    /// The aggregate's proof.
    pub aggregate: ProofReference,
    /// The receipt.
    pub receipt: ProofReference,
    /// Who says so.
    pub node: Key,
}

/// How a lot ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The lot's id.
    pub lot: Hash,
    /// How it ended.
    pub outcome: Outcome,
    /// What each job paid, in the order of the lot's jobs.
    pub paid: Vec<Paid>,
    /// When.
    pub at: Time,
    /// Who says so.
    pub node: Key,
}

/// The end of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Outcome {
    /// Delivered and paid.
    Settled {
        /// Who delivered.
        provider: Hash,
        /// Under which lease.
        epoch: Count,
    },
    /// Not delivered, and refunded in full.
    Expired,
}

/// What one job paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// The job's id.
    pub job: Hash,
    /// From its escrow; the rest was refunded.
    pub amount: Amount,
}

/// What a provider did in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reputation {
    /// Of whom.
    pub provider: Hash,
    /// From then on.
    pub from: Time,
    /// And before then.
    pub until: Time,
    /// Lots delivered in good time.
    pub delivered: Count,
    /// Lots delivered at the last moment of their leases.
    pub late: Count,
    /// Leases broken.
    pub failed: Count,
    /// Who says so.
    pub node: Key,
}

impl Message for Match {
    const KIND: &'static str = "match";

    fn author(&self) -> &Key {
        &self.node
    }
}

impl Message for Lease {
    const KIND: &'static str = "lease";

    fn author(&self) -> &Key {
        &self.node
    }
}

impl Message for ReceiptReference {
    const KIND: &'static str = "receipt";

    fn author(&self) -> &Key {
        &self.node
    }
}

impl Message for Settlement {
    const KIND: &'static str = "settlement";

    fn author(&self) -> &Key {
        &self.node
    }
}

impl Message for Reputation {
    const KIND: &'static str = "reputation";

    fn author(&self) -> &Key {
        &self.node
    }
}
