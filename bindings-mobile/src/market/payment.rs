//! How a hand-off asks a market: with the account's own key, or paid from a purse.

use std::sync::Arc;

use velum_market_client::api::{Estimate, JobStatus};
use velum_market_client::{MarketAdapter, MarketError, Node};
use velum_market_model::{Cancel, Hash, Job, Signed};
use velum_market_purse::{KeepPayment, OneTime, Paying, PurseError};

use super::hand_off::Standing;
use super::host::Bridge;
use super::purse::Kept;

/// A market of a hand-off.
pub(super) enum Paid<'a> {
    /// By the account whose key has signed the job.
    ByAccount(Node<'a, Bridge>),
    /// With credit, for a key of the job's own.
    FromPurse(Paying<'a, Bridge, Kept, Payment>),
}

/// Where the key of a job is kept: with its hand-off.
pub(super) struct Payment {
    pub(super) standing: Arc<Standing>,
    /// The market's place.
    pub(super) place: usize,
}

impl Paid<'_> {
    /// Has what is left of a job's money in the purse again, once the hand-off is over.
    pub(super) async fn end(&self) -> Result<(), PurseError> {
        match self {
            Self::ByAccount(_) => Ok(()),
            Self::FromPurse(paying) => paying.end().await,
        }
    }
}

impl KeepPayment for Payment {
    async fn keep(&self, one_time: &OneTime) -> Result<(), String> {
        self.standing
            .keep(|saved| {
                if let Some(market) = saved.markets.get_mut(self.place) {
                    market.one_time = Some(one_time.clone());
                }
            })
            .await
    }
}

impl MarketAdapter for Paid<'_> {
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError> {
        match self {
            Self::ByAccount(node) => node.quote(job).await,
            Self::FromPurse(paying) => paying.quote(job).await,
        }
    }

    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError> {
        match self {
            Self::ByAccount(node) => node.submit(job, submission).await,
            Self::FromPurse(paying) => paying.submit(job, submission).await,
        }
    }

    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError> {
        match self {
            Self::ByAccount(node) => node.status(job).await,
            Self::FromPurse(paying) => paying.status(job).await,
        }
    }

    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError> {
        match self {
            Self::ByAccount(node) => node.cancel(cancel).await,
            Self::FromPurse(paying) => paying.cancel(cancel).await,
        }
    }

    async fn receipt(&self, job: Hash) -> Result<Vec<u8>, MarketError> {
        match self {
            Self::ByAccount(node) => node.receipt(job).await,
            Self::FromPurse(paying) => paying.receipt(job).await,
        }
    }
}
