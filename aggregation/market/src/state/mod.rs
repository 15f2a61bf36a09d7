//! What a market keeps in its database. This module turns rows into the values of
//! `velum-market-rules` and back. Nothing here decides anything, and nothing here knows proofs.
//!
//! The picture shows the two kinds of transaction, and which submodule writes which table of
//! `tables.sql`.
//!
//! ```text
//! Read::begin                                Change::begin --> log --> commit
//!    |  one state, for reading                  |  one step; no other step runs beside it
//!    |                                          |  commit writes head: end of the log, clock
//!    +---------- now(), connection() -----------+
//!                           |
//!                           v
//! submodule   tables                         submodule   tables
//! jobs        job                            log         log, dispute
//! batches     batch                          seen        seen, money_order, unstaking
//! lots        lot, said                      excuses     excuse
//! quotes      ask, standing                  counts      held, and counted through counted
//! ledger      account, transfer              quotas      counted, through counted
//! credit      credit_key, spent, one_time    totals      total, for jobs, lots and ledger
//! ```
//!
//! The module itself has the two kinds of transaction, [`Read`] and [`Change`], and the conversion
//! of single columns. Each submodule has the statements about one kind of row:
//!
//! - `jobs`, `batches` and `lots` have what is for sale, and `quotes` has the book and capacity
//!   that was bought ahead.
//! - `ledger` has the accounts and transfers, and `credit` the keys and tokens of blind credit.
//! - `log` has the entries of the log and the disputes. `seen` has the messages that are accepted
//!   only once, the orders of money that were carried out, and stake on its way back.
//! - `excuses` has the spans in which providers could not deliver.
//! - `counted` counts over windows of time, for `counts` (providers) and for `quotas`. `totals`
//!   keeps sums of whole tables.

pub(crate) mod batches;
mod counted;
pub(crate) mod counts;
pub(crate) mod credit;
pub(crate) mod excuses;
pub(crate) mod jobs;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod lots;
pub(crate) mod quotas;
pub(crate) mod quotes;
pub(crate) mod seen;
pub(crate) mod totals;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use velum_market_model::{Amount, Count, Hash, LogEntry, LogKind, Time, chained};
use velum_market_sql::{Database, DatabaseError, Schema, Transaction, sqlx};

pub(crate) use batches::OpenBatch;
pub(crate) use counts::Counted;
pub(crate) use jobs::NewJob;
pub(crate) use lots::LotRow;
pub(crate) use quotes::Wanted;
pub(crate) use totals::Of;

const TABLES: &[(&str, &str)] = &[("market", include_str!("tables.sql"))];

/// The tables of a market. Both databases read the same statements.
pub(crate) const SCHEMA: Schema =
    Schema { lock: i64::from_be_bytes(*b"velum\0mk"), sqlite: TABLES, postgres: TABLES };

type Result<T> = std::result::Result<T, DatabaseError>;

/// One state of the market, for reading.
pub(crate) struct Read {
    transaction: Transaction,
    now: Time,
}

impl Read {
    /// Begins to read.
    pub(crate) async fn begin(database: &Database) -> Result<Self> {
        let mut transaction = database.read().await?;
        let row = sqlx::query("select at from head").fetch_one(transaction.connection()).await?;
        let now = transaction.now().max(time(&row, "at")?);
        Ok(Self { transaction, now })
    }

    /// The market's clock, which is the database's and never goes back.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// The connection that runs statements.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.transaction.connection()
    }
}

/// One step of the market. No other step runs beside it. If it is dropped without a commit, it is
/// as if it had never begun.
pub(crate) struct Change {
    transaction: Transaction,
    now: Time,
    /// When the previous change was committed.
    alive: Time,
    /// The number and the hash of the log's last entry.
    number: u64,
    hash: Hash,
    /// The number of transfers since that entry.
    transfers: i64,
}

impl Change {
    /// Begins a change.
    pub(crate) async fn begin(database: &Database) -> Result<Self> {
        let mut transaction = database.write().await?;
        let row = sqlx::query("select number, hash, at, alive from head")
            .fetch_one(transaction.connection())
            .await?;
        let now = transaction.now().max(time(&row, "at")?);
        let (alive, number) = (time(&row, "alive")?, unsigned(&row, "number")?);
        Ok(Self { now, alive, number, hash: hash(&row, "hash")?, transaction, transfers: 0 })
    }

