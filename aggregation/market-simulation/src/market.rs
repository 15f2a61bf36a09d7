//! The virtual clock, and what happens on it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use velum_market_model::{Amount, Count, Duration, Hash, Latency, Order, Time};
use velum_market_rules::admission::{self, Admitted, Record, admit};
use velum_market_rules::auction::limit::Book;
use velum_market_rules::{
    Account, Batch, BatchKey, Clock, DemoMoney, Entry, Event, Fault, Gateway, Ledger, Lot, Notice,
    Phase, Refusal, Window, stake, transact,
};

use crate::clients::{self, CLIENTS, DAY, MARKET};
use crate::providers::{self, Conduct, Provider};
use crate::random::Random;
use crate::report::{OfGroup, Report, Tally};
use crate::{Attack, Scenario};

/// The start of a day, which is a midnight.
const START: u64 = 1_800_000_000_000 - 1_800_000_000_000 % 86_400_000;

/// The money that a party begins with.
const WEALTH: Amount = Amount::constant(1_000_000_000_000);

/// What happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// A job comes.
    Arrival,
    /// A batch may have to close.
    Due(BatchKey),
    /// A provider may take an open lot, or the lot expires.
    Look(u64),
    /// Bids are fixed and opened.
    Opening(u64),
    /// The lowest bid wins.
    Award(u64),
    /// A provider delivers.
    Delivery { lot: u64, provider: usize, epoch: Count },
    /// A provider has given up a lot.
    GaveUp(usize),
    /// A lease is over.
    LeaseEnd { lot: u64, epoch: Count },
    /// A provider comes or goes.
    Shift(usize),
}

/// A lot on its way.
pub(crate) struct Running {
    pub(crate) lot: Lot,
    pub(crate) order: Order,
    /// The bidders with price and nonce, while the bids are sealed.
    pub(crate) bids: Vec<(usize, Amount, Hash)>,
}

/// A market during its day.
pub(crate) struct Market<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) random: Random,
    pub(crate) now: Time,
    moments: BinaryHeap<Reverse<(Time, u64, Moment)>>,
    scheduled: u64,
    pub(crate) ledger: Ledger,
    pub(crate) providers: Vec<Provider>,
    by_owner: HashMap<Hash, usize>,
    /// The providers that take another lot, the cheapest first.
    pub(crate) free: BTreeSet<(u64, usize)>,
    pub(crate) book: Book,
    batches: BTreeMap<BatchKey, Batch>,
    submitted: HashMap<Hash, Time>,
    pub(crate) lots: BTreeMap<u64, Running>,
    opened: u64,
    /// The lots that wait in the book.
    pub(crate) waiting: BTreeSet<u64>,
    shares: Window,
    delivered: Window,
    late: Window,
    failed: Window,
    total_stake: u64,
    pub(crate) tally: Tally,
}

/// Simulates a day, and the time after it until every job has come to its end.
#[must_use]
pub fn simulate(scenario: &Scenario) -> Report {
    let mut market = Market::new(scenario);
    market.run();
    market.report()
}

