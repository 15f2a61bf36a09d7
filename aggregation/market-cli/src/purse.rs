//! Blind credit in a file: what a wallet pays with, so that nobody can tell which jobs are of one holder.
//!
//! What is on order is written down before it is sent, so that a crash loses no tokens: the next command with the same purse asks for them again.

use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};

use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market_credit::{Purchase, Token};
use velum_market_model::{
    Amount, CreditKey, CreditOrder, Hash, Key, MOST_TOKENS, Message, Redemption, SecretKey, Signed,
};
use velum_market_provider::NodeClient;

use crate::keys;

/// The most bytes of a purse.
const MOST_BYTES: usize = 16 << 20;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered: Option<Ordered>,
}

/// Tokens that are paid, or will be, and are not here yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    /// The signed key that shall issue them.
    key: Box<RawValue>,
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
        let lock = File::create(&lock_file).map_err(|error| Failure::file(&lock_file, "make", &error))?;
        lock.lock().map_err(|error| Failure::file(&lock_file, "lock", &error))?;
        let wrong = |error: &dyn Display| Failure::usage(format!("{}: {error}", file.display()));
        let contents = if file.exists() {
            if files::is_shared(file)? {
                return Err(wrong(&"it can be read by others; make it yours alone: chmod 600"));
            }
            serde_json::from_slice(&files::read(file, MOST_BYTES)?).map_err(|error| wrong(&error))?
        } else {
            Contents { market, tokens: Vec::new(), ordered: None }
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

    /// Buys tokens, after what is on order is here.
    pub async fn buy(&mut self, node: &NodeClient, owner: &SecretKey, count: u64) -> Result<(), Failure> {
        self.receive(node).await?;
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        while left > 0 {
            let count = left.min(MOST_TOKENS);
            let key = node.credit_key().await.map_err(|error| failed(&error))?;
            let signed = Signed::<CreditKey>::read(key.as_bytes()).map_err(|error| failed(&error))?;
            if signed.key().owner() != self.contents.market {
                return Err(failed(&"the key of its credit is signed by another key than the market's"));
            }
            let purchase =
                Purchase::new(signed.message(), count, &mut OsRng).map_err(|error| failed(&error))?;
            let order = CreditOrder {
                market: self.contents.market,
                epoch: purchase.epoch(),
                blinded: purchase.blinded(),
                idempotency_key: keys::random()?.try_into().map_err(|_| Failure::bug())?,
                owner: owner.public(),
            };
            self.contents.ordered =
                Some(Ordered { key: raw(key)?, order: signed_raw(order, owner)?, purchase });
            self.write()?;
            self.receive(node).await?;
            left -= count;
        }
        Ok(())
    }

    /// Takes in what is on order, if anything is.
    async fn receive(&mut self, node: &NodeClient) -> Result<(), Failure> {
        let Some(Ordered { key, order, purchase }) = &self.contents.ordered else { return Ok(()) };
        let key = Signed::<CreditKey>::read(key.get().as_bytes()).map_err(|error| failed(&error))?;
        let order = Signed::<CreditOrder>::read(order.get().as_bytes()).map_err(|error| failed(&error))?;
        let issued = match node.issue_credit(&order).await {
            // Nothing was paid, and never will be by this order.
            Err(error) if !error.may_pass() => {
                self.contents.ordered = None;
                self.write()?;
                return Err(failed(&error));
            }
            issued => issued.map_err(|error| failed(&error))?,
        };
        let tokens = purchase.clone().finish(key.message(), &issued).map_err(|error| failed(&error))?;
        self.contents.tokens.extend(tokens);
        self.contents.ordered = None;
        self.write()
    }

    /// Signs the redemption of tokens that are worth an amount, for a key. They stay in the purse until [`Self::forget`].
    pub fn redemption(
        &self,
        amount: Amount,
        value: Amount,
        owner: &SecretKey,
    ) -> Result<Signed<Redemption>, Failure> {
        let count = usize::try_from(amount.get().div_ceil(value.get().max(1))).unwrap_or(usize::MAX);
        let few = |has: usize| {
            let has =
                format!("{} has {has} tokens of one epoch, and {count} are needed", self.file.display());
            Failure::usage(format!("{has}; buy more: velum market credit"))
        };
        if count > MOST_TOKENS {
            let message = format!("{amount} is more than {MOST_TOKENS} tokens are worth; offer less");
            return Err(Failure::usage(message));
        }
        // Those of the oldest epoch first, which are redeemed for the shortest time.
        let mut epochs: Vec<_> = self.contents.tokens.iter().map(|token| token.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        let of = |epoch| self.contents.tokens.iter().filter(move |token| token.epoch == epoch);
        let enough = epochs.iter().find(|epoch| of(**epoch).count() >= count);
        let most = epochs.iter().map(|epoch| of(*epoch).count()).max().unwrap_or(0);
        let epoch = *enough.ok_or_else(|| few(most))?;
        let (market, key): (Hash, Key) = (self.contents.market, owner.public());
        let tokens = of(epoch).take(count).map(|token| token.spend(market, key.owner())).collect();
        let redemption = Redemption { market, epoch, tokens, owner: key };
        Signed::sign(redemption, owner).map_err(|error| failed(&error))
    }

    /// Takes out what is redeemed by a message that is kept elsewhere.
    pub fn forget(&mut self, redemption: &Redemption) -> Result<(), Failure> {
        let is_spent = |token: &Token| redemption.tokens.iter().any(|spent| spent.nonce == token.nonce);
        if !self.contents.tokens.iter().any(is_spent) {
            return Ok(());
        }
        self.contents.tokens.retain(|token| !is_spent(token));
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(&self.contents).map_err(|_| Failure::bug())?;
        files::write(&self.file, &bytes)
    }
}

fn signed_raw<M: Message>(message: M, key: &SecretKey) -> Result<Box<RawValue>, Failure> {
    let json = Signed::sign(message, key).and_then(|signed| signed.json());
    raw(json.map_err(|error| failed(&error))?)
}

fn raw(json: String) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(json).map_err(|_| Failure::bug())
}

fn failed(error: &dyn Display) -> Failure {
    Failure::market("market", error.to_string())
}