    /// The market's clock, which is the database's and never goes back.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// When some node was last there. Zero if no node ever was.
    pub(crate) const fn alive(&self) -> Time {
        self.alive
    }

    /// The connection that runs statements.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.transaction.connection()
    }

    /// The number, hash and time of the log's last entry.
    pub(crate) fn end(&self) -> (Count, Hash, Time) {
        (Count::new(self.number).unwrap_or(Count::MOST), self.hash, self.now)
    }

    /// Adds an entry to the log.
    pub(crate) async fn log(
        &mut self,
        kind: LogKind,
        subject: Hash,
        digest: Hash,
    ) -> Result<Count> {
        let number = Count::new(self.number + 1)
            .map_err(|error| DatabaseError::corrupt("head.number", error))?;
        let entry = LogEntry { number, at: self.now, kind, subject, digest };
        self.hash = chained(&self.hash, &entry)
            .map_err(|error| DatabaseError::corrupt("the log", error))?;
        log::insert(self.transaction.connection(), &entry, &self.hash).await?;
        self.number = number.get();
        self.transfers = 0;
        Ok(number)
    }

    /// Commits the change, and records that a node is there.
    pub(crate) async fn commit(mut self) -> Result<()> {
        sqlx::query("update head set number = $1, hash = $2, at = $3, alive = $3")
            .bind(self.number as i64)
            .bind(self.hash.to_string())
            .bind(self.now.get() as i64)
            .execute(self.connection())
            .await?;
        self.transaction.commit().await
    }
}

/// A value as JSON, for a column.
fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| DatabaseError::corrupt("what is to be written", error))
}

fn read<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| DatabaseError::corrupt(column, error))
}

/// A name that is one word of JSON, such as a phase, without its quotation marks.
fn word<T: Serialize>(value: &T) -> Result<String> {
    Ok(json(value)?.trim_matches('"').to_owned())
}

fn read_word<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|error| DatabaseError::corrupt(column, error))
}

fn unsigned(row: &AnyRow, column: &'static str) -> Result<u64> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|error| DatabaseError::corrupt(column, error))
}

fn time(row: &AnyRow, column: &'static str) -> Result<Time> {
    Time::new(unsigned(row, column)?).map_err(|error| DatabaseError::corrupt(column, error))
}

fn amount(row: &AnyRow, column: &'static str) -> Result<Amount> {
    Amount::new(unsigned(row, column)?).map_err(|error| DatabaseError::corrupt(column, error))
}

fn count(row: &AnyRow, column: &'static str) -> Result<Count> {
    Count::new(unsigned(row, column)?).map_err(|error| DatabaseError::corrupt(column, error))
}

fn hash(row: &AnyRow, column: &'static str) -> Result<Hash> {
    let text: String = row.try_get(column)?;
    Hash::try_from(text).map_err(|error| DatabaseError::corrupt(column, error))
}

fn hash_if_any(row: &AnyRow, column: &'static str) -> Result<Option<Hash>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(Hash::try_from).transpose().map_err(|error| DatabaseError::corrupt(column, error))
}

fn unsigned_if_any(row: &AnyRow, column: &'static str) -> Result<Option<u64>> {
    let value: Option<i64> = row.try_get(column)?;
    value.map(u64::try_from).transpose().map_err(|error| DatabaseError::corrupt(column, error))
}

fn time_if_any(row: &AnyRow, column: &'static str) -> Result<Option<Time>> {
    let value = unsigned_if_any(row, column)?;
    value.map(Time::new).transpose().map_err(|error| DatabaseError::corrupt(column, error))
}

/// Whether a job or a lot names a blob that is still kept. The blobs of what has ended are kept for
/// a while.
pub(crate) async fn blobs_named(
    connection: &mut AnyConnection,
    blob: Hash,
    kept_since: Time,
) -> Result<bool> {
    let number: i64 = sqlx::query_scalar(
        "select (select count(*) from job where submission = $1 and
                     (state not in ('cancelled', 'expired', 'settled') or since >= $2))
              + (select count(*) from lot where aggregate = $1 and (ended is null or ended >= $2))",
    )
    .bind(blob.to_string())
    .bind(kept_since.get() as i64)
    .fetch_one(connection)
    .await?;
    Ok(number > 0)
}
