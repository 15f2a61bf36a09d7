//! Jobs.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use velum_market_client::api::JobState;
use velum_market_model::{Amount, Count, Duration, Hash, Job, Profile, Signed, Time};
use velum_market_rules::Entry;
use velum_market_sql::{DatabaseError, sqlx};

use super::totals::{self, Of};
use super::{
    Change, Result, amount, count, hash, hash_if_any, json, read, read_word, time, unsigned,
    unsigned_if_any, word,
};

/// A job that is accepted now.
pub(crate) struct NewJob<'a> {
    pub(crate) id: Hash,
    pub(crate) job: &'a Signed<Job>,
    pub(crate) entry: &'a Entry,
    /// The batch that it falls into, and its place there.
    pub(crate) batch: (u64, u64),
    /// The number of its entry in the log.
    pub(crate) accepted: Count,
}

/// The columns of an accepted job that others need.
pub(crate) struct JobRow {
    pub(crate) id: Hash,
    pub(crate) owner: Hash,
    pub(crate) statement: Hash,
    pub(crate) state: JobState,
    pub(crate) since: Time,
    pub(crate) submitted: Time,
    pub(crate) batch: Option<u64>,
    pub(crate) lot: Option<Hash>,
    pub(crate) paid: Option<Amount>,
    pub(crate) profile: Profile,
    pub(crate) submission: Hash,
    pub(crate) accepted: Count,
}

const COLUMNS: &str = "id, owner, statement, state, since, submitted, batch, lot, paid, profile, submission, accepted";

pub(crate) async fn insert(change: &mut Change, new: &NewJob<'_>) -> Result<()> {
    let job = new.job.message();
    let message = new.job.json().map_err(|error| DatabaseError::corrupt("the job", error))?;
    let now = change.now().get() as i64;
    sqlx::query(
        "insert into job (id, owner, idempotency_key, statement, state, since, submitted, batch, place, profile,
                          submission, message, entry, accepted)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(new.id.to_string())
    .bind(new.entry.owner.to_string())
    .bind(job.idempotency_key.as_str())
    .bind(job.statement.to_string())
    .bind(word(&JobState::Waiting)?)
    .bind(now)
    .bind(now)
    .bind(new.batch.0 as i64)
    .bind(new.batch.1 as i64)
    .bind(word(&job.profile)?)
    .bind(job.proof.sha256.to_string())
    .bind(message)
    .bind(json(new.entry)?)
    .bind(new.accepted.get() as i64)
    .execute(change.connection())
    .await?;
    moved(change, None, JobState::Waiting, 1).await
}

pub(crate) async fn find(connection: &mut AnyConnection, id: Hash) -> Result<Option<JobRow>> {
    let sql = sqlx::AssertSqlSafe(format!("select {COLUMNS} from job where id = $1"));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(of_row).transpose()
}

/// The job that an owner's idempotency key stands for.
pub(crate) async fn by_key(
    connection: &mut AnyConnection,
    owner: Hash,
    key: &str,
) -> Result<Option<Hash>> {
    let sql = "select id from job where owner = $1 and idempotency_key = $2";
    let row = sqlx::query(sql).bind(owner.to_string()).bind(key).fetch_optional(connection).await?;
    row.map(|row| hash(&row, "id")).transpose()
}

/// The job by which a statement is counted, or will be.
pub(crate) async fn by_statement(
    connection: &mut AnyConnection,
    statement: Hash,
) -> Result<Option<Hash>> {
    let sql = "select id from job where statement = $1 and state not in ('cancelled', 'expired')";
    let row = sqlx::query(sql).bind(statement.to_string()).fetch_optional(connection).await?;
    row.map(|row| hash(&row, "id")).transpose()
}

/// Some job that an owner has submitted, if there is one.
pub(crate) async fn any_of(connection: &mut AnyConnection, owner: Hash) -> Result<Option<Hash>> {
    let sql = "select id from job where owner = $1 limit 1";
    let row = sqlx::query(sql).bind(owner.to_string()).fetch_optional(connection).await?;
    row.map(|row| hash(&row, "id")).transpose()
}

/// How many jobs of an owner were accepted since a time.
pub(crate) async fn taken_since(
    connection: &mut AnyConnection,
    owner: Hash,
    since: Time,
) -> Result<i64> {
    let sql = "select count(*) from job where owner = $1 and submitted >= $2";
    Ok(sqlx::query_scalar(sql)
        .bind(owner.to_string())
        .bind(since.get() as i64)
        .fetch_one(connection)
        .await?)
}

/// The jobs of a batch, in the order in which they came.
pub(crate) async fn of_batch(connection: &mut AnyConnection, batch: u64) -> Result<Vec<Entry>> {
    let sql = "select entry from job where batch = $1 order by place";
    let rows = sqlx::query(sql).bind(batch as i64).fetch_all(connection).await?;
    rows.iter().map(|row| read(row, "entry")).collect()
}

/// The jobs of a lot.
pub(crate) async fn of_lot(connection: &mut AnyConnection, lot: Hash) -> Result<Vec<JobRow>> {
    let sql = sqlx::AssertSqlSafe(format!("select {COLUMNS} from job where lot = $1"));
    let rows = sqlx::query(sql).bind(lot.to_string()).fetch_all(connection).await?;
    rows.iter().map(of_row).collect()
}

