//! Jobs: they are submitted, asked about and taken back, and their receipts are given out.

use bytes::Bytes;
use velum_market_client::api::{Estimate, JobState, JobStatus};
use velum_market_model::{
    Acceptance, Amount, Cancel, Count, Duration, Hash, Job, LogKind, Signed, Time, id,
};
use velum_market_rules::{Account, Entry, Refusal, SeenMessage, repeated};

use super::quotas::{Held, Part};
use super::{Connection, Market, Result, Told};
use crate::MarketError;
use crate::state::quotas::Counted;
use crate::state::{Change, NewJob, batches, jobs, ledger, lots, quotes, seen};

const HOUR: Duration = Duration::constant(60 * 60 * 1000);

/// The number of jobs that an estimate is made from.
const SAMPLES: i64 = 200;

impl Market {
    /// Accepts a job with its submission. A job that was accepted before is still the same job.
    ///
    /// # Errors
    /// Returns [`MarketError`]; the job is not accepted then.
    pub async fn submit(&self, signed: &Signed<Job>, submission: Bytes) -> Result<JobStatus> {
        let job = signed.message();
        let job_id = id(job)?;
        // What is wrong at first sight is refused before anything is verified or stored.
        let mut read = self.read().await?;
        let now = read.now();
        if let Some(status) = self.known(read.connection(), job, job_id, now).await? {
            return Ok(status);
        }
        let money = self.check_new(read.connection(), job, job_id, now).await?;
        drop(read);
        let owner = job.submitter.owner();
        let _trial = self.begin_trial(job_id, owner, money)?;
        let (checked, bytes) = (job.clone(), submission.clone());
        let verified =
            self.0.pool.run(move |proofs| proofs.check_submission(&checked, &bytes)).await;
        if let Err(MarketError::Proof(_)) = verified {
            self.count_wrong(Counted::Failure, owner).await?;
        }
        verified?;
        self.0.blobs.put(submission).await?;
        self.take_job(signed, job_id).await
    }

    /// Accepts a job whose submission nobody verifies or stores, for benchmarks.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    #[cfg(feature = "measure")]
    pub async fn submit_unverified(&self, signed: &Signed<Job>) -> Result<JobStatus> {
        self.take_job(signed, id(signed.message())?).await
    }

    /// The status of a job that was submitted before, under the same key.
    async fn known(
        &self,
        connection: Connection<'_>,
        job: &Job,
        job_id: Hash,
        now: Time,
    ) -> Result<Option<JobStatus>> {
        let owner = job.submitter.owner();
        if let Some(earlier) = jobs::by_key(connection, owner, job.idempotency_key.as_str()).await?
        {
            repeated(earlier, job_id)?;
            return status_of(connection, job_id, now).await;
        }
        // The job's cancellation may have overtaken the job.
        let seen = seen::of_message(connection, owner, job_id).await?;
        let is_cancelled = seen.check_job(job_id, owner, now).is_err();
        Ok(is_cancelled.then(|| cancelled_ahead(job_id, now)))
    }

    /// Checks for what is wrong with a job at first sight. Returns the money that pays for the job.
    async fn check_new(
        &self,
        connection: Connection<'_>,
        job: &Job,
        job_id: Hash,
        now: Time,
    ) -> Result<Part> {
        let (owner, options) = (job.submitter.owner(), &self.0.options);
        let entry = Entry::new(job, job_id, self.0.id, now, &options.rules)?;
        let taken = jobs::taken_since(connection, owner, now.before(HOUR)).await?;
        if u64::try_from(taken).unwrap_or(u64::MAX) >= options.jobs_per_hour {
            return Err(MarketError::Quota {
                what: "jobs an hour",
                count: options.jobs_per_hour,
                seconds: 60,
            });
        }
        self.check_one_time(&mut *connection, owner).await?;
        self.check_wrong(&mut *connection, Counted::Failure, owner, now).await?;
        if let Some(other) = jobs::by_statement(connection, job.statement).await? {
            return Err(MarketError::Counted(other));
        }
        if let Some(order) = job.standing_order {
            let found = quotes::find_standing(connection, order).await?;
            let (standing, _) =
                found.ok_or(MarketError::Unknown { what: "standing order", id: order })?;
            let (price, left) = (standing.price.get(), standing.left.get());
            standing.draw(entry, now)?;
            let held = Held::Money(Account::Escrow(order));
            return Ok(Part { held, needed: price, there: price.saturating_mul(left) });
        }
        let account = Account::Balance(owner);
        let held = ledger::held(connection, &account).await?;
        if held < entry.maximum {
            return Err(Refusal::NotEnough { account, held, needed: entry.maximum }.into());
        }
        Ok(Part { held: Held::Money(account), needed: entry.maximum.get(), there: held.get() })
    }

