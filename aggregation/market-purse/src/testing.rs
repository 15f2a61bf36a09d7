//! A market in memory, one that loses answers, and vaults that fail as a killed process does.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_executor::block_on;
use serde::Serialize;
use velum_market_client::api::{AccountStatus, JobState, JobStatus, MarketInfo, Problem};
use velum_market_client::{HttpRequest, HttpResponse, JOB_UNKNOWN, Network, Node, Unreachable};
use velum_market_credit::Issuer;
use velum_market_model::{
    Algorithm, Amount, Count, CreditKey, CreditOrder, Hash, Issued, Query, Redemption, SecretKey,
    Signed, Time,
};
use velum_market_rules::credit;
use zeroize::Zeroizing;

use super::*;

/// A time in the middle of an epoch.
pub(crate) const NOW: u64 = credit::EPOCH.get() * 20 + credit::EPOCH.get() / 2;
pub(crate) const NOW_TIME: Time = Time::constant(NOW);
pub(crate) const VALUE: u64 = credit::VALUE.get();
/// What the account has at the beginning.
pub(crate) const MONEY: u64 = 40 * VALUE;

pub(crate) fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).unwrap()
}

/// The money of a market, behind a network that has faults.
pub(crate) struct Bank {
    pub(crate) key: SecretKey,
    /// The seed of the keys of its epochs.
    pub(crate) seed: Cell<u8>,
    /// The seed of the key that it shows, if that is another one.
    pub(crate) shown: Cell<Option<u8>>,
    /// How far the market's clock is ahead of the client's.
    pub(crate) ahead: Cell<u64>,
    pub(crate) now: Cell<u64>,
    pub(crate) balances: RefCell<BTreeMap<Hash, u64>>,
    pub(crate) issued: RefCell<BTreeMap<Hash, Issued>>,
    pub(crate) redeemed: RefCell<BTreeSet<Hash>>,
    pub(crate) spent: RefCell<BTreeSet<Hash>>,
    /// Jobs that have not ended.
    pub(crate) open: RefCell<BTreeSet<Hash>>,
    pub(crate) used: Cell<u64>,
    /// The requests that arrived, each with its path and signer.
    pub(crate) asked: RefCell<Vec<(String, Option<Hash>)>>,
    /// The numbers of the requests whose answers are lost.
    pub(crate) lost: RefCell<Vec<usize>>,
    /// Whether redemptions are held back until they are let through.
    pub(crate) is_slow: Cell<bool>,
    pub(crate) late: RefCell<Option<HttpRequest>>,
}

impl Bank {
    pub(crate) fn new() -> Self {
        let bank = Self {
            key: secret(9),
            seed: Cell::new(7),
            shown: Cell::default(),
            ahead: Cell::default(),
            now: Cell::new(NOW),
            balances: RefCell::default(),
            issued: RefCell::default(),
            redeemed: RefCell::default(),
            spent: RefCell::default(),
            open: RefCell::default(),
            used: Cell::default(),
            asked: RefCell::default(),
            lost: RefCell::default(),
            is_slow: Cell::default(),
            late: RefCell::default(),
        };
        bank.balances.borrow_mut().insert(secret(1).public().owner(), MONEY);
        bank
    }

    pub(crate) fn id(&self) -> Hash {
        self.key.public().owner()
    }

    /// The client's time.
    pub(crate) fn time(&self) -> Time {
        Time::new(self.now.get()).unwrap()
    }

    fn its_time(&self) -> Time {
        Time::new(self.now.get() + self.ahead.get()).unwrap()
    }

    fn issuer(&self, epoch: Count) -> Issuer {
        Issuer::new(&[self.seed.get(); 32], epoch).unwrap()
    }

    pub(crate) fn credit_key(&self) -> Signed<CreditKey> {
        let epoch = credit::epoch_at(self.its_time());
        let (issued_until, redeemed_until) = credit::ends_of(epoch);
        let (element, value) = (
            Issuer::new(&[self.shown.get().unwrap_or(self.seed.get()); 32], epoch)
                .unwrap()
                .public(),
            credit::VALUE,
        );
        let node = self.key.public();
        let key = CreditKey { epoch, element, value, issued_until, redeemed_until, node };
        Signed::sign(key, &self.key).unwrap()
    }

