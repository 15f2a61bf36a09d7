//! Jobs of one kind, which collect until they are enough, or until one of them has waited enough.

use serde::{Deserialize, Serialize};
use velum_market_model::{
    Amount, Count, Duration, Hash, Job, LIMIT, Latency, Order, PriceMove, Profile, Time,
};

use crate::class::{Class, Times};
use crate::refusal::for_market;
use crate::rules::BatchRules;
use crate::{Account, Cause, Lot, Refusal, Rules, Transfers};

/// What jobs of one batch have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchKey {
    /// Of the aggregate.
    pub profile: Profile,
    /// How the price is found.
    pub order: Order,
    /// The standing order that pays for them, if one does.
    pub standing_order: Option<Hash>,
    /// What one of them could spoil for the others.
    pub class: Class,
}

/// A job that was taken: what batch and lot have to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The job's id.
    pub job: Hash,
    /// Who pays, and is refunded.
    pub owner: Hash,
    /// What it is collected by.
    pub key: BatchKey,
    /// The least that is paid.
    pub minimum: Amount,
    /// The most, which its escrow holds.
    pub maximum: Amount,
    /// The direction of its price.
    pub price_move: PriceMove,
    /// When its ramp starts, at the earliest.
    pub ramp_start: Time,
    /// How long the ramp takes.
    pub ramp: Duration,
    /// By when it is locked.
    pub lock_by: Time,
    /// By when it is delivered.
    pub deliver_by: Time,
    /// What the client would have put up for it.
    pub collateral: Amount,
    /// When its batch closes at the latest.
    pub close_by: Time,
}

/// Jobs that collect, and the lot that became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// What they have in common.
    pub key: BatchKey,
    /// In the order in which they came.
    pub entries: Vec<Entry>,
    /// The lot's id, once it is closed.
    pub lot: Option<Hash>,
}

/// Whether a job that came under an idempotency key again is the same one. Whoever keeps the keys of each submitter asks this before [`Entry::new`].
///
/// # Errors
/// [`Refusal::OtherJob`] where it says something else.
pub fn repeated(earlier: Hash, job: Hash) -> Result<(), Refusal> {
    if earlier == job { Ok(()) } else { Err(Refusal::OtherJob { job: earlier }) }
}

impl Entry {
    /// Takes a job, whose id and signature the caller has checked, in this market.
    ///
    /// # Errors
    /// [`Refusal::OtherMarket`], [`Refusal::BelowFloor`], [`Refusal::BatchTooLarge`], [`Refusal::TooFar`] and [`Refusal::TooSoon`].
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
        // The other half of its time is the auction's.
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

    /// The transfers that pay for it ahead, from its owner's balance.
    #[must_use]
    pub fn paid_ahead(&self) -> Transfers {
        let (balance, escrow) = (Account::Balance(self.owner), Account::Escrow(self.job));
        Transfers::one(balance, escrow, self.maximum, Cause::Submitted)
    }
}

/// The company that a job waits for: what the rules aim at, or what it asks for where that is more. Powers of two, so that jobs which ask for about as much meet.
fn company(min_batch: Count, rules: &Rules) -> Result<Count, Refusal> {
    let BatchRules { target, most } = rules.batch;
    if min_batch > most {
        return Err(Refusal::BatchTooLarge { asked: min_batch, most });
    }
    let rounded = Count::new(min_batch.get().next_power_of_two()).unwrap_or(most);
    Ok(if min_batch <= target { target } else { rounded.min(most) })
}

/// What the auction takes before anyone can have won it.
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

    /// The batch with one job more. The transfers that go with it are [`Entry::paid_ahead`], or those of [`crate::Standing::draw`].
    ///
    /// # Errors
    /// [`Refusal::BatchClosed`], [`Refusal::OtherBatch`], [`Refusal::Repeated`] and [`Refusal::BatchFull`].
    pub fn with(&self, entry: Entry) -> Result<Self, Refusal> {
        self.open()?;
        if entry.key != self.key {
            return Err(Refusal::OtherBatch);
        }
        if self.entries.iter().any(|there| there.job == entry.job) {
            return Err(Refusal::Repeated { job: entry.job });
        }
        // No sum over a lot may reach 2^53, and neither may what its collateral is reckoned from.
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

    /// The batch without a job that its owner cancels, and its refund.
    ///
    /// # Errors
    /// [`Refusal::BatchClosed`], [`Refusal::NoSuchJob`], [`Refusal::NotYours`], and [`Refusal::Drawn`]: who could cancel what a standing order has paid
    /// would have its money back before the order's end.
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

    /// When it closes, if nothing comes or goes; never, while it has no jobs. At once, where it is full.
    #[must_use]
    pub fn closes_at(&self, now: Time) -> Option<Time> {
        let latest = self.entries.iter().map(|entry| entry.close_by).min()?;
        Some(if self.is_full() { now.min(latest) } else { latest })
    }

    /// Closes it: no job comes or goes any more, and it is a lot.
    ///
    /// # Errors
    /// [`Refusal::BatchClosed`], [`Refusal::BatchOpen`] while it has neither jobs enough nor one that cannot wait.
    pub fn close(&self, now: Time, rules: &Rules) -> Result<(Self, Lot), Refusal> {
        self.open()?;
        let at = self.closes_at(now).unwrap_or(Time::MOST);
        if at > now || self.entries.is_empty() {
            return Err(Refusal::BatchOpen { at });
        }
        let lot = Lot::of(self, now, rules);
        Ok((Self { lot: Some(lot.id), ..self.clone() }, lot))
    }

    /// Whether it has as many jobs as close it.
    fn is_full(&self) -> bool {
        self.entries.len() as u64 >= self.key.class.company.get()
    }

    fn open(&self) -> Result<(), Refusal> {
        self.lot.map_or(Ok(()), |lot| Err(Refusal::BatchClosed { lot }))
    }
}
