//! What is counted of providers over a window of time, and what they hold.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use velum_market_model::{Amount, Count, Duration, Hash, Time};
use velum_market_rules::Lot;
use velum_market_rules::auction::Auction;
use velum_market_sql::{DatabaseError, sqlx};

use super::counted::{self, Kind};
use super::{Change, Result, amount, count, hash};

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
    const fn over(self, window: Duration) -> Kind {
        let name = match self {
            Self::Took => "took",
            Self::Delivered => "delivered",
            Self::Late => "late",
            Self::Failed => "failed",
        };
        Kind { name, window }
    }
}

/// Adds to a count.
pub(crate) async fn add(
    change: &mut Change,
    what: Counted,
    who: Hash,
    number: Count,
    window: Duration,
) -> Result<()> {
    counted::add(change, what.over(window), &who.to_string(), number.get()).await
}

/// The count in the window that ends now, of one provider or of all.
pub(crate) async fn sum(
    connection: &mut AnyConnection,
    what: Counted,
    who: Option<Hash>,
    now: Time,
    window: Duration,
) -> Result<Count> {
    let who = who.map(|who| who.to_string());
    number(counted::sum(connection, what.over(window), who.as_deref(), now).await?)
}

/// The counts in the window that ends now, of every provider that has one.
pub(crate) async fn sums(
    connection: &mut AnyConnection,
    what: Counted,
    now: Time,
    window: Duration,
) -> Result<BTreeMap<Hash, Count>> {
    let sums = counted::sums(connection, what.over(window), now).await?;
    let read = |(who, total)| {
        let who =
            Hash::try_from(who).map_err(|error| DatabaseError::corrupt("counted.who", error))?;
        Ok((who, number(total)?))
    };
    sums.into_iter().map(read).collect()
}

fn number(total: u64) -> Result<Count> {
    Count::new(total).map_err(|error| DatabaseError::corrupt("counted.count", error))
}

/// Forgets spans that no window reaches.
pub(crate) async fn forget(change: &mut Change, what: Counted, window: Duration) -> Result<()> {
    counted::forget(change, what.over(window)).await
}

/// The sum of the maximum prices of the lots that a provider holds or bids for.
pub(crate) async fn held_value(connection: &mut AnyConnection, provider: Hash) -> Result<Amount> {
    let sql =
        "select cast(coalesce(sum(value), 0) as bigint) as total from held where provider = $1";
    let row = sqlx::query(sql).bind(provider.to_string()).fetch_one(connection).await?;
    amount(&row, "total")
}

/// How many lots each provider holds or bids for, and the sum of their maximum prices.
pub(crate) async fn held_by_all(
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Hash, (Count, Amount)>> {
    let sql = "select provider, count(*) as lots, cast(sum(value) as bigint) as total from held group by provider";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((hash(row, "provider")?, (count(row, "lots")?, amount(row, "total")?))))
        .collect()
}

/// Records who holds a lot or bids for it now.
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
