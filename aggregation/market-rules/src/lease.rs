//! The lease on a lot: whose it is, at what price, and until when, lengthened by what is not the provider's fault.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Hash, Time};

/// The right and duty to deliver a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotLease {
    /// Whose it is.
    pub provider: Hash,
    /// For the whole lot.
    pub price: Amount,
    /// What each job of the lot pays of it, in their order.
    pub shares: Vec<Amount>,
    /// Fences deliveries of earlier leases.
    pub epoch: Count,
    /// Since when.
    pub from: Time,
    /// The last moment of a delivery, but for excuses.
    pub deliver_by: Time,
    /// What is held of the provider's.
    pub collateral: Amount,
}

/// A span of time in which a provider could not deliver for reasons that are not its own: the node was out, or inputs were withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// From then on.
    pub from: Time,
    /// Until before then.
    pub until: Time,
}

impl LotLease {
    /// The last moment of a delivery, with all excuses.
    #[must_use]
    pub fn ends(&self, excuses: &[Interval]) -> Time {
        lengthened(self.from, self.deliver_by, excuses)
    }
}

/// The end of a span from `from` to `until`, later by the time for which excuses overlap with it. Excuses that overlap with each other count once, and one
/// that begins in the time which another has added counts too.
#[must_use]
pub fn lengthened(from: Time, until: Time, excuses: &[Interval]) -> Time {
    let mut excuses = excuses.to_vec();
    excuses.sort_unstable();
    let (mut end, mut counted) = (until, from);
    for Interval { from, until } in excuses {
        let from = from.max(counted);
        if from <= end && until > from {
            end = end.after(until.since(from));
            counted = until;
        }
    }
    end
}

/// The first moment of the last part of a lease, in which a delivery is late.
pub(crate) fn late_from(lease: &LotLease, end: Time, late: velum_market_model::Parts) -> Time {
    let length = u128::from(end.since(lease.from).get());
    let part = length * u128::from(late.get()) / 1_000_000;
    let part = u64::try_from(part)
        .ok()
        .and_then(|part| Duration::new(part).ok())
        .unwrap_or(Duration::MOST);
    end.before(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(excuses: &[(u64, u64)]) -> u64 {
        let time = Time::constant;
        let excuses: Vec<_> = excuses
            .iter()
            .map(|(from, until)| Interval { from: time(*from), until: time(*until) })
            .collect();
        lengthened(time(100), time(200), &excuses).get()
    }

    #[test]
    fn a_lease_is_longer_by_the_excuses_within_it() {
        assert_eq!(end(&[]), 200);
        assert_eq!(end(&[(120, 150)]), 230);
        assert_eq!(end(&[(50, 100), (201, 300)]), 200, "before and after it");
        assert_eq!(end(&[(50, 110)]), 210, "what overlaps");
        assert_eq!(end(&[(200, 300)]), 300, "begins at its last moment");
    }

    #[test]
    fn excuses_count_once_and_in_added_time_too() {
        assert_eq!(end(&[(120, 150), (130, 150), (120, 150)]), 230);
        assert_eq!(end(&[(140, 160), (120, 150)]), 240);
        assert_eq!(end(&[(120, 150), (225, 235)]), 240, "begins in what the first added");
        assert_eq!(end(&[(120, 150), (231, 235)]), 230);
    }
}
