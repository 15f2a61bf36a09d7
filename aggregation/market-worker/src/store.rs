//! Lots and tasks in the provider's database. Which tasks are ready follows from rows that exist
//! anyway, so that no count can be wrong.
//!
//! Each change is one transaction, and no other transaction writes beside it.

mod attempts;
mod lots;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use velum_market_model::{Hash, Time};
use velum_market_sql::{Database, DatabaseError, Schema, sqlx};

use crate::task::{Kind, Task};

pub(crate) use attempts::{Claimed, Outcome};

const TABLES: &[(&str, &str)] =
    &[("workshop", include_str!("tables.sql")), ("fetched", include_str!("fetched.sql"))];

/// Both databases read the same statements.
const SCHEMA: Schema =
    Schema { lock: i64::from_be_bytes(*b"velum\0ws"), sqlite: TABLES, postgres: TABLES };

/// The connections of one process: for its worker, for what runs beside the worker, and for
/// callers.
const CONNECTIONS: u32 = 4;

/// How many times a task is begun before it is dead.
pub(crate) const MOST_ATTEMPTS: i64 = 5;

pub(crate) type Result<T> = std::result::Result<T, DatabaseError>;

/// How fast things go in a workshop. All who open it do so with the same pace.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// If a worker gives no sign for this long, its task may go to another worker.
    pub lease: Duration,
    /// How often an idle worker looks for a task.
    pub poll: Duration,
    /// The wait after the first failure. After the n-th failure, the wait is n² times as long.
    pub backoff: Duration,
}

impl Pace {
    /// For tasks that take seconds.
    pub const USUAL: Self = Self {
        lease: Duration::from_secs(12),
        poll: Duration::from_millis(500),
        backoff: Duration::from_secs(2),
    };
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Another task has to be done first.
    Waiting,
    /// Nothing is missing but a worker, or the time to wait after a failure.
    Ready,
    /// A worker is doing it.
    Running,
    /// Its result is there.
    Done,
    /// It has failed for good, until it is revived.
    Dead,
}

/// How many tasks of a kind are in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The kind.
    pub kind: Kind,
    /// The state.
    pub state: State,
    /// How many tasks there are.
    pub count: u64,
}

/// A task that has failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadTask {
    /// The task: its name, and the blob or the results that it is made of.
    pub task: Task,
    /// The lots that wait for it.
    pub lots: Vec<Hash>,
    /// How many times it was begun.
    pub attempts: u64,
    /// Why the last attempt failed.
    pub error: String,
}

/// The tables of a workshop.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    pub(crate) pace: Pace,
}

impl Store {
    pub(crate) async fn open(url: &str, pace: Pace) -> Result<Self> {
        Ok(Self { database: Database::open(url, &SCHEMA, CONNECTIONS).await?, pace })
    }

    /// How many tasks of each kind are in each state.
    pub(crate) async fn counts(&self) -> Result<Vec<Counted>> {
        const COUNTS: &str = "
            select kind, state, count(*) as number from (
                select kind, case
                    when state <> 'open' then state
                    when worker is not null then 'running'
                    when exists (
                        select 1 from input join task below on below.name = input.input
                        where input.task = task.name and below.state <> 'done'
                    ) then 'waiting'
                    else 'ready'
                end as state
                from task
            ) standing
            group by kind, state order by kind, state";
        let mut read = self.database.read().await?;
        let rows = sqlx::query(COUNTS).fetch_all(read.connection()).await?;
        let counted = |row: &AnyRow| {
            let (kind, state) = (named(row, "kind")?, named(row, "state")?);
            Ok(Counted { kind, state, count: unsigned(row, "number")? })
        };
        rows.iter().map(counted).collect()
    }

    /// The tasks that have failed for good, the most urgent first.
    pub(crate) async fn dead(&self) -> Result<Vec<DeadTask>> {
        let mut read = self.database.read().await?;
        let connection = read.connection();
        let rows = sqlx::query(
            "select body, attempts, error from task where state = 'dead' order by deadline, name",
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut dead = Vec::with_capacity(rows.len());
        for row in rows {
            let task: Task = body(&row)?;
            let error: Option<String> = row.try_get("error")?;
            let attempts = unsigned(&row, "attempts")?;
            let lots = sqlx::query("select lot as name from want where task = $1 order by lot")
                .bind(task.name.to_string())
                .fetch_all(&mut *connection)
                .await?;
            let lots = lots.iter().map(name).collect::<Result<_>>()?;
            dead.push(DeadTask { task, lots, attempts, error: error.unwrap_or_default() });
        }
        Ok(dead)
    }

    /// Gives a dead task all its attempts back. Returns false if it was not dead.
    pub(crate) async fn revive(&self, name: Hash) -> Result<bool> {
        let mut write = self.database.write().await?;
        let revived = sqlx::query(
            "update task set state = 'open', attempts = 0, begin_after = 0, error = null where name = $1 and state = 'dead'",
        )
        .bind(name.to_string())
        .execute(write.connection())
        .await?;
        write.commit().await?;
        Ok(revived.rows_affected() == 1)
    }

    /// Some of the results that nobody wants.
    pub(crate) async fn garbage(&self) -> Result<Vec<Hash>> {
        let mut read = self.database.read().await?;
        let rows = sqlx::query("select name from garbage order by name limit 100")
            .fetch_all(read.connection())
            .await?;
        rows.iter().map(name).collect()
    }

    /// Forgets results whose blobs are removed.
    pub(crate) async fn swept(&self, names: &[Hash]) -> Result<()> {
        let mut write = self.database.write().await?;
        for name in names {
            let delete = sqlx::query("delete from garbage where name = $1").bind(name.to_string());
            delete.execute(write.connection()).await?;
        }
        write.commit().await
    }
}

async fn add_garbage(connection: &mut AnyConnection, name: Hash) -> Result<()> {
    let insert =
        sqlx::query("insert into garbage (name) values ($1) on conflict (name) do nothing");
    insert.bind(name.to_string()).execute(connection).await?;
    Ok(())
}

/// A time, in the type of a column.
fn signed(time: Time) -> i64 {
    // A time is below 2^53.
    time.get().cast_signed()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn unsigned(row: &AnyRow, column: &'static str) -> Result<u64> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| DatabaseError::corrupt(column, "it is negative"))
}

fn name(row: &AnyRow) -> Result<Hash> {
    let text: String = row.try_get("name")?;
    Hash::try_from(text).map_err(|error| DatabaseError::corrupt("a name", error))
}

fn body<T: serde::de::DeserializeOwned>(row: &AnyRow) -> Result<T> {
    let text: String = row.try_get("body")?;
    serde_json::from_str(&text)
        .map_err(|error| DatabaseError::corrupt("the body of a task or a lot", error))
}

/// Reads a value that is written as one of several names.
fn named<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(text.into()).map_err(|error| DatabaseError::corrupt(column, error))
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| DatabaseError::corrupt("what is to be written", error))
}
