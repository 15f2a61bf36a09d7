//! Batches that collect jobs.

use sqlx::AnyConnection;
use velum_market_model::{Count, Hash, Time};
use velum_market_rules::{Batch, BatchKey};
use velum_market_sql::sqlx;

use super::{Change, Result, count, jobs, json, read, time_if_any, unsigned};

/// A batch that still collects, with its number.
pub(crate) struct OpenBatch {
    pub(crate) number: u64,
    pub(crate) batch: Batch,
}

/// The newest batch that collects jobs of a key. If there is none, begins one.
pub(crate) async fn open_for(change: &mut Change, key: BatchKey) -> Result<OpenBatch> {
    let sql =
        "select number from batch where key = $1 and lot is null order by number desc limit 1";
    let number: Option<i64> =
        sqlx::query_scalar(sql).bind(json(&key)?).fetch_optional(change.connection()).await?;
    let Some(number) = number else { return begin(change, key).await };
    let number = number as u64;
    let entries = jobs::of_batch(change.connection(), number).await?;
    Ok(OpenBatch { number, batch: Batch { key, entries, lot: None } })
}

/// Begins a batch for jobs of a key, beside those that collect already.
pub(crate) async fn begin(change: &mut Change, key: BatchKey) -> Result<OpenBatch> {
    let number: i64 = sqlx::query_scalar(
        "insert into batch (number, key) select coalesce(max(number), 0) + 1, $1 from batch returning number",
    )
    .bind(json(&key)?)
    .fetch_one(change.connection())
    .await?;
    Ok(OpenBatch { number: number as u64, batch: Batch::new(key) })
}

/// Removes a batch whose jobs have all been cancelled.
pub(crate) async fn remove(change: &mut Change, number: u64) -> Result<()> {
    sqlx::query("delete from batch where number = $1 and lot is null")
        .bind(number as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The batch with this number, if it still collects.
pub(crate) async fn open(connection: &mut AnyConnection, number: u64) -> Result<Option<OpenBatch>> {
    let row = sqlx::query("select key from batch where number = $1 and lot is null")
        .bind(number as i64)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let key: BatchKey = read(&row, "key")?;
    let entries = jobs::of_batch(connection, number).await?;
    Ok(Some(OpenBatch { number, batch: Batch { key, entries, lot: None } }))
}

/// Records when a batch closes by itself.
pub(crate) async fn set_closing(change: &mut Change, number: u64, at: Option<Time>) -> Result<()> {
    sqlx::query("update batch set closes_at = $1 where number = $2")
        .bind(at.map(|at| at.get() as i64))
        .bind(number as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Closes a batch no earlier than a time, unless it is no longer due.
pub(crate) async fn put_off(change: &mut Change, number: u64, until: Time) -> Result<()> {
    let now = change.now();
    sqlx::query("update batch set closes_at = $1 where number = $2 and closes_at <= $3")
        .bind(until.get() as i64)
        .bind(number as i64)
        .bind(now.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Closes a batch.
pub(crate) async fn close(change: &mut Change, number: u64, lot: Hash) -> Result<()> {
    sqlx::query("update batch set lot = $1 where number = $2")
        .bind(lot.to_string())
        .bind(number as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The batches that are to be closed by a time, the earliest first.
pub(crate) async fn due(connection: &mut AnyConnection, now: Time, most: i64) -> Result<Vec<u64>> {
    let sql = "select number from batch where lot is null and closes_at is not null and closes_at <= $1 order by closes_at limit $2";
    let rows = sqlx::query(sql).bind(now.get() as i64).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| unsigned(row, "number")).collect()
}

/// A batch that collects, at a glance.
pub(crate) struct Collecting {
    pub(crate) key: BatchKey,
    pub(crate) count: Count,
    pub(crate) closes_at: Option<Time>,
}

/// The batches that collect.
pub(crate) async fn collecting(
    connection: &mut AnyConnection,
    most: i64,
) -> Result<Vec<Collecting>> {
    // Jobs that were cancelled are no longer in a batch.
    let sql =
        "select key, closes_at, (select count(*) from job where job.batch = batch.number) as jobs
               from batch where lot is null order by number limit $1";
    let rows = sqlx::query(sql).bind(most).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Collecting {
                key: read(row, "key")?,
                count: count(row, "jobs")?,
                closes_at: time_if_any(row, "closes_at")?,
            })
        })
        .collect()
}
