//! What happens to a lot, when, and what it says about providers.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Hash, Time};

use crate::Interval;
use crate::admission::Admitted;

/// The time of an event, and what excuses providers: the node's outages, and spans in which inputs of this lot were withheld. Of the database. An event of a lease needs
/// those since the lease began, one of a sealed auction those since the auction did.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// When the event is committed.
    pub now: Time,
    /// Spans that lengthen leases, and the time in which sealed bids are taken and opened.
    pub excuses: &'a [Interval],
}

/// What happens to a lot.
#[derive(Clone, Debug)]
pub enum Event {
    /// A provider takes it at the price of the moment (Dutch).
    Lock {
        /// Who.
        provider: Admitted,
        /// For no less.
        at_least: Amount,
    },
    /// A provider bids, sealed.
    Commit {
        /// Who.
        provider: Admitted,
        /// What [`velum_market_model::sealed_price`] makes of price and nonce.
        commitment: Hash,
    },
    /// The time of bids is over: no more come.
    Fix,
    /// A bidder opens its bid.
    Reveal {
        /// Who.
        bidder: Hash,
        /// For the whole lot.
        price: Amount,
        /// As committed.
        nonce: Hash,
    },
    /// The time to open bids is over: the lowest has won.
    Award,
    /// The book has found a provider (limit).
    Take {
        /// Who.
        provider: Admitted,
        /// For the whole lot.
        price: Amount,
    },
    /// A valid aggregate of all its presentations.
    Deliver {
        /// From whom.
        provider: Hash,
        /// Of the lease that it is delivered under.
        epoch: Count,
    },
    /// The lease is broken, or ends without fault.
    Fail {
        /// Of the lease.
        epoch: Count,
        /// Why.
        fault: Fault,
    },
    /// Nobody can deliver it in time any more.
    Expire,
}

/// Why a lease ends without a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Its time is over.
    Missed,
    /// The provider has signed a delivery under this lease whose proof does not verify.
    BadProof {
        /// Who has signed it: what another signs says nothing of who holds the lease.
        provider: Hash,
    },
    /// Inputs were withheld for so long that it cannot be delivered. Not the provider's fault, so nothing is lost.
    Withheld,
}

/// What a transition says about a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// It holds the lot.
    Locked(Hash),
    /// It has delivered.
    Delivered {
        /// Who.
        provider: Hash,
        /// In the last part of its lease.
        late: bool,
    },
    /// It has failed.
    Failed(Hash),
    /// Its lease ended without its fault.
    Excused(Hash),
    /// It has not opened its bid.
    Unrevealed(Hash),
}
