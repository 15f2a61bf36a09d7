//! How the provider of a lot and its price are found.

pub mod limit;
pub mod sealed;

use serde::{Deserialize, Serialize};
use velum_market_model::{Order, Time};

pub use sealed::{Awarded, Commitment, Fixed, Sealed, Standby};

/// The auction of an open lot.
///
/// In a **Dutch** auction each job's price rises by its own ramp from its minimum to its maximum, until a provider locks the lot at the sum of the moment, and
/// each job pays its own price of then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// By [`crate::Event::Lock`].
    Dutch {
        /// Since when its prices rise.
        opened: Time,
    },
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
            Order::Dutch => Self::Dutch { opened: now },
            Order::Sealed => Self::Sealed(Sealed::new(now)),
            Order::Limit => Self::Limit { opened: now },
        }
    }

    /// Another one of the same kind.
    pub(crate) const fn again(&self, now: Time) -> Self {
        match self {
            Self::Dutch { .. } => Self::Dutch { opened: now },
            Self::Sealed(_) => Self::Sealed(Sealed::new(now)),
            Self::Limit { .. } => Self::Limit { opened: now },
        }
    }

    /// Since when it runs.
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
