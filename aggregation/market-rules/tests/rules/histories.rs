//! Random histories of clients and providers. Whatever they do and when, no money is lost or
//! created, and every job comes to an end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use velum_market_model::*;
use velum_market_rules::admission::admit;
use velum_market_rules::auction::Auction;
use velum_market_rules::*;

use crate::world::{MINUTE, World, hash, key, owner, provider_of};

const CLIENTS: u8 = 4;
const PROVIDERS: [u8; 5] = [10, 11, 12, 13, 14];

/// One act of a participant, or of time.
#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Submit {
        client: u8,
        order: u8,
        single: bool,
        range: u64,
        company: u64,
    },
    /// A cancellation by the job's owner, or by another client.
    Cancel {
        batch: usize,
        job: usize,
        other: Option<u8>,
    },
    Lock {
        lot: usize,
        provider: usize,
    },
    Commit {
        lot: usize,
        provider: usize,
        price: u64,
    },
    /// All bidders but one open their bids.
    Reveal {
        lot: usize,
        but: usize,
    },
    Take {
        lot: usize,
        provider: usize,
        price: u64,
    },
    /// A delivery by the holder of the lease or by another provider, under the current epoch or an
    /// earlier one.
    Deliver {
        lot: usize,
        other: Option<usize>,
        back: u64,
    },
    Fail {
        lot: usize,
        back: u64,
        fault: u8,
    },
    Outage(u64),
    Withdraw {
        party: u8,
        amount: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (lot, provider) = (0..6usize, 0..PROVIDERS.len());
    prop_oneof![
        3 => (0..2 * MINUTE).prop_map(Act::Wait),
        1 => (0..20 * MINUTE).prop_map(Act::Wait),
        4 => (1..=CLIENTS, 0..3u8, proptest::bool::weighted(0.2), 0..2000u64, 1..6u64).prop_map(
            |(client, order, single, range, company)| Act::Submit { client, order, single, range, company }
        ),
        2 => (0..3usize, 0..3usize, proptest::option::weighted(0.2, 1..=CLIENTS)).prop_map(|(batch, job, other)| Act::Cancel { batch, job, other }),
        3 => (lot.clone(), provider.clone()).prop_map(|(lot, provider)| Act::Lock { lot, provider }),
        4 => (lot.clone(), provider.clone(), 0..3000u64).prop_map(|(lot, provider, price)| Act::Commit { lot, provider, price }),
        4 => (lot.clone(), provider.clone()).prop_map(|(lot, provider)| Act::Reveal { lot, but: provider }),
        3 => (lot.clone(), provider.clone(), 0..3000u64).prop_map(|(lot, provider, price)| Act::Take { lot, provider, price }),
        5 => (lot.clone(), proptest::option::weighted(0.2, provider), back()).prop_map(|(lot, other, back)| Act::Deliver { lot, other, back }),
        2 => (lot, back(), 0..3u8).prop_map(|(lot, back, fault)| Act::Fail { lot, back, fault }),
        1 => (0..10 * MINUTE).prop_map(Act::Outage),
        1 => (1..15u8, 0..5_000_000u64).prop_map(|(party, amount)| Act::Withdraw { party, amount }),
    ]
}

fn back() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0u64), 1 => 1..3u64]
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq)]
struct End {
    cancelled: u64,
    expired: u64,
    paid: Vec<u64>,
}

struct History {
    world: World,
    batches: Vec<Batch>,
    lots: Vec<Lot>,
    /// The maximum price of each job, and what became of it.
    jobs: BTreeMap<Hash, (u64, End)>,
    /// The prices of sealed bids, by lot, epoch, auction and bidder.
    bids: BTreeMap<(Hash, Count, Time, Hash), u64>,
}

