//! Sealed bids, which are committed to, fixed by one root, and then opened. The lowest bid wins and
//! is paid the second-lowest price, so that it is best for a provider to bid its cost.
//!
//! The next bidders in line stand by with their collateral. If the winner fails, the next bidder
//! gets the lot at once, at its own next-higher price.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Hash, Time, sealed_price};

use crate::refusal::FixedError;
use crate::{Clock, Interval, Refusal, Rules, lengthened, root_of};

/// A sealed auction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// When it began.
    pub opened: Time,
    /// The bids, in the order in which they came.
    pub commitments: Vec<Commitment>,
    /// The root over all bids, once no more are accepted.
    pub fixed: Option<Fixed>,
    /// The bidders that are next in line with their prices, once the auction is awarded.
    pub standbys: Vec<Standby>,
}

/// The commitments to all bids. Nothing is added to them any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The Merkle root over the commitments.
    pub root: Hash,
    /// When they were fixed. Bids are opened from this time on, which is later than the end of
    /// bidding if the node was late.
    pub at: Time,
}

/// A bid, and its price once it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The bidder.
    pub bidder: Hash,
    /// The commitment to price and nonce, as computed by [`sealed_price`].
    pub commitment: Hash,
    /// When the bid came.
    pub at: Time,
    /// The price of the whole lot, once the bid is opened.
    pub price: Option<Amount>,
}

/// A bidder in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standby {
    /// The bidder.
    pub bidder: Hash,
    /// What the bidder is paid: the next-higher bid, or the lot's maximum if there is none.
    pub price: Amount,
}

/// How an auction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awarded {
    /// The auction, with the winner at the head of the line.
    pub sealed: Sealed,
    /// The bidders that opened a bid and are not in line.
    pub released: Vec<Hash>,
    /// The bidders that did not open their bid.
    pub unrevealed: Vec<Hash>,
}

impl Sealed {
    pub(crate) const fn new(now: Time) -> Self {
        Self { opened: now, commitments: Vec::new(), fixed: None, standbys: Vec::new() }
    }

    /// When bids are no longer accepted, whether or not they are fixed by then. Excuses lengthen
    /// the time for bids by as long as they kept bidders away.
    #[must_use]
    pub fn commits_end(&self, rules: &Rules, excuses: &[Interval]) -> Time {
        lengthened(self.opened, self.opened.after(rules.sealed.commit), excuses)
    }

    /// The root over all bids, once they are fixed.
    #[must_use]
    pub fn root(&self) -> Option<Hash> {
        self.fixed.map(|fixed| fixed.root)
    }

    /// When bids are no longer opened. The time for that runs from when the bids are fixed, and
    /// excuses lengthen it by as long as they kept bidders away. So no bidder loses anything if the
    /// node was late or offline.
    ///
    /// Before the bids are fixed, this is the earliest end that is possible.
    #[must_use]
    pub fn reveals_end(&self, rules: &Rules, excuses: &[Interval]) -> Time {
        let from = self.fixed.map_or(self.commits_end(rules, excuses), |fixed| fixed.at);
        lengthened(from, from.after(rules.sealed.reveal), excuses)
    }

    /// The entries that the root is over, each of them bidder and commitment.
    #[must_use]
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let entry = |bid: &Commitment| [bid.bidder.0, bid.commitment.0].concat();
        self.commitments.iter().map(entry).collect()
    }

    /// All bidders that have collateral in the auction.
    pub(crate) fn bidders(&self) -> impl Iterator<Item = Hash> + '_ {
        self.commitments
            .iter()
            .map(|bid| bid.bidder)
            .chain(self.standbys.iter().map(|standby| standby.bidder))
    }

    pub(crate) fn commit(
        &self,
        bid: Commitment,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Self, Refusal> {
        if self.fixed.is_some() {
            return Err(FixedError::Already.into());
        }
        during("a bid", clock.now, self.opened, self.commits_end(rules, clock.excuses))?;
        if self.commitments.iter().any(|there| there.bidder == bid.bidder) {
            return Err(Refusal::BidTwice);
        }
        if self.commitments.len() as u64 >= rules.sealed.most_bids.get() {
            return Err(Refusal::TooManyBids { most: rules.sealed.most_bids });
        }
        let mut sealed = self.clone();
        sealed.commitments.push(bid);
        Ok(sealed)
    }

    pub(crate) fn fix(&self, clock: &Clock<'_>, rules: &Rules) -> Result<Self, Refusal> {
        if self.fixed.is_some() {
            return Err(FixedError::Already.into());
        }
        during("fixing the bids", clock.now, self.commits_end(rules, clock.excuses), Time::MOST)?;
        let fixed = Fixed { root: root_of(&self.entries()), at: clock.now };
        Ok(Self { fixed: Some(fixed), ..self.clone() })
    }

    #[expect(clippy::too_many_arguments, reason = "the lot's, the bidder's and the time's")]
    pub(crate) fn reveal(
        &self,
        lot: &Hash,
        epoch: Count,
        bidder: Hash,
        price: Amount,
        nonce: &Hash,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Self, Refusal> {
        let Some(Fixed { at, .. }) = self.fixed else { return Err(FixedError::NotYet.into()) };
        during("opening a bid", clock.now, at, self.reveals_end(rules, clock.excuses))?;
        let commitment = sealed_price(lot, epoch, &bidder, price, nonce);
        let opened = |bid: &Commitment| bid.bidder == bidder && bid.commitment == commitment;
        let place = self.commitments.iter().position(opened).ok_or(Refusal::OpensNoBid)?;
        let mut sealed = self.clone();
        sealed.commitments[place].price = Some(price);
        Ok(sealed)
    }

    /// Ranks the bids that were opened. The lowest comes first, and of two equal bids the earlier
    /// one.
    pub(crate) fn award(
        &self,
        maximum: Amount,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Awarded, Refusal> {
        if self.fixed.is_none() {
            return Err(FixedError::NotYet.into());
        }
        during("the award", clock.now, self.reveals_end(rules, clock.excuses), Time::MOST)?;
        let mut ranked: Vec<_> =
            self.commitments.iter().filter_map(|bid| Some((bid.price?, bid.bidder))).collect();
        // The sort is stable, and commitments are in the order in which they came.
        ranked.sort_by_key(|(price, _)| *price);
        let next_prices = ranked.iter().skip(1).map(|(price, _)| *price).chain([maximum]);
        let mut line: Vec<Standby> = ranked
            .iter()
            .zip(next_prices)
            .map(|((_, bidder), price)| Standby { bidder: *bidder, price })
            .collect();
        let in_line =
            usize::try_from(rules.sealed.standbys.get()).unwrap_or(usize::MAX).saturating_add(1);
        let released =
            line.split_off(in_line.min(line.len())).iter().map(|standby| standby.bidder).collect();
        let unrevealed = self
            .commitments
            .iter()
            .filter(|bid| bid.price.is_none())
            .map(|bid| bid.bidder)
            .collect();
        let sealed = Self { commitments: Vec::new(), standbys: line, ..self.clone() };
        Ok(Awarded { sealed, released, unrevealed })
    }
}

fn during(what: &'static str, now: Time, from: Time, until: Time) -> Result<(), Refusal> {
    if from <= now && now < until { Ok(()) } else { Err(Refusal::OtherTime { what, from, until }) }
}
