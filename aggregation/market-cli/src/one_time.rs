//! A key that is used for one job, and paid by blind credit.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_cli::failure::Failure;
use velum_market_credit::Token;
use velum_market_model::{Query, Redemption, SecretKey, Signed, Subject};
use velum_market_provider::{NodeClient, NodeError};
use velum_market_rules::credit;

use crate::keys;
use crate::purse::{Purse, Taken};

/// The key with what pays it, as it is kept with its job.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTime {
    /// 32 bytes in hexadecimal.
    secret: String,
    /// The signed redemption that pays it.
    redemption: Box<RawValue>,
    /// The tokens that are redeemed, until they are.
    tokens: Vec<Token>,
}

/// Why a key was not paid.
pub enum NotPaid {
    /// Its tokens are back in the purse, as far as they are good, and its job can be forgotten.
    Refused(Failure),
    /// It may have been paid, and the same is to be tried again.
    Open(Failure),
}

impl OneTime {
    /// A key with this secret, and what was taken out of a purse for it.
    pub fn new(secret: String, taken: Taken) -> Self {
        Self { secret, redemption: taken.redemption, tokens: taken.tokens }
    }

    /// Redeems the tokens, once.
    pub async fn pay(&mut self, node: &NodeClient, purse: &Path) -> Result<(), NotPaid> {
        if self.tokens.is_empty() {
            return Ok(());
        }
        let redemption = self.redemption().map_err(NotPaid::Open)?;
        let market = redemption.message().market;
        // The purse still has them, where the process ended as they were taken out.
        Purse::open(purse, market).and_then(|mut purse| purse.forget(&self.tokens)).map_err(NotPaid::Open)?;
        match node.redeem_credit(&redemption).await {
            Ok(_) => {
                self.tokens.clear();
                Ok(())
            }
            Err(error @ NodeError::Refused(_)) if !error.may_pass() => {
                let tokens = std::mem::take(&mut self.tokens);
                let put_back =
                    Purse::open(purse, market).and_then(|mut purse| purse.put_back(tokens, &error));
                Err(put_back.map_or_else(NotPaid::Open, |()| NotPaid::Refused(failed(&error))))
            }
            Err(error) => Err(NotPaid::Open(failed(&error))),
        }
    }

    /// Turns what is left on the key into tokens again.
    pub async fn take_back(&self, node: &NodeClient, purse: &Path) -> Result<(), Failure> {
        let (key, market) = (keys::key_of_text(purse, &self.secret)?, self.redemption()?.message().market);
        let mut purse = Purse::open(purse, market)?;
        // What was ordered before a crash is paid, and no part of the balance any more.
        purse.receive(node).await?;
        // By the node's clock, which decides whether it answers.
        let at = node.market().await.map_err(|error| failed(&error))?.now;
        let query = Query { market, subject: Subject::Account, at, asker: key.public() };
        let query = Signed::sign(query, &key).map_err(|error| failed(&error))?;
        let account = node.account(&query).await.map_err(|error| failed(&error))?;
        purse.buy(node, &key, account.balance.get() / credit::VALUE.get()).await
    }

    fn redemption(&self) -> Result<Signed<Redemption>, Failure> {
        Signed::read(self.redemption.get().as_bytes()).map_err(|error| failed(&error))
    }
}

/// A secret for a new key, and the key.
pub fn new_key(purse: &Path) -> Result<(String, SecretKey), Failure> {
    let secret = keys::random()?;
    let key = keys::key_of_text(purse, &secret)?;
    Ok((secret, key))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::market("market", error.to_string())
}