    async fn take_job(&self, signed: &Signed<Job>, job_id: Hash) -> Result<JobStatus> {
        let (job, rules) = (signed.message(), self.rules());
        let mut change = self.change().await?;
        let now = change.now();
        if let Some(status) = self.known(change.connection(), job, job_id, now).await? {
            return Ok(status);
        }
        self.check_new(change.connection(), job, job_id, now).await?;
        let mut entry = Entry::new(job, job_id, self.0.id, now, rules)?;
        let mut paid_ahead = entry.paid_ahead();
        if let Some(order) = job.standing_order {
            let found = quotes::find_standing(change.connection(), order).await?;
            let (standing, quote) =
                found.ok_or(MarketError::Unknown { what: "standing order", id: order })?;
            let (standing, drawn, transfers) = standing.draw(entry, now)?;
            quotes::save_standing(&mut change, &standing, quote).await?;
            (entry, paid_ahead) = (drawn, transfers);
        }
        let mut open = batches::open_for(&mut change, entry.key).await?;
        open.batch = match open.batch.with(entry.clone()) {
            Err(Refusal::BatchFull) => {
                // The batch is full, because of its money or because of a job beside which no other
                // fits. It waits for as long as it was to, and new jobs go into another batch.
                open = batches::begin(&mut change, entry.key).await?;
                open.batch.with(entry.clone())?
            }
            with => with?,
        };
        ledger::apply(&mut change, &paid_ahead).await??;
        let accepted = change.log(LogKind::Job, job_id, job_id).await?;
        let place = accepted.get();
        jobs::insert(
            &mut change,
            &NewJob {
                id: job_id,
                job: signed,
                entry: &entry,
                batch: (open.number, place),
                accepted,
            },
        )
        .await?;
        let closes_at = open.batch.closes_at(now);
        batches::set_closing(&mut change, open.number, closes_at).await?;
        let told = if closes_at.is_some_and(|at| at <= now) {
            Told::Lot(self.close_batch(&mut change, open).await?)
        } else {
            Told::Batch
        };
        let status = status_of(change.connection(), job_id, now).await?;
        change.commit().await?;
        self.tell(told);
        status.ok_or(MarketError::Unknown { what: "job", id: job_id })
    }

    /// The status of a job.
    ///
    /// # Errors
    /// Returns [`MarketError::Unknown`].
    pub async fn status(&self, job: Hash) -> Result<JobStatus> {
        let mut read = self.read().await?;
        let now = read.now();
        status_of(read.connection(), job, now)
            .await?
            .ok_or(MarketError::Unknown { what: "job", id: job })
    }

    /// The node's promise that it accepted a job.
    ///
    /// # Errors
    /// Returns [`MarketError::Unknown`].
    pub async fn acceptance(&self, job: Hash) -> Result<Signed<Acceptance>> {
        let row = jobs::find(self.read().await?.connection(), job).await?;
        let row = row.ok_or(MarketError::Unknown { what: "job", id: job })?;
        let acceptance =
            Acceptance { job, number: row.accepted, at: row.submitted, node: self.0.public };
        Ok(Signed::sign(acceptance, &self.0.key)?)
    }

    /// Takes a job back whose batch has not closed. The cancellation of a job that is not here is
    /// kept, because the job may be on its way.
    ///
    /// # Errors
    /// Returns [`MarketError`]; the job stays as it was then.
    pub async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus> {
        let Cancel { job: job_id, submitter, .. } = *cancel.message();
        let owner = submitter.owner();
        let mut change = self.change().await?;
        let now = change.now();
        let Some(row) = jobs::find(change.connection(), job_id).await? else {
            return self.cancel_ahead(change, cancel.message()).await;
        };
        if row.owner != owner {
            return Err(Refusal::NotYours { what: "the job" }.into());
        }
        let open = match row.batch {
            Some(number) if row.state == JobState::Waiting => {
                batches::open(change.connection(), number).await?
            }
            _ => None,
        };
        let Some(mut open) = open else {
            if row.state == JobState::Cancelled {
                let status = status_of(change.connection(), job_id, now).await?;
                return status.ok_or(MarketError::Unknown { what: "job", id: job_id });
            }
            return Err(Refusal::BatchClosed { lot: row.lot.unwrap_or_default() }.into());
        };
        let (without, refund) = open.batch.without(job_id, owner)?;
        open.batch = without;
        ledger::apply(&mut change, &refund).await??;
        change.log(LogKind::Cancel, job_id, id(cancel.message())?).await?;
        jobs::cancel(&mut change, job_id).await?;
        match open.batch.closes_at(now) {
            Some(at) => batches::set_closing(&mut change, open.number, Some(at)).await?,
            None => batches::remove(&mut change, open.number).await?,
        }
        let status = status_of(change.connection(), job_id, now).await?;
        change.commit().await?;
        self.tell(Told::Job(job_id));
        status.ok_or(MarketError::Unknown { what: "job", id: job_id })
    }

