//! How the provider of a lot and its price are found.

pub mod limit;
pub mod sealed;

use serde::{Deserialize, Serialize};
use velum_market_model::{Order, Time};

pub use sealed::{Awarded, Commitment, Sealed, Standby};

/// The auction of an open lot.
///
/// In a **Dutch** auction the price of the lot rises from its jobs' minima to their maxima, the same part of the way for all, until a provider locks it at the
/// price of the moment. It has no state but the lot's ramp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// By [`crate::Event::Lock`].
    Dutch,
    /// By sealed bids.
    Sealed(Sealed),
    /// By the book of [`limit`].
    Limit {
        /// Since when the lot is in it.
        opened: Time,
    },
}

impl Auction {
    pub(crate) const fn new(order: Order, now: Time) -> Self {
        match order {
            Order::Dutch => Self::Dutch,
            Order::Sealed => Self::Sealed(Sealed::new(now)),
            Order::Limit => Self::Limit { opened: now },
        }
    }

    /// Another one of the same kind.
    pub(crate) const fn again(&self, now: Time) -> Self {
        match self {
            Self::Dutch => Self::Dutch,
            Self::Sealed(_) => Self::Sealed(Sealed::new(now)),
            Self::Limit { .. } => Self::Limit { opened: now },
        }
    }

    /// Since when it runs, where that matters.
    #[must_use]
    pub const fn opened(&self) -> Option<Time> {
        match self {
            Self::Dutch => None,
            Self::Sealed(sealed) => Some(sealed.opened),
            Self::Limit { opened } => Some(*opened),
        }
    }

    /// Forgets all bids.
    pub(crate) fn clear(&mut self) {
        if let Self::Sealed(sealed) = self {
            (sealed.commitments, sealed.standbys) = (Vec::new(), Vec::new());
        }
    }
}
