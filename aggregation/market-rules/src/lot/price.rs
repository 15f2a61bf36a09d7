//! What each job of a lot pays: its own current price, or its share of a price that is found
//! otherwise.

use velum_market_model::{Amount, PriceMove, Time};

use super::{Lot, total};
use crate::auction::Auction;
use crate::{Entry, Refusal, split};

impl Lot {
    /// The current price of the lot, which Dutch auctions and limits use. It is the sum of what
    /// each job pays by its own ramp, so that no job moves the price of another.
    #[must_use]
    pub fn price(&self, now: Time) -> Amount {
        total(self.prices(now))
    }

    /// Whether the current price will change before it is too late to lock the lot.
    #[must_use]
    pub fn price_moves(&self, now: Time) -> bool {
        self.price(now) != self.price(self.last_lock())
    }

    /// What each job pays, in the order of the jobs, if the lot is won now for this price.
    pub(super) fn shares(&self, price: Amount, now: Time) -> Result<Vec<Amount>, Refusal> {
        let minima = self.jobs.iter().map(|entry| entry.minimum);
        let shares = match &self.auction {
            // The price is the sum of these prices.
            Auction::Dutch { .. } => Some(self.prices(now).collect()),
            Auction::Limit { .. } => {
                split(price, &minima.zip(self.prices(now)).collect::<Vec<_>>())
            }
            Auction::Sealed(_) => split(
                price,
                &minima.zip(self.jobs.iter().map(|entry| entry.maximum)).collect::<Vec<_>>(),
            ),
        };
        let (minimum, maximum) = (self.minimum, self.maximum);
        shares.ok_or(Refusal::PriceOutside { price, minimum, maximum })
    }

    fn prices(&self, now: Time) -> impl Iterator<Item = Amount> + '_ {
        let (opened, last) = (self.auction.opened(), self.last_lock());
        self.jobs.iter().map(move |entry| price_of(entry, opened, last, now))
    }
}

/// The current price of a job. Its ramp starts during the auction, and ends while the lot can still
/// be locked.
fn price_of(entry: &Entry, opened: Time, last: Time, now: Time) -> Amount {
    let start = entry.ramp_start.max(opened).min(last);
    let duration = entry.ramp.min(last.since(start));
    let range = entry.maximum.saturating_sub(entry.minimum);
    let elapsed = now.since(start);
    let way = if now < start {
        Amount::ZERO
    } else if elapsed >= duration {
        range
    } else {
        let way = u128::from(range.get()) * u128::from(elapsed.get()) / u128::from(duration.get());
        u64::try_from(way).ok().and_then(|way| Amount::new(way).ok()).unwrap_or(range)
    };
    match entry.price_move {
        PriceMove::Rises => entry.minimum.checked_add(way).unwrap_or(entry.maximum),
        PriceMove::Falls => entry.maximum.saturating_sub(way),
    }
}