    fn order(&self, order: &Signed<CreditOrder>) -> Result<Issued, Problem> {
        let CreditOrder { epoch, blinded, owner, .. } = order.message();
        let id = velum_market_model::id(order.message()).unwrap();
        if let Some(issued) = self.issued.borrow().get(&id) {
            return Ok(issued.clone());
        }
        if *epoch != credit::epoch_at(self.its_time()) {
            return Err(problem(EPOCH_IS_OVER, "over"));
        }
        let price = blinded.len() as u64 * VALUE;
        let mut balances = self.balances.borrow_mut();
        let balance = balances.entry(owner.owner()).or_default();
        *balance =
            balance.checked_sub(price).ok_or_else(|| problem("not_enough", "it has less"))?;
        let issued = self.issuer(*epoch).issue(blinded, &mut rand_core::OsRng).unwrap();
        self.issued.borrow_mut().insert(id, issued.clone());
        Ok(issued)
    }

    fn redeem(&self, redemption: &Signed<Redemption>) -> Result<AccountStatus, Problem> {
        let Redemption { market, epoch, tokens, owner } = redemption.message();
        let id = velum_market_model::id(redemption.message()).unwrap();
        let owner = owner.owner();
        if !credit::is_redeemed(*epoch, self.its_time()) {
            return Err(problem(EPOCH_IS_OVER, "over"));
        }
        if !self.redeemed.borrow().contains(&id) {
            if let Some(token) =
                tokens.iter().find(|token| self.spent.borrow().contains(&token.nonce))
            {
                return Err(problem(SPENT, &token.nonce.to_string()));
            }
            self.issuer(*epoch)
                .check(tokens, *market, owner)
                .map_err(|error| problem("credit_invalid", &error.to_string()))?;
            self.redeemed.borrow_mut().insert(id);
            self.spent.borrow_mut().extend(tokens.iter().map(|token| token.nonce));
            *self.balances.borrow_mut().entry(owner).or_default() += tokens.len() as u64 * VALUE;
        }
        Ok(self.account(owner))
    }

    fn account(&self, owner: Hash) -> AccountStatus {
        let balance = self.balances.borrow().get(&owner).copied().unwrap_or(0);
        AccountStatus {
            owner,
            balance: Amount::new(balance).unwrap(),
            stake: Amount::ZERO,
            lots: Vec::new(),
        }
    }

    fn job(&self, job: &str) -> Result<JobStatus, Problem> {
        let job = Hash::try_from(job.to_owned()).unwrap();
        if !self.open.borrow().contains(&job) {
            return Err(problem(JOB_UNKNOWN, "there is none"));
        }
        let state = JobState::Locked;
        Ok(JobStatus { job, state, lot: None, paid: None, deliver_by: None, since: Time::ZERO })
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let body = request.body.as_deref().unwrap_or_default();
        match request.url.trim_start_matches("https://market.example/v1/") {
            "market" => {
                let (id, key, now) = (self.id(), self.key.public(), self.its_time());
                answered(Ok(MarketInfo { id, key, proof_systems: Vec::new(), now }))
            }
            "credit" => {
                let body = self.credit_key().json().unwrap().into_bytes();
                HttpResponse { status: 200, retry_after: None, body }
            }
            "credit/orders" => answered(self.order(&Signed::read(body).unwrap())),
            "credit/redemptions" => answered(self.redeem(&Signed::read(body).unwrap())),
            "accounts" => {
                answered(Ok(self.account(Signed::<Query>::read(body).unwrap().key().owner())))
            }
            path => answered(self.job(path.strip_prefix("jobs/").expect(path))),
        }
    }
}

pub(crate) fn problem(code: &str, detail: &str) -> Problem {
    Problem {
        status: 409,
        title: code.to_owned(),
        detail: detail.to_owned(),
        code: code.to_owned(),
        place: None,
    }
}

