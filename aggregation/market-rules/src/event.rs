//! What happens to a lot, when it happens, and what it says about providers.

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Hash, Time};

use crate::Interval;
use crate::admission::Admitted;

/// The time of an event, and the intervals that excuse providers: outages of the node, and times in
/// which inputs of this lot were withheld. The node reads both from its database. An event of a
/// lease needs the excuses since the lease began. An event of a sealed auction needs the excuses
/// since the auction began.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// When the event is committed.
    pub now: Time,
    /// Intervals that lengthen leases, and the times in which sealed bids are accepted and opened.
    pub excuses: &'a [Interval],
}

/// What happens to a lot.
#[derive(Clone, Debug)]
pub enum Event {
    /// A provider takes the lot at the current price (Dutch).
    Lock {
        /// The provider.
        provider: Admitted,
        /// The least price that the provider accepts.
        at_least: Amount,
    },
    /// A provider makes a sealed bid.
    Commit {
        /// The bidder.
        provider: Admitted,
        /// The commitment to price and nonce, as computed by [`velum_market_model::sealed_price`].
        commitment: Hash,
    },
    /// The time for bids is over, and no more bids are accepted.
    Fix,
    /// A bidder opens its bid.
    Reveal {
        /// The bidder.
        bidder: Hash,
        /// The price of the whole lot.
        price: Amount,
        /// The nonce that was committed to.
        nonce: Hash,
    },
    /// The time to open bids is over, and the lowest bid has won.
    Award,
    /// The book has found a provider (limit).
    Take {
        /// The provider.
        provider: Admitted,
        /// The price of the whole lot.
        price: Amount,
    },
    /// A valid aggregate of all presentations of the lot.
    Deliver {
        /// The provider that delivers it.
        provider: Hash,
        /// The epoch of the lease under which it is delivered.
        epoch: Count,
    },
    /// The lease is broken, or ends without fault.
    Fail {
        /// The epoch of the lease.
        epoch: Count,
        /// Why the lease ends.
        fault: Fault,
    },
    /// No provider can deliver the lot in time any more.
    Expire,
}

/// Why a lease ends without a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The time of the lease is over.
    Missed,
    /// The provider has signed a delivery under this lease whose proof does not verify.
    BadProof {
        /// The provider that signed the delivery. A signature of any other provider says nothing
        /// about the holder of the lease.
        provider: Hash,
    },
    /// Inputs were withheld for so long that the lot cannot be delivered. This is not the
    /// provider's fault, so it loses nothing.
    Withheld,
}

/// What a transition says about a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The provider holds the lot.
    Locked(Hash),
    /// The provider has delivered.
    Delivered {
        /// The provider.
        provider: Hash,
        /// Whether the delivery came in the last part of the lease.
        late: bool,
    },
    /// The provider has failed.
    Failed(Hash),
    /// The lease of the provider ended without its fault.
    Excused(Hash),
    /// The provider has not opened its bid.
    Unrevealed(Hash),
}
