//! Statements that take effect together or not at all.

use sqlx::{Any, AnyConnection};
use tokio::sync::OwnedMutexGuard;
use velum_market_model::Time;

use crate::{DatabaseError, Kind};

/// A transaction. If it is dropped without a commit, everything that it has done is undone.
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    now: Time,
    kind: Kind,
    /// Dropped last, so that the next writer finds the connection free.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(crate) async fn new(
        mut inner: sqlx::Transaction<'static, Any>,
        kind: Kind,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Self, DatabaseError> {
        let now = match kind {
            Kind::Sqlite => "select cast(unixepoch('subsec') * 1000 as integer)",
            Kind::Postgres => "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
        };
        let now: i64 = sqlx::query_scalar(now).fetch_one(&mut *inner).await?;
        let now = u64::try_from(now).ok().and_then(|now| Time::new(now).ok());
        let now = now.ok_or_else(|| DatabaseError::corrupt("the time", "it is before 1970"))?;
        Ok(Self { inner, now, kind, _turn: turn })
    }

    /// When the transaction began, by the database's clock.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The kind of the database.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The connection that runs its statements.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    /// Commits everything that the transaction has done.
    ///
    /// # Errors
    /// Returns [`DatabaseError`]. After [`DatabaseError::Away`] the transaction may or may not have
    /// been committed.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        Ok(self.inner.commit().await?)
    }
}
