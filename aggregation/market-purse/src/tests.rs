//! Purses at a market that is in memory: one that loses answers, and vaults that fail as a killed process does.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_executor::block_on;
use serde::Serialize;
use velum_market_client::api::{AccountStatus, MarketInfo, Problem};
use velum_market_client::{HttpRequest, HttpResponse, MarketAdapter, Network, Node, Unreachable};
use velum_market_credit::Issuer;
use velum_market_model::{
    Algorithm, Amount, Count, CreditKey, CreditOrder, Hash, Issued, Job, Query, Redemption, SecretKey,
    Signed, Time,
};
use velum_market_rules::credit;
use zeroize::Zeroizing;

use super::*;

/// Some time in the middle of an epoch.
const NOW: u64 = credit::EPOCH.get() * 20 + credit::EPOCH.get() / 2;
const VALUE: u64 = credit::VALUE.get();
/// What the account has in the beginning.
const MONEY: u64 = 40 * VALUE;

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).unwrap()
}

/// A market's money. Its network loses an answer each time that a number of requests has come.
struct Bank {
    key: SecretKey,
    /// Its epochs' keys are derived from it.
    seed: Cell<u8>,
    now: Cell<u64>,
    balances: RefCell<BTreeMap<Hash, u64>>,
    issued: RefCell<BTreeMap<Hash, Issued>>,
    redeemed: RefCell<BTreeSet<Hash>>,
    spent: RefCell<BTreeSet<Hash>>,
    used: Cell<u64>,
    asked: Cell<u32>,
    lost: Cell<Option<u32>>,
}

impl Bank {
    fn new() -> Self {
        let bank = Self {
            key: secret(9),
            seed: Cell::new(7),
            now: Cell::new(NOW),
            balances: RefCell::default(),
            issued: RefCell::default(),
            redeemed: RefCell::default(),
            spent: RefCell::default(),
            used: Cell::default(),
            asked: Cell::default(),
            lost: Cell::default(),
        };
        bank.balances.borrow_mut().insert(secret(1).public().owner(), MONEY);
        bank
    }

    fn id(&self) -> Hash {
        self.key.public().owner()
    }

    fn time(&self) -> Time {
        Time::new(self.now.get()).unwrap()
    }

    fn issuer(&self, epoch: Count) -> Issuer {
        Issuer::new(&[self.seed.get(); 32], epoch).unwrap()
    }

    fn credit_key(&self) -> Signed<CreditKey> {
        let epoch = credit::epoch_at(self.time());
        let (issued_until, redeemed_until) = credit::ends_of(epoch);
        let (element, value) = (self.issuer(epoch).public(), credit::VALUE);
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
        if *epoch != credit::epoch_at(self.time()) {
            return Err(problem(EPOCH_IS_OVER, "over"));
        }
        let price = blinded.len() as u64 * VALUE;
        let mut balances = self.balances.borrow_mut();
        let balance = balances.entry(owner.owner()).or_default();
        *balance = balance.checked_sub(price).ok_or_else(|| problem("not_enough", "it has less"))?;
        let issued = self.issuer(*epoch).issue(blinded, &mut rand_core::OsRng).unwrap();
        self.issued.borrow_mut().insert(id, issued.clone());
        Ok(issued)
    }

    fn redeem(&self, redemption: &Signed<Redemption>) -> Result<AccountStatus, Problem> {
        let Redemption { market, epoch, tokens, owner } = redemption.message();
        let id = velum_market_model::id(redemption.message()).unwrap();
        let owner = owner.owner();
        if !credit::is_redeemed(*epoch, self.time()) {
            return Err(problem(EPOCH_IS_OVER, "over"));
        }
        if !self.redeemed.borrow().contains(&id) {
            if let Some(token) = tokens.iter().find(|token| self.spent.borrow().contains(&token.nonce)) {
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
        AccountStatus { owner, balance: Amount::new(balance).unwrap(), stake: Amount::ZERO, lots: Vec::new() }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let body = request.body.as_deref().unwrap_or_default();
        match request.url.trim_start_matches("https://market.example/v1/") {
            "market" => {
                let (id, key, now) = (self.id(), self.key.public(), self.time());
                answered(Ok(MarketInfo { id, key, proof_systems: Vec::new(), now }))
            }
            "credit" => {
                let body = self.credit_key().json().unwrap().into_bytes();
                HttpResponse { status: 200, retry_after: None, body }
            }
            "credit/orders" => answered(self.order(&Signed::read(body).unwrap())),
            "credit/redemptions" => answered(self.redeem(&Signed::read(body).unwrap())),
            "accounts" => answered(Ok(self.account(Signed::<Query>::read(body).unwrap().key().owner()))),
            other => panic!("{other}"),
        }
    }
}

fn problem(code: &str, detail: &str) -> Problem {
    Problem {
        status: 409,
        title: code.to_owned(),
        detail: detail.to_owned(),
        code: code.to_owned(),
        place: None,
    }
}

fn answered<T: Serialize>(answer: Result<T, Problem>) -> HttpResponse {
    let (status, body) = match answer {
        Ok(answer) => (200, serde_json::to_vec(&answer)),
        Err(problem) => (problem.status, serde_json::to_vec(&problem)),
    };
    HttpResponse { status, retry_after: None, body: body.unwrap() }
}

impl Network for Bank {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let answer = self.answer(&request);
        self.asked.set(self.asked.get() + 1);
        if self.lost.get() == Some(self.asked.get()) {
            return Err(Unreachable::new("the answer was lost"));
        }
        Ok(answer)
    }

    fn now(&self) -> Time {
        self.time()
    }
}

/// What a disk has: a purse, and the key of a job. After so many writes the process is killed.
#[derive(Clone, Default)]
struct Disk(Rc<OnDisk>);

#[derive(Default)]
struct OnDisk {
    purse: RefCell<Option<Vec<u8>>>,
    one_time: RefCell<Option<OneTime>>,
    writes: Cell<u32>,
    last: Cell<Option<u32>>,
}

impl Disk {
    fn write(&self) -> Result<(), String> {
        if self.0.last.get().is_some_and(|last| self.0.writes.get() >= last) {
            return Err("killed".to_owned());
        }
        self.0.writes.set(self.0.writes.get() + 1);
        Ok(())
    }
}

impl Vault for Disk {
    type Lock = ();

