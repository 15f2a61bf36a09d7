//! One presentation on its way through markets, in order of preference, until one of them has given
//! its receipt.
//!
//! ```text
//! submitting --accepted--> waiting --settled--> its receipt
//!     | refused              |  ^ too late to take it back
//!     v                      v  |
//! cancelling <---------------+--+
//!     +--> the next market
//! ```
//!
//! A hand-off leaves a market only when the market says that it will never be paid for the job.
//! Otherwise, the client could pay two markets. So a hand-off also cancels the job at a market that
//! refuses it: an earlier try may still be on its way, and a market remembers a cancellation that
//! arrives before its job.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use velum_market_model::{Duration, Offer, Time};

use crate::adapter::{MarketAdapter, MarketError};
use crate::api::{JobState, JobStatus};
use crate::backoff::Backoff;
use crate::host::Host;
use crate::signed_job::SignedJob;

/// The code of a market that does not have a job.
pub const JOB_UNKNOWN: &str = "job_unknown";

/// A market, and what is sent to it.
pub struct Market<A> {
    /// The adapter that asks the market.
    pub adapter: A,
    /// The job, which names the market.
    pub job: SignedJob,
    /// The time until which the market is preferred to the next one. A job that no provider has
    /// taken by then is taken back.
    pub preferred_until: Time,
}

impl<A> Market<A> {
    fn offer(&self) -> &Offer {
        &self.job.job().message().offer
    }
}

/// How a presentation is handed off.
pub struct Plan<A> {
    /// The markets, the preferred one first.
    pub markets: Vec<Market<A>>,
    /// The waits between tries.
    pub backoff: Backoff,
    /// The wait between two queries of a job's status.
    pub poll: Duration,
    /// How long after the last deadline of its job a market that does not say how the job ended is
    /// still asked.
    pub patience: Duration,
}

/// What is saved of a hand-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The market's place in the plan.
    pub market: usize,
    /// The current step at that market.
    pub step: Step,
}

/// What a hand-off does at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The job is being handed in, and the market may have it.
    Submitting,
    /// The market has the job.
    Waiting,
    /// The job is being taken back, to go on to the next market.
    Cancelling,
    /// The job is being taken back, to end the hand-off.
    Stopping,
    /// The job could not be taken back.
    Committed,
}

/// What a hand-off reports as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The current step, and the market.
    pub saved: Saved,
    /// The status of the job, as far as the market has told it.
    pub status: Option<JobStatus>,
    /// The last failure, which is being tried again.
    pub trouble: Option<MarketError>,
}

/// A receipt, and the market that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The market's place in the plan.
    pub market: usize,
    /// The receipt, which the host has accepted.
    pub receipt: Vec<u8>,
}

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandOffError {
    /// No market accepted the presentation, or no market counted it in time. Nothing was paid.
    #[error("no market has counted the presentation: {}", listed(.0))]
    NoMarket(Vec<(usize, String)>),
    /// The hand-off was stopped, and the job was taken back. Nothing was paid.
    #[error("the hand-off was stopped")]
    Stopped,
    /// A market has been paid for a receipt that is not valid.
    #[error(
        "market {market} gave a receipt that is not valid: {reason}; keep the receipt, which shows that the market broke its promise"
    )]
    BadReceipt {
        /// The market's place in the plan.
        market: usize,
        /// Why the receipt is not valid.
        reason: String,
        /// The receipt.
        receipt: Vec<u8>,
    },
    /// A market that may have the job does not say how it ended.
    #[error(
        "market {market} does not say whether it has counted the presentation: {reason}; hand the presentation to no other market before this one says"
    )]
    Unresolved {
        /// The market's place in the plan.
        market: usize,
        /// What the market said last.
        reason: String,
    },
    /// The state could not be saved, so the hand-off does nothing more.
    #[error("the state of the hand-off could not be saved: {0}")]
    NotSaved(String),
    /// The saved state belongs to another plan.
    #[error("the saved state belongs to another plan; this plan has {markets} markets")]
    OtherPlan {
        /// The number of markets in this plan.
        markets: usize,
    },
}

