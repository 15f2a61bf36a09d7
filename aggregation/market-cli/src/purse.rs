//! Blind credit in a file: what a wallet pays with, so that nobody can tell which jobs are of one holder.
//!
//! What is on order is written down before it is sent, and tokens that pay for a job are written down with the job before they leave the purse: a crash loses neither. The key of each epoch is kept
//! as it was first seen, and no other is taken for it: a market that showed one wallet a key of its own would know that wallet's tokens again.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market_credit::{Purchase, Token};
use velum_market_model::{
    Amount, Count, CreditKey, CreditOrder, Hash, Key, MOST_TOKENS, Message, Redemption, SecretKey, Signed,
    Time,
};
use velum_market_provider::{NodeClient, NodeError};
use velum_market_rules::credit;

use crate::keys;

/// The most bytes of a purse: some 60,000 tokens.
const MOST_BYTES: usize = 16 << 20;

/// The code of a node that issues or redeems no tokens of this epoch, and never will again.
const EPOCH_IS_OVER: &str = "credit_epoch";

/// The code of a node that has redeemed a token before. Its detail names the token.
const SPENT: &str = "credit_spent";

/// A purse that is open. No other process has it meanwhile.
pub struct Purse {
    file: PathBuf,
    contents: Contents,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    /// Where its tokens are worth something.
    market: Hash,
    tokens: Vec<Token>,
    /// The signed key of each epoch, as it was first seen.
    keys: Vec<Box<RawValue>>,
    ordered: Vec<Ordered>,
}

/// Tokens that are paid, or may be, and are not here yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    /// The signed order.
    order: Box<RawValue>,
    purchase: Purchase,
}

