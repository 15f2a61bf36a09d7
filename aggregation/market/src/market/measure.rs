//! What benchmarks measure apart from the rest.

use bytes::Bytes;
use velum_market_model::Job;
use velum_market_sql::sqlx;

use super::{Market, Result};

impl Market {
    /// Verifies in the pool that a submission is the one that a job is about, and does nothing
    /// else.
    ///
    /// # Errors
    /// Returns [`crate::MarketError`].
    pub async fn proofs_checked(&self, job: &Job, submission: Bytes) -> Result<()> {
        let job = job.clone();
        self.0.pool.run(move |proofs| proofs.check_submission(&job, &submission)).await
    }

    /// Copies the first job this many times as a settled job, so that the table is full of jobs
    /// that are over.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn fill_with_old(&self, count: u64) -> Result<()> {
        let mut change = self.change().await?;
        sqlx::query(
            "with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < $1)
             insert into job (id, owner, idempotency_key, statement, state, since, submitted, batch, place, lot, paid,
                              profile, submission, message, entry, accepted)
             select 'old ' || number, owner, 'old ' || number, 'old ' || number, 'settled', since, 0, null, null, lot, 0,
                    profile, submission, message, entry, 0
             from numbers, (select * from job limit 1) as first",
        )
        .bind(count as i64)
        .execute(change.connection())
        .await
        .map_err(velum_market_sql::DatabaseError::from)?;
        Ok(change.commit().await?)
    }
}
