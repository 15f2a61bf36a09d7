//! A closed batch on its way: open, locked on a lease, and then settled or expired.
//!
//! ```text
//! open --lock--> locked --deliver--> settled
//!   ^              |
//!   |             fail --(a bidder stands by)--> locked
//!   +--------------+
//! open --(too late to lock)--> expired
//! ```

mod bids;
mod price;

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Hash, LIMIT, Profile, Time};

use crate::admission::Admitted;
use crate::auction::Auction;
use crate::event::{Clock, Event, Fault, Notice};
use crate::lease::late_from;
use crate::{Account, Batch, Cause, Entry, Ledger, LotLease, Refusal, Rules, Transfers, slash};

/// Jobs that one provider delivers together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// The id, which is a hash over the ids of the jobs.
    pub id: Hash,
    /// The profile of the aggregate.
    pub profile: Profile,
    /// The jobs that are delivered together.
    pub jobs: Vec<Entry>,
    /// The sum of the minimum prices of the jobs.
    pub minimum: Amount,
    /// The sum of the maximum prices of the jobs.
    pub maximum: Amount,
    /// The last moment at which the lot may be locked for the first time.
    pub lock_by: Time,
    /// The time by which the lot has to be delivered, unless excuses lengthen it.
    pub deliver_by: Time,
    /// The length of a lease.
    pub lease: Duration,
    /// The collateral that a provider puts up to lock the lot.
    pub collateral: Amount,
    /// The current auction of the lot, or its last one.
    pub auction: Auction,
    /// The state of the lot.
    pub phase: Phase,
    /// How many leases the lot has had.
    pub epoch: Count,
    /// The providers that have failed the lot.
    pub failed: Vec<Hash>,
    /// The part of their collateral that is kept for the provider that delivers the lot.
    pub rescue: Amount,
    /// The provider that sold this capacity ahead. For a while, only this provider may take the
    /// lot.
    pub seller: Option<Hash>,
}

/// The state of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The lot is in its auction.
    Open,
    /// A provider has to deliver the lot.
    Locked(LotLease),
    /// The lot is delivered and paid.
    Settled {
        /// The provider that delivered and was paid.
        provider: Hash,
        /// The price of the whole lot.
        price: Amount,
        /// What each job paid, in the order of the jobs.
        paid: Vec<Amount>,
        /// When the lot was delivered.
        at: Time,
    },
    /// The lot was not delivered, and its jobs are refunded.
    Expired {
        /// When the lot expired.
        at: Time,
    },
}

/// A transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The lot after the transition.
    pub lot: Lot,
    /// The transfers that belong to the transition.
    pub transfers: Transfers,
    /// What reputations and shares have to learn.
    pub notices: Vec<Notice>,
}

/// Makes one transition of a lot together with its money, or changes nothing.
///
/// # Errors
/// Returns the [`Refusal`] of the lot, or of an account that holds too little.
pub fn transact(
    ledger: &mut Ledger,
    lot: &mut Lot,
    event: &Event,
    clock: &Clock<'_>,
    rules: &Rules,
) -> Result<Vec<Notice>, Refusal> {
    let step = lot.step(event, clock, rules)?;
    ledger.apply(&step.transfers)?;
    *lot = step.lot;
    Ok(step.notices)
}

impl Lot {
    /// The lot of a batch that has jobs. Each of its deadlines is the earliest of its jobs'.
    pub(crate) fn of(batch: &Batch, now: Time, rules: &Rules) -> Self {
        let jobs = batch.entries.clone();
        let ids: Vec<&[u8]> = jobs.iter().map(|entry| &entry.job.0[..]).collect();
        let id = Hash::of(&[&[&b"velum market v1 lot\0"[..]][..], &ids].concat());
        let minimum = total(jobs.iter().map(|entry| entry.minimum));
        let maximum = total(jobs.iter().map(|entry| entry.maximum));
        let earliest = |time: fn(&Entry) -> Time| jobs.iter().map(time).min().unwrap_or(now);
        let (lock_by, deliver_by) =
            (earliest(|entry| entry.lock_by), earliest(|entry| entry.deliver_by));
        let asked = total(jobs.iter().map(|entry| entry.collateral));
        Self {
            id,
            profile: batch.key.profile,
            minimum,
            maximum,
            lock_by,
            deliver_by,
            lease: rules.lease_of(jobs.len() as u64),
            collateral: slash::collateral(maximum, asked, rules),
            auction: Auction::new(batch.key.order, now),
            phase: Phase::Open,
            epoch: Count::ZERO,
            failed: Vec::new(),
            rescue: Amount::ZERO,
            seller: None,
            jobs,
        }
    }

    /// The number of presentations.
    #[must_use]
    pub fn count(&self) -> Count {
        Count::new(self.jobs.len() as u64).unwrap_or(Count::MOST)
    }

    /// The last moment at which the lot can be locked so that a whole lease fits before its
    /// deadline. `lock_by` bounds the first lock only: a provider that rescues the lot does not
    /// have to keep to it.
    #[must_use]
    pub fn last_lock(&self) -> Time {
        let latest = self.deliver_by.before(self.lease);
        if self.epoch == Count::ZERO { self.lock_by.min(latest) } else { latest }
    }