impl Purse {
    /// Opens the purse in a file, which is made when something is put into it.
    pub fn open(file: &Path, market: Hash) -> Result<Self, Failure> {
        let mut name = file.as_os_str().to_owned();
        name.push(".lock");
        let lock_file = PathBuf::from(name);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_file);
        let lock = lock.map_err(|error| Failure::file(&lock_file, "make", &error))?;
        lock.lock().map_err(|error| Failure::file(&lock_file, "lock", &error))?;
        let wrong = |error: &dyn Display| Failure::usage(format!("{}: {error}", file.display()));
        let contents = if file.exists() {
            if files::is_shared(file)? {
                return Err(wrong(&"it can be read by others; make it yours alone: chmod 600"));
            }
            serde_json::from_slice(&files::read(file, MOST_BYTES)?).map_err(|error| wrong(&error))?
        } else {
            Contents { market, tokens: Vec::new(), keys: Vec::new(), ordered: Vec::new() }
        };
        if contents.market != market {
            return Err(wrong(&"its credit is of another market; take another purse for this one"));
        }
        Ok(Self { file: file.to_owned(), contents, _lock: lock })
    }

    /// How many tokens are in it.
    pub fn count(&self) -> usize {
        self.contents.tokens.len()
    }

    /// The signed keys that its tokens were issued under, for an audit.
    pub fn keys(&self) -> impl Iterator<Item = &RawValue> {
        self.contents.keys.iter().map(Box::as_ref)
    }

    /// Buys so many tokens, less those that were on order and are here now.
    pub async fn buy(&mut self, node: &NodeClient, owner: &SecretKey, count: u64) -> Result<(), Failure> {
        let before = self.count();
        self.receive(node).await?;
        let mut left = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(self.count() - before);
        while left > 0 {
            let count = left.min(MOST_TOKENS);
            let key = self.key(node).await?;
            let purchase = Purchase::new(&key, count, &mut OsRng).map_err(|error| failed(&error))?;
            let order = CreditOrder {
                market: self.contents.market,
                epoch: purchase.epoch(),
                blinded: purchase.blinded(),
                idempotency_key: keys::random()?.try_into().map_err(|_| Failure::bug())?,
                owner: owner.public(),
            };
            self.contents.ordered.push(Ordered { order: signed(order, owner)?, purchase });
            self.write()?;
            if let Some(failure) = self.receive(node).await? {
                return Err(failure);
            }
            left -= count;
        }
        Ok(())
    }

    /// Takes in what is on order, and tells why the last of it could not be had. It stays on order, since it may be paid: by an answer that was lost, or once the account has the money.
    pub async fn receive(&mut self, node: &NodeClient) -> Result<Option<Failure>, Failure> {
        let mut failure = None;
        for ordered in std::mem::take(&mut self.contents.ordered) {
            match self.received(node, &ordered).await {
                Ok(tokens) => self.contents.tokens.extend(tokens),
                Err(reason) => {
                    if !reason.is_final {
                        self.contents.ordered.push(ordered);
                    }
                    failure = Some(reason.failure);
                }
            }
        }
        self.write()?;
        Ok(failure)
    }

    async fn received(&self, node: &NodeClient, ordered: &Ordered) -> Result<Vec<Token>, NotReceived> {
        let order = Signed::<CreditOrder>::read(ordered.order.get().as_bytes())?;
        let key = self.kept(order.message().epoch)?.ok_or_else(Failure::bug)?;
        let issued = node.issue_credit(&order).await.map_err(|error| NotReceived {
            is_final: code(&error) == Some(EPOCH_IS_OVER),
            failure: failed(&error),
        })?;
        Ok(ordered.purchase.clone().finish(&key, &issued)?)
    }

    /// Takes tokens out that are worth an amount, by a redemption for a key. `keep` writes them down elsewhere, before they leave the purse.
    pub fn take(
        &mut self,
        amount: Amount,
        now: Time,
        owner: &SecretKey,
        keep: impl FnOnce(Taken) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let count = usize::try_from(amount.get().div_ceil(credit::VALUE.get())).unwrap_or(usize::MAX);
        if count > MOST_TOKENS {
            let message = format!("{amount} is more than {MOST_TOKENS} tokens are worth; offer less");
            return Err(Failure::usage(message));
        }
        let epoch = self.epoch_with(count, now)?;
        let (market, key): (Hash, Key) = (self.contents.market, owner.public());
        let (tokens, left): (Vec<_>, Vec<_>) = {
            let mut wanted = count;
            std::mem::take(&mut self.contents.tokens).into_iter().partition(|token| {
                let is_taken = token.epoch == epoch && wanted > 0;
                wanted -= usize::from(is_taken);
                is_taken
            })
        };
        let spent = tokens.iter().map(|token| token.spend(market, key.owner())).collect();
        let redemption = Redemption { market, epoch, tokens: spent, owner: key };
        self.contents.tokens = left;
        keep(Taken { redemption: signed(redemption, owner)?, tokens })?;
        self.write()
    }

    /// The oldest epoch with enough tokens that are still redeemed.
    fn epoch_with(&self, count: usize, now: Time) -> Result<Count, Failure> {
        let mut epochs: Vec<_> = self.contents.tokens.iter().map(|token| token.epoch).collect();
        epochs.retain(|epoch| credit::is_redeemed(*epoch, now));
        epochs.sort_unstable();
        let counts = epochs.chunk_by(|one, other| one == other).map(|of| (of[0], of.len()));
        let enough = counts.clone().find(|(_, there)| *there >= count);
        enough.map(|(epoch, _)| epoch).ok_or_else(|| {
            let most = counts.map(|(_, there)| there).max().unwrap_or(0);
            let has =
                format!("{} has {most} tokens of one epoch, and {count} are needed", self.file.display());
            Failure::usage(format!("{has}; buy more: velum market credit"))
        })
    }

    /// Takes out what is kept elsewhere.
    pub fn forget(&mut self, taken: &[Token]) -> Result<(), Failure> {
        let before = self.count();
        self.contents.tokens.retain(|token| taken.iter().all(|taken| taken.nonce != token.nonce));
        if self.count() < before { self.write() } else { Ok(()) }
    }

    /// Puts tokens back that a node refused, but for those that it has redeemed before or never will.
    pub fn put_back(&mut self, taken: Vec<Token>, refusal: &NodeError) -> Result<(), Failure> {
        let NodeError::Refused(problem) = refusal else { return Ok(()) };
        let is_good = |token: &Token| match problem.code.as_str() {
            EPOCH_IS_OVER => false,
            SPENT => !problem.detail.contains(&token.nonce.to_string()),
            _ => true,
        };
        let known: Vec<_> = self.contents.tokens.iter().map(|token| token.nonce).collect();
        let back = taken.into_iter().filter(|token| is_good(token) && !known.contains(&token.nonce));
        self.contents.tokens.extend(back);
        self.write()
    }

    /// The key under which tokens are issued now. One that only this wallet might be shown is refused.
    async fn key(&mut self, node: &NodeClient) -> Result<CreditKey, Failure> {
        let json = node.credit_key().await.map_err(|error| failed(&error))?;
        let signed = Signed::<CreditKey>::read(json.as_bytes()).map_err(|error| failed(&error))?;
        let (key, now) = (signed.message().clone(), crate::host::now());
        let wrong = |why: &str| failed(&format!("the market's key of blind credit cannot be trusted: {why}"));
        if signed.key().owner() != self.contents.market {
            return Err(wrong("another key than the market's has signed it"));
        }
        // A day of the epochs beside this one, for clocks that differ.
        let day = velum_market_model::Duration::constant(24 * 60 * 60 * 1000);
        let epochs = credit::epoch_at(now.before(day))..=credit::epoch_at(now.after(day));
        if !credit::is_regular(&key) || !epochs.contains(&key.epoch) {
            return Err(wrong("it has not the worth, the ends or the number that a key has now"));
        }
        match self.kept(key.epoch)? {
            Some(kept) if kept == key => (),
            Some(_) => {
                return Err(wrong(
                    "it has shown another one of this epoch before; keep the purse, it shows that",
                ));
            }
            None => {
                self.contents.keys.push(RawValue::from_string(json).map_err(|_| Failure::bug())?);
                self.write()?;
            }
        }
        Ok(key)
    }

    /// The key of an epoch, as it was first seen.
    fn kept(&self, epoch: Count) -> Result<Option<CreditKey>, Failure> {
        for key in &self.contents.keys {
            let signed = Signed::<CreditKey>::read(key.get().as_bytes()).map_err(|error| failed(&error))?;
            if signed.message().epoch == epoch {
                return Ok(Some(signed.message().clone()));
            }
        }
        Ok(None)
    }

    fn write(&self) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(&self.contents).map_err(|_| Failure::bug())?;
        if bytes.len() > MOST_BYTES {
            let message = format!(
                "{} would have more than {MOST_BYTES} bytes; begin another purse",
                self.file.display()
            );
            return Err(Failure::usage(message));
        }
        files::write(&self.file, &bytes)
    }
}

