//! The lease on a lot: who holds it, at what price, and until when. It is lengthened by what is not
//! the provider's fault.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Hash, Time};

/// The right and duty to deliver a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotLease {
    /// The provider that holds the lease.
    pub provider: Hash,
    /// The price of the whole lot.
    pub price: Amount,
    /// What each job of the lot pays of the price, in the order of the jobs.
    pub shares: Vec<Amount>,
    /// The epoch of the lease, which fences off deliveries of earlier leases.
    pub epoch: Count,
    /// When the lease began.
    pub from: Time,
    /// The last moment for a delivery, unless excuses lengthen the lease.
    pub deliver_by: Time,
    /// The provider's collateral, which is held during the lease.
    pub collateral: Amount,
}

/// A span of time in which a provider could not deliver for reasons that are not its own: the node
/// was offline, or inputs were withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The start of the span.
    pub from: Time,
    /// The end of the span, which is not part of it.
    pub until: Time,
}

impl LotLease {
    /// The last moment for a delivery, including all excuses.
    #[must_use]
    pub fn ends(&self, excuses: &[Interval]) -> Time {
        lengthened(self.from, self.deliver_by, excuses)
    }
}

/// The end of a span from `from` to `until`, delayed by the time for which excuses overlap with it.
/// Excuses that overlap with each other count once. An excuse also counts if it begins in the time
/// that another excuse has added.
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

/// The first moment of the last part of a lease. A delivery from then on is late.
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
