//! What markets answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use velum_market_client::api;
use velum_market_model::Time;

/// A market's description of itself.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketInfo {
    /// The permanent id of the market: the SHA-256 hash of its key, in hexadecimal.
    pub id: String,
    /// The names of the proof systems whose presentations the market accepts.
    pub proof_systems: Vec<String>,
    /// The time on the market's clock.
    pub now: SystemTime,
}

/// What a job will probably cost and how long it will take. Amounts are in the market's smallest
/// unit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Estimate {
    /// The median price of recent jobs of the same kind. If there were none, the floor.
    pub price: u64,
    /// The median time that those jobs waited for their receipts.
    pub wait: Duration,
    /// The number of those jobs.
    pub samples: u64,
    /// The minimum that a job of this kind has to offer.
    pub floor: u64,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum JobState {
    /// It collects company and can be taken back.
    Waiting,
    /// It is for sale.
    Offered,
    /// A provider has it, to fold it.
    Locked,
    /// It is counted and paid, and its receipt is available.
    Settled,
    /// It was taken back and refunded.
    Cancelled,
    /// It was not delivered in time, and is refunded.
    Expired,
}

/// The state of a job, as its market reports it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct JobStatus {
    /// The id of the job.
    pub job: String,
    /// The state.
    pub state: JobState,
    /// The lot that the job is in, once its batch has closed.
    pub lot: Option<String>,
    /// The price that the job has paid, once it is settled.
    pub paid: Option<u64>,
    /// While the job is locked: the time by which its lot must be delivered, or else the next
    /// provider is asked.
    pub deliver_by: Option<SystemTime>,
    /// The time at which the job entered its state.
    pub since: SystemTime,
}

/// What the holder of a key has at a market, in the market's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketAccount {
    /// The holder's name, as `ownerOf` returns it.
    pub owner: String,
    /// The amount that can be used.
    pub balance: u64,
    /// The amount that is staked, by those who fold.
    pub stake: u64,
    /// The lots that the holder has to deliver.
    pub lots: Vec<String>,
}

/// Converts a market's time in milliseconds into a point in time.
pub(super) fn moment(time: Time) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(time.get())).unwrap_or(UNIX_EPOCH)
}

impl From<api::MarketInfo> for MarketInfo {
    fn from(info: api::MarketInfo) -> Self {
        let systems = info.proof_systems.into_iter().map(|system| system.name.into());
        Self { id: info.id.to_string(), proof_systems: systems.collect(), now: moment(info.now) }
    }
}

impl From<api::Estimate> for Estimate {
    fn from(estimate: api::Estimate) -> Self {
        let api::Estimate { price, wait, samples, floor } = estimate;
        let wait = Duration::from_millis(wait.get());
        Self { price: price.get(), wait, samples: samples.get(), floor: floor.get() }
    }
}

impl From<api::JobState> for JobState {
    fn from(state: api::JobState) -> Self {
        match state {
            api::JobState::Waiting => Self::Waiting,
            api::JobState::Offered => Self::Offered,
            api::JobState::Locked => Self::Locked,
            api::JobState::Settled => Self::Settled,
            api::JobState::Cancelled => Self::Cancelled,
            api::JobState::Expired => Self::Expired,
        }
    }
}

impl From<&api::JobStatus> for JobStatus {
    fn from(status: &api::JobStatus) -> Self {
        Self {
            job: status.job.to_string(),
            state: status.state.into(),
            lot: status.lot.map(|lot| lot.to_string()),
            paid: status.paid.map(|paid| paid.get()),
            deliver_by: status.deliver_by.map(moment),
            since: moment(status.since),
        }
    }
}

impl From<api::AccountStatus> for MarketAccount {
    fn from(account: api::AccountStatus) -> Self {
        let api::AccountStatus { owner, balance, stake, lots } = account;
        let lots = lots.iter().map(ToString::to_string).collect();
        Self { owner: owner.to_string(), balance: balance.get(), stake: stake.get(), lots }
    }
}
