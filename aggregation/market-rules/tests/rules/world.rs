//! A market with money, clients and providers.

use velum_market_model::*;
use velum_market_rules::admission::{Admitted, Provider, Record, admit};
use velum_market_rules::*;

/// The time at which everything starts.
pub const NOON: u64 = 1_800_000_000_000;
pub const MINUTE: u64 = 60_000;
/// The market that all messages are for.
pub const MARKET: Hash = Hash([0x3a; 32]);
/// The balance that everyone begins with.
pub const WEALTH: u64 = 100_000_000;

#[derive(Clone)]
pub struct World {
    pub rules: Rules,
    pub ledger: Ledger,
    pub now: u64,
    pub excuses: Vec<Interval>,
    jobs: u8,
}

impl World {
    pub fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::from(Rules::default());
        change(&mut settings);
        Self {
            rules: Rules::new(settings).unwrap(),
            ledger: Ledger::default(),
            now: NOON,
            excuses: Vec::new(),
            jobs: 0,
        }
    }

    /// A job of client 1 that pays 100 to 900. It waits ten minutes for company, its price rises
    /// within five minutes, and it is locked within one hour and delivered within three.
    pub fn job(&mut self, change: impl FnOnce(&mut Job)) -> (Job, Hash) {
        self.jobs += 1;
        let at = |minutes| Time::constant(self.now + minutes * MINUTE);
        let mut job = Job {
            market: MARKET,
            proof: ProofReference { sha256: hash(self.jobs), length: Count::constant(310_330) },
            proof_system: ProofSystem {
                name: ProofSystemName::try_from("velum aggregatable 6".to_owned()).unwrap(),
                keys: hash(0),
            },
            size_class: SizeClass::Standard,
            statement: hash(self.jobs),
            offer: Offer {
                order: Order::Dutch,
                minimum: Amount::constant(100),
                maximum: Amount::constant(900),
                ramp: Ramp {
                    start: at(0),
                    duration: Duration::constant(5 * MINUTE),
                    price: PriceMove::Rises,
                },
                lock_by: at(60),
                deliver_by: at(180),
                collateral: Amount::ZERO,
            },
            profile: Profile::Standard,
            latency: Latency::Aggregated {
                max_wait: Duration::constant(10 * MINUTE),
                min_batch: Count::constant(2),
            },
            standing_order: None,
            idempotency_key: IdempotencyKey::try_from(format!("job {:>16}", self.jobs)).unwrap(),
            submitter: key(1),
        };
        change(&mut job);
        let id = id(&job).unwrap();
        (job, id)
    }

    pub fn entry(&mut self, change: impl FnOnce(&mut Job)) -> Result<Entry, Refusal> {
        let (job, id) = self.job(change);
        Entry::new(&job, id, MARKET, Time::constant(self.now), &self.rules)
    }

    /// A lot of this number of jobs, which starts now and is paid for by its clients.
    pub fn lot(&mut self, jobs: usize, change: impl Fn(&mut Job)) -> Lot {
        self.lot_of(&vec![&change as &dyn Fn(&mut Job); jobs])
    }

    /// A lot of jobs that differ.
    pub fn lot_of(&mut self, jobs: &[&dyn Fn(&mut Job)]) -> Lot {
        let mut batch: Option<Batch> = None;
        for change in jobs {
            let entry = self.entry(|job| {
                job.latency =
                    Latency::Aggregated { max_wait: Duration::ZERO, min_batch: Count::constant(1) };
                change(job);
            });
            let entry = entry.unwrap();
            self.fund(entry.owner);
            self.ledger.apply(&entry.paid_ahead()).unwrap();
            let into = batch.unwrap_or_else(|| Batch::new(entry.key));
            batch = Some(into.with(entry).unwrap());
        }
        batch.unwrap().close(Time::constant(self.now), &self.rules).unwrap().1
    }

    pub fn fund(&mut self, owner: Hash) {
        let gateway = DemoMoney { most: Amount::MOST };
        let missing = WEALTH.saturating_sub(self.ledger.held(Account::Balance(owner)).get());
        if missing > 0 {
            self.ledger.apply(&gateway.deposit(owner, Amount::constant(missing)).unwrap()).unwrap();
        }
    }

    /// The admission of a provider that has everything it needs.
    pub fn admitted(&mut self, provider: u8, lot: &Lot) -> Admitted {
        let owner = key(provider).owner();
        self.fund(owner);
        admit(&provider_of(owner), lot, &self.rules).unwrap()
    }

    pub fn step(&mut self, lot: &mut Lot, event: Event) -> Result<Vec<Notice>, Refusal> {
        let clock = Clock { now: Time::constant(self.now), excuses: &self.excuses };
        let before = (self.ledger.clone(), lot.clone());
        let result = transact(&mut self.ledger, lot, &event, &clock, &self.rules);
        assert_eq!(self.ledger.accounts().map(|(_, balance)| balance).sum::<i64>(), 0);
        if result.is_err() {
            assert_eq!(before, (self.ledger.clone(), lot.clone()));
        }
        // A node loads what it has stored.
        assert_eq!(
            serde_json::from_str::<Lot>(&serde_json::to_string(lot).unwrap()).unwrap(),
            *lot
        );
        result
    }

    pub fn lock(&mut self, lot: &mut Lot, provider: u8) -> Result<Vec<Notice>, Refusal> {
        let provider = self.admitted(provider, lot);
        self.step(lot, Event::Lock { provider, at_least: Amount::ZERO })
    }

    pub fn deliver(
        &mut self,
        lot: &mut Lot,
        provider: u8,
        epoch: u64,
    ) -> Result<Vec<Notice>, Refusal> {
        let provider = key(provider).owner();
        self.step(lot, Event::Deliver { provider, epoch: Count::constant(epoch) })
    }

    pub fn fail(
        &mut self,
        lot: &mut Lot,
        epoch: u64,
        fault: Fault,
    ) -> Result<Vec<Notice>, Refusal> {
        self.step(lot, Event::Fail { epoch: Count::constant(epoch), fault })
    }

    pub fn later(&mut self, minutes: u64) {
        self.now += minutes * MINUTE;
    }

    /// Moves the clock just past the lease of a lot.
    pub fn after_lease(&mut self, lot: &Lot) {
        self.now = lot.leased().unwrap().ends(&self.excuses).get() + 1;
    }

    /// Moves the clock just past the last moment to lock a lot.
    pub fn after_lock(&mut self, lot: &Lot) {
        self.now = lot.last_lock().get() + 1;
    }

    pub fn balance(&self, party: u8) -> u64 {
        self.ledger.held(Account::Balance(key(party).owner())).get()
    }

    pub fn held(&self, account: Account) -> u64 {
        self.ledger.held(account).get()
    }
}

pub fn provider_of(owner: Hash) -> Provider {
    Provider {
        owner,
        allow_listed: true,
        stake: Amount::constant(2_000_000),
        operator_stake: Amount::constant(2_000_000),
        total_stake: Amount::constant(20_000_000),
        operator_count: Count::ZERO,
        total_count: Count::ZERO,
        held_value: Amount::ZERO,
        record: Record { delivered: Count::constant(10), ..Record::default() },
    }
}

/// A delivery that does not verify.
pub fn bad_proof(provider: u8) -> Fault {
    Fault::BadProof { provider: owner(provider) }
}

pub fn key(party: u8) -> Key {
    Key::Ed25519([party; 32])
}

pub fn owner(party: u8) -> Hash {
    key(party).owner()
}

pub fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}
