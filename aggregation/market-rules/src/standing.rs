//! Capacity that a client buys ahead from one provider, at a discount, and draws by its jobs.
//!
//! The whole capacity is paid ahead. A drawn job has the order's price as its minimum and maximum,
//! and its lot is reserved for the seller for a while. At the end, the money for what was not drawn
//! is divided: a part goes to the seller, who kept the capacity ready, and the rest is refunded. If
//! the seller takes its quote back, all of it is refunded.

use serde::{Deserialize, Serialize};
use velum_market_model::{
    Amount, Count, Hash, Order, Parts, PriceMove, Profile, Quote, StandingOrder, Time,
};

use crate::refusal::for_market;
use crate::{Account, BatchKey, Cause, Entry, Lot, Refusal, Rules, Transfers};

/// A standing order that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The id of the order.
    pub id: Hash,
    /// The client that bought the capacity.
    pub client: Hash,
    /// The provider that sold it.
    pub seller: Hash,
    /// The profile of the aggregates.
    pub profile: Profile,
    /// The price for each presentation.
    pub price: Amount,
    /// The presentations that are left to draw.
    pub left: Count,
    /// The time from which jobs can be drawn.
    pub from: Time,
    /// The time from which jobs can no longer be drawn.
    pub until: Time,
    /// Whether the rest has been divided already.
    pub ended: bool,
}

impl Standing {
    /// Buys capacity ahead from a quote of this market that has `left` presentations left.
    ///
    /// # Errors
    /// Returns [`Refusal::OtherMarket`], [`Refusal::Quote`] if the quote does not fit,
    /// [`Refusal::BelowFloor`] or [`Refusal::TooMuch`].
    pub fn buy(
        order: &StandingOrder,
        id: Hash,
        (quote, quote_id, left): (&Quote, Hash, Count),
        market: Hash,
        now: Time,
        rules: &Rules,
    ) -> Result<(Self, Transfers), Refusal> {
        for_market(order.market, market)?;
        for_market(quote.market, market)?;
        let not_fitting = |why| Err(Refusal::Quote { why });
        if order.quote != quote_id {
            return not_fitting("the order names another quote");
        }
        if now >= quote.expires || order.until > quote.expires {
            return not_fitting("it expires before the order ends");
        }
        if now >= order.until {
            return not_fitting("the order has ended");
        }
        if order.count > left {
            return not_fitting("it has less left than the order asks for");
        }
        let discounted =
            Parts::of_a_million(Parts::WHOLE.get() - quote.discount.min(Parts::WHOLE).get())
                .of(quote.price);
        if order.price < discounted {
            return not_fitting("its discounted price is above the order's price");
        }
        if order.price < rules.admission.price_floor {
            return Err(Refusal::BelowFloor {
                offered: order.price,
                floor: rules.admission.price_floor,
            });
        }
        let (client, escrow) = (Account::Balance(order.client.owner()), Account::Escrow(id));
        let total = order
            .price
            .get()
            .checked_mul(order.count.get())
            .and_then(|total| Amount::new(total).ok());
        let transfers = Transfers::one(
            client,
            escrow,
            total.ok_or(Refusal::TooMuch { account: escrow })?,
            Cause::Submitted,
        );
        let standing = Self {
            id,
            client: order.client.owner(),
            seller: quote.provider.owner(),
            profile: quote.profile,
            price: order.price,
            left: order.count,
            from: order.from,
            until: order.until,
            ended: false,
        };
        Ok((standing, transfers))
    }

    /// Draws one job of the client, which the order pays for. The order's price replaces what the
    /// job itself offers.
    ///
    /// # Errors
    /// Returns [`Refusal::NotYours`], [`Refusal::OtherBatch`], [`Refusal::OtherProfile`] or
    /// [`Refusal::NothingToDraw`].
    pub fn draw(&self, entry: Entry, now: Time) -> Result<(Self, Entry, Transfers), Refusal> {
        if entry.owner != self.client {
            return Err(Refusal::NotYours { what: "the standing order" });
        }
        if entry.key.standing_order != Some(self.id) || entry.key.order != Order::Limit {
            return Err(Refusal::OtherBatch);
        }
        if entry.key.profile != self.profile {
            return Err(Refusal::OtherProfile { profile: self.profile });
        }
        if self.ended || now < self.from || now >= self.until || self.left == Count::ZERO {
            return Err(Refusal::NothingToDraw {
                from: self.from,
                until: self.until,
                left: self.left,
            });
        }
        let left = self.left.saturating_sub(Count::constant(1));
        let transfers = Transfers::one(
            Account::Escrow(self.id),
            Account::Escrow(entry.job),
            self.price,
            Cause::Drawn,
        );
        let key = BatchKey { class: entry.key.class.at_price(self.price), ..entry.key };
        let (minimum, maximum) = (self.price, self.price);
        // The client does not choose the seller's collateral either. A lot whose collateral the
        // seller cannot pay would expire, and the client would get its payment back in full.
        let collateral = Amount::ZERO;
        let entry =
            Entry { key, minimum, maximum, collateral, price_move: PriceMove::Rises, ..entry };
        Ok((Self { left, ..self.clone() }, entry, transfers))
    }

    /// Reserves a lot of drawn jobs for the seller.
    #[must_use]
    pub fn reserve(&self, lot: Lot) -> Lot {
        Lot { seller: Some(self.seller), ..lot }
    }

    /// Divides the money for what was not drawn, once the time of the order is over.
    ///
    /// # Errors
    /// Returns [`Refusal::NotEnding`] before that time, and if the order has ended already.
    pub fn end(&self, now: Time, rules: &Rules) -> Result<(Self, Transfers), Refusal> {
        if self.ended || now < self.until {
            return Err(Refusal::NotEnding { until: self.until });
        }
        Ok(self.divided(rules.standing.forfeited))
    }

    /// Ends the order because the seller takes its quote back. The client gets back everything that
    /// was not drawn.
    ///
    /// # Errors
    /// Returns [`Refusal::NotYours`] if another provider asks for it, and [`Refusal::NotEnding`] if
    /// the order has ended already.
    pub fn withdraw(&self, seller: Hash) -> Result<(Self, Transfers), Refusal> {
        if seller != self.seller {
            return Err(Refusal::NotYours { what: "the quote" });
        }
        if self.ended {
            return Err(Refusal::NotEnding { until: self.until });
        }
        Ok(self.divided(Parts::default()))
    }

    fn divided(&self, forfeited: Parts) -> (Self, Transfers) {
        // This is at most what was paid ahead, which is below 2^53.
        let unused = Amount::new(self.left.get() * self.price.get()).unwrap_or(Amount::MOST);
        let to_seller = forfeited.of(unused);
        let escrow = Account::Escrow(self.id);
        let mut transfers =
            Transfers::one(escrow, Account::Balance(self.seller), to_seller, Cause::Forfeited);
        let rest = unused.saturating_sub(to_seller);
        transfers.add(escrow, Account::Balance(self.client), rest, Cause::Refunded);
        (Self { left: Count::ZERO, ended: true, ..self.clone() }, transfers)
    }
}
