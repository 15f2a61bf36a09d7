//! Every constant of the market, in one place and checked when they are put together.
//!
//! The defaults are chosen by simulation: `docs/decisions/0017-market-rules.md`.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use velum_market_model::{Amount, Count, Duration, Parts};

/// The constants, as a node's operator writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Of the price of what is delivered, paid by the provider.
    pub fee: Parts,
    /// When batches close.
    pub batch: BatchRules,
    /// How long a provider has.
    pub lease: LeaseRules,
    /// Sealed auctions.
    pub sealed: SealedRules,
    /// What a broken lease costs.
    pub slash: SlashRules,
    /// Who may take how much.
    pub admission: AdmissionRules,
    /// Capacity that is bought ahead.
    pub standing: StandingRules,
    /// What is remembered of messages.
    pub seen: SeenRules,
}

/// When batches close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRules {
    /// So many jobs close a batch whose jobs do not ask for more company.
    pub target: Count,
    /// No batch has more.
    pub most: Count,
}

/// How long a provider has to deliver: for the batch, and for each presentation in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRules {
    /// For the batch.
    pub base: Duration,
    /// For each presentation.
    pub each: Duration,
    /// A delivery in this last part of a lease is late: it counts, and earns no reputation.
    pub late: Parts,
}

/// Sealed auctions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRules {
    /// How long bids are taken.
    pub commit: Duration,
    /// How long they are opened thereafter.
    pub reveal: Duration,
    /// How many bidders stand by for a winner that fails.
    pub standbys: Count,
    /// What a bid that is not opened loses of its collateral.
    pub unrevealed: Parts,
    /// No auction takes more bids.
    pub most_bids: Count,
}

/// What a broken lease costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlashRules {
    /// Of the lot's maximum price, or of the least collateral where that is more. May be above the whole.
    pub rate: Parts,
    /// The least collateral of a lot.
    pub minimum_collateral: Amount,
    /// What of it is for whoever delivers the lot in the end; the rest is burned.
    pub rescuer: Parts,
}

/// Who may take how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRules {
    /// A provider stakes at least this.
    pub minimum_stake: Amount,
    /// The least that a client may offer for a presentation.
    pub price_floor: Amount,
    /// The window over which shares are counted.
    pub window: Duration,
    /// The window over which deliveries and failures are counted. Longer: who fails is not forgiven within a day.
    pub record_window: Duration,
    /// Of all presentations in the window, the most for one operator on the allow-list.
    pub cap: Parts,
    /// Where there is no allow-list: an operator's share of all stake, times this, is the most.
    pub stake_multiple: Parts,
    /// Shares are of no fewer presentations than these, so that a quiet market does not stand still.
    pub quiet: Count,
    /// The value of lots that a provider without reputation may hold at once.
    pub first_value: Amount,
    /// What each delivery in the window adds to it.
    pub value_of_delivery: Amount,
    /// A failure undoes so many deliveries. Where there are fewer, the value is halved for each failure that they do not cover.
    pub deliveries_of_failure: Count,
}

/// Capacity that is bought ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingRules {
    /// What of the unused part goes to the provider who kept it ready; the rest is refunded.
    pub forfeited: Parts,
    /// How long a lot is the seller's alone before anyone may take it.
    pub exclusive: Duration,
}

/// What is remembered of messages, so that they do not come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenRules {
    /// No job is taken whose `lock_by` is further away, so that no cancellation is kept for longer which comes before its job.
    pub horizon: Duration,
    /// No more messages of one key are remembered at once; it cannot send more until some have expired.
    pub most: Count,
}

/// Settings that hold together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Settings", into = "Settings")]
pub struct Rules(Settings);

/// Settings that do not.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{setting} cannot be so: {why}")]
pub struct RulesError {
    /// Which.
    pub setting: &'static str,
    /// What it has to be.
    pub why: &'static str,
}

impl Rules {
    /// Checks settings.
    ///
    /// # Errors
    /// [`RulesError`] for the first that cannot be.
    pub fn new(settings: Settings) -> Result<Self, RulesError> {
        let parts = |setting, parts: Parts| {
            let why = "it is a part of something, of at most a million";
            if parts <= Parts::WHOLE { Ok(()) } else { Err(RulesError { setting, why }) }
        };
        let above_zero = |setting, value: u64| {
            if value > 0 {
                Ok(())
            } else {
                Err(RulesError { setting, why: "it has to be above zero" })
            }
        };
        parts("fee", settings.fee)?;
        parts("lease.late", settings.lease.late)?;
        parts("sealed.unrevealed", settings.sealed.unrevealed)?;
        parts("slash.rescuer", settings.slash.rescuer)?;
        parts("admission.cap", settings.admission.cap)?;
        parts("standing.forfeited", settings.standing.forfeited)?;
        above_zero("batch.target", settings.batch.target.get())?;
        above_zero("seen.most", settings.seen.most.get())?;
        above_zero("lease.base", settings.lease.base.get())?;
        above_zero("sealed.commit", settings.sealed.commit.get())?;
        above_zero("sealed.reveal", settings.sealed.reveal.get())?;
        above_zero("sealed.most_bids", settings.sealed.most_bids.get())?;
        above_zero("slash.rate", settings.slash.rate.get().into())?;
        above_zero("slash.minimum_collateral", settings.slash.minimum_collateral.get())?;
        above_zero("admission.price_floor", settings.admission.price_floor.get())?;
        above_zero("admission.window", settings.admission.window.get())?;
        above_zero("admission.record_window", settings.admission.record_window.get())?;
        above_zero(
            "admission.deliveries_of_failure",
            settings.admission.deliveries_of_failure.get(),
        )?;
        above_zero("admission.first_value", settings.admission.first_value.get())?;
        if settings.batch.most < settings.batch.target {
            return Err(RulesError {
                setting: "batch.most",
                why: "it may not be below batch.target",
            });
        }
        if settings.batch.most.get() > 1024 {
            return Err(RulesError {
                setting: "batch.most",
                why: "a lot is one state and one message, of at most 1024 jobs",
            });
        }
        if settings.slash.rate > Parts::percent(10_000) {
            return Err(RulesError {
                setting: "slash.rate",
                why: "nobody puts up more than a hundred times the price",
            });
        }
        Ok(Self(settings))
    }

