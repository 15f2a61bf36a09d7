//! The entries of the log.

use sqlx::AnyConnection;
use velum_market_model::{Count, Hash, LogEntry, Time};
use velum_market_sql::sqlx;

use super::{Result, count, hash, read_word, time, word};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    entry: &LogEntry,
    hash: &Hash,
) -> Result<()> {
    sqlx::query(
        "insert into log (number, at, kind, subject, digest, hash) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(entry.number.get() as i64)
    .bind(entry.at.get() as i64)
    .bind(word(&entry.kind)?)
    .bind(entry.subject.to_string())
    .bind(entry.digest.to_string())
    .bind(hash.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `most` entries after a number.
pub(crate) async fn after(
    connection: &mut AnyConnection,
    number: u64,
    most: i64,
) -> Result<Vec<LogEntry>> {
    let rows = sqlx::query(
        "select number, at, kind, subject, digest from log where number > $1 order by number limit $2",
    )
    .bind(i64::try_from(number).unwrap_or(i64::MAX))
    .bind(most)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LogEntry {
                number: count(row, "number")?,
                at: time(row, "at")?,
                kind: read_word(row, "kind")?,
                subject: hash(row, "subject")?,
                digest: hash(row, "digest")?,
            })
        })
        .collect()
}

/// The number, hash and time of the last entry.
pub(crate) async fn last(connection: &mut AnyConnection) -> Result<(Count, Hash, Time)> {
    let row = sqlx::query("select number, hash, at from head").fetch_one(connection).await?;
    Ok((count(&row, "number")?, hash(&row, "hash")?, time(&row, "at")?))
}

/// Records a dispute. Returns false if it is recorded already.
pub(crate) async fn dispute(
    change: &mut super::Change,
    (id, lot): (Hash, Hash),
    message: &str,
    outcome: &str,
) -> Result<bool> {
    let now = change.now().get() as i64;
    let done = sqlx::query(
        "insert into dispute (id, lot, at, message, outcome) values ($1, $2, $3, $4, $5) on conflict (id) do nothing",
    )
    .bind(id.to_string())
    .bind(lot.to_string())
    .bind(now)
    .bind(message.to_owned())
    .bind(outcome.to_owned())
    .execute(change.connection())
    .await?;
    Ok(done.rows_affected() > 0)
}
