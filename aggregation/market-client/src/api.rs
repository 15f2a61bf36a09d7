//! What goes over HTTP between a client and a node, as JSON. `docs/market-api.yaml` describes the same to others.

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

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// In a batch that is still collecting. It can be cancelled.
    Waiting,
    /// In a lot that providers may take.
    Offered,
    /// Some provider has taken its lot.
    Locked,
    /// Counted, paid, and its receipt is there.
    Settled,
    /// Taken back, and refunded.
    Cancelled,
    /// Not delivered in time, and refunded.
    Expired,
}

impl JobState {
    /// Whether the job will never be paid from now on.
    #[must_use]
    pub const fn is_refunded(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired)
    }
}

/// What `GET /v1/jobs/{job}` answers, and every event of `GET /v1/jobs/{job}/events` has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatus {
    /// The job's id.
    pub job: Hash,
    /// Where it stands.
    pub state: JobState,
    /// The lot that it is in, once its batch has closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Hash>,
    /// What it has paid, once it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Amount>,
    /// By when its lot is delivered or the next provider is asked, while it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Time>,
    /// Since when it stands there, by the node's clock.
    pub since: Time,
}

/// What `POST /v1/estimates` answers: what a job like this one is likely to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// What jobs of its kind have lately paid, the median; the floor where there were none.
    pub price: Amount,
    /// How long they have waited for their receipts, the median.
    pub wait: Duration,
    /// Of how many jobs these are.
    pub samples: Count,
    /// The least that any job of its kind has to offer.
    pub floor: Amount,
}

/// What `GET /v1/market` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketInfo {
    /// As messages name the market: [`Key::owner`] of the node's key.
    pub id: Hash,
    /// The key that the node signs with.
    pub key: Key,
    /// The proof systems that it takes.
    pub proof_systems: Vec<velum_market_model::ProofSystem>,
    /// The node's clock.
    pub now: Time,
}

/// Where a lot stands, as everyone may see it: not whose jobs it has, and not how bids were opened before all could be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LotStatus {
    /// The lot's id.
    pub lot: Hash,
    /// Of the aggregate.
    pub profile: Profile,
    /// How its price is found.
    pub order: Order,
    /// Where it stands.
    pub phase: LotPhase,
    /// How many leases it has had. Locks and bids name it.
    pub epoch: Count,
    /// How many presentations it is.
    pub count: Count,
    /// The ids of its jobs. A list of lots leaves them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Hash>,
    /// What its jobs pay at least.
    pub minimum: Amount,
    /// And at most.
    pub maximum: Amount,
    /// The price of the moment while it is open, and what was agreed after that.
    pub price: Amount,
    /// What a lock or bid puts up.
    pub collateral: Amount,
    /// The last moment at which it can be locked.
    pub last_lock: Time,
    /// How long a lease is.
    pub lease: Duration,
    /// By when it is delivered, whoever has it then.
    pub deliver_by: Time,
    /// Its sealed auction, while one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bids: Option<Bids>,
    /// Who has it, or has delivered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Hash>,
    /// When the lease ends, with all excuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_ends: Option<Time>,
    /// SHA-256 of its aggregate, once it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Hash>,
    /// What the node signed of it: matches, leases, the log's head when bids were fixed, the settlement. A list of lots leaves them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Box<RawValue>>,
}

/// Where a lot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LotPhase {
    /// In its auction.
    Open,
    /// Some provider's to deliver.
    Locked,
    /// Delivered and paid.
    Settled,
    /// Not delivered, and refunded.
    Expired,
}

/// A sealed auction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bids {
    /// How many bids there are.
    pub count: Count,
    /// When no more are taken, with all excuses, and they are opened.
    pub commits_end: Time,
    /// When no more are opened, with all excuses.
    pub reveals_end: Time,
    /// The root over them, once no more are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Hash>,
}

/// What an owner has, and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStatus {
    /// The owner.
    pub owner: Hash,
    /// What it may use.
    pub balance: Amount,
    /// What it stakes.
    pub stake: Amount,
    /// The lots that it has to deliver.
    pub lots: Vec<Hash>,
}

/// What `GET /v1/log` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Entries after the number that was asked for, in their order; none at the log's end.
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

/// An error as RFC 9457 has it, with a fixed code and the place in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// In words, the same for every problem of its code.
    pub title: String,
    /// What, where and what to do.
    pub detail: String,
    /// The fixed code.
    pub code: String,
    /// Where in the input.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}