/// Moves all jobs of a batch into the lot that the batch has become.
pub(crate) async fn offer(change: &mut Change, batch: u64, lot: Hash) -> Result<()> {
    let now = change.now().get() as i64;
    let done = sqlx::query("update job set state = $1, since = $2, lot = $3 where batch = $4")
        .bind(word(&JobState::Offered)?)
        .bind(now)
        .bind(lot.to_string())
        .bind(batch as i64)
        .execute(change.connection())
        .await?;
    moved(change, Some(JobState::Waiting), JobState::Offered, done.rows_affected()).await
}

/// Moves all jobs of a lot to another state. They are all in one state before, because they move
/// together.
pub(crate) async fn move_lot(change: &mut Change, lot: Hash, state: JobState) -> Result<()> {
    let now = change.now().get() as i64;
    let sql = "select state from job where lot = $1 limit 1";
    let row = sqlx::query(sql).bind(lot.to_string()).fetch_optional(change.connection()).await?;
    let before = row.map(|row| read_word(&row, "state")).transpose()?;
    let done = sqlx::query("update job set state = $1, since = $2 where lot = $3 and state <> $1")
        .bind(word(&state)?)
        .bind(now)
        .bind(lot.to_string())
        .execute(change.connection())
        .await?;
    moved(change, before, state, done.rows_affected()).await
}

/// Counts jobs that have moved to another state.
async fn moved(
    change: &mut Change,
    from: Option<JobState>,
    to: JobState,
    number: u64,
) -> Result<()> {
    let number = number as i64;
    if let Some(from) = from {
        totals::add(change.connection(), Of::Jobs, &word(&from)?, -number).await?;
    }
    totals::add(change.connection(), Of::Jobs, &word(&to)?, number).await
}

/// Records what a job paid.
pub(crate) async fn paid(change: &mut Change, job: Hash, paid: Amount) -> Result<()> {
    sqlx::query("update job set paid = $1 where id = $2")
        .bind(paid.get() as i64)
        .bind(job.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Takes a job out of its batch.
pub(crate) async fn cancel(change: &mut Change, job: Hash) -> Result<()> {
    let now = change.now().get() as i64;
    sqlx::query("update job set state = $1, since = $2, batch = null, place = null where id = $3")
        .bind(word(&JobState::Cancelled)?)
        .bind(now)
        .bind(job.to_string())
        .execute(change.connection())
        .await?;
    moved(change, Some(JobState::Waiting), JobState::Cancelled, 1).await
}

/// The price and the wait of the jobs of a profile that were settled last.
pub(crate) async fn settled(
    connection: &mut AnyConnection,
    profile: Profile,
    most: i64,
) -> Result<Vec<(Amount, Duration)>> {
    let sql = "select paid, since, submitted from job where state = 'settled' and profile = $1 order by since desc limit $2";
    let rows = sqlx::query(sql).bind(word(&profile)?).bind(most).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((amount(row, "paid")?, time(row, "since")?.since(time(row, "submitted")?))))
        .collect()
}

/// What was settled in one minute.
pub(crate) struct Minute {
    /// When the minute began.
    pub(crate) from: Time,
    /// How many jobs were settled.
    pub(crate) jobs: Count,
    /// What they paid in all.
    pub(crate) paid: Amount,
    /// How long they waited in all.
    pub(crate) waited: Duration,
}

/// What was settled in each minute since a time. Minutes in which nothing was settled are left out.
pub(crate) async fn minutes(
    connection: &mut AnyConnection,
    profile: Profile,
    since: Time,
) -> Result<Vec<Minute>> {
    let sql = "select since / 60000 * 60000 as minute, count(*) as jobs, cast(sum(paid) as bigint) as paid,
                      cast(sum(since - submitted) as bigint) as waited
               from job where state = 'settled' and profile = $1 and since >= $2 group by since / 60000 order by minute";
    let rows = sqlx::query(sql)
        .bind(word(&profile)?)
        .bind(since.get() as i64)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let waited = Duration::new(unsigned(row, "waited")?);
            Ok(Minute {
                from: time(row, "minute")?,
                jobs: count(row, "jobs")?,
                paid: amount(row, "paid")?,
                waited: waited.map_err(|error| DatabaseError::corrupt("job.since", error))?,
            })
        })
        .collect()
}

fn of_row(row: &AnyRow) -> Result<JobRow> {
    let paid = unsigned_if_any(row, "paid")?.map(Amount::new).transpose();
    Ok(JobRow {
        id: hash(row, "id")?,
        owner: hash(row, "owner")?,
        statement: hash(row, "statement")?,
        state: read_word(row, "state")?,
        since: time(row, "since")?,
        submitted: time(row, "submitted")?,
        batch: unsigned_if_any(row, "batch")?,
        lot: hash_if_any(row, "lot")?,
        paid: paid.map_err(|error| DatabaseError::corrupt("job.paid", error))?,
        profile: read_word(row, "profile")?,
        submission: hash(row, "submission")?,
        accepted: count(row, "accepted")?,
    })
}
