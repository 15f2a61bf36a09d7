//! Jobs of one kind, which collect until there are enough of them, or until one of them has waited
//! long enough.

use serde::{Deserialize, Serialize};
use velum_market_model::{
    Amount, Count, Duration, Hash, Job, LIMIT, Latency, Order, PriceMove, Profile, Time,
};

use crate::class::{Class, Times};
use crate::refusal::for_market;
use crate::rules::BatchRules;
use crate::{Account, Cause, Lot, Refusal, Rules, Transfers};

/// What the jobs of one batch have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchKey {
    /// The profile of the aggregate.
    pub profile: Profile,
    /// How the price is found.
    pub order: Order,
    /// The standing order that pays for the jobs, if there is one.
    pub standing_order: Option<Hash>,
    /// The class of the jobs: everything by which one of them could harm the others.
    pub class: Class,
}

/// An accepted job, as far as batch and lot have to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The id of the job.
    pub job: Hash,
    /// The owner, who pays and is refunded.
    pub owner: Hash,
    /// The key of the batch that the job belongs to.
    pub key: BatchKey,
    /// The least price.
    pub minimum: Amount,
    /// The highest price, which the job's escrow holds.
    pub maximum: Amount,
    /// Whether the price rises or falls.
    pub price_move: PriceMove,
    /// The earliest start of the ramp.
    pub ramp_start: Time,
    /// How long the ramp takes.
    pub ramp: Duration,
    /// The time by which the job has to be locked.
    pub lock_by: Time,
    /// The time by which the job has to be delivered.
    pub deliver_by: Time,
    /// The collateral that the client asks the provider to put up for the job.
    pub collateral: Amount,
    /// The latest time at which the job's batch closes.
    pub close_by: Time,
}

/// Jobs that collect, and the lot that they become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// What the jobs have in common.
    pub key: BatchKey,
    /// The jobs, in the order in which they came.
    pub entries: Vec<Entry>,
    /// The id of the lot, once the batch is closed.
    pub lot: Option<Hash>,
}

/// Checks that a job which repeats an idempotency key is the same job as before. The node that
/// keeps the keys of each submitter asks this before [`Entry::new`].
///
/// # Errors
/// Returns [`Refusal::OtherJob`] if it is a different job.
pub fn repeated(earlier: Hash, job: Hash) -> Result<(), Refusal> {
    if earlier == job { Ok(()) } else { Err(Refusal::OtherJob { job: earlier }) }
}

impl Entry {
    /// Accepts a job in this market. The caller has checked its id and signature.
    ///
    /// # Errors
    /// Returns [`Refusal::OtherMarket`], [`Refusal::BelowFloor`], [`Refusal::BatchTooLarge`],
    /// [`Refusal::TooFar`] or [`Refusal::TooSoon`].
    pub fn new(
        job: &Job,
        id: Hash,
        market: Hash,
        now: Time,
        rules: &Rules,
    ) -> Result<Self, Refusal> {
        for_market(job.market, market)?;
        let offer = &job.offer;
        if offer.minimum < rules.admission.price_floor {
            return Err(Refusal::BelowFloor {
                offered: offer.minimum,
                floor: rules.admission.price_floor,
            });
        }
        let (company, wait) = match job.latency {
            Latency::Single => (Count::constant(1), Duration::ZERO),
            Latency::Aggregated { max_wait, min_batch } => (company(min_batch, rules)?, max_wait),
        };
        let most = rules.seen.horizon;
        if offer.lock_by > now.after(most) {
            return Err(Refusal::TooFar { lock_by: offer.lock_by, most });
        }
        let (auction, lease) = (auction_time(offer.order, rules), rules.lease_of(company.get()));
        let lock_by = offer.lock_by.min(offer.deliver_by.before(lease));
        if lock_by < now.after(auction) {
            let needed = auction.checked_add(lease).unwrap_or(Duration::MOST);
            return Err(Refusal::TooSoon { latest: lock_by, needed });
        }
        // The batch may use half of the time. The other half is left for the auction.
        let half = lock_by.before(auction).since(now).get() / 2;
        let close_by = now.after(Duration::new(half).map_or(wait, |half| wait.min(half)));
        let class = Class::new(offer, company, &Times { now, close_by, lock_by });
        Ok(Self {
            job: id,
            owner: job.submitter.owner(),
            key: BatchKey {
                profile: job.profile,
                order: offer.order,
                standing_order: job.standing_order,
                class,
            },
            minimum: offer.minimum,
            maximum: offer.maximum,
            price_move: offer.ramp.price,
            ramp_start: offer.ramp.start,
            ramp: offer.ramp.duration,
            lock_by,
            deliver_by: offer.deliver_by,
            collateral: offer.collateral,
            close_by,
        })
    }

    /// The transfers that pay for the job ahead, from the balance of its owner.
    #[must_use]
    pub fn paid_ahead(&self) -> Transfers {
        let (balance, escrow) = (Account::Balance(self.owner), Account::Escrow(self.job));
        Transfers::one(balance, escrow, self.maximum, Cause::Submitted)
    }
}

