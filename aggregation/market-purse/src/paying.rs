//! A market that is paid from a purse, as a hand-off asks it.

use std::sync::{Mutex, PoisonError};

use velum_market_client::api::{Estimate, JobStatus};
use velum_market_client::{MarketAdapter, MarketError, Network, Node};
use velum_market_model::{Amount, Cancel, Hash, Job, Signed};

use crate::{OneTime, Purse, PurseError, Vault};

/// Keeps the key of a job beside the job. Futures need not be `Send`: in browsers they are not.
#[allow(async_fn_in_trait)]
pub trait KeepPayment {
    /// Saves the key with its tokens, so that they are there after a crash.
    ///
    /// # Errors
    /// Why it could not, in words.
    async fn keep(&self, one_time: &OneTime) -> Result<(), String>;
}

/// A node that is paid before a job is submitted: with tokens of a purse, for the key that has signed the job.
pub struct Paying<'a, N, V, K> {
    node: Node<'a, N>,
    purse: &'a Purse<V>,
    keep: K,
    one_time: Mutex<OneTime>,
}

impl<'a, N: Network, V: Vault, K: KeepPayment> Paying<'a, N, V, K> {
    /// A node, and who pays it. `one_time` is the job's, new or as it was last kept.
    pub const fn new(node: Node<'a, N>, purse: &'a Purse<V>, one_time: OneTime, keep: K) -> Self {
        Self { node, purse, keep, one_time: Mutex::new(one_time) }
    }

    /// Ends the payment with the hand-off, once the market has settled or refunded the job or never had it: what is left goes back to the purse, now or by a later
    /// [`Purse::collect`].
    ///
    /// # Errors
    /// [`PurseError`] where the purse could not be kept.
    pub async fn end(&self) -> Result<(), PurseError> {
        self.purse.put_away(self.payment()).await?;
        // It is in the purse, and asked for again whenever the purse is used.
        let _ = self.purse.collect(&self.node).await;
        Ok(())
    }

    pub(crate) async fn pay(&self, amount: Amount) -> Result<(), PurseError> {
        let mut one_time = self.payment();
        if one_time.is_paid() {
            return Ok(());
        }
        if one_time.redemption.is_none() {
            let now = self.node.market().await?.now;
            self.purse.withdraw(&mut one_time, amount, now, &self.keep).await?;
            self.set(&one_time);
        }
        let redeemed = self.purse.redeem(&self.node, &mut one_time).await;
        self.set(&one_time);
        self.keep.keep(&one_time).await.map_err(PurseError::NotKept)?;
        redeemed
    }

    pub(crate) fn payment(&self) -> OneTime {
        self.one_time.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, one_time: &OneTime) {
        self.one_time.lock().unwrap_or_else(PoisonError::into_inner).clone_from(one_time);
    }
}

impl<N: Network, V: Vault, K: KeepPayment> MarketAdapter for Paying<'_, N, V, K> {
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError> {
        self.node.quote(job).await
    }

    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError> {
        self.pay(job.message().offer.maximum).await.map_err(|error| match error {
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
