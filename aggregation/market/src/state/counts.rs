//! What is counted of providers over a window, and what they hold.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use velum_market_model::{Amount, Count, Duration, Hash, Time};
use velum_market_rules::Lot;
use velum_market_rules::auction::Auction;
use velum_market_sql::sqlx;

use super::{Change, Result, amount, count, hash};

/// Spans that a window is divided into, of which the first is forgotten when a new one begins.
pub(super) const SPANS: u64 = 24;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Presentations that a provider took.
    Took,
    /// Lots that it delivered in good time.
    Delivered,
    /// Lots that it delivered late.
    Late,
    /// Leases that it broke.
    Failed,
}

impl Counted {
    const fn name(self) -> &'static str {
        match self {
            Self::Took => "took",
            Self::Delivered => "delivered",
            Self::Late => "late",
            Self::Failed => "failed",
        }
    }
}

/// Counts so many more.
pub(crate) async fn add(
    change: &mut Change,
    what: Counted,
    who: Hash,
    number: Count,
    window: Duration,
) -> Result<()> {
    let span = span(change.now(), window);
    sqlx::query(
        "insert into counted (kind, span, who, count) values ($1, $2, $3, $4)
         on conflict (kind, span, who) do update set count = counted.count + excluded.count",
    )
    .bind(what.name())
    .bind(span)
    .bind(who.to_string())
    .bind(number.get() as i64)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// What was counted in the window that ends now: of one, or of all.
pub(crate) async fn sum(
    connection: &mut AnyConnection,
    what: Counted,
    who: Option<Hash>,
    now: Time,
    window: Duration,
) -> Result<Count> {
    let row = sqlx::query(
        "select cast(coalesce(sum(count), 0) as bigint) as total from counted
         where kind = $1 and span > $2 and ($3 = '' or who = $3)",
    )
    .bind(what.name())
    .bind(span(now, window) - SPANS as i64)
    .bind(who.map(|who| who.to_string()).unwrap_or_default())
    .fetch_one(connection)
    .await?;
    count(&row, "total")
}

/// What was counted in the window that ends now, of everyone of whom anything was.
pub(crate) async fn sums(
    connection: &mut AnyConnection,
    what: Counted,
    now: Time,
    window: Duration,
) -> Result<BTreeMap<Hash, Count>> {
    let rows = sqlx::query(
        "select who, cast(sum(count) as bigint) as total from counted where kind = $1 and span > $2 group by who",
    )
    .bind(what.name())
    .bind(span(now, window) - SPANS as i64)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((hash(row, "who")?, count(row, "total")?))).collect()
}

/// Forgets spans that no window reaches.
pub(crate) async fn forget(change: &mut Change, what: Counted, window: Duration) -> Result<()> {
    let oldest = span(change.now(), window) - SPANS as i64;
    sqlx::query("delete from counted where kind = $1 and span <= $2")
        .bind(what.name())
        .bind(oldest)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The maximum prices of what a provider holds or bids for.
pub(crate) async fn held_value(connection: &mut AnyConnection, provider: Hash) -> Result<Amount> {
    let sql = "select cast(coalesce(sum(value), 0) as bigint) as total from held where provider = $1";
    let row = sqlx::query(sql).bind(provider.to_string()).fetch_one(connection).await?;
    amount(&row, "total")
}

/// How many lots each provider holds or bids for, and their maximum prices in all.
pub(crate) async fn held_by_all(connection: &mut AnyConnection) -> Result<BTreeMap<Hash, (Count, Amount)>> {
    let sql =
        "select provider, count(*) as lots, cast(sum(value) as bigint) as total from held group by provider";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((hash(row, "provider")?, (count(row, "lots")?, amount(row, "total")?))))
        .collect()
}

/// Writes who holds a lot or bids for it now.
pub(crate) async fn hold(change: &mut Change, lot: &Lot) -> Result<()> {
    sqlx::query("delete from held where lot = $1")
        .bind(lot.id.to_string())
        .execute(change.connection())
        .await?;
    let mut holders: Vec<Hash> = lot.leased().map(|lease| lease.provider).into_iter().collect();
    if let Auction::Sealed(sealed) = &lot.auction {
        holders.extend(sealed.commitments.iter().map(|bid| bid.bidder));
        holders.extend(sealed.standbys.iter().map(|standby| standby.bidder));
    }
    holders.sort_unstable();
    holders.dedup();
    for holder in holders {
        sqlx::query("insert into held (lot, provider, value) values ($1, $2, $3)")
            .bind(lot.id.to_string())
            .bind(holder.to_string())
            .bind(lot.maximum.get() as i64)
            .execute(change.connection())
            .await?;
    }
    Ok(())
}

pub(super) fn span(now: Time, window: Duration) -> i64 {
    (now.get() / (window.get() / SPANS).max(1)) as i64
}
