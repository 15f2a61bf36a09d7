//! What providers say: quotes, locks, sealed bids and their openings, and deliveries.

use serde::{Deserialize, Serialize};

use crate::{Amount, Count, Hash, Key, Message, ModelError, Parts, Profile, ProofReference, Time};

/// A standing quote for a number of presentations at one price each, until it expires. Quotes are
/// the providers' side of the book of limit orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The only market that the quote is for: [`Key::owner`] of its node's key.
    pub market: Hash,
    /// The profile of the aggregates that the provider makes.
    pub profile: Profile,
    /// The price for each presentation.
    pub price: Amount,
    /// How many presentations the quote covers in all.
    pub capacity: Count,
    /// The discount on the price for capacity that is bought ahead, in parts of a million.
    pub discount: Parts,
    /// When the quote expires.
    pub expires: Time,
    /// The provider.
    pub provider: Key,
}

/// Takes a lot at the current price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The id of the lot.
    pub lot: Hash,
    /// The lot's epoch before the lock, so that a lock is for one auction.
    pub epoch: Count,
    /// The least price at which the provider takes the lot.
    pub at_least: Amount,
    /// The provider.
    pub provider: Key,
}

/// A sealed bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// The id of the lot.
    pub lot: Hash,
    /// The lot's epoch. An auction in which no bid is opened is followed by another one of the same
    /// epoch. So a node remembers bids, and each bid counts for one auction only.
    pub epoch: Count,
    /// The commitment to price and nonce, as computed by [`sealed_price`].
    pub commitment: Hash,
    /// The bidder.
    pub provider: Key,
}

/// Opens a sealed bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The id of the lot.
    pub lot: Hash,
    /// The epoch of the bid.
    pub epoch: Count,
    /// The price of the whole lot.
    pub price: Amount,
    /// 32 random bytes, which keep the price from being guessed.
    pub nonce: Hash,
    /// The bidder.
    pub provider: Key,
}

/// An aggregate of all presentations of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The id of the lot.
    pub lot: Hash,
    /// The epoch of the lease.
    pub epoch: Count,
    /// The proof of the aggregate.
    pub aggregate: ProofReference,
    /// The provider that made the aggregate, which is its payee.
    pub provider: Key,
}

/// The commitment of a sealed bid to the lot, its epoch, the bidder, the price and a nonce. A copy
/// of another bidder's commitment opens for nobody else.
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