impl<'a> Market<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let mut random = Random::new(scenario.seed);
        let providers = providers::all(&mut random, scenario);
        let (mut ledger, gateway) = (Ledger::default(), DemoMoney { most: WEALTH });
        let mut deposit = |owner| {
            let deposited =
                gateway.deposit(owner, WEALTH).and_then(|transfers| ledger.apply(&transfers));
            deposited.expect("everyone gets demo money");
        };
        (0..CLIENTS).for_each(|client| deposit(clients::key(client).owner()));
        providers.iter().for_each(|provider| deposit(provider.owner));
        for provider in &providers {
            let staked = stake(provider.owner, Amount::constant(provider.stake));
            ledger.apply(&staked).expect("everyone has more than it stakes");
        }
        let records = || Window::new(scenario.rules.admission.record_window);
        let mut market = Self {
            scenario,
            random,
            now: Time::constant(START),
            moments: BinaryHeap::new(),
            scheduled: 0,
            ledger,
            by_owner: providers
                .iter()
                .enumerate()
                .map(|(place, provider)| (provider.owner, place))
                .collect(),
            total_stake: providers.iter().map(|provider| provider.stake).sum(),
            free: BTreeSet::new(),
            book: Book::default(),
            batches: BTreeMap::new(),
            submitted: HashMap::new(),
            lots: BTreeMap::new(),
            opened: 0,
            waiting: BTreeSet::new(),
            shares: Window::new(scenario.rules.admission.window),
            delivered: records(),
            late: records(),
            failed: records(),
            tally: Tally::default(),
            providers,
        };
        for provider in 0..market.providers.len() {
            market.refresh(provider);
            if let Some(from) = market.providers[provider].from {
                for days in 0..3u32 {
                    let shift = f64::from(days) * DAY / 2.0;
                    market.after(
                        (from + shift).rem_euclid(1.5 * DAY).ceil() as u64,
                        Moment::Shift(provider),
                    );
                }
            }
        }
        market.after(0, Moment::Arrival);
        market
    }

    /// Runs until nothing happens any more.
    fn run(&mut self) {
        while let Some(Reverse((time, _, moment))) = self.moments.pop() {
            self.now = time;
            self.happen(moment);
        }
    }

    /// Schedules a moment in this many milliseconds.
    pub(crate) fn after(&mut self, milliseconds: u64, moment: Moment) {
        self.at(self.now.after(Duration::new(milliseconds).unwrap_or(Duration::MOST)), moment);
    }

    /// Schedules a moment. Moments of the same time happen in the order in which they were
    /// scheduled.
    pub(crate) fn at(&mut self, time: Time, moment: Moment) {
        self.scheduled += 1;
        self.moments.push(Reverse((time, self.scheduled, moment)));
    }

    fn since_start(&self) -> f64 {
        (self.now.get() - START) as f64
    }

    fn happen(&mut self, moment: Moment) {
        match moment {
            Moment::Arrival => self.arrival(),
            Moment::Due(key) => self.close(key),
            Moment::Look(lot) => self.look(lot),
            Moment::Opening(lot) => self.open_bids(lot),
            Moment::Award(lot) => self.award(lot),
            Moment::Delivery { lot, provider, epoch } => {
                self.release(provider);
                let owner = self.providers[provider].owner;
                // A delivery after the end of the lease is refused. The end of the lease is
                // scheduled separately.
                let _ = self.step(lot, &Event::Deliver { provider: owner, epoch });
            }
            Moment::GaveUp(provider) => self.release(provider),
            Moment::LeaseEnd { lot, epoch } => {
                // This is refused if the lot was delivered.
                let _ = self.step(lot, &Event::Fail { epoch, fault: Fault::Missed });
            }
            Moment::Shift(provider) => self.refresh(provider),
        }
    }

    fn arrival(&mut self) {
        let since_midnight = self.since_start();
        if since_midnight >= DAY {
            return;
        }
        let wait = clients::until_next(&mut self.random, self.scenario, since_midnight);
        self.after(wait.ceil() as u64, Moment::Arrival);
        let job = clients::job(&mut self.random, self.scenario, self.now);
        let id = job.proof.sha256;
        let Ok(entry) = Entry::new(&job, id, MARKET, self.now, &self.scenario.rules) else {
            return;
        };
        if self.ledger.apply(&entry.paid_ahead()).is_err() {
            return;
        }
        self.submitted.insert(id, self.now);
        self.tally.submitted += 1;
        let key = entry.key;
        if job.latency == Latency::Single {
            self.close_batch(Batch::new(key), Some(entry));
            return;
        }
        let batch = self.batches.remove(&key).unwrap_or_else(|| Batch::new(key));
        let batch = batch.with(entry).expect("a batch closes before it is full");
        let closes_at = batch.closes_at(self.now).unwrap_or(self.now);
        self.batches.insert(key, batch);
        self.at(closes_at, Moment::Due(key));
    }

    fn close(&mut self, key: BatchKey) {
        if let Some(batch) = self.batches.remove(&key) {
            self.close_batch(batch, None);
        }
    }

    /// Closes a batch, after adding a last job if there is one. Keeps the batch if it is not time
    /// to close it.
    fn close_batch(&mut self, batch: Batch, last: Option<Entry>) {
        let rules = &self.scenario.rules;
        let batch = match last {
            Some(entry) => batch.with(entry).expect("an empty batch takes any job"),
            None => batch,
        };
        match batch.close(self.now, rules) {
            Ok((_, lot)) => {
                self.opened += 1;
                let running = Running { lot, order: batch.key.order, bids: Vec::new() };
                self.lots.insert(self.opened, running);
                self.open(self.opened);
            }
            Err(_) => {
                self.batches.insert(batch.key, batch);
            }
        }
    }

    /// Makes a transition of a lot by the rules, and does what follows from it.
    pub(crate) fn step(&mut self, lot: u64, event: &Event) -> Result<(), Refusal> {
        let Some(running) = self.lots.get_mut(&lot) else { return Ok(()) };
        let clock = Clock { now: self.now, excuses: &[] };
        let was_locked = running.lot.leased().is_some();
        let notices =
            transact(&mut self.ledger, &mut running.lot, event, &clock, &self.scenario.rules)?;
        for notice in notices {
            self.notice(lot, notice);
        }
        let running = &self.lots[&lot];
        match &running.lot.phase {
            Phase::Open if was_locked => self.open(lot),
            Phase::Settled { price, .. } => {
                let (now, submitted) = (self.now, &self.submitted);
                let waits =
                    running.lot.jobs.iter().map(|entry| now.since(submitted[&entry.job]).get());
                self.tally.settled(running.order, price.get(), waits);
                self.forget(lot);
            }
            Phase::Expired { .. } => {
                self.tally.expired(running.order, running.lot.count().get());
                self.forget(lot);
            }
            Phase::Open | Phase::Locked(_) => (),
        }
        Ok(())
    }

    fn forget(&mut self, lot: u64) {
        self.waiting.remove(&lot);
        if let Some(running) = self.lots.remove(&lot) {
            running.lot.jobs.iter().for_each(|entry| {
                self.submitted.remove(&entry.job);
            });
        }
    }

    fn notice(&mut self, lot: u64, notice: Notice) {
        let one = Count::constant(1);
        let running = &self.lots[&lot];
        let (order, count, maximum) =
            (running.order, running.lot.count().get(), running.lot.maximum);
        let place = match notice {
            Notice::Locked(owner)
            | Notice::Delivered { provider: owner, .. }
            | Notice::Failed(owner) => self.by_owner[&owner],
            Notice::Excused(_) | Notice::Unrevealed(_) => return,
        };
        match notice {
            Notice::Locked(_) => self.work(lot, place),
            Notice::Delivered { provider: owner, late } => {
                let window = if late { &mut self.late } else { &mut self.delivered };
                window.add(owner, one, self.now);
                self.providers[place].delivered += count;
                self.release_value(place, maximum);
            }
            Notice::Failed(owner) => {
                self.failed.add(owner, one, self.now);
                self.tally.failed(order, self.providers[place].is_attacker);
                self.release_value(place, maximum);
            }
            Notice::Excused(_) | Notice::Unrevealed(_) => (),
        }
    }

    /// Lets a provider that has won a lease work, or not work, as its conduct says.
    fn work(&mut self, lot: u64, place: usize) {
        self.waiting.remove(&lot);
        let running = &self.lots[&lot];
        let Some(lease) = running.lot.leased() else { return };
        let (epoch, deliver_by, price) = (lease.epoch, lease.deliver_by, lease.price.get());
        let (count, maximum) = (running.lot.count().get(), running.lot.maximum.get());
        let provider = &mut self.providers[place];
        provider.held += 1;
        provider.held_value += maximum;
        let cost = provider.cost * count as f64;
        let time = provider.each * count as f64 * self.random.between(0.9, 1.25);
        let gives_up = match provider.conduct {
            Conduct::Failing => true,
            Conduct::LowBall => (price as f64) < cost,
            Conduct::Honest | Conduct::LastMoment => false,
        };
        let fails = self.random.happens(provider.failing);
        let start = if provider.is_serial { provider.works_until.max(self.now) } else { self.now };
        let mut done = start.after(Duration::new(time as u64).unwrap_or(Duration::MOST));
        if !gives_up {
            provider.works_until = done;
            provider.worked += time;
            provider.spent += cost;
        }
        if provider.conduct == Conduct::LastMoment {
            let before = self.random.between(0.0, 60_000.0) as u64;
            done = done.max(deliver_by.before(Duration::constant(before)));
        }
        let operator = provider.owner;
        self.shares.add(operator, Count::constant(count), self.now);
        self.at(deliver_by.after(Duration::constant(1)), Moment::LeaseEnd { lot, epoch });
        if gives_up {
            self.release(place);
        } else if fails {
            self.at(done, Moment::GaveUp(place));
        } else {
            self.at(done, Moment::Delivery { lot, provider: place, epoch });
        }
        self.refresh(place);
    }

    /// Frees a machine of a provider that has delivered a lot, has given it up, or no longer bids
    /// for it.
    pub(crate) fn release(&mut self, provider: usize) {
        self.providers[provider].held -= 1;
        self.refresh(provider);
    }

    /// Takes a lease or a bid out of the value that a provider holds.
    pub(crate) fn release_value(&mut self, provider: usize, maximum: Amount) {
        self.providers[provider].held_value -= maximum.get();
    }

    pub(crate) fn place_of(&self, owner: &Hash) -> Option<usize> {
        self.by_owner.get(owner).copied()
    }

    /// Lists a provider as free, or removes it from the list.
    pub(crate) fn refresh(&mut self, place: usize) {
        let since_midnight = self.since_start().rem_euclid(DAY);
        let provider = &self.providers[place];
        let (entry, is_free) = ((provider.ask, place), provider.is_free(since_midnight));
        if is_free && self.free.insert(entry) {
            self.quote(place);
        } else if !is_free && self.free.remove(&entry) {
            let id = self.providers[place].owner;
            self.book.withdraw(&id);
        }
    }

    pub(crate) fn admit(&mut self, place: usize, lot: u64) -> Result<Admitted, Refusal> {
        let lot = &self.lots[&lot].lot;
        let provider = &self.providers[place];
        let owner = provider.owner;
        let count = |window: &mut Window| {
            window.forget(self.now);
            window.of(&owner)
        };
        let record = Record {
            delivered: count(&mut self.delivered),
            late: count(&mut self.late),
            failed: count(&mut self.failed),
        };
        let operator_count = count(&mut self.shares);
        let admitted = admit(
            &admission::Provider {
                owner,
                allow_listed: self.scenario.allow_list,
                stake: self.ledger.held(Account::Stake(owner)),
                // The market knows names, and does not know who is behind them.
                operator_stake: self.ledger.held(Account::Stake(owner)),
                total_stake: Amount::constant(self.total_stake),
                operator_count,
                total_count: self.shares.total(),
                held_value: Amount::new(provider.held_value).unwrap_or(Amount::MOST),
                record,
            },
            lot,
            &self.scenario.rules,
        );
        match &admitted {
            Err(Refusal::Share { .. }) => self.tally.refused_shares += 1,
            Err(Refusal::Value { .. }) => self.tally.refused_values += 1,
            _ => (),
        }
        admitted
    }

    fn report(self) -> Report {
        let operators =
            self.providers.iter().map(|provider| provider.operator).max().unwrap_or(0) + 1;
        let mut delivered = vec![0u64; operators];
        let (mut worked, mut there, mut groups) =
            (0.0, 0.0, [OfGroup::default(), OfGroup::default()]);
        for provider in &self.providers {
            delivered[provider.operator] += provider.delivered;
            let machines = if provider.is_serial { 1 } else { provider.slots };
            worked += provider.worked;
            there += machines as f64 * if provider.from.is_some() { DAY / 2.0 } else { DAY };
            let group = &mut groups[usize::from(provider.is_attacker)];
            let has = self.ledger.held(Account::Balance(provider.owner)).get()
                + self.ledger.held(Account::Stake(provider.owner)).get();
            group.profit += has as f64 - WEALTH.get() as f64 - provider.spent;
            group.delivered += provider.delivered;
        }
        for (group, failed) in groups.iter_mut().zip(self.tally.failed) {
            group.failed = failed;
        }
        let total = delivered.iter().sum::<u64>().max(1) as f64;
        let shares: Vec<f64> = delivered.iter().map(|count| *count as f64 / total).collect();
        let [honest, attack] = groups;
        let (refused_shares, refused_values) =
            (self.tally.refused_shares, self.tally.refused_values);
        let attack_share = if self.scenario.attack == Attack::None {
            0.0
        } else {
            attack.delivered as f64 / total
        };
        let submitted = self.tally.submitted;
        let (orders, all) = self.tally.lines();
        Report {
            submitted,
            orders,
            all,
            utilisation: worked / there,
            herfindahl: shares.iter().map(|share| share * share).sum(),
            largest_share: shares.iter().copied().fold(0.0, f64::max),
            attack_share,
            honest,
            attack,
            refused_shares,
            refused_values,
            burned: self.ledger.held(Account::Burned).get(),
            fees: self.ledger.held(Account::Fees).get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(attack: Attack) -> Scenario {
        Scenario { jobs: 20_000, providers: 60, attack, ..Scenario::default() }
    }

    #[test]
    fn a_day_is_the_same_each_time_and_another_under_another_seed() {
        let report = |seed| {
            let report = simulate(&Scenario { seed, ..scenario(Attack::None) });
            serde_json::to_string(&report).unwrap()
        };
        assert_eq!(report(1), report(1));
        assert_ne!(report(1), report(2));
    }

    #[test]
    fn every_job_of_a_day_ends_and_nothing_is_held_for_it() {
        for attack in [
            Attack::None,
            Attack::LowBall(20),
            Attack::FailAfterLock(20),
            Attack::LastMoment(20),
            Attack::Names(4),
        ] {
            let scenario = scenario(attack);
            let mut market = Market::new(&scenario);
            market.run();
            assert_eq!(market.ledger.accounts().map(|(_, balance)| balance).sum::<i64>(), 0);
            for (account, balance) in market.ledger.accounts() {
                let is_held = matches!(
                    account,
                    Account::Escrow(_)
                        | Account::Standby { .. }
                        | Account::Collateral(_)
                        | Account::Rescue(_)
                );
                assert!(!is_held, "{attack:?}: {account} holds {balance}");
            }
            assert!(market.lots.is_empty() && market.batches.is_empty(), "{attack:?}");
            let report = market.report();
            assert!(report.submitted > 15_000);
            assert_eq!(report.submitted, report.all.settled + report.all.expired, "{attack:?}");
            assert_eq!(report.all.settled, report.honest.delivered + report.attack.delivered);
        }
    }

    #[test]
    fn who_locks_and_fails_loses_more_than_it_costs_others() {
        let report = simulate(&scenario(Attack::FailAfterLock(20)));
        assert!(report.attack.failed > 0 && report.attack.delivered == 0);
        assert!(report.attack.profit < 0.0);
        assert_eq!(report.all.expired, 0);
    }
}
