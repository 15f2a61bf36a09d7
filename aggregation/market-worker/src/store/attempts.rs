//! What workers do to tasks: they begin them, keep them, and record how they ended.

use velum_market_model::Hash;
use velum_market_sql::{Transaction, sqlx};

use super::{MOST_ATTEMPTS, Result, Store, add_garbage, body, millis, signed, unsigned};
use crate::task::Task;

/// A task that a worker has begun.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) task: Task,
    /// The name of the worker.
    pub(crate) worker: String,
    /// The number of this attempt at the task, from 1.
    pub(crate) attempt: u64,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The result is there.
    Done,
    /// An input is not what it should be. Its task is done again, and this task waits for it.
    Input {
        /// The name of the input's task.
        name: Hash,
        /// What is wrong with the input.
        error: String,
    },
    /// The attempt failed through no fault of the task, and does not count.
    Later(String),
    /// The attempt failed, and the task is tried again some times.
    Failed(String),
    /// No other attempt would end differently.
    Refused(String),
}

impl Store {
    /// Begins the most urgent task that is ready. The attempt counts from now on, so that a task
    /// that kills its workers is dead in the end.
    pub(crate) async fn claim(&self, worker: &str) -> Result<Option<Claimed>> {
        const CLAIM: &str = "
            update task set worker = $1, leased_until = $2, attempts = attempts + 1, error = $3
            where name = (
                select name from task
                where state = 'open' and worker is null and begin_after <= $4 and not exists (
                    select 1 from input join task below on below.name = input.input
                    where input.task = task.name and below.state <> 'done'
                )
                order by deadline, name limit 1
            )
            returning body, attempts";
        let mut write = self.database.write().await?;
        release_lapsed(&mut write).await?;
        let now = signed(write.now());
        let claimed = sqlx::query(CLAIM)
            .bind(worker)
            .bind(now + millis(self.pace.lease))
            .bind(format!("the worker {worker} was lost while it did the task"))
            .bind(now)
            .fetch_optional(write.connection())
            .await?;
        write.commit().await?;
        let claimed = claimed.map(|row| {
            Ok(Claimed {
                task: body(&row)?,
                worker: worker.to_owned(),
                attempt: unsigned(&row, "attempts")?,
            })
        });
        claimed.transpose()
    }

    /// Renews the leases of a worker's tasks.
    pub(crate) async fn renew(&self, worker: &str) -> Result<()> {
        let mut write = self.database.write().await?;
        let until = signed(write.now()) + millis(self.pace.lease);
        sqlx::query("update task set leased_until = $1 where worker = $2")
            .bind(until)
            .bind(worker)
            .execute(write.connection())
            .await?;
        write.commit().await
    }

    /// Gives back tasks that a worker has claimed and not begun to do.
    pub(crate) async fn give_back(&self, worker: &str) -> Result<()> {
        let mut write = self.database.write().await?;
        sqlx::query(
            "update task set attempts = attempts - 1, worker = null, leased_until = null, error = null where worker = $1",
        )
        .bind(worker)
        .execute(write.connection())
        .await?;
        write.commit().await
    }

    /// Records how an attempt ended. If the task has become another worker's, only a result counts.
    /// Returns whether there is a result that nobody wants any more.
    pub(crate) async fn end(&self, claimed: &Claimed, outcome: &Outcome) -> Result<bool> {
        let mut write = self.database.write().await?;
        let mut is_garbage = false;
        match outcome {
            Outcome::Done => is_garbage = !done(&mut write, claimed.task.name).await?,
            Outcome::Input { name, error } => {
                let uncounted = Ending { error, state: "open", wait: 0, counts: false };
                uncounted.write(&mut write, claimed).await?;
                make_again(&mut write, *name, error).await?;
            }
            Outcome::Later(error) => {
                let ending = Ending { error, state: "open", wait: self.wait(1), counts: false };
                ending.write(&mut write, claimed).await?;
            }
            Outcome::Failed(error) => {
                let is_last = claimed.attempt >= MOST_ATTEMPTS.cast_unsigned();
                let state = if is_last { "dead" } else { "open" };
                let ending =
                    Ending { error, state, wait: self.wait(claimed.attempt), counts: true };
                ending.write(&mut write, claimed).await?;
            }
            Outcome::Refused(error) => {
                Ending { error, state: "dead", wait: 0, counts: true }
                    .write(&mut write, claimed)
                    .await?;
            }
        }
        write.commit().await?;
        Ok(is_garbage)
    }

    /// The milliseconds until the attempt after this one.
    fn wait(&self, attempt: u64) -> i64 {
        let squared = i64::try_from(attempt.saturating_mul(attempt)).unwrap_or(i64::MAX);
        millis(self.pace.backoff).saturating_mul(squared)
    }

    /// Has a result made again that was done, and now is missing or wrong.
    pub(crate) async fn make_again(&self, name: Hash, error: &str) -> Result<()> {
        let mut write = self.database.write().await?;
        make_again(&mut write, name, error).await?;
        write.commit().await
    }
}

/// An attempt without a result.
struct Ending<'a> {
    error: &'a str,
    state: &'static str,
    wait: i64,
    counts: bool,
}

impl Ending<'_> {
    async fn write(&self, write: &mut Transaction, claimed: &Claimed) -> Result<()> {
        const END: &str = "
            update task set state = $1, error = $2, begin_after = $3, attempts = attempts - $4, worker = null, leased_until = null
            where name = $5 and worker = $6 and attempts = $7";
        let begin_after = signed(write.now()).saturating_add(self.wait);
        sqlx::query(END)
            .bind(self.state)
            .bind(self.error)
            .bind(begin_after)
            .bind(i64::from(!self.counts))
            .bind(claimed.task.name.to_string())
            .bind(&claimed.worker)
            .bind(claimed.attempt.cast_signed())
            .execute(write.connection())
            .await?;
        Ok(())
    }
}

/// Records that there is a result, whoever made it. Returns whether anybody wants it. If nobody
/// does, its blob is to be removed.
async fn done(write: &mut Transaction, name: Hash) -> Result<bool> {
    let done = sqlx::query(
        "update task set state = 'done', worker = null, leased_until = null, error = null where name = $1",
    )
    .bind(name.to_string())
    .execute(write.connection())
    .await?;
    let is_wanted = done.rows_affected() > 0;
    if !is_wanted {
        add_garbage(write.connection(), name).await?;
    }
    Ok(is_wanted)
}

/// Reopens the task of a result. Its attempts stay counted, so that a result that is lost again and
/// again is not made for ever.
async fn make_again(write: &mut Transaction, name: Hash, error: &str) -> Result<()> {
    const AGAIN: &str = "
        update task set state = case when attempts >= $1 then 'dead' else 'open' end, error = $2, begin_after = 0
        where name = $3 and state = 'done'";
    let update = sqlx::query(AGAIN).bind(MOST_ATTEMPTS).bind(error).bind(name.to_string());
    update.execute(write.connection()).await?;
    Ok(())
}

/// Takes tasks away from workers that have given no sign for too long. A task that has used all its
/// attempts is dead.
async fn release_lapsed(write: &mut Transaction) -> Result<()> {
    const RELEASE: &str = "
        update task set state = case when attempts >= $1 then 'dead' else state end, worker = null, leased_until = null
        where worker is not null and leased_until < $2";
    let now = signed(write.now());
    sqlx::query(RELEASE).bind(MOST_ATTEMPTS).bind(now).execute(write.connection()).await?;
    Ok(())
}
