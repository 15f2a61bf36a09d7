//! The book of limit orders: the standing quotes of providers against lots, each of which has a
//! limit.
//!
//! Quotes stand in the book by price and then by time. The price of a match is the price of the
//! party that stood in the book: the quote's price if a lot comes, and the lot's limit if a quote
//! comes. A quote is for a number of presentations, and a lot is never divided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Hash, Profile, Quote, Time};

use crate::refusal::for_market;
use crate::{Lot, Refusal};

/// A provider's quote in the book, with what is left of its capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The id of the quote.
    pub id: Hash,
    /// The provider.
    pub provider: Hash,
    /// The profile of the aggregates.
    pub profile: Profile,
    /// The price for each presentation.
    pub price: Amount,
    /// How many presentations are left.
    pub left: Count,
    /// When the quote came.
    pub placed: Time,
    /// When the quote expires.
    pub expires: Time,
}

impl Ask {
    /// A quote that comes to the book of this market.
    ///
    /// # Errors
    /// Returns [`Refusal::OtherMarket`], or [`Refusal::Quote`] if the quote has expired already.
    pub fn new(quote: &Quote, id: Hash, market: Hash, now: Time) -> Result<Self, Refusal> {
        for_market(quote.market, market)?;
        if now >= quote.expires {
            return Err(Refusal::Quote { why: "it has expired" });
        }
        Ok(Self {
            id,
            provider: quote.provider.owner(),
            profile: quote.profile,
            price: quote.price,
            left: quote.capacity,
            placed: now,
            expires: quote.expires,
        })
    }

    /// The price that the quote takes for a lot. It is at least the lot's minimum, which its
    /// clients offer in any case.
    ///
    /// Returns `None` if the quote does not fit: if it is of another profile, has too little left,
    /// has expired, or is dearer than the current limit of the lot.
    #[must_use]
    pub fn price_of(&self, lot: &Lot, now: Time) -> Option<Amount> {
        let fits = self.profile == lot.profile && self.left >= lot.count() && now < self.expires;
        let price =
            Amount::new(self.price.get().checked_mul(lot.count().get())?).ok()?.max(lot.minimum);
        (fits && price <= lot.price(now)).then_some(price)
    }

    /// The quote without what a lot takes of it, or `None` if nothing is left.
    #[must_use]
    pub fn without(&self, lot: &Lot) -> Option<Self> {
        let left = self.left.saturating_sub(lot.count());
        (left > Count::ZERO).then(|| Self { left, ..self.clone() })
    }
}

/// The lot that a newly arrived quote takes, and its price. Of the waiting lots that fit, it takes
/// the one with the highest limit for each presentation, and of several such lots the one that has
/// waited longest. The price is the limit of the lot.
#[must_use]
pub fn waiting_for<'a>(
    ask: &Ask,
    lots: impl IntoIterator<Item = &'a Lot>,
    now: Time,
) -> Option<(&'a Lot, Amount)> {
    let fitting = lots.into_iter().filter(|lot| ask.price_of(lot, now).is_some());
    // Limits for each presentation are compared without dividing.
    let better = |one: &&Lot, other: &&Lot| {
        let cross = |a: &Lot, b: &Lot| u128::from(a.price(now).get()) * u128::from(b.count().get());
        let by_time = other.auction.opened().cmp(&one.auction.opened()).then(other.id.cmp(&one.id));
        cross(one, other).cmp(&cross(other, one)).then(by_time)
    };
    fitting.max_by(better).map(|lot| (lot, lot.price(now)))
}

/// All quotes, by profile, price and time. A node keeps them in a table with that order. A
/// simulation uses this type.
#[derive(Clone, Debug, Default)]
pub struct Book {
    asks: BTreeMap<(Profile, Amount, Time, Hash), Ask>,
    places: BTreeMap<Hash, (Profile, Amount, Time, Hash)>,
}

impl Book {
    /// Puts a quote into the book, in place of the quote that stands there under the same id.
    pub fn place(&mut self, ask: Ask) {
        self.withdraw(&ask.id);
        let place = (ask.profile, ask.price, ask.placed, ask.id);
        self.places.insert(ask.id, place);
        self.asks.insert(place, ask);
    }

    /// Takes a quote out of the book.
    pub fn withdraw(&mut self, id: &Hash) -> Option<Ask> {
        self.asks.remove(&self.places.remove(id)?)
    }

    /// The quotes that fit a lot, the best first, each with its price for the lot. The lot goes to
    /// the first quote whose provider is admitted and can pay the collateral.
    pub fn fitting<'a>(
        &'a self,
        lot: &'a Lot,
        now: Time,
    ) -> impl Iterator<Item = (&'a Ask, Amount)> + 'a {
        let of_profile = self.asks.iter().filter(move |(place, _)| place.0 == lot.profile);
        of_profile.filter_map(move |(_, ask)| Some((ask, ask.price_of(lot, now)?)))
    }
}
