//! A closed batch on its way: open, locked on a lease, and settled or expired.
//!
//! ```text
//! open --lock--> locked --deliver--> settled
//!   ^              |
//!   |             fail --(a bidder stands by)--> locked
//!   +--------------+
//! open --(too late to lock)--> expired
//! ```

use serde::{Deserialize, Serialize};
use velum_market_model::{Amount, Count, Duration, Hash, LIMIT, PriceMove, Profile, Time};

use crate::admission::Admitted;
use crate::auction::{Auction, Commitment, Sealed};
use crate::lease::late_from;
use crate::{
    Account, Batch, Cause, Entry, Interval, Ledger, LotLease, Refusal, Rules, Transfers, slash, split,
};

/// Jobs that one provider delivers together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Of its jobs.
    pub id: Hash,
    /// Of the aggregate.
    pub profile: Profile,
    /// What is delivered together.
    pub jobs: Vec<Entry>,
    /// The sum of what they pay at least.
    pub minimum: Amount,
    /// And at most.
    pub maximum: Amount,
    /// How its price moves.
    pub ramp: LotRamp,
    /// Until when it may be locked for the first time.
    pub lock_by: Time,
    /// By when it is delivered, but for excuses.
    pub deliver_by: Time,
    /// How long a lease is.
    pub lease: Duration,
    /// What a lock puts up.
    pub collateral: Amount,
    /// The auction that it is in, or was last.
    pub auction: Auction,
    /// What it is.
    pub phase: Phase,
    /// How many leases it has had.
    pub epoch: Count,
    /// Who has failed it.
    pub failed: Vec<Hash>,
    /// What was taken of them for whoever delivers it.
    pub rescue: Amount,
    /// Who sold its capacity ahead, and has it alone for a while.
    pub seller: Option<Hash>,
}

/// One way of the price for all jobs of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotRamp {
    /// When it starts.
    pub start: Time,
    /// How long it takes.
    pub duration: Duration,
    /// What lies between minima and maxima of jobs whose prices rise.
    pub rising: Amount,
    /// And of those whose prices fall.
    pub falling: Amount,
}

/// What a lot is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In its auction.
    Open,
    /// Someone's to deliver.
    Locked(LotLease),
    /// Delivered and paid.
    Settled {
        /// By and to whom.
        provider: Hash,
        /// For what.
        price: Amount,
        /// What each job paid, in their order.
        paid: Vec<Amount>,
        /// When.
        at: Time,
    },
    /// Not delivered, and refunded.
    Expired {
        /// When.
        at: Time,
    },
}

/// The time of an event, and what excuses providers: the node's outages, and spans in which inputs of this lot were withheld. Of the database.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a> {
    /// When the event is committed.
    pub now: Time,
    /// Spans that lengthen leases.
    pub excuses: &'a [Interval],
}

/// What happens to a lot.
#[derive(Clone, Debug)]
pub enum Event {
    /// A provider takes it at the price of the moment (Dutch).
    Lock {
        /// Who.
        provider: Admitted,
        /// For no less.
        at_least: Amount,
    },
    /// A provider bids, sealed.
    Commit {
        /// Who.
        provider: Admitted,
        /// What [`velum_market_model::sealed_price`] makes of price and nonce.
        commitment: Hash,
    },
    /// The time of bids is over: no more come.
    Fix,
    /// A bidder opens its bid.
    Reveal {
        /// Who.
        bidder: Hash,
        /// For the whole lot.
        price: Amount,
        /// As committed.
        nonce: Hash,
    },
    /// The time to open bids is over: the lowest has won.
    Award,
    /// The book has found a provider (limit).
    Take {
        /// Who.
        provider: Admitted,
        /// For the whole lot.
        price: Amount,
    },
    /// A valid aggregate of all its presentations.
    Deliver {
        /// From whom.
        provider: Hash,
        /// Of the lease that it is delivered under.
        epoch: Count,
    },
    /// The lease is broken, or ends without fault.
    Fail {
        /// Of the lease.
        epoch: Count,
        /// Why.
        fault: Fault,
    },
    /// Nobody can deliver it in time any more.
    Expire,
}

/// Why a lease ends without a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Its time is over.
    Missed,
    /// The provider has signed a delivery whose proof does not verify.
    BadProof,
    /// Inputs were withheld for so long that it cannot be delivered. Not the provider's fault, so nothing is lost.
    Withheld,
}

/// What a transition says about a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// It holds the lot.
    Locked(Hash),
    /// It has delivered.
    Delivered {
        /// Who.
        provider: Hash,
        /// In the last part of its lease.
        late: bool,
    },
    /// It has failed.
    Failed(Hash),
    /// Its lease ended without its fault.
    Excused(Hash),
    /// It has not opened its bid.
    Unrevealed(Hash),
}