    /// The lease, while the lot is locked.
    #[must_use]
    pub const fn leased(&self) -> Option<&LotLease> {
        match &self.phase {
            Phase::Locked(lease) => Some(lease),
            _ => None,
        }
    }

    /// The time until which only the seller may take the lot. `None` if any provider may take it.
    #[must_use]
    pub fn sellers_alone(&self, now: Time, rules: &Rules) -> Option<Time> {
        let until = self.auction.opened().after(rules.standing.exclusive);
        (self.seller.is_some() && self.epoch == Count::ZERO && now < until).then_some(until)
    }

    /// Whether nothing can happen to the lot any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Settled { .. } | Phase::Expired { .. })
    }

    /// The transition that an event makes.
    ///
    /// # Errors
    /// Returns a [`Refusal`] if the event makes no transition.
    pub fn step(&self, event: &Event, clock: &Clock<'_>, rules: &Rules) -> Result<Step, Refusal> {
        let now = clock.now;
        match event {
            Event::Lock { provider, at_least } => self.lock(provider, *at_least, now),
            Event::Take { provider, price } => self.take(provider, *price, now, rules),
            Event::Commit { provider, commitment } => {
                self.commit(provider, *commitment, clock, rules)
            }
            Event::Fix => self.with_sealed(|sealed| sealed.fix(clock, rules)),
            Event::Reveal { bidder, price, nonce } => {
                self.reveal(*bidder, *price, nonce, clock, rules)
            }
            Event::Award => self.award(clock, rules),
            Event::Deliver { provider, epoch } => self.deliver(*provider, *epoch, clock, rules),
            Event::Fail { epoch, fault } => self.fail(*epoch, *fault, clock, rules),
            Event::Expire => self.expire(now),
        }
    }

    fn lock(&self, provider: &Admitted, at_least: Amount, now: Time) -> Result<Step, Refusal> {
        self.check_open()?;
        if !matches!(self.auction, Auction::Dutch { .. }) {
            return Err(Refusal::OtherAuction);
        }
        let price = self.price(now);
        if price < at_least {
            return Err(Refusal::PriceBelow { price, at_least });
        }
        self.won(provider, price, now)
    }

    fn take(
        &self,
        provider: &Admitted,
        price: Amount,
        now: Time,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        self.check_open()?;
        if !matches!(self.auction, Auction::Limit { .. }) {
            return Err(Refusal::OtherAuction);
        }
        if let Some(until) = self.sellers_alone(now, rules)
            && self.seller != Some(provider.provider())
        {
            return Err(Refusal::SellersAlone { until });
        }
        let (minimum, maximum) = (self.minimum, self.price(now));
        if price < minimum || price > maximum {
            return Err(Refusal::PriceOutside { price, minimum, maximum });
        }
        self.won(provider, price, now)
    }

    /// The lot with a provider that has won it and puts up collateral from its balance.
    fn won(&self, admitted: &Admitted, price: Amount, now: Time) -> Result<Step, Refusal> {
        self.check_lockable(admitted, now)?;
        let provider = admitted.provider();
        let from = Account::Balance(provider);
        let transfers =
            Transfers::one(from, Account::Collateral(self.id), self.collateral, Cause::Collateral);
        self.locked(provider, price, now, transfers)
    }

    fn locked(
        &self,
        provider: Hash,
        price: Amount,
        now: Time,
        transfers: Transfers,
    ) -> Result<Step, Refusal> {
        let shares = self.shares(price, now)?;
        let epoch = Count::new(self.epoch.get() + 1).unwrap_or(Count::MOST);
        let lease = LotLease {
            provider,
            price,
            shares,
            epoch,
            from: now,
            deliver_by: now.after(self.lease),
            collateral: self.collateral,
        };
        let lot = Self { epoch, phase: Phase::Locked(lease), ..self.clone() };
        Ok(Step { lot, transfers, notices: vec![Notice::Locked(provider)] })
    }

    /// Pays for the first valid delivery that comes under the current lease and in its time.
    fn deliver(
        &self,
        provider: Hash,
        epoch: Count,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        let lease = self.check_locked(epoch)?;
        if lease.provider != provider {
            return Err(Refusal::NotYours { what: "the lease" });
        }
        let ends = lease.ends(clock.excuses);
        if clock.now > ends {
            return Err(Refusal::TooLate { deliver_by: ends, now: clock.now });
        }
        let (payee, mut transfers) = (Account::Balance(provider), Transfers::none());
        for (entry, share) in self.jobs.iter().zip(&lease.shares) {
            let escrow = Account::Escrow(entry.job);
            transfers.add(escrow, payee, *share, Cause::Paid);
            let rest = entry.maximum.saturating_sub(*share);
            transfers.add(escrow, Account::Balance(entry.owner), rest, Cause::Refunded);
        }
        transfers.add(payee, Account::Fees, rules.fee.of(lease.price), Cause::Fee);
        transfers.add(Account::Collateral(self.id), payee, lease.collateral, Cause::Returned);
        transfers.add(Account::Rescue(self.id), payee, self.rescue, Cause::Rescued);
        let mut lot = self.clone();
        lot.release_standbys(&mut transfers);
        let late = clock.now >= late_from(lease, ends, rules.lease.late);
        lot.phase = Phase::Settled {
            provider,
            price: lease.price,
            paid: lease.shares.clone(),
            at: clock.now,
        };
        Ok(Step { lot, transfers, notices: vec![Notice::Delivered { provider, late }] })
    }

    /// Ends the lease without a delivery. The next bidder that stands by gets the lot, or the lot
    /// is open again.
    fn fail(
        &self,
        epoch: Count,
        fault: Fault,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        let lease = self.check_locked(epoch)?;
        let ends = lease.ends(clock.excuses);
        if fault == Fault::Missed && clock.now <= ends {
            return Err(Refusal::LeaseRuns { deliver_by: ends });
        }
        if fault != Fault::Missed && clock.now > ends {
            return Err(Refusal::TooLate { deliver_by: ends, now: clock.now });
        }
        let provider = lease.provider;
        if matches!(fault, Fault::BadProof { provider: signer } if signer != provider) {
            return Err(Refusal::NotYours { what: "the lease" });
        }
        let (held, mut transfers, mut lot) =
            (Account::Collateral(self.id), Transfers::none(), self.clone());
        let (returned, notice) = if fault == Fault::Withheld {
            (lease.collateral, Notice::Excused(provider))
        } else {
            let slash = slash::divide(lease.collateral, self.maximum, rules);
            transfers.add(held, Account::Rescue(self.id), slash.rescuer, Cause::Slashed);
            transfers.add(held, Account::Burned, slash.burned, Cause::Slashed);
            lot.failed.push(provider);
            lot.rescue = lot.rescue.checked_add(slash.rescuer).unwrap_or(Amount::MOST);
            (slash.returned, Notice::Failed(provider))
        };
        transfers.add(held, Account::Balance(provider), returned, Cause::Returned);
        let mut step = match lot.next_in_line(clock.now, &mut transfers) {
            Some((next, price)) => lot.locked(next, price, clock.now, transfers)?,
            None => {
                lot.reopen(clock.now);
                Step { lot, transfers, notices: Vec::new() }
            }
        };
        step.notices.insert(0, notice);
        Ok(step)
    }

    /// Refunds every job, and burns what was kept for a rescuer.
    fn expire(&self, now: Time) -> Result<Step, Refusal> {
        self.check_open()?;
        if now <= self.last_lock() {
            return Err(Refusal::StillOpen { until: self.last_lock() });
        }
        let (mut lot, mut transfers) = (self.clone(), Transfers::none());
        for entry in &self.jobs {
            let (escrow, balance) = (Account::Escrow(entry.job), Account::Balance(entry.owner));
            transfers.add(escrow, balance, entry.maximum, Cause::Refunded);
        }
        if let Auction::Sealed(sealed) = &self.auction {
            sealed.bidders().for_each(|bidder| self.release(bidder, &mut transfers));
        }
        transfers.add(Account::Rescue(self.id), Account::Burned, self.rescue, Cause::Unrescued);
        lot.auction.clear();
        lot.phase = Phase::Expired { at: now };
        Ok(Step { lot, transfers, notices: Vec::new() })
    }

    /// Starts a new auction of the same lot, with the time that is left.
    fn reopen(&mut self, now: Time) {
        self.phase = Phase::Open;
        self.auction = self.auction.again(now);
    }

    const fn phase_name(&self) -> &'static str {
        match self.phase {
            Phase::Open => "open",
            Phase::Locked(_) => "locked",
            Phase::Settled { .. } => "settled",
            Phase::Expired { .. } => "expired",
        }
    }

    fn check_open(&self) -> Result<(), Refusal> {
        if self.phase == Phase::Open {
            Ok(())
        } else {
            Err(Refusal::NotOpen { phase: self.phase_name() })
        }
    }

    fn check_lockable(&self, admitted: &Admitted, now: Time) -> Result<(), Refusal> {
        if !admitted.is_for(self) {
            return Err(Refusal::OtherAdmission);
        }
        if self.failed.contains(&admitted.provider()) {
            return Err(Refusal::FailedBefore);
        }
        if now > self.last_lock() {
            return Err(Refusal::LockOver { until: self.last_lock() });
        }
        Ok(())
    }

    fn check_locked(&self, epoch: Count) -> Result<&LotLease, Refusal> {
        match &self.phase {
            Phase::Settled { .. } => Err(Refusal::Settled),
            Phase::Locked(lease) if lease.epoch == epoch => Ok(lease),
            Phase::Locked(lease) => Err(Refusal::Fenced { named: epoch, current: lease.epoch }),
            Phase::Open | Phase::Expired { .. } => {
                Err(Refusal::NotLocked { phase: self.phase_name() })
            }
        }
    }
}

fn total(amounts: impl Iterator<Item = Amount>) -> Amount {
    // A batch accepts no job that would bring the sum to 2^53.
    Amount::new(amounts.map(Amount::get).sum::<u64>().min(LIMIT - 1)).unwrap_or(Amount::MOST)
}