pub(crate) fn answered<T: Serialize>(answer: Result<T, Problem>) -> HttpResponse {
    let (status, body) = match answer {
        Ok(answer) => (200, serde_json::to_vec(&answer)),
        Err(problem) => (problem.status, serde_json::to_vec(&problem)),
    };
    HttpResponse { status, retry_after: None, body: body.unwrap() }
}

/// The key that has signed a request.
pub(crate) fn signer(body: &[u8]) -> Option<Hash> {
    let order = Signed::<CreditOrder>::read(body).map(|order| order.key().owner());
    let redemption = || Signed::<Redemption>::read(body).map(|redemption| redemption.key().owner());
    order
        .or_else(|_| redemption())
        .or_else(|_| Signed::<Query>::read(body).map(|query| query.key().owner()))
        .ok()
}

impl Network for Bank {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let path = request.url.trim_start_matches("https://market.example/v1/").to_owned();
        if self.is_slow.get() && path == "credit/redemptions" {
            self.late.replace(Some(request));
            return Err(Unreachable::new("no answer in time"));
        }
        let signer = signer(request.body.as_deref().unwrap_or_default());
        self.asked.borrow_mut().push((path, signer));
        let answer = self.answer(&request);
        let number = self.asked.borrow().len();
        if self.lost.borrow().contains(&number) {
            return Err(Unreachable::new("the answer was lost"));
        }
        Ok(answer)
    }

    fn now(&self) -> Time {
        self.time()
    }
}

/// A purse on a disk. After a number of writes, the process is killed.
#[derive(Clone, Default)]
pub(crate) struct Disk(pub(crate) Rc<OnDisk>);

#[derive(Default)]
pub(crate) struct OnDisk {
    pub(crate) purse: RefCell<Option<Vec<u8>>>,
    pub(crate) writes: Cell<u32>,
    pub(crate) last: Cell<Option<u32>>,
    /// Whether it saves, and reports that it did not.
    pub(crate) lies: Cell<bool>,
    pub(crate) is_open: Cell<bool>,
}

pub(crate) struct Opened(Rc<OnDisk>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.is_open.set(false);
    }
}

impl Vault for Disk {
    type Lock = Opened;

    async fn open(&self) -> Result<(Opened, Option<Zeroizing<Vec<u8>>>), String> {
        assert!(!self.0.is_open.replace(true), "opened twice at once, which waits for ever");
        Ok((Opened(Rc::clone(&self.0)), self.0.purse.borrow().clone().map(Zeroizing::new)))
    }

    async fn save(&self, purse: &[u8]) -> Result<(), String> {
        if self.0.last.get().is_some_and(|last| self.0.writes.get() >= last) {
            return Err("killed".to_owned());
        }
        self.0.writes.set(self.0.writes.get() + 1);
        self.0.purse.replace(Some(purse.to_vec()));
        if self.0.lies.get() { Err("no answer in time".to_owned()) } else { Ok(()) }
    }
}

pub(crate) fn node(bank: &Bank) -> Node<'_, Bank> {
    Node::new(bank, "https://market.example")
}

pub(crate) fn purse(bank: &Bank, disk: &Disk) -> Purse<Disk> {
    Purse::new(disk.clone(), bank.id())
}

pub(crate) fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// All tokens that are worth something.
pub(crate) fn tokens(bank: &Bank, purse: &Purse<Disk>) -> u64 {
    let holdings = block_on(purse.holdings(bank.time())).unwrap();
    holdings.iter().map(|holding| holding.tokens as u64).sum()
}

pub(crate) fn buy(bank: &Bank, purse: &Purse<Disk>, count: usize) {
    block_on(purse.buy(&node(bank), &secret(1), count)).unwrap();
}

/// A bank, and a purse with this number of tokens, on a disk.
pub(crate) fn with_tokens(count: usize) -> (Bank, Disk, Purse<Disk>) {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    buy(&bank, &purse, count);
    (bank, disk, purse)
}

