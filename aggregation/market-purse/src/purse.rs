//! A purse: buying tokens, taking them out for a job, and collecting what is left.

use rand_core::OsRng;
use serde_json::value::RawValue;
use velum_market_client::{MarketError, Network, Node, json};
use velum_market_credit::{Purchase, Token};
use velum_market_model::{
    Amount, CreditKey, CreditOrder, Duration, Hash, MOST_TOKENS, Redemption, SecretKey, Signed, Time,
};
use velum_market_rules::credit;

use crate::contents::{Contents, Ordered};
use crate::one_time::{self, OneTime};
use crate::{EPOCH_IS_OVER, KeepPayment, PurseError, SPENT, Vault};

/// How far the client's clock may be from the market's, for the epoch of a key.
const CLOCKS_DIFFER: Duration = Duration::constant(24 * 60 * 60 * 1000);

/// A purse of blind credit at one market.
pub struct Purse<V> {
    vault: V,
    market: Hash,
}

impl<V: Vault> Purse<V> {
    /// The purse in a vault, for the market of this id.
    pub const fn new(vault: V, market: Hash) -> Self {
        Self { vault, market }
    }

    /// The market whose credit it has.
    pub const fn market(&self) -> Hash {
        self.market
    }

    /// How many tokens are in it.
    ///
    /// # Errors
    /// [`PurseError`], as all here: nothing is lost then.
    pub async fn count(&self) -> Result<usize, PurseError> {
        Ok(self.open().await?.contents.tokens.len())
    }

    /// The signed keys that its tokens were issued under. The market has to have shown everyone the same: its log says so.
    ///
    /// # Errors
    /// [`PurseError`].
    pub async fn keys(&self) -> Result<Vec<Box<RawValue>>, PurseError> {
        Ok(self.open().await?.contents.keys)
    }

    /// Buys so many tokens from an owner's balance, less those that were on order and are here now. How many the purse has then.
    ///
    /// # Errors
    /// [`PurseError`].
    pub async fn buy<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: &SecretKey,
        count: usize,
    ) -> Result<usize, PurseError> {
        let mut open = self.open().await?;
        let before = open.contents.tokens.len();
        // Why some are still on order, the next order shows too.
        let _ = open.receive(node).await?;
        let received = open.contents.tokens.len() - before;
        open.order(node, owner, count.saturating_sub(received)).await?;
        Ok(open.contents.tokens.len())
    }

    /// Takes in what is on order, and turns what is left of ended jobs into tokens again.
    ///
    /// # Errors
    /// [`PurseError`], the first of them. What could not be had stays in the purse, and is asked for again the next time.
    pub async fn collect<N: Network>(&self, node: &Node<'_, N>) -> Result<(), PurseError> {
        let mut open = self.open().await?;
        let mut failure = open.receive(node).await?;
        for ended in std::mem::take(&mut open.contents.ended) {
            if let Err(error) = open.collect(node, &ended).await {
                open.contents.ended.push(ended);
                failure = failure.or(Some(error));
            }
        }
        open.save().await?;
        failure.map_or(Ok(()), Err)
    }

    /// Puts the key of a job away that has ended, for what is left of its money. [`Purse::collect`] gets it.
    ///
    /// # Errors
    /// [`PurseError`].
    pub async fn put_away(&self, ended: OneTime) -> Result<(), PurseError> {
        if ended.redemption.is_none() {
            return Ok(());
        }
        let mut open = self.open().await?;
        open.contents.forget(&ended.tokens);
        open.contents.ended.push(ended);
        open.save().await
    }

    /// Takes tokens out that are worth an amount, by a redemption for the key of a job. `keep` saves it with the job, before the tokens leave the purse.
    pub(crate) async fn withdraw(
        &self,
        one_time: &mut OneTime,
        amount: Amount,
        now: Time,
        keep: &impl KeepPayment,
    ) -> Result<(), PurseError> {
        let mut open = self.open().await?;
        let key = one_time.key()?;
        let (epoch, tokens) = open.contents.take(amount, now)?;
        let spent = tokens.iter().map(|token| token.spend(self.market, key.public().owner())).collect();
        let redemption = Redemption { market: self.market, epoch, tokens: spent, owner: key.public() };
        one_time.redemption = Some(json(&Signed::sign(redemption, &key)?)?);
        one_time.tokens = tokens;
        keep.keep(one_time).await.map_err(PurseError::NotKept)?;
        open.save().await
    }

    /// Redeems the tokens of a job's key.
    ///
    /// # Errors
    /// Where the market refuses for good, the tokens are in the purse again, as far as they are good, and none are with the job.
    pub(crate) async fn redeem<N: Network>(
        &self,
        node: &Node<'_, N>,
        one_time: &mut OneTime,
    ) -> Result<(), PurseError> {
        let Some(redemption) = one_time.redemption()? else { return Ok(()) };
        let mut open = self.open().await?;
        // The purse still has them, where the process ended as they were taken out.
        if open.contents.forget(&one_time.tokens) {
            open.save().await?;
        }
        let Err(error) = node.redeem_credit(&redemption).await else {
            one_time.tokens.clear();
            return Ok(());
        };
        let MarketError::Refused { code, detail } = &error else { return Err(error.into()) };
        // It was redeemed before its epoch ended, and the answer was lost.
        if code == EPOCH_IS_OVER && one_time.balance(node, self.market).await? > Amount::ZERO {
            one_time.tokens.clear();
            return Ok(());
        }
        one_time.redemption = None;
        let is_good = |token: &Token| match code.as_str() {
            EPOCH_IS_OVER => false,
            SPENT => !detail.contains(&token.nonce.to_string()),
            _ => true,
        };
        open.contents.put_back(std::mem::take(&mut one_time.tokens).into_iter().filter(is_good));
        open.save().await?;
        Err(error.into())
    }

    async fn open(&self) -> Result<Open<'_, V>, PurseError> {
        let (lock, kept) = self.vault.open().await.map_err(PurseError::NotKept)?;
        let contents = match kept {
            Some(kept) => Contents::read(&kept, self.market)?,
            None => Contents::new(self.market),
        };
        Ok(Open { vault: &self.vault, contents, _lock: lock })
    }
}

