//! What was counted of those who have a quota.

use sqlx::AnyConnection;
use velum_market_model::{Duration, Hash, Time};
use velum_market_sql::sqlx;

use super::counts::{SPANS, span};
use super::{Change, Result, unsigned};
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
    /// Redemptions of tokens that were not issued, over an hour. Apart from proofs: it takes no money to make them up, and whoever does keeps nobody's jobs out.
    Token,
}

/// Whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Of one key.
    Key(Hash),
    /// Of all who ask from one place.
    Place(Place),
    /// Of all.
    Everyone,
}

impl Counted {
    const ALL: [Self; 4] = [Self::Failure, Self::DemoMoney, Self::Dispute, Self::Token];

    const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::DemoMoney => "demo money",
            Self::Dispute => "dispute",
            Self::Token => "token",
        }
    }

    const fn window(self) -> Duration {
        match self {
            Self::Failure | Self::Dispute | Self::Token => HOUR,
            Self::DemoMoney => DAY,
        }
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

/// Counts so many more.
pub(crate) async fn add(change: &mut Change, what: Counted, who: &Who, more: u64) -> Result<()> {
    let span = span(change.now(), what.window());
    sqlx::query(
        "insert into counted (kind, span, who, count) values ($1, $2, $3, $4)
         on conflict (kind, span, who) do update set count = counted.count + excluded.count",
    )
    .bind(what.name())
    .bind(span)
    .bind(who.name())
    .bind(more as i64)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// What was counted in the window that ends now.
pub(crate) async fn sum(connection: &mut AnyConnection, what: Counted, who: &Who, now: Time) -> Result<u64> {
    let row = sqlx::query(
        "select cast(coalesce(sum(count), 0) as bigint) as total from counted where kind = $1 and who = $2 and span > $3",
    )
    .bind(what.name())
    .bind(who.name())
    .bind(span(now, what.window()) - SPANS as i64)
    .fetch_one(connection)
    .await?;
    unsigned(&row, "total")
}

/// Forgets what no window reaches.
pub(crate) async fn forget(change: &mut Change) -> Result<()> {
    for what in Counted::ALL {
        let oldest = span(change.now(), what.window()) - SPANS as i64;
        sqlx::query("delete from counted where kind = $1 and span <= $2")
            .bind(what.name())
            .bind(oldest)
            .execute(change.connection())
            .await?;
    }
    Ok(())
}
