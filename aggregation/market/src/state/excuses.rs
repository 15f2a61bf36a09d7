//! Spans in which providers could not deliver.

use sqlx::AnyConnection;
use velum_market_model::{Hash, Time};
use velum_market_rules::Interval;
use velum_market_sql::sqlx;

use super::{Change, Result, time, time_if_any};

/// The excuses of a lot: its own, and those of everyone. An excuse that has not ended lasts until
/// now.
pub(crate) async fn of_lot(
    connection: &mut AnyConnection,
    lot: Hash,
    since: Time,
    now: Time,
) -> Result<Vec<Interval>> {
    let rows = sqlx::query(
        "select since, until from excuse where (lot = $1 or lot = '') and (until is null or until >= $2)",
    )
    .bind(lot.to_string())
    .bind(since.get() as i64)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Interval {
                from: time(row, "since")?,
                until: time_if_any(row, "until")?.unwrap_or(now),
            })
        })
        .collect()
}

/// Records that all nodes were away.
pub(crate) async fn outage(change: &mut Change, since: Time) -> Result<()> {
    let now = change.now();
    begin(change, None, since).await?;
    sqlx::query("update excuse set until = $1 where lot = '' and since = $2")
        .bind(now.get() as i64)
        .bind(since.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Records that a lot's inputs are withheld from now on.
pub(crate) async fn withheld(change: &mut Change, lot: Hash) -> Result<()> {
    let now = change.now();
    begin(change, Some(lot), now).await
}

/// Records that a lot's inputs are available again.
pub(crate) async fn restored(change: &mut Change, lot: Hash) -> Result<()> {
    let now = change.now().get() as i64;
    sqlx::query("update excuse set until = $1 where lot = $2 and until is null")
        .bind(now)
        .bind(lot.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The lots whose inputs are withheld.
pub(crate) async fn lots_withheld(connection: &mut AnyConnection) -> Result<Vec<Hash>> {
    let rows = sqlx::query("select lot from excuse where until is null and lot <> ''")
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| super::hash(row, "lot")).collect()
}

async fn begin(change: &mut Change, lot: Option<Hash>, since: Time) -> Result<()> {
    sqlx::query(
        "insert into excuse (lot, since) values ($1, $2) on conflict (lot, since) do nothing",
    )
    .bind(lot.map(|lot| lot.to_string()).unwrap_or_default())
    .bind(since.get() as i64)
    .execute(change.connection())
    .await?;
    Ok(())
}
