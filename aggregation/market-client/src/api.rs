//! The JSON that goes over HTTP between a client and a node. `docs/market-api.yaml` describes the
//! same API for other implementations.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_market_model::{Amount, Count, Duration, Hash, Key, LogEntry, Order, Profile, Time};

/// The body of `POST /v1/jobs`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The signed job, as its canonical JSON.
    pub job: Box<RawValue>,
    /// The submission, in base64 with padding.
    pub submission: String,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The job is in a batch that is still collecting. It can be cancelled.
    Waiting,
    /// The job is in a lot that providers may take.
    Offered,
    /// A provider has taken the job's lot.
    Locked,
    /// The job is counted and paid, and its receipt is available.
    Settled,
    /// The job was taken back, and refunded.
    Cancelled,
    /// The job was not delivered in time, and is refunded.
    Expired,
}

impl JobState {
    /// Whether the job will never be paid from now on.
    #[must_use]
    pub const fn is_refunded(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired)
    }
}

/// The answer of `GET /v1/jobs/{job}`, and the content of every event of `GET
/// /v1/jobs/{job}/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatus {
    /// The id of the job.
    pub job: Hash,
    /// The state of the job.
    pub state: JobState,
    /// The lot of the job, once its batch has closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Hash>,
    /// What the job has paid, once it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Amount>,
    /// The time by which the lot is delivered or the next provider is asked, while the job is
    /// locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Time>,
    /// The time since which the job has been in this state, by the node's clock.
    pub since: Time,
}

/// The answer of `POST /v1/estimates`: the likely price and wait of a job like this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median price that jobs of its kind have paid lately, or the floor if there were none.
    pub price: Amount,
    /// The median time that these jobs have waited for their receipts.
    pub wait: Duration,
    /// The number of these jobs.
    pub samples: Count,
    /// The least that any job of its kind has to offer.
    pub floor: Amount,
}

/// The answer of `GET /v1/market`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketInfo {
    /// The id by which messages name the market: [`Key::owner`] of the node's key.
    pub id: Hash,
    /// The key that the node signs with.
    pub key: Key,
    /// The proof systems that the market accepts.
    pub proof_systems: Vec<velum_market_model::ProofSystem>,
    /// The node's clock.
    pub now: Time,
}

/// The public state of a lot. It does not show who owns its jobs, and it does not show how bids
/// were opened before all of them could be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LotStatus {
    /// The id of the lot.
    pub lot: Hash,
    /// The profile of the aggregate.
    pub profile: Profile,
    /// How the price of the lot is found.
    pub order: Order,
    /// The phase of the lot.
    pub phase: LotPhase,
    /// How many leases the lot has had. Locks and bids name this number.
    pub epoch: Count,
    /// The number of presentations in the lot.
    pub count: Count,
    /// The ids of its jobs. A list of lots omits them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Hash>,
    /// The least that its jobs pay.
    pub minimum: Amount,
    /// The most that its jobs pay.
    pub maximum: Amount,
    /// The current price while the lot is open, and the agreed price after that.
    pub price: Amount,
    /// The collateral of a lock or bid.
    pub collateral: Amount,
    /// The last moment at which the lot can be locked.
    pub last_lock: Time,
    /// The length of a lease.
    pub lease: Duration,
    /// The time by which the lot is delivered, by the provider that then holds it.
    pub deliver_by: Time,
    /// The sealed auction of the lot, while one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bids: Option<Bids>,
    /// The provider that holds the lot, or has delivered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Hash>,
    /// When the lease ends, including all excuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ends: Option<Time>,
    /// SHA-256 of the lot's aggregate, once it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Hash>,
    /// What the node signed about the lot: matches, leases, the log's head when bids were fixed,
    /// and the settlement. A list of lots omits them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Box<RawValue>>,
}

/// The phase of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LotPhase {
    /// The lot is in its auction.
    Open,
    /// A provider has to deliver the lot.
    Locked,
    /// The lot is delivered and paid.
    Settled,
    /// The lot was not delivered, and is refunded.
    Expired,
}

/// A sealed auction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bids {
    /// The number of bids.
    pub count: Count,
    /// When no more bids are accepted and bids can be opened, including all excuses.
    pub commits_end: Time,
    /// When bids can no longer be opened, including all excuses.
    pub reveals_end: Time,
    /// The root over the bids, once no more are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Hash>,
}

/// What an owner has, and which lots it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStatus {
    /// The owner.
    pub owner: Hash,
    /// The balance that the owner can use.
    pub balance: Amount,
    /// The owner's stake.
    pub stake: Amount,
    /// The lots that the owner has to deliver.
    pub lots: Vec<Hash>,
}

/// The answer of `GET /v1/log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// The entries after the number that was asked for, in their order. The list is empty at the
    /// end of the log.
    pub entries: Vec<LogEntry>,
}

/// The body of `POST /v1/lots/{lot}/delivery`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// The signed delivery, as its canonical JSON.
    pub delivery: Box<RawValue>,
    /// The aggregate, in base64 with padding.
    pub aggregate: String,
}

/// An error as defined by RFC 9457, with a fixed code and the place in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The title in words, which is the same for every problem with this code.
    pub title: String,
    /// What is wrong, where, and what to do.
    pub detail: String,
    /// The fixed code.
    pub code: String,
    /// The place in the input.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}