    /// How long a lease for so many presentations is.
    #[must_use]
    pub fn lease_of(&self, presentations: u64) -> Duration {
        let milliseconds = self
            .lease
            .each
            .get()
            .saturating_mul(presentations)
            .saturating_add(self.lease.base.get());
        Duration::new(milliseconds).unwrap_or(Duration::MOST)
    }
}

impl Default for Rules {
    fn default() -> Self {
        const MINUTE: u64 = 60_000;
        Self(Settings {
            fee: Parts::percent(1),
            batch: BatchRules { target: Count::constant(64), most: Count::constant(512) },
            lease: LeaseRules {
                base: Duration::constant(5 * MINUTE),
                each: Duration::constant(MINUTE / 2),
                late: Parts::percent(10),
            },
            sealed: SealedRules {
                commit: Duration::constant(MINUTE / 2),
                reveal: Duration::constant(MINUTE / 2),
                standbys: Count::constant(2),
                unrevealed: Parts::percent(25),
                most_bids: Count::constant(256),
            },
            slash: SlashRules {
                rate: Parts::percent(100),
                minimum_collateral: Amount::constant(10_000),
                rescuer: Parts::percent(50),
            },
            admission: AdmissionRules {
                minimum_stake: Amount::constant(1_000_000),
                price_floor: Amount::constant(50),
                window: Duration::constant(4 * 60 * MINUTE),
                record_window: Duration::constant(7 * 24 * 60 * MINUTE),
                cap: Parts::percent(20),
                stake_multiple: Parts::percent(1000),
                quiet: Count::constant(10_240),
                first_value: Amount::constant(200_000),
                value_of_delivery: Amount::constant(100_000),
                deliveries_of_failure: Count::constant(20),
            },
            standing: StandingRules {
                forfeited: Parts::percent(50),
                exclusive: Duration::constant(MINUTE),
            },
            seen: SeenRules {
                horizon: Duration::constant(24 * 60 * MINUTE),
                most: Count::constant(10_000),
            },
        })
    }
}

impl Deref for Rules {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

impl TryFrom<Settings> for Rules {
    type Error = RulesError;

    fn try_from(settings: Settings) -> Result<Self, RulesError> {
        Self::new(settings)
    }
}

impl From<Rules> for Settings {
    fn from(rules: Rules) -> Self {
        rules.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl Fn(&mut Settings)) -> Option<&'static str> {
        let mut settings = Rules::default().0;
        change(&mut settings);
        Rules::new(settings).err().map(|error| error.setting)
    }

    #[test]
    fn settings_are_checked_when_they_are_put_together() {
        assert_eq!(refused(|_| ()), None);
        assert_eq!(refused(|settings| settings.fee = Parts::WHOLE), None);
        assert_eq!(refused(|settings| settings.fee = Parts::of_a_million(1_000_001)), Some("fee"));
        assert_eq!(
            refused(|settings| settings.slash.rescuer = Parts::percent(101)),
            Some("slash.rescuer")
        );
        assert_eq!(refused(|settings| settings.slash.rate = Parts::percent(10_000)), None);
        assert_eq!(
            refused(|settings| settings.slash.rate = Parts::percent(10_001)),
            Some("slash.rate")
        );
        assert_eq!(refused(|settings| settings.batch.target = Count::ZERO), Some("batch.target"));
        assert_eq!(refused(|settings| settings.seen.most = Count::ZERO), Some("seen.most"));
        assert_eq!(refused(|settings| settings.batch.most = settings.batch.target), None);
        assert_eq!(
            refused(|settings| settings.batch.most = Count::constant(63)),
            Some("batch.most")
        );
        assert_eq!(
            refused(|settings| settings.batch.most = Count::constant(1025)),
            Some("batch.most")
        );
    }

    #[test]
    fn rules_are_read_with_their_checks() {
        let json = serde_json::to_string(&Rules::default()).unwrap();
        assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), Rules::default());
        let error = serde_json::from_str::<Rules>(&json.replace(r#""target":64"#, r#""target":0"#))
            .unwrap_err();
        assert!(error.to_string().contains("batch.target"), "{error}");
    }
}
