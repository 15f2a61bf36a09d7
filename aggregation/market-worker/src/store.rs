//! Lots and tasks in the provider's database. Which tasks are ready follows from rows that are there anyway, so that no count can be wrong.
//!
//! Each change is one transaction, beside which no other writes.

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

/// Connections of one process: of its worker, for what it runs beside, and for who asks.
const CONNECTIONS: u32 = 4;

/// How often a task is begun before it is dead.
pub(crate) const MOST_ATTEMPTS: i64 = 5;

pub(crate) type Result<T> = std::result::Result<T, DatabaseError>;

/// How fast things go in a workshop. All who open it do so with the same pace.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After so long without a sign of its worker, a task is another's.
    pub lease: Duration,
    /// How often an idle worker looks for a task.
    pub poll: Duration,
    /// The wait after the first failure; after the n-th it is n² times that.
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

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Another has to be done before.
    Waiting,
    /// Nothing is missing but a worker, or the time after a failure.
    Ready,
    /// A worker does it.
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
    /// How many.
    pub count: u64,
}

/// A task that has failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadTask {
    /// The task: its name, and the blob or the results that it is made of.
    pub task: Task,
    /// The lots that wait for it.
    pub lots: Vec<Hash>,
    /// How often it was begun.
    pub attempts: u64,
    /// Why the last attempt came to nothing.
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

    /// How many tasks are in which state.
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

    /// Tasks that have failed for good, the most urgent first.
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

    /// Gives a dead task all its attempts back, and says whether it was one.
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

    /// Results that nobody wants, some of them.
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

/// As long as a row's column for times is.
fn signed(time: Time) -> i64 {
    // Below 2^53.
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

/// A value that is written as one of some names.
fn named<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(text.into()).map_err(|error| DatabaseError::corrupt(column, error))
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| DatabaseError::corrupt("what is to be written", error))
}
