//! How a hand-off pays a market: with the account's own key, or from a purse.

use velum_market_client::api::{Estimate, JobStatus};
use velum_market_client::{MarketAdapter, MarketError, Node};
use velum_market_model::{Cancel, Hash, Job, Signed};
use velum_market_purse::{Paying, PurseError};

use super::host::Bridge;
use super::purse::Kept;

/// A market of a hand-off, and how it is paid.
pub(super) enum Paid<'a> {
    /// By the account whose key has signed the job.
    ByAccount(Node<'a, Bridge>),
    /// With credit, for a key that only this job has.
    FromPurse(Paying<'a, Bridge, Kept>),
}

impl Paid<'_> {
    /// Returns the rest of a job's money to the purse, once the job is over.
    pub(super) async fn end(&self, job: &Job) -> Result<(), PurseError> {
        match self {
            Self::ByAccount(_) => Ok(()),
            Self::FromPurse(paying) => paying.end(job).await,
        }
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
