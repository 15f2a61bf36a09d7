//! How the provider of a lot and its price are found.

pub mod limit;
pub mod sealed;

use serde::{Deserialize, Serialize};
use velum_market_model::{Order, Time};

pub use sealed::{Awarded, Commitment, Fixed, Sealed, Standby};

/// The auction of an open lot.
///
/// In a **Dutch** auction, the price of each job rises by its own ramp from its minimum to its
/// maximum, until a provider locks the lot at the current sum. Each job pays its own price of that
/// moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// A Dutch auction, which [`crate::Event::Lock`] ends.
    Dutch {
        /// The time from which its prices rise.
        opened: Time,
    },
    /// An auction by sealed bids.
    Sealed(Sealed),
    /// A sale by the book of [`limit`].
    Limit {
        /// The time from which the lot is in the book.
        opened: Time,
    },
}

impl Auction {
    pub(crate) const fn new(order: Order, now: Time) -> Self {
        match order {
            Order::Dutch => Self::Dutch { opened: now },
            Order::Sealed => Self::Sealed(Sealed::new(now)),
            Order::Limit => Self::Limit { opened: now },
        }
    }

    /// Another auction of the same kind.
    pub(crate) const fn again(&self, now: Time) -> Self {
        match self {
            Self::Dutch { .. } => Self::Dutch { opened: now },
            Self::Sealed(_) => Self::Sealed(Sealed::new(now)),
            Self::Limit { .. } => Self::Limit { opened: now },
        }
    }

    /// The start of the auction.
    #[must_use]
    pub const fn opened(&self) -> Time {
        match self {
            Self::Sealed(sealed) => sealed.opened,
            Self::Dutch { opened } | Self::Limit { opened } => *opened,
        }
    }

    /// Forgets all bids.
    pub(crate) fn clear(&mut self) {
        if let Self::Sealed(sealed) = self {
            (sealed.commitments, sealed.standbys) = (Vec::new(), Vec::new());
        }
    }
}