/// A purse that is open. Nobody else has it meanwhile.
struct Open<'a, V: Vault> {
    vault: &'a V,
    contents: Contents,
    _lock: V::Lock,
}

impl<V: Vault> Open<'_, V> {
    async fn save(&self) -> Result<(), PurseError> {
        self.vault.save(&self.contents.json()?).await.map_err(PurseError::NotKept)
    }

    async fn order<N: Network>(
        &mut self,
        node: &Node<'_, N>,
        owner: &SecretKey,
        mut left: usize,
    ) -> Result<(), PurseError> {
        while left > 0 {
            let count = left.min(MOST_TOKENS);
            let key = self.key(node).await?;
            let purchase = Purchase::new(&key, count, &mut OsRng)?;
            let idempotency_key = one_time::random_text()?.as_str().to_owned();
            let order = CreditOrder {
                market: self.contents.market,
                epoch: purchase.epoch(),
                blinded: purchase.blinded(),
                idempotency_key: idempotency_key.try_into().map_err(
                    |error: velum_market_model::TextError| PurseError::Malformed(error.to_string()),
                )?,
                owner: owner.public(),
            };
            self.contents.ordered.push(Ordered { order: json(&Signed::sign(order, owner)?)?, purchase });
            self.save().await?;
            if let Some(error) = self.receive(node).await? {
                return Err(error);
            }
            left -= count;
        }
        Ok(())
    }

    /// Takes in what is on order, and tells why the last of it could not be had. It stays on order, since it may be paid: by an answer that was lost, or once the account has the
    /// money.
    async fn receive<N: Network>(&mut self, node: &Node<'_, N>) -> Result<Option<PurseError>, PurseError> {
        let mut failure = None;
        for ordered in std::mem::take(&mut self.contents.ordered) {
            match self.received(node, &ordered).await {
                Ok(tokens) => self.contents.tokens.extend(tokens),
                Err(error) => {
                    // Nothing was paid for an epoch that is over, and never will be.
                    if error.code() != EPOCH_IS_OVER {
                        self.contents.ordered.push(ordered);
                    }
                    failure = Some(error);
                }
            }
        }
        self.save().await?;
        Ok(failure)
    }

    async fn received<N: Network>(
        &self,
        node: &Node<'_, N>,
        ordered: &Ordered,
    ) -> Result<Vec<Token>, PurseError> {
        let order = Signed::<CreditOrder>::read(ordered.order.get().as_bytes())?;
        let key = self.contents.key(order.message().epoch)?;
        let key = key.ok_or_else(|| PurseError::Malformed("the key of an order is missing".to_owned()))?;
        let issued = node.issue_credit(&order).await?;
        Ok(ordered.purchase.clone().finish(&key, &issued)?)
    }

    /// Turns what is left on a key into tokens.
    async fn collect<N: Network>(&mut self, node: &Node<'_, N>, ended: &OneTime) -> Result<(), PurseError> {
        let left = ended.balance(node, self.contents.market).await?;
        if left == Amount::ZERO {
            // A job that ends before it is handed in may not have been paid.
            self.contents.put_back(ended.tokens.clone());
        }
        let count = usize::try_from(left.get() / credit::VALUE.get()).unwrap_or(usize::MAX);
        self.order(node, &ended.key()?, count).await
    }

    /// The key under which tokens are issued now. One that only this wallet might be shown is refused.
    async fn key<N: Network>(&mut self, node: &Node<'_, N>) -> Result<CreditKey, PurseError> {
        let text = node.credit_key().await?;
        let signed = Signed::<CreditKey>::read(text.as_bytes())?;
        let (key, now) = (signed.message().clone(), node.network().now());
        let untrusted = |why: &str| PurseError::Untrusted(why.to_owned());
        if signed.key().owner() != self.contents.market {
            return Err(untrusted("another key than the market's has signed its key"));
        }
        let epochs = credit::epoch_at(now.before(CLOCKS_DIFFER))..=credit::epoch_at(now.after(CLOCKS_DIFFER));
        if !credit::is_regular(&key) || !epochs.contains(&key.epoch) {
            return Err(untrusted("its key has not the worth, the ends or the epoch that a key has now"));
        }
        match self.contents.key(key.epoch)? {
            Some(kept) if kept == key => {}
            Some(_) => {
                return Err(untrusted(
                    "it has shown another key of this epoch before; keep the purse, it shows that",
                ));
            }
            None => {
                self.contents.keys.push(json(&signed)?);
                self.save().await?;
            }
        }
        Ok(key)
    }
}