pub(crate) fn new_key(bank: &Bank, purse: &Purse<Disk>) -> Hash {
    block_on(purse.new_key(bank.time())).unwrap().public().owner()
}

/// The id of the job that a key hands in.
pub(crate) fn job_of(owner: Hash) -> Hash {
    Hash::of(&[b"job", &owner.0])
}

/// Pays for a job of a new key with this number of tokens.
pub(crate) fn paid(bank: &Bank, purse: &Purse<Disk>, count: u64) -> Result<Hash, PurseError> {
    let owner = new_key(bank, purse);
    block_on(purse.pay(&node(bank), owner, amount(count * VALUE), Some(job_of(owner))))
        .map(|()| owner)
}

pub(crate) fn end(bank: &Bank, purse: &Purse<Disk>, owner: Hash) -> Result<(), PurseError> {
    block_on(purse.end(&node(bank), owner))
}

pub(crate) fn code<T>(result: Result<T, PurseError>) -> String {
    result.map_or_else(|error| error.code().to_owned(), |_| "none".to_owned())
}

/// Buys ten tokens, and pays for two jobs with three tokens each. Each job uses 50 units of its
/// money.
pub(crate) async fn story(bank: &Bank, disk: &Disk) -> Result<(), PurseError> {
    let purse = purse(bank, disk);
    purse.buy(&node(bank), &secret(1), 10).await?;
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let owner = purse.new_key(bank.time()).await?.public().owner();
        purse.pay(&node(bank), owner, amount(3 * VALUE), Some(job_of(owner))).await?;
        *bank.balances.borrow_mut().get_mut(&owner).unwrap() -= 50;
        bank.used.set(bank.used.get() + 50);
        jobs.push(owner);
    }
    // Both jobs end before what is left of either is taken back.
    for owner in jobs {
        purse
            .change(|contents| {
                contents.end(owner);
                Ok(())
            })
            .await?;
    }
    purse.collect(&node(bank)).await
}

/// Checks that everything that the client had at the beginning is in balances or in the purse at
/// the end, except what was used, and that what the purse has is worth something.
pub(crate) fn assert_nothing_is_lost(bank: &Bank, disk: &Disk, when: &str) {
    let purse = purse(bank, disk);
    // Jobs that nobody has ended are over after a while.
    bank.now.set(bank.now.get() + 8 * 24 * 60 * 60 * 1000);
    block_on(purse.collect(&node(bank))).unwrap();
    buy(bank, &purse, 0);
    let count = tokens(bank, &purse);
    let balances: u64 = bank.balances.borrow().values().sum();
    assert_eq!(balances + count * VALUE + bank.used.get(), MONEY, "{when}");
    let of_jobs = balances - bank.balances.borrow()[&secret(1).public().owner()];
    assert!(of_jobs < 2 * VALUE, "{when}: {of_jobs} are left with the jobs' keys");
    if count > 0 {
        paid(bank, &purse, count).unwrap_or_else(|error| panic!("{when}: {error}"));
    }
}

/// A network between the purse and the bank, on which something may happen.
pub(crate) struct Between<'a, F> {
    pub(crate) bank: &'a Bank,
    /// Called with each request before it is passed on. If it returns an answer, that is the answer
    /// of the request.
    pub(crate) on: F,
}

impl<F: AsyncFn(&HttpRequest) -> Option<Result<HttpResponse, Unreachable>>> Network
    for Between<'_, F>
{
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        match (self.on)(&request).await {
            Some(answer) => answer,
            None => self.bank.send(request).await,
        }
    }

    fn now(&self) -> Time {
        self.bank.time()
    }
}

pub(crate) fn refuses(
    path: &'static str,
    code: &'static str,
) -> impl AsyncFn(&HttpRequest) -> Option<Result<HttpResponse, Unreachable>> {
    async move |request| {
        request.url.ends_with(path).then(|| Ok(answered::<()>(Err(problem(code, "no")))))
    }
}

pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;

pub(crate) fn lost() -> Option<Result<HttpResponse, Unreachable>> {
    Some(Err(Unreachable::new("the answer was lost")))
}
