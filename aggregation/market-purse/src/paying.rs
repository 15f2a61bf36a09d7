//! A market that is paid from a purse, as a hand-off asks it.

use velum_market_client::api::{Estimate, JobStatus};
use velum_market_client::{MarketAdapter, MarketError, Network, Node};
use velum_market_model::{Cancel, Hash, Job, Signed};

use crate::{Purse, PurseError, Vault};

/// A node that is paid before a job is submitted. It is paid with tokens of a purse, for the key
/// that has signed the job. [`Purse::new_key`] creates that key.
pub struct Paying<'a, N, V> {
    node: Node<'a, N>,
    purse: &'a Purse<V>,
}

impl<'a, N: Network, V: Vault> Paying<'a, N, V> {
    /// A node, and the purse that pays it.
    pub const fn new(node: Node<'a, N>, purse: &'a Purse<V>) -> Self {
        Self { node, purse }
    }

    /// Calls [`Purse::end`] for a job.
    ///
    /// # Errors
    /// Returns [`PurseError`].
    pub async fn end(&self, job: &Job) -> Result<(), PurseError> {
        self.purse.end(&self.node, job.submitter.owner()).await
    }
}

impl<N: Network, V: Vault> MarketAdapter for Paying<'_, N, V> {
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError> {
        self.node.quote(job).await
    }

    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError> {
        let Job { submitter, offer, .. } = job.message();
        let id = velum_market_model::id(job.message())
            .map_err(|error| MarketError::Malformed(error.to_string()))?;
        let paid = self.purse.pay(&self.node, submitter.owner(), offer.maximum, Some(id)).await;
        paid.map_err(|error| match error {
            PurseError::Market(error) => error,
            error => MarketError::NotPaid { code: error.code().to_owned(), detail: error.detail() },
        })?;
        self.node.submit(job, submission).await
    }

    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError> {
        self.node.status(job).await
    }

    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError> {
        self.node.cancel(cancel).await
    }

    async fn receipt(&self, job: Hash) -> Result<Vec<u8>, MarketError> {
        self.node.receipt(job).await
    }
}
