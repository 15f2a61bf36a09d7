//! What providers say: quotes, locks, sealed bids with what opens them, and deliveries.

use serde::{Deserialize, Serialize};

use crate::{Amount, Count, Hash, Key, Message, ModelError, Parts, Profile, ProofReference, Time};

/// A standing quote: so many presentations at that price each, until it expires. What the book of limit orders has on the providers' side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The market that it is for, and no other: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// Of the aggregates that it makes.
    pub profile: Profile,
    /// For each presentation.
    pub price: Amount,
    /// How many presentations it takes in all.
    pub capacity: Count,
    /// Off the price for capacity that is bought ahead, in parts of a million.
    pub discount: Parts,
    /// Until when it stands.
    pub expires: Time,
    /// Whose it is.
    pub provider: Key,
}

/// Takes a lot at the price of the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The lot's id.
    pub lot: Hash,
    /// The lot's epoch before the lock, so that a lock is for one auction.
    pub epoch: Count,
    /// The least price that the provider takes it for.
    pub at_least: Amount,
    /// Who takes it.
    pub provider: Key,
}

/// A sealed bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// The lot's id.
    pub lot: Hash,
    /// The lot's epoch. Auctions in which no bid is opened are followed by others of the same epoch: a node remembers bids, so that each is for one auction.
    pub epoch: Count,
    /// What [`sealed_price`] makes of price and nonce.
    pub commitment: Hash,
    /// Who bids.
    pub provider: Key,
}

/// Opens a sealed bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The lot's id.
    pub lot: Hash,
    /// The bid's.
    pub epoch: Count,
    /// For the whole lot.
    pub price: Amount,
    /// 32 random bytes, which keep the price from being guessed.
    pub nonce: Hash,
    /// Who bid.
    pub provider: Key,
}

/// An aggregate of all presentations of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The lot's id.
    pub lot: Hash,
    /// The lease's.
    pub epoch: Count,
    /// The aggregate's proof.
    pub aggregate: ProofReference,
    /// Who made it, and is its payee.
    pub provider: Key,
}

/// What a sealed bid commits to: the lot, its epoch, the bidder, the price and a nonce. A copy of another's commitment opens for nobody else.
#[must_use]
pub fn sealed_price(lot: &Hash, epoch: Count, bidder: &Hash, price: Amount, nonce: &Hash) -> Hash {
    let (epoch, price) = (epoch.get().to_be_bytes(), price.get().to_be_bytes());
    Hash::of(&[b"velum market v1 sealed price\0", &lot.0, &epoch, &bidder.0, &price, &nonce.0])
}

impl Message for Quote {
    const KIND: &'static str = "quote";

    fn author(&self) -> &Key {
        &self.provider
    }

    fn check(&self) -> Result<(), ModelError> {
        let wrong = |member, why| Err(ModelError::Member { kind: Self::KIND, member, why });
        if self.price == Amount::ZERO {
            return wrong("price", "it has to be above zero");
        }
        if self.capacity == Count::ZERO {
            return wrong("capacity", "it has to be above zero");
        }
        if self.discount >= Parts::WHOLE {
            return wrong("discount", "it has to be below 1000000 parts of a million");
        }
        Ok(())
    }
}

impl Message for Lock {
    const KIND: &'static str = "lock";

    fn author(&self) -> &Key {
        &self.provider
    }
}

impl Message for Bid {
    const KIND: &'static str = "bid";

    fn author(&self) -> &Key {
        &self.provider
    }
}

impl Message for Reveal {
    const KIND: &'static str = "reveal";

    fn author(&self) -> &Key {
        &self.provider
    }
}

impl Message for Delivery {
    const KIND: &'static str = "delivery";

    fn author(&self) -> &Key {
        &self.provider
    }
}
