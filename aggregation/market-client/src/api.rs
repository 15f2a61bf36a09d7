//! What goes over HTTP between a client and a node, as JSON. `docs/market-api.yaml` describes the same to others.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Hash, Key, Time};

/// The body of `POST /v1/jobs`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The signed job, as its canonical JSON.
    pub job: Box<serde_json::value::RawValue>,
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
    /// The key that the node signs with, whose hash jobs name as their market.
    pub key: Key,
    /// The proof systems that it takes.
    pub proof_systems: Vec<velum_market_model::ProofSystem>,
    /// The node's clock.
    pub now: Time,
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
