//! Sealed bids: committed to, fixed by one root, then opened. The lowest wins and is paid the second-lowest, so that a provider does best to bid its cost.
//!
//! Those next in line stand by with their collateral. If the winner fails, the next has the lot at once, at its own next-higher price.

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
    /// In the order in which they came.
    pub commitments: Vec<Commitment>,
    /// Once no more are taken.
    pub fixed: Option<Fixed>,
    /// Who is next, and at what price, once it is awarded.
    pub standbys: Vec<Standby>,
}

/// All commitments, which nothing is added to any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Over them.
    pub root: Hash,
    /// Since when, and from then on they are opened: later than bids end, where the node was late.
    pub at: Time,
}

/// A bid, and its price once it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Who bids.
    pub bidder: Hash,
    /// What [`sealed_price`] made of price and nonce.
    pub commitment: Hash,
    /// When it came.
    pub at: Time,
    /// For the whole lot.
    pub price: Option<Amount>,
}

/// A bidder in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standby {
    /// Who.
    pub bidder: Hash,
    /// What it is paid: the next-higher bid, or the lot's maximum where there is none.
    pub price: Amount,
}

/// How an auction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awarded {
    /// The auction, with the winner at the head of the line.
    pub sealed: Sealed,
    /// Who opened a bid and is not in line.
    pub released: Vec<Hash>,
    /// Who did not open it.
    pub unrevealed: Vec<Hash>,
}

impl Sealed {
    pub(crate) const fn new(now: Time) -> Self {
        Self { opened: now, commitments: Vec::new(), fixed: None, standbys: Vec::new() }
    }

    /// When bids are no longer taken, whether they are fixed by then or not. The time for that is longer by what kept bidders from it.
    #[must_use]
    pub fn commits_end(&self, rules: &Rules, excuses: &[Interval]) -> Time {
        lengthened(self.opened, self.opened.after(rules.sealed.commit), excuses)
    }

    /// The root over all bids, once they are fixed.
    #[must_use]
    pub fn root(&self) -> Option<Hash> {
        self.fixed.map(|fixed| fixed.root)
    }

    /// When bids are no longer opened. The time for that runs from when they are fixed, and is longer by what kept bidders from it: none of them loses anything where
    /// the node was late or away. Before they are fixed, no earlier than this.
    #[must_use]
    pub fn reveals_end(&self, rules: &Rules, excuses: &[Interval]) -> Time {
        let from = self.fixed.map_or(self.commits_end(rules, excuses), |fixed| fixed.at);
        lengthened(from, from.after(rules.sealed.reveal), excuses)
    }

    /// What the root is over: bidder and commitment.
    #[must_use]
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let entry = |bid: &Commitment| [bid.bidder.0, bid.commitment.0].concat();
        self.commitments.iter().map(entry).collect()
    }

    /// Whoever has collateral in it.
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

    /// Ranks the bids that were opened, the lowest first and the earlier of two.
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
        // Stable, and commitments stand in the order in which they came.
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
