//! What a client asks of any market.

use thiserror::Error;
use velum_market_model::{Cancel, Hash, Job, Signed};

use crate::api::{Estimate, JobStatus};

/// A market.
#[allow(async_fn_in_trait)]
pub trait MarketAdapter {
    /// Estimates the price and the wait of a job like this one. Nothing is handed over.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError>;

    /// Hands in a job with its submission. The same job may be handed in any number of times, and
    /// counts once.
    ///
    /// # Errors
    /// Returns [`MarketError`]. After [`MarketError::Refused`], the market does not have the job.
    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError>;

    /// The status of a job.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError>;

    /// Takes a job back.
    ///
    /// # Errors
    /// Returns [`MarketError`], and [`MarketError::Refused`] if it is too late.
    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError>;

    /// The receipt of a job that is settled.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    async fn receipt(&self, job: Hash) -> Result<Vec<u8>, MarketError>;
}

impl<A: MarketAdapter> MarketAdapter for &A {
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError> {
        A::quote(self, job).await
    }

    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError> {
        A::submit(self, job, submission).await
    }

    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError> {
        A::status(self, job).await
    }

    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError> {
        A::cancel(self, cancel).await
    }

    async fn receipt(&self, job: Hash) -> Result<Vec<u8>, MarketError> {
        A::receipt(self, job).await
    }
}

/// Why a market did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MarketError {
    /// There was no answer, or the answer was not the market's. Asking again may help.
    #[error("{0}")]
    Unreachable(String),
    /// The client asked too much, or the market is busy. Asking again later helps.
    #[error("the market is busy; ask again in {seconds} s")]
    Busy {
        /// The seconds after which to ask again.
        seconds: u32,
    },
    /// The market will not do it, however often it is asked.
    #[error("the market refuses ({code}): {detail}")]
    Refused {
        /// The fixed code.
        code: String,
        /// What is wrong, where, and what to do.
        detail: String,
    },
    /// The market was not asked, because its price cannot be paid.
    #[error("the job cannot be paid for: {detail}")]
    NotPaid {
        /// The fixed code.
        code: String,
        /// What is wrong, where, and what to do.
        detail: String,
    },
    /// The market's answer cannot be read.
    #[error("the market's answer cannot be read: {0}")]
    Malformed(String),
}

impl MarketError {
    /// The code by which programs distinguish errors. It is the node's code if the node has
    /// refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Busy { .. } => "busy",
            Self::Refused { code, .. } | Self::NotPaid { code, .. } => code,
            Self::Malformed(_) => "answer_malformed",
        }
    }

    /// The details that belong to the code: what is wrong, where, and what to do.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Refused { detail, .. } | Self::NotPaid { detail, .. } => detail.clone(),
            _ => self.to_string(),
        }
    }

    /// Whether asking again may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. } | Self::Malformed(_))
    }
}