    /// Keeps the cancellation of a job that is not here, until nobody would accept the job any
    /// more. Each cancellation takes room, so a client may have no more of them than jobs that it
    /// could pay for.
    async fn cancel_ahead(&self, mut change: Change, cancel: &Cancel) -> Result<JobStatus> {
        let Cancel { job, lock_by, submitter } = *cancel;
        let (now, owner, floor) =
            (change.now(), submitter.owner(), self.rules().admission.price_floor);
        if lock_by < now {
            return Ok(cancelled_ahead(job, now));
        }
        let mut seen = seen::of_owner(change.connection(), owner).await?;
        if seen.check_job(job, owner, now).is_ok() {
            let account = Account::Balance(owner);
            let held = ledger::held(change.connection(), &account).await?;
            let bought = quotes::standing_for(change.connection(), owner).await?;
            let bought: u64 = bought.iter().map(|standing| standing.left.get()).sum();
            let kept = seen.count(owner, now);
            let needed = (kept + 1).saturating_sub(bought).saturating_mul(floor.get());
            if held.get() < needed {
                let needed = Amount::new(needed).unwrap_or(Amount::MOST);
                return Err(Refusal::NotEnough { account, held, needed }.into());
            }
        }
        seen.cancel(SeenMessage { id: job, owner, until: lock_by }, now, self.rules())?;
        seen::remember(&mut change, SeenMessage { id: job, owner, until: lock_by }).await?;
        change.commit().await?;
        Ok(cancelled_ahead(job, now))
    }

    /// The receipt of a settled job.
    ///
    /// # Errors
    /// Returns [`MarketError::NoReceipt`] before the job is settled, and if it never will be.
    pub async fn receipt(&self, job_id: Hash) -> Result<Vec<u8>> {
        let mut read = self.read().await?;
        let row = jobs::find(read.connection(), job_id)
            .await?
            .ok_or(MarketError::Unknown { what: "job", id: job_id })?;
        let none = || MarketError::NoReceipt { job: job_id, state: state_name(row.state) };
        let lot_id = row.lot.filter(|_| row.state == JobState::Settled).ok_or_else(none)?;
        let found = lots::find(read.connection(), lot_id).await?.ok_or_else(none)?;
        let velum_market_rules::Phase::Settled { provider, .. } = found.lot.phase else {
            return Err(none());
        };
        let aggregate = found.aggregate.ok_or_else(none)?;
        let statements = jobs::of_lot(read.connection(), lot_id)
            .await?
            .iter()
            .map(|row| row.statement)
            .collect::<Vec<_>>();
        drop(read);
        let proof = self.0.blobs.get(aggregate).await?;
        let submission = self.0.blobs.get(row.submission).await?;
        let profile = row.profile;
        let made = move |proofs: &crate::proofs::Proofs| {
            proofs.receipt(profile, &statements, provider, proof.to_vec(), &submission)
        };
        self.0.pool.run(made).await
    }

    /// An estimate of the price and the wait of a job like this one.
    ///
    /// # Errors
    /// Returns [`MarketError::Database`].
    pub async fn estimate(&self, job: &Job) -> Result<Estimate> {
        let floor = self.rules().admission.price_floor;
        let mut settled =
            jobs::settled(self.read().await?.connection(), job.profile, SAMPLES).await?;
        let samples = Count::new(settled.len() as u64).unwrap_or(Count::MOST);
        let middle = settled.len() / 2;
        settled.sort_unstable_by_key(|(price, _)| *price);
        let price = settled.get(middle).map_or(floor, |(price, _)| *price);
        settled.sort_unstable_by_key(|(_, wait)| *wait);
        let wait = settled.get(middle).map_or(Duration::ZERO, |(_, wait)| *wait);
        Ok(Estimate { price, wait, samples, floor })
    }
}

const fn cancelled_ahead(job: Hash, since: Time) -> JobStatus {
    JobStatus { job, state: JobState::Cancelled, lot: None, paid: None, deliver_by: None, since }
}

async fn status_of(connection: Connection<'_>, job: Hash, now: Time) -> Result<Option<JobStatus>> {
    let Some(row) = jobs::find(connection, job).await? else { return Ok(None) };
    let mut deliver_by = None;
    if let (JobState::Locked, Some(lot_id)) = (row.state, row.lot) {
        deliver_by = super::lots::lease_end(connection, lot_id, now).await?;
    }
    let paid: Option<Amount> = row.paid;
    Ok(Some(JobStatus {
        job: row.id,
        state: row.state,
        lot: row.lot,
        paid,
        deliver_by,
        since: row.since,
    }))
}

const fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Waiting => "waiting",
        JobState::Offered => "offered",
        JobState::Locked => "locked",
        JobState::Settled => "settled",
        JobState::Cancelled => "cancelled",
        JobState::Expired => "expired",
    }
}