    async fn open(&self) -> Result<((), Option<Zeroizing<Vec<u8>>>), String> {
        Ok(((), self.0.purse.borrow().clone().map(Zeroizing::new)))
    }

    async fn save(&self, purse: &[u8]) -> Result<(), String> {
        self.write()?;
        *self.0.purse.borrow_mut() = Some(purse.to_vec());
        Ok(())
    }
}

impl KeepPayment for Disk {
    async fn keep(&self, one_time: &OneTime) -> Result<(), String> {
        self.write()?;
        *self.0.one_time.borrow_mut() = Some(one_time.clone());
        Ok(())
    }
}

fn node(bank: &Bank) -> Node<'_, Bank> {
    Node::new(bank, "https://market.example")
}

fn purse(bank: &Bank, disk: &Disk) -> Purse<Disk> {
    Purse::new(disk.clone(), bank.id())
}

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// Buys ten tokens, pays a job with three of them, of whose money 50 units are used, and ends it.
async fn story(bank: &Bank, disk: &Disk) -> Result<(), PurseError> {
    let purse = purse(bank, disk);
    purse.buy(&node(bank), &secret(1), 10).await?;
    let one_time = match disk.0.one_time.borrow().clone() {
        Some(one_time) => one_time,
        None => OneTime::new()?,
    };
    let paying = Paying::new(node(bank), &purse, one_time, disk.clone());
    paying.pay(amount(3 * VALUE)).await?;
    let owner = paying.payment().key()?.public().owner();
    *bank.balances.borrow_mut().get_mut(&owner).unwrap() -= 50;
    bank.used.set(bank.used.get() + 50);
    paying.end().await
}

/// Ends what was begun, as a process that is started again does.
async fn recover(bank: &Bank, disk: &Disk) -> u64 {
    let purse = purse(bank, disk);
    if let Some(one_time) = disk.0.one_time.borrow().clone() {
        purse.put_away(one_time).await.unwrap();
    }
    purse.collect(&node(bank)).await.unwrap();
    purse.count().await.unwrap() as u64 * VALUE
}

#[test]
fn what_is_left_of_a_job_is_in_the_purse_again() {
    let (bank, disk) = (Bank::new(), Disk::default());
    block_on(story(&bank, &disk)).unwrap();
    assert_eq!(block_on(purse(&bank, &disk).count()).unwrap(), 7 + 2);
    assert_eq!(bank.balances.borrow()[&secret(1).public().owner()], MONEY - 10 * VALUE);
    let keys = block_on(purse(&bank, &disk).keys()).unwrap();
    assert_eq!(keys.iter().map(|key| key.get()).collect::<Vec<_>>(), [bank.credit_key().json().unwrap()]);
}

/// Everything that was the client's in the beginning is in balances or in the purse in the end, but for what was used.
fn assert_nothing_is_lost(bank: &Bank, disk: &Disk, when: &str) {
    let purse = block_on(recover(bank, disk));
    let balances: u64 = bank.balances.borrow().values().sum();
    assert_eq!(balances + purse + bank.used.get(), MONEY, "{when}");
    let of_jobs = balances - bank.balances.borrow()[&secret(1).public().owner()];
    assert!(of_jobs < VALUE, "{when}: {of_jobs} are left with the job's key");
}

#[test]
fn a_crash_at_any_write_loses_no_money() {
    for last in 0.. {
        let (bank, disk) = (Bank::new(), Disk::default());
        disk.0.last.set(Some(last));
        let ended = block_on(story(&bank, &disk));
        disk.0.last.set(None);
        assert_nothing_is_lost(&bank, &disk, &format!("killed after {last} writes"));
        if ended.is_ok() {
            assert!(last > 5);
            return;
        }
    }
}

