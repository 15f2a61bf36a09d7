//! Decides which jobs may share a lot: jobs that differ by less than a factor of two in everything
//! by which one of them could harm the others.
//!
//! A lot has the earliest deadlines of its jobs, all their collateral, and one auction. By asking
//! for less time, more collateral or a lower price than the others, a job could close their batches
//! too early, let their lots expire, price providers out of them, or ride along at their cost. With
//! classes, such a job shares a batch with similar jobs only.
//!
//! A factor remains. A job that joins a batch still has at least half of the shortest time of its
//! class to be locked or delivered, and so at least a quarter of its own time. The reason is that a
//! batch closes at the latest when the first of its jobs has waited for half of its time, and that
//! the times of two jobs differ by less than a factor of two.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Offer, Order, PriceMove, Time};

/// What the jobs of a batch have in common. Each number except `company` stands for a power of two:
/// 0 for the value 0, and n for values from 2^(n-1) up to, but not including, 2^n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The number of jobs that closes the batch. It is 1 for a job that is a batch of its own.
    pub company: Count,
    /// The milliseconds from admission until the job's batch closes.
    pub wait: u8,
    /// The milliseconds from admission to the last moment at which the job can be locked.
    pub lock: u8,
    /// The milliseconds from admission to the delivery of the job.
    pub deliver: u8,
    /// The most that the job pays.
    pub maximum: u8,
    /// The collateral that the job asks of a provider.
    pub collateral: u8,
    /// How the price moves. `None` if bids are sealed.
    pub ramp: Option<RampClass>,
}

/// What the ramps of the jobs of a batch have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampClass {
    /// Whether the price rises or falls.
    pub price: PriceMove,
    /// The milliseconds that the ramp takes.
    pub duration: u8,
    /// How much later than admission the ramp starts, in sixteenths of its duration. Small
    /// differences between clocks do not matter.
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

    /// The same class for a job that pays a fixed price.
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

/// The number of binary digits of a number.
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