impl History {
    fn new() -> Self {
        let mut world = World::new(|settings| {
            (settings.sealed.commit, settings.sealed.reveal) =
                (Duration::constant(5 * MINUTE), Duration::constant(5 * MINUTE));
            settings.batch = BatchRules { target: Count::constant(3), most: Count::constant(6) };
        });
        (1..=CLIENTS).chain(PROVIDERS).for_each(|party| world.fund(owner(party)));
        Self {
            world,
            batches: Vec::new(),
            lots: Vec::new(),
            jobs: BTreeMap::new(),
            bids: BTreeMap::new(),
        }
    }

    fn now(&self) -> Time {
        Time::constant(self.world.now)
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Wait(milliseconds) => self.world.now += milliseconds,
            Act::Outage(milliseconds) => {
                let from = self.now();
                self.world.now += milliseconds;
                self.world.excuses.push(Interval { from, until: self.now() });
            }
            Act::Submit { client, order, single, range, company } => {
                self.submit(client, order, single, range, company);
            }
            Act::Cancel { batch, job, other } => self.cancel(batch, job, other),
            Act::Withdraw { party, amount } => {
                let gateway = DemoMoney { most: Amount::MOST };
                let transfers = gateway.withdraw(owner(party), Amount::constant(amount)).unwrap();
                // The ledger refuses this if the party does not have the money.
                let _ = self.world.ledger.apply(&transfers);
            }
            Act::Lock { lot, provider } => self.with_admission(lot, provider, |_, provider| {
                Event::Lock { provider, at_least: Amount::ZERO }
            }),
            Act::Take { lot, provider, price } => {
                self.with_admission(lot, provider, |_, provider| Event::Take {
                    provider,
                    price: Amount::constant(price),
                })
            }
            Act::Commit { lot, provider, price } => self.commit(lot, provider, price),
            Act::Reveal { lot, but } => {
                (0..PROVIDERS.len())
                    .filter(|provider| *provider != but)
                    .for_each(|provider| self.reveal(lot, provider));
            }
            Act::Deliver { lot, other, back } => {
                let Some((place, epoch)) = self.epoch(lot, back) else { return };
                let holder = self.lots[place].leased().map(|lease| lease.provider);
                let provider =
                    other.map(|other| owner(PROVIDERS[other])).or(holder).unwrap_or_default();
                self.step(place, Event::Deliver { provider, epoch });
            }
            Act::Fail { lot, back, fault } => {
                let Some((place, epoch)) = self.epoch(lot, back) else { return };
                let holder =
                    self.lots[place].leased().map(|lease| lease.provider).unwrap_or_default();
                let bad_proof = Fault::BadProof { provider: holder };
                let fault = [Fault::Missed, bad_proof, Fault::Withheld][usize::from(fault)];
                self.step(place, Event::Fail { epoch, fault });
            }
        }
        self.close_batches();
        self.tick();
        self.check_money();
    }

    /// A lot, which in most cases is not over.
    fn place(&self, number: usize) -> Option<usize> {
        let live: Vec<_> =
            (0..self.lots.len()).filter(|place| !self.lots[*place].is_over()).collect();
        let places =
            if number == 0 || live.is_empty() { (0..self.lots.len()).collect() } else { live };
        places.get(number % places.len().max(1)).copied()
    }

    fn epoch(&self, number: usize, back: u64) -> Option<(usize, Count)> {
        let place = self.place(number)?;
        Some((place, self.lots[place].epoch.saturating_sub(Count::constant(back))))
    }

    fn submit(&mut self, client: u8, order: u8, single: bool, range: u64, company: u64) {
        let entry = self.world.entry(|job| {
            job.submitter = key(client);
            job.offer.order = [Order::Dutch, Order::Sealed, Order::Limit][usize::from(order)];
            job.offer.maximum = Amount::constant(100 + range);
            job.offer.lock_by = job.offer.lock_by.after(Duration::constant(4 * 60 * MINUTE));
            job.offer.deliver_by = job.offer.deliver_by.after(Duration::constant(4 * 60 * MINUTE));
            if job.offer.order == Order::Limit && range.is_multiple_of(2) {
                job.offer.ramp.price = PriceMove::Falls;
            }
            job.latency = if single {
                Latency::Single
            } else {
                let max_wait = Duration::constant(range * 300);
                Latency::Aggregated { max_wait, min_batch: Count::constant(company) }
            };
        });
        let entry = entry.unwrap();
        if self.world.ledger.apply(&entry.paid_ahead()).is_err() {
            return;
        }
        self.jobs.insert(entry.job, (entry.maximum.get(), End::default()));
        let fitting = self.batches.iter_mut().find_map(|batch| {
            let with = batch.with(entry.clone()).ok()?;
            Some((batch, with))
        });
        match fitting {
            Some((batch, with)) => *batch = with,
            None => self.batches.push(Batch::new(entry.key).with(entry).unwrap()),
        }
    }

    fn cancel(&mut self, batch: usize, job: usize, other: Option<u8>) {
        // The newest batches are open most of the time.
        let Some(batch) = self.batches.iter_mut().rev().nth(batch) else { return };
        let Some(entry) = batch.entries.get(job).cloned() else { return };
        let by = other.map_or(entry.owner, owner);
        if let Ok((without, refund)) = batch.without(entry.job, by) {
            assert!(batch.lot.is_none() && entry.owner == by);
            self.world.ledger.apply(&refund).unwrap();
            *batch = without;
            self.jobs.get_mut(&entry.job).unwrap().1.cancelled += 1;
        }
    }

    fn close_batches(&mut self) {
        let now = self.now();
        for batch in &mut self.batches {
            if let Ok((closed, lot)) = batch.close(now, &self.world.rules) {
                self.lots.push(lot);
                *batch = closed;
            }
        }
    }

    /// What a node does by itself once it notices that the time has come. It notices no missed
    /// leases here. `Fail` does that.
    fn tick(&mut self) {
        for lot in 0..self.lots.len() {
            self.step(lot, Event::Fix);
            self.step(lot, Event::Award);
            self.step(lot, Event::Expire);
        }
    }

    fn with_admission(
        &mut self,
        lot: usize,
        provider: usize,
        event: impl Fn(&Lot, admission::Admitted) -> Event,
    ) {
        let Some(lot) = self.place(lot) else { return };
        let found = &self.lots[lot];
        let admitted =
            admit(&provider_of(owner(PROVIDERS[provider])), found, &self.world.rules).unwrap();
        let event = event(found, admitted);
        self.step(lot, event);
    }

    fn commit(&mut self, lot: usize, provider: usize, price: u64) {
        let bidder = owner(PROVIDERS[provider]);
        let Some(found) = self.place(lot).map(|place| &self.lots[place]) else { return };
        self.bids.entry((found.id, found.epoch, found.auction.opened(), bidder)).or_insert(price);
        let commitment = sealed_price(
            &found.id,
            found.epoch,
            &bidder,
            Amount::constant(price),
            &hash(PROVIDERS[provider]),
        );
        self.with_admission(lot, provider, |_, provider| Event::Commit { provider, commitment });
    }

    fn reveal(&mut self, lot: usize, provider: usize) {
        let bidder = owner(PROVIDERS[provider]);
        let Some(lot) = self.place(lot) else { return };
        let found = &self.lots[lot];
        let key = (found.id, found.epoch, found.auction.opened(), bidder);
        let Some(price) = self.bids.get(&key) else { return };
        let (price, nonce) = (Amount::constant(*price), hash(PROVIDERS[provider]));
        self.step(lot, Event::Reveal { bidder, price, nonce });
    }

    /// Makes a transition if the rules allow it, and checks the result.
    fn step(&mut self, place: usize, event: Event) {
        let now = self.now();
        let Some(lot) = self.lots.get_mut(place) else { return };
        let before = lot.clone();
        if self.world.step(lot, event.clone()).is_err() {
            return;
        }
        assert!(!before.is_over(), "what is over stays so");
        assert!(lot.epoch >= before.epoch);
        if let Event::Deliver { provider, epoch } = event {
            let lease = before.leased().unwrap();
            assert_eq!((lease.provider, lease.epoch), (provider, epoch));
            assert!(now <= lease.ends(&self.world.excuses));
            let Phase::Settled { price, paid, .. } = &lot.phase else { panic!("{lot:?}") };
            assert_eq!(paid.iter().map(|amount| amount.get()).sum::<u64>(), price.get());
            for (entry, amount) in lot.jobs.iter().zip(paid) {
                assert!(entry.minimum <= *amount);
                self.jobs.get_mut(&entry.job).unwrap().1.paid.push(amount.get());
            }
        }
        if matches!(lot.phase, Phase::Expired { .. }) {
            for entry in &lot.jobs {
                self.jobs.get_mut(&entry.job).unwrap().1.expired += 1;
            }
        }
        if let (Auction::Sealed(sealed), Some(lease)) = (&lot.auction, lot.leased()) {
            assert!(sealed.standbys.iter().all(|standby| standby.price >= lease.price));
        }
    }

    fn check_money(&self) {
        assert_eq!(self.world.ledger.accounts().map(|(_, balance)| balance).sum::<i64>(), 0);
        for (account, balance) in self.world.ledger.accounts() {
            assert!(balance > 0 || account == Account::Outside, "{account} holds {balance}");
        }
    }

    /// Lets time run out.
    fn end(&mut self) {
        for _ in 0..40 {
            self.world.now += 60 * MINUTE;
            self.close_batches();
            for lot in 0..self.lots.len() {
                let epoch = self.lots[lot].epoch;
                self.step(lot, Event::Fail { epoch, fault: Fault::Missed });
            }
            self.tick();
        }
        self.check_money();
        assert!(self.lots.iter().all(Lot::is_over));
        for (job, (maximum, end)) in &self.jobs {
            let ends = end.cancelled + end.expired + end.paid.len() as u64;
            assert_eq!(ends, 1, "{job}: {end:?}");
            assert!(end.paid.iter().all(|paid| paid <= maximum));
            assert_eq!(self.world.held(Account::Escrow(*job)), 0);
        }
        // Nothing is held for lots any more.
        for (account, balance) in self.world.ledger.accounts() {
            let remains = matches!(
                account,
                Account::Outside | Account::Balance(_) | Account::Fees | Account::Burned
            );
            assert!(remains, "{account} holds {balance}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_every_job_ends(acts in proptest::collection::vec(act(), 1..150)) {
        let mut history = History::new();
        acts.into_iter().for_each(|act| history.act(act));
        history.end();
    }
}

#[test]
fn histories_reach_every_kind_of_end() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};

    // The property above says little about ends that never happen.
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let (mut cancelled, mut expired, mut paid, mut failed, mut by_sealed) = (0, 0, 0, 0, 0);
    for _ in 0..100 {
        let acts = proptest::collection::vec(act(), 300).new_tree(&mut runner).unwrap().current();
        let mut history = History::new();
        acts.into_iter().for_each(|act| history.act(act));
        history.end();
        for (_, end) in history.jobs.values() {
            cancelled += end.cancelled;
            expired += end.expired;
            paid += end.paid.len();
        }
        failed += history.lots.iter().map(|lot| lot.failed.len()).sum::<usize>();
        let settled = |lot: &&Lot| {
            matches!((&lot.auction, &lot.phase), (Auction::Sealed(_), Phase::Settled { .. }))
        };
        by_sealed += history.lots.iter().filter(settled).count();
    }
    assert!(
        cancelled > 20 && expired > 20 && paid > 20 && failed > 20 && by_sealed > 2,
        "{cancelled} {expired} {paid} {failed} {by_sealed}"
    );
}
