//! Which lots a provider takes, and for what price.

use serde::{Deserialize, Serialize};
use velum_market_client::api::LotStatus;
use velum_market_model::{Amount, Count, Duration, Time};

/// What a provider wants, and what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The lowest price for which it folds one presentation.
    pub price: Amount,
    /// How many lots it holds at once.
    pub lots: Count,
    /// The time that all its workers together take for one presentation.
    pub each: Duration,
    /// The time that they take for a lot in addition.
    pub base: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            price: Amount::constant(100),
            lots: Count::constant(2),
            each: Duration::constant(8_000),
            base: Duration::constant(60_000),
        }
    }
}

impl Policy {
    /// The lowest price for which it takes a lot.
    #[must_use]
    pub fn price_of(&self, lot: &LotStatus) -> Amount {
        let price =
            self.price.get().checked_mul(lot.count.get()).and_then(|price| Amount::new(price).ok());
        price.unwrap_or(Amount::MOST)
    }

    /// Whether a lot that is locked now can be delivered in half of its lease. The other half is
    /// left for what goes wrong.
    #[must_use]
    pub fn can_deliver(&self, lot: &LotStatus) -> bool {
        let time = self.each.get().saturating_mul(lot.count.get()).saturating_add(self.base.get());
        time <= lot.lease.get() / 2
    }

    /// Whether a Dutch auction has come to the point where it takes the lot.
    #[must_use]
    pub fn takes(&self, lot: &LotStatus, now: Time) -> bool {
        now <= lot.last_lock && lot.price >= self.price_of(lot) && self.can_deliver(lot)
    }
}
