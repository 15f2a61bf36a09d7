//! What is counted of those who have a quota.

use sqlx::AnyConnection;
use velum_market_model::{Duration, Hash, Time};
use velum_market_sql::sqlx;

use super::counted::{self, Kind};
use super::{Change, Result};
use crate::Place;

const HOUR: Duration = Duration::constant(60 * 60 * 1000);
const DAY: Duration = Duration::constant(24 * 60 * 60 * 1000);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Proofs that did not verify, over an hour.
    Failure,
    /// Units of demo money, over a day.
    DemoMoney,
    /// Disputes, over an hour.
    Dispute,
    /// Redemptions of tokens that were not issued, over an hour. They are counted apart from proofs
    /// because making them up takes no money. So whoever makes them up keeps nobody's jobs out.
    Token,
}

/// Whose counts they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Those of one key.
    Key(Hash),
    /// Those of everyone who asks from one place.
    Place(Place),
    /// Those of everyone.
    Everyone,
}

impl Counted {
    const ALL: [Self; 4] = [Self::Failure, Self::DemoMoney, Self::Dispute, Self::Token];

    const fn kind(self) -> Kind {
        let (name, window) = match self {
            Self::Failure => ("failure", HOUR),
            Self::DemoMoney => ("demo money", DAY),
            Self::Dispute => ("dispute", HOUR),
            Self::Token => ("token", HOUR),
        };
        Kind { name, window }
    }
}

impl Who {
    fn name(self) -> String {
        match self {
            Self::Key(owner) => owner.to_string(),
            Self::Place(place) => place.to_string(),
            Self::Everyone => String::new(),
        }
    }
}

/// Adds to a count.
pub(crate) async fn add(change: &mut Change, what: Counted, who: &Who, more: u64) -> Result<()> {
    counted::add(change, what.kind(), &who.name(), more).await
}

/// The count in the window that ends now.
pub(crate) async fn sum(
    connection: &mut AnyConnection,
    what: Counted,
    who: &Who,
    now: Time,
) -> Result<u64> {
    counted::sum(connection, what.kind(), Some(&who.name()), now).await
}

/// Forgets what no window reaches.
pub(crate) async fn forget(change: &mut Change) -> Result<()> {
    for what in Counted::ALL {
        counted::forget(change, what.kind()).await?;
    }
    Ok(())
}