impl HandOffError {
    /// The code by which programs distinguish errors.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoMarket(_) => "no_market",
            Self::Stopped => "cancelled",
            Self::BadReceipt { .. } => "receipt_invalid",
            Self::Unresolved { .. } => "unresolved",
            Self::NotSaved(_) => "not_saved",
            Self::OtherPlan { .. } => "other_hand_off",
        }
    }

    /// The place in the plan of the market that the error is about, if it is about one.
    #[must_use]
    pub const fn market(&self) -> Option<usize> {
        match self {
            Self::BadReceipt { market, .. } | Self::Unresolved { market, .. } => Some(*market),
            _ => None,
        }
    }

    /// How many of the plan's markets, counted from the first, have settled or refunded the job or
    /// never had it, given the end of the hand-off. [`usize::MAX`] stands for all markets. The end
    /// of the job at the remaining markets is not known.
    #[must_use]
    pub const fn markets_that_are_over(ended: &Result<Given, Self>) -> usize {
        match ended {
            Ok(_) | Err(Self::NoMarket(_) | Self::Stopped) => usize::MAX,
            Err(Self::BadReceipt { market, .. }) => *market + 1,
            Err(Self::Unresolved { market, .. }) => *market,
            Err(Self::NotSaved(_) | Self::OtherPlan { .. }) => 0,
        }
    }

    /// The receipt that is not valid, if there is one.
    #[must_use]
    pub fn receipt(&self) -> Option<&[u8]> {
        match self {
            Self::BadReceipt { receipt, .. } => Some(receipt),
            _ => None,
        }
    }
}

fn listed(reasons: &[(usize, String)]) -> String {
    let reasons: Vec<_> =
        reasons.iter().map(|(market, reason)| format!("market {market}: {reason}")).collect();
    reasons.join("; ")
}

/// A hand-off.
pub struct HandOff<'a, H, A> {
    host: &'a H,
    plan: &'a Plan<A>,
    submission: &'a [u8],
    saved: Saved,
    /// Why earlier markets did not count the presentation.
    reasons: Vec<(usize, String)>,
    /// Why the current market refuses the job.
    refusal: Option<String>,
}

/// How a step ends.
enum End {
    /// The hand-off continues, with another step here or at the next market (`Next`).
    Step(Step),
    Next(String),
    Stopped,
    Given(Vec<u8>),
}

impl<'a, H: Host, A: MarketAdapter> HandOff<'a, H, A> {
    /// A hand-off of a submission, from its beginning or from its saved state.
    ///
    /// # Errors
    /// Returns [`HandOffError::OtherPlan`].
    pub fn new(
        host: &'a H,
        plan: &'a Plan<A>,
        submission: &'a [u8],
        saved: Option<Saved>,
    ) -> Result<Self, HandOffError> {
        let saved = saved.unwrap_or(Saved { market: 0, step: Step::Submitting });
        let markets = plan.markets.len();
        if saved.market > markets {
            return Err(HandOffError::OtherPlan { markets });
        }
        Ok(Self { host, plan, submission, saved, reasons: Vec::new(), refusal: None })
    }

    /// Runs until there is a receipt, or until there cannot be one.
    ///
    /// # Errors
    /// Returns [`HandOffError`].
    pub async fn run(mut self) -> Result<Given, HandOffError> {
        loop {
            let Some(market) = self.plan.markets.get(self.saved.market) else {
                return Err(HandOffError::NoMarket(self.reasons));
            };
            self.save().await?;
            let end = match self.saved.step {
                Step::Submitting => self.submit(market).await?,
                Step::Waiting => self.wait(market, true).await?,
                Step::Committed => self.wait(market, false).await?,
                Step::Cancelling | Step::Stopping => self.cancel(market).await?,
            };
            match end {
                End::Step(step) => self.saved.step = step,
                End::Next(reason) => {
                    // This also applies if the job could not be taken back, because the market
                    // never had it.
                    if self.host.is_stopped() {
                        return Err(HandOffError::Stopped);
                    }
                    self.reasons.push((self.saved.market, reason));
                    self.saved = Saved { market: self.saved.market + 1, step: Step::Submitting };
                }
                End::Stopped => return Err(HandOffError::Stopped),
                End::Given(receipt) => return Ok(Given { market: self.saved.market, receipt }),
            }
        }
    }

    async fn save(&self) -> Result<(), HandOffError> {
        self.tell(None, None);
        self.host.save(&self.saved).await.map_err(HandOffError::NotSaved)
    }

    fn tell(&self, status: Option<&JobStatus>, trouble: Option<&MarketError>) {
        self.host.tell(&Progress {
            saved: self.saved,
            status: status.cloned(),
            trouble: trouble.cloned(),
        });
    }

