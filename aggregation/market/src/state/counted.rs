//! Counts over a window of time that ends now, by kind and by who is counted.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};
use velum_market_model::{Duration, Time};
use velum_market_sql::sqlx;

use super::{Change, Result, unsigned};

/// The number of spans in a window. When a new span begins, the oldest one is forgotten.
const SPANS: u64 = 24;

/// What is counted, and over which time.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) window: Duration,
}

/// Adds to a count.
pub(super) async fn add(change: &mut Change, kind: Kind, who: &str, more: u64) -> Result<()> {
    let span = kind.span(change.now());
    sqlx::query(
        "insert into counted (kind, span, who, count) values ($1, $2, $3, $4)
         on conflict (kind, span, who) do update set count = counted.count + excluded.count",
    )
    .bind(kind.name)
    .bind(span)
    .bind(who)
    .bind(more as i64)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// The count in the window that ends now, of one or of all.
pub(super) async fn sum(
    connection: &mut AnyConnection,
    kind: Kind,
    who: Option<&str>,
    now: Time,
) -> Result<u64> {
    let row = sqlx::query(
        "select cast(coalesce(sum(count), 0) as bigint) as total from counted
         where kind = $1 and span > $2 and ($3 = 0 or who = $4)",
    )
    .bind(kind.name)
    .bind(kind.forgotten(now))
    .bind(i64::from(who.is_some()))
    .bind(who.unwrap_or_default())
    .fetch_one(connection)
    .await?;
    unsigned(&row, "total")
}

/// The same counts, of everyone who has one.
pub(super) async fn sums(
    connection: &mut AnyConnection,
    kind: Kind,
    now: Time,
) -> Result<BTreeMap<String, u64>> {
    let rows = sqlx::query(
        "select who, cast(sum(count) as bigint) as total from counted where kind = $1 and span > $2 group by who",
    )
    .bind(kind.name)
    .bind(kind.forgotten(now))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("who")?, unsigned(row, "total")?))).collect()
}

/// Forgets spans that no window reaches.
pub(super) async fn forget(change: &mut Change, kind: Kind) -> Result<()> {
    let oldest = kind.forgotten(change.now());
    sqlx::query("delete from counted where kind = $1 and span <= $2")
        .bind(kind.name)
        .bind(oldest)
        .execute(change.connection())
        .await?;
    Ok(())
}

impl Kind {
    fn span(self, now: Time) -> i64 {
        (now.get() / (self.window.get() / SPANS).max(1)) as i64
    }

    /// The last span that is before the window which ends now.
    fn forgotten(self, now: Time) -> i64 {
        self.span(now) - SPANS as i64
    }
}