/// The number of jobs that a job waits for: the target of the rules, or what the job asks for if
/// that is more. The latter is rounded up to a power of two, so that jobs which ask for similar
/// numbers share a batch.
fn company(min_batch: Count, rules: &Rules) -> Result<Count, Refusal> {
    let BatchRules { target, most } = rules.batch;
    if min_batch > most {
        return Err(Refusal::BatchTooLarge { asked: min_batch, most });
    }
    let rounded = Count::new(min_batch.get().next_power_of_two()).unwrap_or(most);
    Ok(if min_batch <= target { target } else { rounded.min(most) })
}

/// How long the auction runs before a provider can have won it.
fn auction_time(order: Order, rules: &Rules) -> Duration {
    match order {
        Order::Dutch | Order::Limit => Duration::ZERO,
        Order::Sealed => {
            rules.sealed.commit.checked_add(rules.sealed.reveal).unwrap_or(Duration::MOST)
        }
    }
}

impl Batch {
    /// A batch without jobs.
    #[must_use]
    pub const fn new(key: BatchKey) -> Self {
        Self { key, entries: Vec::new(), lot: None }
    }

    /// The batch with one more job. The transfers that belong to it are [`Entry::paid_ahead`], or
    /// those of [`crate::Standing::draw`].
    ///
    /// # Errors
    /// Returns [`Refusal::BatchClosed`], [`Refusal::OtherBatch`], [`Refusal::Repeated`] or
    /// [`Refusal::BatchFull`].
    pub fn with(&self, entry: Entry) -> Result<Self, Refusal> {
        self.open()?;
        if entry.key != self.key {
            return Err(Refusal::OtherBatch);
        }
        if self.entries.iter().any(|there| there.job == entry.job) {
            return Err(Refusal::Repeated { job: entry.job });
        }
        // No sum over a lot may reach 2^53. This includes the sum that its collateral is computed
        // from.
        let sum = |amount: fn(&Entry) -> Amount| {
            self.entries
                .iter()
                .chain([&entry])
                .map(|entry| u128::from(amount(entry).get()))
                .sum::<u128>()
        };
        let fits = sum(|entry| entry.maximum) < u128::from(LIMIT)
            && sum(|entry| entry.collateral) < u128::from(LIMIT);
        if self.is_full() || !fits {
            return Err(Refusal::BatchFull);
        }
        let mut batch = self.clone();
        batch.entries.push(entry);
        Ok(batch)
    }

    /// The batch without a job that its owner cancels, and the refund.
    ///
    /// # Errors
    /// Returns [`Refusal::BatchClosed`], [`Refusal::NoSuchJob`], [`Refusal::NotYours`] or
    /// [`Refusal::Drawn`]. A job that a standing order has paid for cannot be cancelled: otherwise,
    /// the client would have its money back before the order ends.
    pub fn without(&self, job: Hash, owner: Hash) -> Result<(Self, Transfers), Refusal> {
        self.open()?;
        let place = self
            .entries
            .iter()
            .position(|entry| entry.job == job)
            .ok_or(Refusal::NoSuchJob { job })?;
        let entry = &self.entries[place];
        if entry.owner != owner {
            return Err(Refusal::NotYours { what: "the job" });
        }
        if self.key.standing_order.is_some() {
            return Err(Refusal::Drawn { job });
        }
        let refund = Transfers::one(
            Account::Escrow(job),
            Account::Balance(owner),
            entry.maximum,
            Cause::Cancelled,
        );
        let mut batch = self.clone();
        batch.entries.remove(place);
        Ok((batch, refund))
    }

    /// When the batch closes if no job comes or goes. `None` while it has no jobs. A full batch
    /// closes at once.
    #[must_use]
    pub fn closes_at(&self, now: Time) -> Option<Time> {
        let latest = self.entries.iter().map(|entry| entry.close_by).min()?;
        Some(if self.is_full() { now.min(latest) } else { latest })
    }

    /// Closes the batch. No job comes or goes any more, and the batch becomes a lot.
    ///
    /// # Errors
    /// Returns [`Refusal::BatchClosed`], or [`Refusal::BatchOpen`] while the batch has neither
    /// enough jobs nor a job that cannot wait longer.
    pub fn close(&self, now: Time, rules: &Rules) -> Result<(Self, Lot), Refusal> {
        self.open()?;
        let at = self.closes_at(now).unwrap_or(Time::MOST);
        if at > now || self.entries.is_empty() {
            return Err(Refusal::BatchOpen { at });
        }
        let lot = Lot::of(self, now, rules);
        Ok((Self { lot: Some(lot.id), ..self.clone() }, lot))
    }

    /// Whether the batch has as many jobs as are needed to close it.
    fn is_full(&self) -> bool {
        self.entries.len() as u64 >= self.key.class.company.get()
    }

    fn open(&self) -> Result<(), Refusal> {
        self.lot.map_or(Ok(()), |lot| Err(Refusal::BatchClosed { lot }))
    }
}