    async fn submit(&mut self, market: &Market<A>) -> Result<End, HandOffError> {
        let mut tries = 0;
        loop {
            if self.host.is_stopped() {
                // An earlier try may have reached the market.
                return Ok(End::Step(Step::Stopping));
            }
            let until = market.preferred_until.min(market.offer().lock_by);
            if self.host.now() > until {
                return Ok(End::Step(Step::Cancelling));
            }
            match market.adapter.submit(market.job.job(), self.submission).await {
                Ok(status) => {
                    self.tell(Some(&status), None);
                    return Ok(End::Step(Step::Waiting));
                }
                Err(trouble) if trouble.may_pass() => self.pause(&mut tries, &trouble).await,
                Err(trouble) => {
                    self.tell(None, Some(&trouble));
                    self.refusal = Some(trouble.to_string());
                    return Ok(End::Step(Step::Cancelling));
                }
            }
        }
    }

    /// Waits for the job to be settled. If `may_cancel` is set, the hand-off tries to take the job
    /// back once another market is preferred.
    async fn wait(&self, market: &Market<A>, may_cancel: bool) -> Result<End, HandOffError> {
        let mut tries = 0;
        loop {
            match market.adapter.status(market.job.id()).await {
                Ok(status) => {
                    tries = 0;
                    self.tell(Some(&status), None);
                    match status.state {
                        JobState::Settled => return self.receipt(market).await,
                        state if state.is_refunded() => {
                            return Ok(End::Next(
                                "the presentation was not counted in time".to_owned(),
                            ));
                        }
                        JobState::Waiting | JobState::Offered if may_cancel => {
                            if self.host.is_stopped() {
                                return Ok(End::Step(Step::Stopping));
                            }
                            if self.host.now() > market.preferred_until {
                                return Ok(End::Step(Step::Cancelling));
                            }
                        }
                        _ => {}
                    }
                    self.check_patience(
                        market,
                        "the last deadline of the job has passed, and the job has not ended",
                    )?;
                    self.host.sleep(self.plan.poll).await;
                }
                // A market does not take back a job that it does not have.
                Err(MarketError::Refused { code, .. }) if code == JOB_UNKNOWN => {
                    let reason = self.refusal.clone();
                    return Ok(End::Next(
                        reason.unwrap_or_else(|| "the market does not know the job".to_owned()),
                    ));
                }
                Err(trouble) => {
                    self.check_patience(market, &trouble)?;
                    self.pause(&mut tries, &trouble).await;
                }
            }
        }
    }

    async fn receipt(&self, market: &Market<A>) -> Result<End, HandOffError> {
        let mut tries = 0;
        loop {
            match market.adapter.receipt(market.job.id()).await {
                Ok(receipt) => match self.host.check(&receipt).await {
                    Ok(()) => return Ok(End::Given(receipt)),
                    Err(reason) => {
                        return Err(HandOffError::BadReceipt {
                            market: self.saved.market,
                            reason,
                            receipt,
                        });
                    }
                },
                Err(trouble) => {
                    self.check_patience(market, &trouble)?;
                    self.pause(&mut tries, &trouble).await;
                }
            }
        }
    }

    async fn cancel(&mut self, market: &Market<A>) -> Result<End, HandOffError> {
        let mut tries = 0;
        loop {
            match market.adapter.cancel(market.job.cancel()).await {
                Ok(status) if status.state.is_refunded() => {
                    self.tell(Some(&status), None);
                    let reason = self.refusal.take();
                    return Ok(match self.saved.step {
                        Step::Stopping => End::Stopped,
                        _ => End::Next(
                            reason.unwrap_or_else(|| "no provider took the job in time".to_owned()),
                        ),
                    });
                }
                Ok(_) | Err(MarketError::Refused { .. }) => return Ok(End::Step(Step::Committed)),
                Err(trouble) => {
                    self.check_patience(market, &trouble)?;
                    self.pause(&mut tries, &trouble).await;
                }
            }
        }
    }

    /// Checks that a market which does not say how the job ended may still be asked: until
    /// `patience` after the job's last deadline.
    fn check_patience(&self, market: &Market<A>, reason: impl Display) -> Result<(), HandOffError> {
        let until = market.offer().deliver_by.after(self.plan.patience);
        if self.host.now() <= until {
            return Ok(());
        }
        Err(HandOffError::Unresolved { market: self.saved.market, reason: reason.to_string() })
    }

    async fn pause(&self, tries: &mut u32, trouble: &MarketError) {
        self.tell(None, Some(trouble));
        *tries += 1;
        let due = self.plan.backoff.after(*tries, self.host.chance());
        let wait = match trouble {
            MarketError::Busy { seconds } => {
                due.max(Duration::new(u64::from(*seconds) * 1_000).unwrap_or(due))
            }
            _ => due,
        };
        self.host.sleep(wait).await;
    }
}

#[cfg(test)]
mod tests;
