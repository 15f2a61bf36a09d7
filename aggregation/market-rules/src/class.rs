//! Which jobs may share a lot: those that differ by less than a factor of two in whatever one of them can spoil for the others.
//!
//! A lot has the earliest deadlines of its jobs, all their collateral, and one auction. So a client could close the batches of others too early, let their lots expire,
//! price providers out of them, or ride along at their cost, by a job that asks for less time, more collateral or a lower price than theirs. Such a job meets its like.
//!
//! What is left is a factor. Who joins a batch has at least half of the least time of its class until it has to be locked or delivered, so at least a quarter of its own: a batch
//! closes when the first of its jobs has waited half of its time, at the latest, and the times of two jobs differ by half.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Offer, Order, PriceMove, Time};

/// What the jobs of a batch have in common, each but the company as a power of two: 0 for nothing, and n from 2^(n-1) on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// So many jobs close the batch. 1 for a job that is a batch of its own.
    pub company: Count,
    /// Milliseconds from admission until its batch closes.
    pub wait: u8,
    /// Milliseconds from admission to the last moment at which it can be locked.
    pub lock: u8,
    /// Milliseconds from admission to its delivery.
    pub deliver: u8,
    /// The most that it pays.
    pub maximum: u8,
    /// What it would have a provider put up.
    pub collateral: u8,
    /// How its price moves; none, where bids are sealed.
    pub ramp: Option<RampClass>,
}

/// What the ramps of the jobs of a batch have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampClass {
    /// The direction.
    pub price: PriceMove,
    /// Milliseconds that it takes.
    pub duration: u8,
    /// How much later than admission it starts, in sixteenths of its duration. Clocks that differ a little make no difference.
    pub delay: u8,
}

/// The times of a job that has been admitted.
pub(crate) struct Times {
    pub(crate) now: Time,
    pub(crate) close_by: Time,
    pub(crate) lock_by: Time,
}

impl Class {
    pub(crate) fn new(offer: &Offer, company: Count, times: &Times) -> Self {
        let Times { now, close_by, lock_by } = *times;
        Self {
            company,
            wait: time_class(close_by.since(now)),
            lock: time_class(lock_by.since(now)),
            deliver: time_class(offer.deliver_by.since(now)),
            maximum: money_class(offer.maximum),
            collateral: money_class(offer.collateral),
            ramp: (offer.order != Order::Sealed).then(|| RampClass::new(offer, now)),
        }
    }

    /// The same for a job that pays a fixed price.
    pub(crate) fn at_price(self, price: Amount) -> Self {
        let fixed = RampClass { price: PriceMove::Rises, duration: 0, delay: 0 };
        Self { maximum: money_class(price), ramp: Some(fixed), ..self }
    }
}

impl RampClass {
    fn new(offer: &Offer, now: Time) -> Self {
        let ramp = offer.ramp;
        let delay = ramp.start.since(now).get().saturating_mul(16) / ramp.duration.get().max(1);
        Self { price: ramp.price, duration: time_class(ramp.duration), delay: power_of_two(delay) }
    }
}

fn time_class(duration: Duration) -> u8 {
    power_of_two(duration.get())
}

fn money_class(amount: Amount) -> u8 {
    power_of_two(amount.get())
}

/// As many binary digits as the number has.
fn power_of_two(number: u64) -> u8 {
    (u64::BITS - number.leading_zeros()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_ends_below_the_next_power_of_two() {
        assert_eq!([0, 1, 2, 3, 4, 7, 8].map(power_of_two), [0, 1, 2, 2, 3, 3, 4]);
        assert_eq!(power_of_two(velum_market_model::LIMIT - 1), 53);
    }
}