#[test]
fn an_answer_that_is_lost_loses_no_money() {
    for lost in 1.. {
        let (bank, disk) = (Bank::new(), Disk::default());
        bank.lost.set(Some(lost));
        let ended = block_on(story(&bank, &disk));
        let asked = bank.asked.get();
        bank.lost.set(None);
        assert_nothing_is_lost(&bank, &disk, &format!("answer {lost} lost"));
        if asked < lost {
            ended.unwrap();
            assert!(lost > 5);
            return;
        }
    }
}

#[test]
fn a_payment_that_was_taken_before_its_epoch_ended_counts_after_it() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    block_on(purse.buy(&node(&bank), &secret(1), 5)).unwrap();
    let paying = Paying::new(node(&bank), &purse, OneTime::new().unwrap(), disk.clone());
    // The answer to the redemption: the market's clock is asked before.
    bank.lost.set(Some(bank.asked.get() + 2));
    let error = block_on(paying.pay(amount(5 * VALUE))).unwrap_err();
    assert_eq!(error.code(), "unreachable");
    bank.now.set(NOW + 3 * credit::EPOCH.get());
    let kept = disk.0.one_time.borrow().clone().unwrap();
    let paying = Paying::new(node(&bank), &purse, kept, disk.clone());
    block_on(paying.pay(amount(5 * VALUE))).unwrap();
    assert!(paying.payment().is_paid());
    block_on(paying.end()).unwrap();
    assert_eq!(block_on(purse.count()).unwrap(), 5, "under the new epoch's key");
}

#[test]
fn tokens_that_are_spent_or_over_leave_the_purse_and_others_stay() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    block_on(purse.buy(&node(&bank), &secret(1), 4)).unwrap();
    let copy = Disk::default();
    copy.0.purse.replace(disk.0.purse.borrow().clone());
    let pay = |disk: &Disk, tokens| {
        let purse = Purse::new(disk.clone(), bank.id());
        let paying = Paying::new(node(&bank), &purse, OneTime::new().unwrap(), Disk::default());
        let paid = block_on(paying.pay(amount(tokens * VALUE)));
        (paid.map_err(|error| error.code().to_owned()), block_on(purse.count()).unwrap())
    };
    assert_eq!(pay(&disk, 1), (Ok(()), 3));
    assert_eq!(pay(&copy, 2), (Err(SPENT.to_owned()), 3));
    assert_eq!(pay(&disk, 4), (Err("credit_short".to_owned()), 3));
    assert_eq!(pay(&disk, 65), (Err("credit_short".to_owned()), 3));
    bank.now.set(NOW + 3 * credit::EPOCH.get());
    assert_eq!(pay(&disk, 1), (Err("credit_short".to_owned()), 3));
}

#[test]
fn a_market_that_shows_another_key_is_not_trusted() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let buy = || block_on(purse.buy(&node(&bank), &secret(1), 1)).map_err(|error| error.code().to_owned());
    assert_eq!(buy(), Ok(1));
    bank.seed.set(8);
    assert_eq!(buy(), Err("credit_untrusted".to_owned()));
    // Its answer to an order is under another key than the one that it showed.
    bank.seed.set(7);
    let other = Bank { key: secret(10), ..Bank::new() };
    let error = block_on(purse.buy(&node(&other), &secret(1), 1)).unwrap_err();
    assert_eq!(error.code(), "credit_untrusted", "{error}");
    let error = block_on(Purse::new(disk, other.id()).count()).unwrap_err();
    assert_eq!(error.code(), "other_market");
}

#[test]
fn an_account_without_money_buys_once_it_has_some() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let poor = secret(2);
    let error = block_on(purse.buy(&node(&bank), &poor, 3)).unwrap_err();
    assert_eq!(error.code(), "not_enough");
    bank.balances.borrow_mut().insert(poor.public().owner(), 3 * VALUE);
    // What is on order is bought first, and counts.
    assert_eq!(block_on(purse.buy(&node(&bank), &poor, 3)).unwrap(), 3);
}

#[test]
fn a_job_that_cannot_be_paid_is_not_submitted() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let paying = Paying::new(node(&bank), &purse, OneTime::new().unwrap(), disk.clone());
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../testdata/market/vectors.json")).unwrap();
    let mut job: Job = serde_json::from_str(vectors["messages"][0]["canonical"].as_str().unwrap()).unwrap();
    job.submitter = secret(1).public();
    let job = Signed::sign(job, &secret(1)).unwrap();
    let error = block_on(paying.submit(&job, b"proof")).unwrap_err();
    assert_eq!((error.code(), error.may_pass()), ("credit_short", false), "{error}");
}

#[test]
fn what_is_no_purse_is_an_error() {
    let (bank, disk) = (Bank::new(), Disk::default());
    for kept in [&b""[..], b"{}", b"[1]", b"\xff"] {
        disk.0.purse.replace(Some(kept.to_vec()));
        let error = block_on(purse(&bank, &disk).count()).unwrap_err();
        assert_eq!(error.code(), "malformed", "{error}");
    }
}