/// A transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The lot after it.
    pub lot: Lot,
    /// The money that goes with it.
    pub transfers: Transfers,
    /// For reputations and shares.
    pub notices: Vec<Notice>,
}

/// Makes one transition of a lot with its money, or nothing.
///
/// # Errors
/// [`Refusal`] of the lot, or of an account that has too little.
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
    /// The lot of a batch with jobs. Deadlines are the earliest of them all; the ramp starts with the latest, and is the shortest.
    pub(crate) fn of(batch: &Batch, now: Time, rules: &Rules) -> Self {
        let jobs = batch.entries.clone();
        let ids: Vec<&[u8]> = jobs.iter().map(|entry| &entry.job.0[..]).collect();
        let id = Hash::of(&[&[&b"velum market v1 lot\0"[..]][..], &ids].concat());
        let minimum = total(jobs.iter().map(|entry| entry.minimum));
        let maximum = total(jobs.iter().map(|entry| entry.maximum));
        let moving = |price_move| {
            let moving = jobs.iter().filter(move |entry| entry.price_move == price_move);
            total(moving.map(|entry| entry.maximum.saturating_sub(entry.minimum)))
        };
        let (rising, falling) = (moving(PriceMove::Rises), moving(PriceMove::Falls));
        let earliest = |time: fn(&Entry) -> Time| jobs.iter().map(time).min().unwrap_or(now);
        let (lock_by, deliver_by) = (earliest(|entry| entry.lock_by), earliest(|entry| entry.deliver_by));
        let start = jobs.iter().map(|entry| entry.ramp_start).fold(now, Time::max).min(lock_by);
        let duration = jobs.iter().map(|entry| entry.ramp).min().unwrap_or(Duration::ZERO);
        let asked = total(jobs.iter().map(|entry| entry.collateral));
        let mut lot = Self {
            id,
            profile: batch.key.profile,
            minimum,
            maximum,
            ramp: LotRamp { start, duration, rising, falling },
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
        };
        lot.ramp.duration = duration.min(lot.last_lock().since(start));
        lot
    }

    /// How many presentations it is.
    #[must_use]
    pub fn count(&self) -> Count {
        Count::new(self.jobs.len() as u64).unwrap_or(Count::MOST)
    }

    /// The price of the moment, which a Dutch auction and a limit go by. All jobs are equally far on their ways.
    #[must_use]
    pub fn price(&self, now: Time) -> Amount {
        let LotRamp { start, duration, rising, falling } = self.ramp;
        let elapsed = now.since(start).min(duration).get();
        let way = |range: Amount| {
            let way = u128::from(range.get()) * u128::from(elapsed) / u128::from(duration.get().max(1));
            if duration == Duration::ZERO { range.get() } else { u64::try_from(way).unwrap_or(range.get()) }
        };
        let price = self.minimum.get() + way(rising) + (falling.get() - way(falling).min(falling.get()));
        Amount::new(price).unwrap_or(self.maximum).min(self.maximum)
    }

    /// The last moment at which it can be locked, so that a whole lease fits before its deadline. Who rescues it needs not keep to the first lock's deadline.
    #[must_use]
    pub fn last_lock(&self) -> Time {
        let latest = self.deliver_by.before(self.lease);
        if self.epoch == Count::ZERO { self.lock_by.min(latest) } else { latest }
    }

    /// The lease, while it is locked.
    #[must_use]
    pub const fn leased(&self) -> Option<&LotLease> {
        match &self.phase {
            Phase::Locked(lease) => Some(lease),
            _ => None,
        }
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Settled { .. } | Phase::Expired { .. })
    }

    /// The transition that an event makes.
    ///
    /// # Errors
    /// [`Refusal`], where it makes none.
    pub fn step(&self, event: &Event, clock: &Clock<'_>, rules: &Rules) -> Result<Step, Refusal> {
        let now = clock.now;
        match event {
            Event::Lock { provider, at_least } => self.lock(provider, *at_least, now),
            Event::Take { provider, price } => self.take(provider, *price, now, rules),
            Event::Commit { provider, commitment } => self.commit(provider, *commitment, now, rules),
            Event::Fix => self.with_sealed(|sealed| sealed.fix(now, rules)),
            Event::Reveal { bidder, price, nonce } => self.reveal(*bidder, *price, nonce, now, rules),
            Event::Award => self.award(now, rules),
            Event::Deliver { provider, epoch } => self.deliver(*provider, *epoch, clock, rules),
            Event::Fail { epoch, fault } => self.fail(*epoch, *fault, clock, rules),
            Event::Expire => self.expire(now),
        }
    }

    fn lock(&self, provider: &Admitted, at_least: Amount, now: Time) -> Result<Step, Refusal> {
        self.check_open()?;
        if !matches!(self.auction, Auction::Dutch) {
            return Err(Refusal::OtherAuction);
        }
        let price = self.price(now);
        if price < at_least {
            return Err(Refusal::PriceBelow { price, at_least });
        }
        self.won(provider, price, now)
    }

    fn take(&self, provider: &Admitted, price: Amount, now: Time, rules: &Rules) -> Result<Step, Refusal> {
        self.check_open()?;
        if !matches!(self.auction, Auction::Limit { .. }) {
            return Err(Refusal::OtherAuction);
        }
        let until = self.auction.opened().map_or(now, |opened| opened.after(rules.standing.exclusive));
        let is_first = self.epoch == Count::ZERO && now < until;
        if is_first && self.seller.is_some_and(|seller| seller != provider.provider()) {
            return Err(Refusal::SellersAlone { until });
        }
        let (minimum, maximum) = (self.minimum, self.price(now));
        if price < minimum || price > maximum {
            return Err(Refusal::PriceOutside { price, minimum, maximum });
        }
        self.won(provider, price, now)
    }

    /// The lot with a provider that has won it and puts up its collateral from its balance.
    fn won(&self, admitted: &Admitted, price: Amount, now: Time) -> Result<Step, Refusal> {
        self.check_lockable(admitted, now)?;
        let provider = admitted.provider();
        let from = Account::Balance(provider);
        let transfers =
            Transfers::one(from, Account::Collateral(self.id), self.collateral, Cause::Collateral);
        Ok(self.locked(provider, price, now, transfers))
    }

    fn commit(
        &self,
        admitted: &Admitted,
        commitment: Hash,
        now: Time,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        self.check_open()?;
        self.check_lockable(admitted, now)?;
        let bidder = admitted.provider();
        let mut step = self.with_sealed(|sealed| {
            let commitment = Commitment { bidder, commitment, at: now, price: None };
            sealed.commit(commitment, now, rules)
        })?;
        let standby = Account::Standby { lot: self.id, bidder };
        step.transfers.add(Account::Balance(bidder), standby, self.collateral, Cause::Collateral);
        Ok(step)
    }

    fn reveal(
        &self,
        bidder: Hash,
        price: Amount,
        nonce: &Hash,
        now: Time,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        let (minimum, maximum) = (self.minimum, self.maximum);
        if price < minimum || price > maximum {
            return Err(Refusal::PriceOutside { price, minimum, maximum });
        }
        self.with_sealed(|sealed| sealed.reveal(&self.id, self.epoch, bidder, price, nonce, now, rules))
    }

    /// The lowest bidder has won, the next ones stand by, and all others have their collateral back but for those who did not open their bids.
    fn award(&self, now: Time, rules: &Rules) -> Result<Step, Refusal> {
        self.check_open()?;
        let Auction::Sealed(sealed) = &self.auction else { return Err(Refusal::OtherAuction) };
        let awarded = sealed.award(self.maximum, now, rules)?;
        let mut transfers = Transfers::none();
        for bidder in &awarded.unrevealed {
            let standby = Account::Standby { lot: self.id, bidder: *bidder };
            let lost = rules.sealed.unrevealed.of(self.collateral);
            transfers.add(standby, Account::Burned, lost, Cause::Unrevealed);
            let rest = self.collateral.saturating_sub(lost);
            transfers.add(standby, Account::Balance(*bidder), rest, Cause::Returned);
        }
        for bidder in &awarded.released {
            self.release(*bidder, &mut transfers);
        }
        let mut lot = Self { auction: Auction::Sealed(awarded.sealed), ..self.clone() };
        let mut step = match lot.next_in_line(now, &mut transfers) {
            Some((provider, price)) => lot.locked(provider, price, now, transfers),
            None => {
                lot.reopen(now);
                Step { lot, transfers, notices: Vec::new() }
            }
        };
        step.notices.extend(awarded.unrevealed.into_iter().map(Notice::Unrevealed));
        Ok(step)
    }

    /// Takes the first that stands by out of the line, its bid's collateral being the lot's from now on. Nobody, where the lot cannot be locked any more; then
    /// all who stand by have theirs back.
    fn next_in_line(&mut self, now: Time, transfers: &mut Transfers) -> Option<(Hash, Amount)> {
        let last_lock = self.last_lock();
        let (id, collateral) = (self.id, self.collateral);
        let Auction::Sealed(Sealed { standbys, .. }) = &mut self.auction else { return None };
        if now > last_lock {
            let released = std::mem::take(standbys);
            released.into_iter().for_each(|standby| self.release(standby.bidder, transfers));
            return None;
        }
        if standbys.is_empty() {
            return None;
        }
        let next = standbys.remove(0);
        let standby = Account::Standby { lot: id, bidder: next.bidder };
        transfers.add(standby, Account::Collateral(id), collateral, Cause::Collateral);
        Some((next.bidder, next.price))
    }

    fn release(&self, bidder: Hash, transfers: &mut Transfers) {
        let standby = Account::Standby { lot: self.id, bidder };
        transfers.add(standby, Account::Balance(bidder), self.collateral, Cause::Returned);
    }

    fn locked(&self, provider: Hash, price: Amount, now: Time, transfers: Transfers) -> Step {
        let epoch = Count::new(self.epoch.get() + 1).unwrap_or(Count::MOST);
        let lease = LotLease {
            provider,
            price,
            epoch,
            from: now,
            deliver_by: now.after(self.lease),
            collateral: self.collateral,
        };
        let lot = Self { epoch, phase: Phase::Locked(lease), ..self.clone() };
        Step { lot, transfers, notices: vec![Notice::Locked(provider)] }
    }

    /// The first valid delivery under the current lease, and in its time, is paid.
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
        let bounds: Vec<_> = self.jobs.iter().map(|entry| (entry.minimum, entry.maximum)).collect();
        let (minimum, maximum) = (self.minimum, self.maximum);
        let outside = Refusal::PriceOutside { price: lease.price, minimum, maximum };
        let paid = split(lease.price, &bounds).ok_or(outside)?;
        let (payee, mut transfers) = (Account::Balance(provider), Transfers::none());
        for (entry, share) in self.jobs.iter().zip(&paid) {
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
        lot.phase = Phase::Settled { provider, price: lease.price, paid, at: clock.now };
        Ok(Step { lot, transfers, notices: vec![Notice::Delivered { provider, late }] })
    }

    /// The lease ends without a delivery: who stands by is next, or the lot is open again.
    fn fail(&self, epoch: Count, fault: Fault, clock: &Clock<'_>, rules: &Rules) -> Result<Step, Refusal> {
        let lease = self.check_locked(epoch)?;
        let ends = lease.ends(clock.excuses);
        if fault == Fault::Missed && clock.now <= ends {
            return Err(Refusal::LeaseRuns { deliver_by: ends });
        }
        if fault != Fault::Missed && clock.now > ends {
            return Err(Refusal::TooLate { deliver_by: ends, now: clock.now });
        }
        let provider = lease.provider;
        let (held, mut transfers, mut lot) = (Account::Collateral(self.id), Transfers::none(), self.clone());
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
            Some((next, price)) => lot.locked(next, price, clock.now, transfers),
            None => {
                lot.reopen(clock.now);
                Step { lot, transfers, notices: Vec::new() }
            }
        };
        step.notices.insert(0, notice);
        Ok(step)
    }

    /// Everyone is refunded, and what was taken for a rescuer is burned.
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

    /// A new auction of the same lot, with the time that is left.
    fn reopen(&mut self, now: Time) {
        self.phase = Phase::Open;
        self.ramp.start = now;
        self.ramp.duration = self.ramp.duration.min(self.last_lock().since(now));
        self.auction = self.auction.again(now);
    }

    fn release_standbys(&mut self, transfers: &mut Transfers) {
        if let Auction::Sealed(sealed) = &mut self.auction {
            let standbys = std::mem::take(&mut sealed.standbys);
            standbys.into_iter().for_each(|standby| self.release(standby.bidder, transfers));
        }
    }

    fn with_sealed(&self, change: impl FnOnce(&Sealed) -> Result<Sealed, Refusal>) -> Result<Step, Refusal> {
        self.check_open()?;
        let Auction::Sealed(sealed) = &self.auction else { return Err(Refusal::OtherAuction) };
        let lot = Self { auction: Auction::Sealed(change(sealed)?), ..self.clone() };
        Ok(Step { lot, transfers: Transfers::none(), notices: Vec::new() })
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
        if self.phase == Phase::Open { Ok(()) } else { Err(Refusal::NotOpen { phase: self.phase_name() }) }
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
            Phase::Open | Phase::Expired { .. } => Err(Refusal::NotLocked { phase: self.phase_name() }),
        }
    }
}

fn total(amounts: impl Iterator<Item = Amount>) -> Amount {
    // A batch takes no job that would bring the sum to 2^53.
    Amount::new(amounts.map(Amount::get).sum::<u64>().min(LIMIT - 1)).unwrap_or(Amount::MOST)
}
