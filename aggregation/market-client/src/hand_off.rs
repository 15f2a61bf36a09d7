//! One presentation on its way through markets, in order of preference, until one has given its receipt.
//!
//! ```text
//! submitting --accepted--> waiting --settled--> its receipt
//!     | refused              |  ^ too late to take it back
//!     v                      v  |
//! cancelling <---------------+--+
//!     +--> the next market
//! ```
//!
//! A market is left only when it says that it will never be paid for the job: who goes on without knowing pays two. So a market that refuses a job is told to cancel it too: an
//! earlier try may be on its way still, and a market keeps what was cancelled before it came.

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

/// A market, and what is said to it.
pub struct Market<A> {
    /// How it is asked.
    pub adapter: A,
    /// The job, which names the market.
    pub job: SignedJob,
    /// Until when it is preferred to the next one: a job that no provider has taken by then is taken back.
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
    /// The wait between two questions where a job stands.
    pub poll: Duration,
    /// How long after a job's last deadline a market is asked that does not say how it ended.
    pub patience: Duration,
}

/// What is saved of a hand-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The market's place in the plan.
    pub market: usize,
    /// What is done there.
    pub step: Step,
}

/// What a hand-off does at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The job is handed in: the market may have it.
    Submitting,
    /// The market has it.
    Waiting,
    /// It is taken back, to go on to the next market.
    Cancelling,
    /// It is taken back, to end.
    Stopping,
    /// It could not be taken back.
    Committed,
}

/// What a hand-off tells as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it does, and where.
    pub saved: Saved,
    /// Where the job stands, as far as the market has said.
    pub status: Option<JobStatus>,
    /// What went wrong last, and is tried again.
    pub trouble: Option<MarketError>,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The market's place in the plan.
    pub market: usize,
    /// The receipt, which the host has found good.
    pub receipt: Vec<u8>,
}

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandOffError {
    /// No market took it, or none in time. Nothing was paid.
    #[error("no market has counted the presentation: {}", listed(.0))]
    NoMarket(Vec<(usize, String)>),
    /// It was stopped, and the job taken back. Nothing was paid.
    #[error("the hand-off was stopped")]
    Stopped,
    /// A market has been paid for a receipt that is none.
    #[error(
        "market {market} gave a receipt that does not hold: {reason}; keep it, it shows that the market broke its promise"
    )]
    BadReceipt {
        /// The market's place in the plan.
        market: usize,
        /// Why it does not hold.
        reason: String,
        /// The receipt.
        receipt: Vec<u8>,
    },
    /// A market that may have the job does not say how it ended.
    #[error(
        "market {market} does not say whether it has counted the presentation: {reason}; hand it to no other market before it does"
    )]
    Unresolved {
        /// The market's place in the plan.
        market: usize,
        /// What it said last.
        reason: String,
    },
    /// What was done could not be saved, so nothing more is done.
    #[error("the state of the hand-off could not be saved: {0}")]
    NotSaved(String),
    /// What was saved is of another plan.
    #[error("what was saved is of another plan: it has {markets} markets")]
    OtherPlan {
        /// Of this plan.
        markets: usize,
    },
}

impl HandOffError {
    /// The code by which programs tell one from another.
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

    /// The place in the plan of the market that it is about, where it is about one.
    #[must_use]
    pub const fn market(&self) -> Option<usize> {
        match self {
            Self::BadReceipt { market, .. } | Self::Unresolved { market, .. } => Some(*market),
            _ => None,
        }
    }

    /// How many of the plan's markets have settled or refunded the job, or never had it, with one that ended so or with a receipt. Of the others the end is not known.
    #[must_use]
    pub const fn markets_that_are_over(ended: &Result<Given, Self>) -> usize {
        match ended {
            Ok(_) | Err(Self::NoMarket(_) | Self::Stopped) => usize::MAX,
            Err(Self::BadReceipt { market, .. }) => *market + 1,
            Err(Self::Unresolved { market, .. }) => *market,
            Err(Self::NotSaved(_) | Self::OtherPlan { .. }) => 0,
        }
    }

    /// The receipt that does not hold, where there is one.
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
    /// Why markets did not count it.
    reasons: Vec<(usize, String)>,
    /// Why this market refuses.
    refusal: Option<String>,
}

/// How a step ends.
enum End {
    /// The hand-off goes on with another step, or at the next market.
    Step(Step),
    Next(String),
    Stopped,
    Given(Vec<u8>),
}

impl<'a, H: Host, A: MarketAdapter> HandOff<'a, H, A> {
    /// A hand-off of a submission, from its beginning or from where it was saved.
    ///
    /// # Errors
    /// [`HandOffError::OtherPlan`].
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

    /// Goes on until there is a receipt, or cannot be one.
    ///
    /// # Errors
    /// [`HandOffError`].
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
                    // Also where it could not be taken back, since the market never had it.
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

    /// Waits for the job to be settled. Where it may be cancelled, that is tried once another market is preferred.
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
                            return Ok(End::Next("it was not counted in time".to_owned()));
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
                        "its last deadline has passed, and the job has not ended",
                    )?;
                    self.host.sleep(self.plan.poll).await;
                }
                // It does not take back what it does not have.
                Err(MarketError::Refused { code, .. }) if code == JOB_UNKNOWN => {
                    let reason = self.refusal.clone();
                    return Ok(End::Next(
                        reason.unwrap_or_else(|| "it does not know the job".to_owned()),
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
                            reason.unwrap_or_else(|| "no provider took it in time".to_owned()),
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

    /// A market that does not say how the job ended is asked until some time after the job's last deadline.
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
