//! What a node says, signed with its own key: matches, leases, receipts, settlements and
//! reputations.

use serde::{Deserialize, Serialize};

use crate::{Amount, Count, Hash, Key, Message, ProofReference, Time};

/// States which provider won a lot, and which jobs the lot contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The id of the lot.
    pub lot: Hash,
    /// The ids of its jobs.
    pub jobs: Vec<Hash>,
    /// The provider that won the lot, as accounts name it.
    pub provider: Hash,
    /// The price of the whole lot.
    pub price: Amount,
    /// The root over all commitments of a sealed auction, fixed before any of them was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments: Option<Hash>,
    /// The node that states this.
    pub node: Key,
}

/// The right and duty to deliver a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The id of the lot.
    pub lot: Hash,
    /// The epoch, which counts the leases of a lot. A delivery names it.
    pub epoch: Count,
    /// The provider that holds the lease.
    pub provider: Hash,
    /// The price of the whole lot.
    pub price: Amount,
    /// The provider's collateral, which is held during the lease.
    pub collateral: Amount,
    /// The time by which the node has to have accepted the delivery.
    pub deliver_by: Time,
    /// The node that states this.
    pub node: Key,
}

/// Where the receipt of a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptReference {
    /// The id of the job.
    pub job: Hash,
    /// The id of the lot that contained the job.
    pub lot: Hash,
    /// The proof of the aggregate.
    pub aggregate: ProofReference,
    /// The receipt.
    pub receipt: ProofReference,
    /// The node that states this.
    pub node: Key,
}

/// How a lot ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The id of the lot.
    pub lot: Hash,
    /// How the lot ended.
    pub outcome: Outcome,
    /// What each job paid, in the order of the lot's jobs.
    pub paid: Vec<Paid>,
    /// When the lot ended.
    pub at: Time,
    /// The node that states this.
    pub node: Key,
}

/// The end of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Outcome {
    /// The lot was delivered and paid.
    Settled {
        /// The provider that delivered.
        provider: Hash,
        /// The epoch of the lease under which it delivered.
        epoch: Count,
    },
    /// The lot was not delivered, and refunded in full.
    Expired,
}

/// What one job paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// The id of the job.
    pub job: Hash,
    /// The amount paid from the job's escrow. The rest was refunded.
    pub amount: Amount,
}

/// What a provider did in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reputation {
    /// The provider.
    pub provider: Hash,
    /// The start of the span.
    pub from: Time,
    /// The end of the span, which is not part of it.
    pub until: Time,
    /// Lots delivered in good time.
    pub delivered: Count,
    /// Lots delivered at the last moment of their leases.
    pub late: Count,
    /// Leases broken.
    pub failed: Count,
    /// The node that states this.
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