/// What pays for a job.
pub struct Taken {
    /// The signed redemption.
    pub redemption: Box<RawValue>,
    /// The same tokens, which come back where a node refuses them.
    pub tokens: Vec<Token>,
}

/// Why tokens on order are not here.
struct NotReceived {
    /// Nothing was paid, and never will be by this order.
    is_final: bool,
    failure: Failure,
}

impl From<Failure> for NotReceived {
    fn from(failure: Failure) -> Self {
        Self { is_final: false, failure }
    }
}

impl From<velum_market_model::ModelError> for NotReceived {
    fn from(error: velum_market_model::ModelError) -> Self {
        failed(&error).into()
    }
}

impl From<velum_market_credit::CreditError> for NotReceived {
    fn from(error: velum_market_credit::CreditError) -> Self {
        failed(&error).into()
    }
}

fn code(error: &NodeError) -> Option<&str> {
    match error {
        NodeError::Refused(problem) => Some(&problem.code),
        _ => None,
    }
}

fn signed<M: Message>(message: M, key: &SecretKey) -> Result<Box<RawValue>, Failure> {
    let json = Signed::sign(message, key).and_then(|signed| signed.json());
    RawValue::from_string(json.map_err(|error| failed(&error))?).map_err(|_| Failure::bug())
}

fn failed(error: &dyn Display) -> Failure {
    Failure::market("market", error.to_string())
}
