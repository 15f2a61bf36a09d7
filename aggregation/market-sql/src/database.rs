//! A database, opened by its URL.

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, Connection, Executor, SqlSafeStr};
use tokio::sync::Mutex;
use url::Url;

use crate::{DatabaseError, Transaction};

/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, used by this process.
    Sqlite,
    /// A server.
    Postgres,
}

/// The tables of a database, as one step from each version to the next.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Distinguishes the writers of one kind of tables from other writers in the same database.
    pub lock: i64,
    /// The name and the statements of each step, for SQLite. A step that has been released is never
    /// changed: a later change is another step.
    pub sqlite: &'static [(&'static str, &'static str)],
    /// The same number of steps for PostgreSQL.
    pub postgres: &'static [(&'static str, &'static str)],
}

/// An open database.
#[derive(Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    url: Url,
    lock: i64,
    /// Writers of this process take turns here before SQLite makes them wait, because SQLite lets
    /// them wait in no order.
    turn: Arc<Mutex<()>>,
}

impl Database {
    /// Opens the database at a URL, creates its tables or brings them to this version, and keeps at
    /// most this many connections.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Url`], [`DatabaseError::Schema`] and [`DatabaseError::Away`].
    pub async fn open(url: &str, schema: &Schema, connections: u32) -> Result<Self, DatabaseError> {
        install_default_drivers();
        let (url, kind) = read(url)?;
        let options = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        // What is committed is on the disk, and readers do not wait for writers.
                        connection.execute("pragma journal_mode = wal").await?;
                        connection.execute("pragma synchronous = full").await?;
                        connection.execute("pragma foreign_keys = on").await?;
                        connection.execute("pragma busy_timeout = 10000").await?;
                    }
                    Ok(())
                })
            })
            // If the disk is full, SQLite itself rolls a transaction back. The connection's own
            // rollback then fails, and the connection continues as if it were in a transaction: its
            // next statements would read one old state for ever. Such a connection is not used
            // again.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            });
        let pool = options.connect(url.as_str()).await?;
        let database = Self { pool, kind, url, lock: schema.lock, turn: Arc::default() };
        database.migrate(schema).await?;
        Ok(database)
    }

    async fn migrate(&self, schema: &Schema) -> Result<(), DatabaseError> {
        let steps = match self.kind {
            Kind::Sqlite => schema.sqlite,
            Kind::Postgres => schema.postgres,
        };
        let migration = |(version, (name, sql)): (i64, &(&'static str, &'static str))| {
            Migration::new(
                version,
                (*name).into(),
                MigrationType::Simple,
                AssertSqlSafe(*sql).into_sql_str(),
                false,
            )
        };
        let mut migrator = Migrator::with_migrations((1..).zip(steps).map(migration).collect());
        // Each kind of tables counts its own steps.
        migrator.dangerous_set_table_name(format!("_migrations_{:x}", self.lock));
        let migrated = migrator.run(&self.pool).await;
        migrated.map_err(|source| DatabaseError::Schema { url: self.shown(), source })
    }

    /// Begins a transaction that writes, once no other such transaction is running.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Away`].
    pub async fn write(&self) -> Result<Transaction, DatabaseError> {
        match self.kind {
            Kind::Sqlite => {
                let turn = self.turn.clone().lock_owned().await;
                let inner = self.pool.begin_with("begin immediate").await?;
                Transaction::new(inner, self.kind, Some(turn)).await
            }
            Kind::Postgres => {
                let mut inner = self.pool.begin().await?;
                sqlx::query("select pg_advisory_xact_lock($1)")
                    .bind(self.lock)
                    .execute(&mut *inner)
                    .await?;
                Transaction::new(inner, self.kind, None).await
            }
        }
    }

    /// Begins a transaction that reads one state of all tables.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Away`].
    pub async fn read(&self) -> Result<Transaction, DatabaseError> {
        let inner = match self.kind {
            Kind::Sqlite => self.pool.begin().await?,
            Kind::Postgres => {
                self.pool.begin_with("begin isolation level repeatable read read only").await?
            }
        };
        Transaction::new(inner, self.kind, None).await
    }

    /// The kind of the database.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL without its password and its query.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    /// Closes all connections, each once it is free.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn read(text: &str) -> Result<(Url, Kind), DatabaseError> {
    let wrong = |url: String| DatabaseError::Url { url };
    let mut url = Url::parse(text).map_err(|_| wrong("the given text".to_owned()))?;
    match url.scheme() {
        "sqlite" => {
            if !url.query_pairs().any(|(name, _)| name == "mode") {
                url.query_pairs_mut().append_pair("mode", "rwc");
            }
            Ok((url, Kind::Sqlite))
        }
        "postgres" | "postgresql" => Ok((url, Kind::Postgres)),
        _ => Err(wrong(shown(&url))),
    }
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // A URL that cannot have a password has none.
        let _ = url.set_password(None);
    }
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::Postgres;

    const SCHEMA: Schema = Schema {
        lock: 1,
        sqlite: &[("first", "create table number (value integer not null)")],
        postgres: &[("first", "create table number (value bigint not null)")],
    };

    fn sqlite(folder: &Path) -> String {
        format!("sqlite://{}", folder.join("numbers.db").display())
    }

    async fn open(url: &str) -> Database {
        Database::open(url, &SCHEMA, 8).await.unwrap()
    }

    async fn sum(database: &Database) -> i64 {
        let mut read = database.read().await.unwrap();
        let sum = sqlx::query_scalar("select cast(coalesce(sum(value), 0) as bigint) from number");
        sum.fetch_one(read.connection()).await.unwrap()
    }

    async fn what_is_committed_stays(url: &str) {
        let database = open(url).await;
        for (value, commits) in [(1_i64, true), (2, false), (4, true)] {
            let mut write = database.write().await.unwrap();
            sqlx::query("insert into number values ($1)")
                .bind(value)
                .execute(write.connection())
                .await
                .unwrap();
            if commits {
                write.commit().await.unwrap();
            }
        }
        database.close().await;
        assert_eq!(sum(&open(url).await).await, 5);
    }

    async fn writers_take_turns(url: &str) {
        let database = open(url).await;
        let add_one = |database: Database| async move {
            let mut write = database.write().await.unwrap();
            let sum: i64 =
                sqlx::query_scalar("select cast(coalesce(max(value), 0) as bigint) from number")
                    .fetch_one(write.connection())
                    .await
                    .unwrap();
            sqlx::query("insert into number values ($1)")
                .bind(sum + 1)
                .execute(write.connection())
                .await
                .unwrap();
            write.commit().await.unwrap();
        };
        let writers: Vec<_> = (0..50).map(|_| tokio::spawn(add_one(database.clone()))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(sum(&database).await, 5 + 4 * 50 + 50 * 51 / 2);
    }

    async fn time_is_the_databases(url: &str) {
        let database = open(url).await;
        let [first, second] =
            [database.read().await.unwrap().now(), database.write().await.unwrap().now()];
        assert!(first <= second && first.get() > 1_700_000_000_000);
    }

    async fn it_is_a_database(url: &str) {
        what_is_committed_stays(url).await;
        writers_take_turns(url).await;
        time_is_the_databases(url).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_file_is_a_database() {
        let folder = tempfile::tempdir().unwrap();
        it_is_a_database(&sqlite(folder.path())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_is_a_database() {
        let postgres = Postgres::start();
        it_is_a_database(&postgres.url()).await;
    }

    /// Such as the tables of a market and the tables of a provider.
    #[tokio::test]
    async fn two_kinds_of_tables_stand_in_one_database() {
        const OTHER: Schema = Schema {
            lock: 2,
            sqlite: &[
                ("first", "create table word (value text not null)"),
                ("second", "drop table word"),
            ],
            postgres: &[
                ("first", "create table word (value text not null)"),
                ("second", "drop table word"),
            ],
        };
        let (folder, postgres) = (tempfile::tempdir().unwrap(), Postgres::start());
        for url in [sqlite(folder.path()), postgres.url()] {
            for _ in 0..2 {
                open(&url).await.close().await;
                Database::open(&url, &OTHER, 1).await.unwrap().close().await;
            }
        }
    }

    #[tokio::test]
    async fn a_server_that_restarts_is_away_and_comes_back() {
        let mut postgres = Postgres::start();
        let database = open(&postgres.url()).await;
        assert_eq!(sum(&database).await, 0);
        postgres.stop();
        let error = database.read().await.err().expect("nobody answers");
        assert!(error.may_pass(), "{error}");
        postgres.resume();
        assert_eq!(sum(&database).await, 0);
    }

    #[tokio::test]
    async fn after_a_full_disk_the_newest_state_is_read_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&sqlite(folder.path()), &SCHEMA, 1).await.unwrap();
        let mut write = database.write().await.unwrap();
        write.connection().execute("pragma max_page_count = 8").await.unwrap();
        let full = loop {
            // One row for each statement: if one statement inserts several rows, only that
            // statement is undone.
            if let Err(error) = write.connection().execute("insert into number values (1)").await {
                break DatabaseError::from(error);
            }
        };
        assert!(matches!(full, DatabaseError::Full), "{full}");
        drop(write);
        assert_eq!(sum(&database).await, 0);
        for expected in 1..=3 {
            let other = Database::open(&sqlite(folder.path()), &SCHEMA, 1).await.unwrap();
            for writer in [&other, &database] {
                let mut write = writer.write().await.unwrap();
                write.connection().execute("insert into number values (1)").await.unwrap();
                write.commit().await.unwrap();
            }
            assert_eq!(sum(&database).await, 2 * expected);
        }
    }

    #[tokio::test]
    async fn other_urls_are_refused_without_their_passwords() {
        for url in ["mysql://me:secret@host/name", "secret", "file:///secret"] {
            let error = Database::open(url, &SCHEMA, 1).await.err().expect("it is refused");
            let shown = error.to_string();
            assert!(matches!(error, DatabaseError::Url { .. }), "{shown}");
            assert!(url.starts_with("file") || !shown.contains("secret"), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_is_away() {
        let error =
            Database::open("postgres://nobody@127.0.0.1:1/none", &SCHEMA, 1).await.err().unwrap();
        assert!(error.may_pass(), "{error}");
    }
}
