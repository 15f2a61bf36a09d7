//! All constants of the market in one place, checked when they are put together.
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
    /// The market's fee, as a part of the price of what is delivered. The provider pays it.
    pub fee: Parts,
    /// When batches close.
    pub batch: BatchRules,
    /// How long a provider has to deliver.
    pub lease: LeaseRules,
    /// The rules of sealed auctions.
    pub sealed: SealedRules,
    /// What a broken lease costs.
    pub slash: SlashRules,
    /// Which provider may take how much.
    pub admission: AdmissionRules,
    /// The rules of capacity that is bought ahead.
    pub standing: StandingRules,
    /// What the market remembers of messages.
    pub seen: SeenRules,
}

/// When batches close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRules {
    /// The number of jobs that closes a batch whose jobs do not ask for more company.
    pub target: Count,
    /// The most jobs that a batch may have.
    pub most: Count,
}

/// How long a provider has to deliver. The time is the sum of a part for the batch and a part for
/// each presentation in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRules {
    /// The part for the batch.
    pub base: Duration,
    /// The part for each presentation.
    pub each: Duration,
    /// The last part of a lease, in which a delivery is late. A late delivery counts, and earns no
    /// reputation.
    pub late: Parts,
}

/// The rules of sealed auctions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRules {
    /// How long bids are accepted.
    pub commit: Duration,
    /// How long bids are opened after that.
    pub reveal: Duration,
    /// How many bidders stand by in case the winner fails.
    pub standbys: Count,
    /// The part of its collateral that a bidder loses if it does not open its bid.
    pub unrevealed: Parts,
    /// The most bids that an auction accepts.
    pub most_bids: Count,
}

/// What a broken lease costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlashRules {
    /// The slash, as a part of the lot's maximum price, or of `minimum_collateral` if that is
    /// larger. It may be more than the whole.
    pub rate: Parts,
    /// The least collateral of a lot.
    pub minimum_collateral: Amount,
    /// The part of the slash that goes to the provider that delivers the lot in the end. The rest
    /// is burned.
    pub rescuer: Parts,
}

/// Which provider may take how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRules {
    /// The least stake of a provider.
    pub minimum_stake: Amount,
    /// The least price that a client may offer for a presentation.
    pub price_floor: Amount,
    /// The window over which shares are counted.
    pub window: Duration,
    /// The window over which deliveries and failures are counted. It is longer than `window` by
    /// default, so that a failure is not forgiven within a day.
    pub record_window: Duration,
    /// The largest part of all presentations in the window that an operator on the allow-list may
    /// take.
    pub cap: Parts,
    /// The factor for an operator that is not on the allow-list: it may take at most its part of
    /// all stake times this factor.
    pub stake_multiple: Parts,
    /// The least total of presentations that shares are computed from, so that a quiet market does
    /// not stand still.
    pub quiet: Count,
    /// The value of lots that a provider without reputation may hold at once.
    pub first_value: Amount,
    /// The value that each delivery in the window adds.
    pub value_of_delivery: Amount,
    /// The number of deliveries that a failure undoes. If there are fewer deliveries, the value is
    /// halved for each failure that they do not cover.
    pub deliveries_of_failure: Count,
}

/// The rules of capacity that is bought ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingRules {
    /// The part of the unused value that goes to the provider that kept the capacity ready. The
    /// rest is refunded.
    pub forfeited: Parts,
    /// How long only the seller may take a lot, before any provider may take it.
    pub exclusive: Duration,
}

/// What the market remembers of messages, so that it does not accept them a second time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenRules {
    /// The furthest that the `lock_by` of a job may lie in the future. It bounds how long the
    /// market keeps a cancellation that arrives before its job.
    pub horizon: Duration,
    /// The most messages of one key that are remembered at once. The key cannot send more until
    /// some have expired.
    pub most: Count,
}

/// Settings that have been checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Settings", into = "Settings")]
pub struct Rules(Settings);

/// Settings that cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{setting} is not valid: {why}")]
pub struct RulesError {
    /// The setting that is wrong.
    pub setting: &'static str,
    /// What the setting has to be.
    pub why: &'static str,
}

impl Rules {
    /// Checks settings.
    ///
    /// # Errors
    /// Returns [`RulesError`] for the first setting that cannot be used.
    pub fn new(settings: Settings) -> Result<Self, RulesError> {
        let parts = |setting, parts: Parts| {
            let why = "it is in parts of a million, and at most 1000000";
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
                why: "a lot has at most 1024 jobs, because it is one state and one message",
            });
        }
        if settings.slash.rate > Parts::percent(10_000) {
            return Err(RulesError {
                setting: "slash.rate",
                why: "it may be at most a hundred times the price",
            });
        }
        Ok(Self(settings))
    }

    /// The length of a lease for this number of presentations.
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
