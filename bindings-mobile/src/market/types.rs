//! What markets answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use velum_market_client::api;
use velum_market_model::Time;

/// Who a market is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketInfo {
    /// What names it for good: SHA-256 of its key, in hexadecimal.
    pub id: String,
    /// The proof systems whose presentations it takes, by name.
    pub proof_systems: Vec<String>,
    /// The time by its clock.
    pub now: SystemTime,
}

/// What a job is likely to take. Amounts are in the market's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Estimate {
    /// What jobs of its kind have lately paid, the median; the floor where there were none.
    pub price: u64,
    /// How long they have waited for their receipts, the median.
    pub wait: Duration,
    /// Of how many jobs these are.
    pub samples: u64,
    /// The least that any job of its kind has to offer.
    pub floor: u64,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum JobState {
    /// It collects company, and can be taken back.
    Waiting,
    /// It is on sale.
    Offered,
    /// It is some provider's to fold.
    Locked,
    /// It is counted and paid, and its receipt is there.
    Settled,
    /// It was taken back, and refunded.
    Cancelled,
    /// It was not delivered in time, and is refunded.
    Expired,
}

/// Where a job stands, as its market says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct JobStatus {
    /// The job's id.
    pub job: String,
    /// Where it stands.
    pub state: JobState,
    /// The lot that it is in, once its batch has closed.
    pub lot: Option<String>,
    /// What it has paid, once it is settled.
    pub paid: Option<u64>,
    /// By when its lot is delivered or the next provider is asked, while it is locked.
    pub deliver_by: Option<SystemTime>,
    /// Since when it stands there.
    pub since: SystemTime,
}

/// What the holder of a key has at a market, in the market's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketAccount {
    /// The holder, as `ownerOf` names one.
    pub owner: String,
    /// What may be used.
    pub balance: u64,
    /// What is staked, by those who fold.
    pub stake: u64,
    /// The lots that they have to deliver.
    pub lots: Vec<String>,
}

/// Milliseconds of a market's as a point in time.
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
