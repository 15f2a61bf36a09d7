//! A purse, which buys tokens, pays jobs with them, and collects what is left.

use serde_json::value::RawValue;
use velum_market_client::api::JobState;
use velum_market_client::{JOB_UNKNOWN, MarketAdapter, MarketError, Network, Node};
use velum_market_model::{
    Amount, Hash, MOST_TOKENS, Query, Redemption, SecretKey, Signed, Subject, Time,
};
use velum_market_rules::credit;

use crate::contents::{Contents, Holding};
use crate::payment::Payment;
use crate::{EPOCH_IS_OVER, PurseError, SPENT, Vault};

/// A purse of blind credit at one market.
pub struct Purse<V> {
    vault: V,
    pub(crate) market: Hash,
}

/// How a market answered a redemption.
enum Redeemed {
    Yes,
    /// Some tokens were spent before, and are gone. The others are in the purse again.
    Spent(PurseError),
    /// The redemption will never be accepted. The tokens that are still good are in the purse
    /// again.
    No(PurseError),
}

impl<V: Vault> Purse<V> {
    /// The purse in a vault, for the market with this id.
    pub const fn new(vault: V, market: Hash) -> Self {
        Self { vault, market }
    }

    /// The tokens that are redeemed at this time, by epoch, the oldest first. One job is paid with
    /// tokens of one epoch.
    ///
    /// # Errors
    /// Returns [`PurseError`], as all methods here do. Nothing is lost then.
    pub async fn holdings(&self, now: Time) -> Result<Vec<Holding>, PurseError> {
        self.look(|contents| {
            Ok(contents.holdings(now).into_iter().map(|(_, holding)| holding).collect())
        })
        .await
    }

    /// The signed keys under which the tokens of the purse were issued. The market must have shown
    /// everyone the same keys, which its log tells.
    ///
    /// # Errors
    /// Returns [`PurseError`].
    pub async fn keys(&self) -> Result<Vec<Box<RawValue>>, PurseError> {
        self.look(|contents| Ok(contents.keys.clone())).await
    }

    /// A new key for one job. The purse pays for the job when [`Paying`](crate::Paying) hands it
    /// in.
    ///
    /// # Errors
    /// Returns [`PurseError`].
    pub async fn new_key(&self, now: Time) -> Result<SecretKey, PurseError> {
        self.begin(now, false).await
    }

    async fn begin(&self, now: Time, is_over: bool) -> Result<SecretKey, PurseError> {
        let payment = Payment::new(now, is_over)?;
        let key = payment.key()?;
        self.change(|contents| {
            contents.begin(payment, now);
            Ok(())
        })
        .await?;
        Ok(key)
    }

    /// Ends the payment of a job, once the market has settled or refunded the job or never had it,
    /// and takes back what is left.
    ///
    /// # Errors
    /// Returns [`PurseError`]. If it is an error of the market, [`Purse::collect`] takes back later
    /// what is left.
    pub async fn end<N: Network>(&self, node: &Node<'_, N>, owner: Hash) -> Result<(), PurseError> {
        self.change(|contents| {
            contents.end(owner);
            Ok(())
        })
        .await?;
        self.collect_one(node, owner).await
    }

    /// Takes back what is left of all jobs that have ended. It asks about one job after another, so
    /// an observer of the connection sees that the jobs belong to one wallet.
    ///
    /// # Errors
    /// Returns the first [`PurseError`]. What could not be taken back stays in the purse, and is
    /// asked for again the next time.
    pub async fn collect<N: Network>(&self, node: &Node<'_, N>) -> Result<(), PurseError> {
        let (by_market, now) = (self.now(node).await?, node.network().now());
        self.change(|contents| {
            contents.prune(by_market, now);
            Ok(())
        })
        .await?;
        let mut failure = None;
        for owner in self.look(|contents| Ok(contents.over(now))).await? {
            if let Err(error) = self.collect_one(node, owner).await {
                failure = failure.or(Some(error));
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Exchanges tokens of earlier epochs for tokens that are issued now, which stay valid for
    /// longer. It uses keys that hand in no job.
    ///
    /// # Errors
    /// Returns [`PurseError`].
    pub async fn renew<N: Network>(&self, node: &Node<'_, N>) -> Result<(), PurseError> {
        let now = self.now(node).await?;
        let holdings = self.look(|contents| Ok(contents.holdings(now))).await?;
        // Each epoch is renewed once: a market whose clock is ahead of its key issues tokens of the
        // same epoch again.
        for (_, Holding { mut tokens, .. }) in
            holdings.into_iter().filter(|(epoch, _)| *epoch < credit::epoch_at(now))
        {
            while tokens > 0 {
                let count = tokens.min(MOST_TOKENS);
                let worth = Amount::new(count as u64 * credit::VALUE.get());
                let amount = worth.map_err(|_| PurseError::TooMuch { amount: Amount::MOST })?;
                // The key pays no job, so what it leaves may be taken back from the start.
                let owner = self.begin(node.network().now(), true).await?.public().owner();
                let paid = self.pay(node, owner, amount, None).await;
                self.end(node, owner).await?;
                paid?;
                tokens -= count;
            }
        }
        Ok(())
    }

    /// Pays for the job of a key with tokens that are worth an amount.
    pub(crate) async fn pay<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: Hash,
        amount: Amount,
        job: Option<Hash>,
    ) -> Result<(), PurseError> {
        // Each round but the last removes tokens that were spent before, as happens if a copy of
        // the purse is used.
        loop {
            let is_paid =
                |contents: &Contents| Ok(contents.payment(owner).is_some_and(Payment::is_redeemed));
            if self.look(is_paid).await? {
                return Ok(());
            }
            let now = self.now(node).await?;
            let redemption =
                self.change(|contents| contents.withdraw(owner, amount, job, now)).await?;
            let Some(redemption) = redemption else { return Ok(()) };
            match self.redeem(node, owner, &redemption).await? {
                Redeemed::Yes => return Ok(()),
                Redeemed::Spent(_) => {}
                Redeemed::No(error) => return Err(error),
            }
        }
    }

    async fn redeem<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: Hash,
        redemption: &Signed<Redemption>,
    ) -> Result<Redeemed, PurseError> {
        let id = velum_market_model::id(redemption.message())?;
        let refusal = match node.redeem_credit(redemption).await {
            Ok(_) => None,
            Err(MarketError::Refused { code, detail }) => Some((code, detail)),
            Err(error) => return Err(error.into()),
        };
        let Some((code, detail)) = refusal else { return self.redeemed(owner, id).await };
        // Tokens that were redeemed before their epoch ended still count after it, even if the
        // answer was lost.
        if code == EPOCH_IS_OVER && self.balance(node, owner).await? > Amount::ZERO {
            return self.redeemed(owner, id).await;
        }
        let now = node.network().now();
        let refused =
            |contents: &mut Contents| Ok(contents.refused(owner, id, &code, &detail, now));
        let is_any_bad = self.change(refused).await?;
        let is_spent = is_any_bad && code == SPENT;
        let error = MarketError::Refused { code, detail }.into();
        Ok(if is_spent { Redeemed::Spent(error) } else { Redeemed::No(error) })
    }

    async fn redeemed(&self, owner: Hash, redemption: Hash) -> Result<Redeemed, PurseError> {
        self.change(|contents| {
            contents.redeemed(owner, redemption);
            Ok(Redeemed::Yes)
        })
        .await
    }

    /// Takes back what is left of one job.
    async fn collect_one<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: Hash,
    ) -> Result<(), PurseError> {
        let begun = self.look(|contents| {
            let payment = contents.payment(owner);
            payment
                .map(|payment| Ok((payment.job, payment.is_redeemed(), payment.redemption()?)))
                .transpose()
        });
        let Some((job, is_redeemed, Some(redemption))) = begun.await? else { return Ok(()) };
        self.now(node).await?;
        // A redemption that is still on its way would pay a key that is forgotten. So the
        // redemption has to be answered first.
        if !is_redeemed
            && let Redeemed::Spent(error) | Redeemed::No(error) =
                self.redeem(node, owner, &redemption).await?
        {
            self.change(|contents| {
                contents.forget_refused(owner);
                Ok(())
            })
            .await?;
            return Err(error);
        }
        // What an open job holds comes back when the job ends.
        if let Some(job) = job
            && is_open(node, job).await?
        {
            return Ok(());
        }
        let key = self.key_of(owner).await?;
        self.receive(node, owner).await?;
        // No job adds to what was redeemed.
        let left = self.balance(node, owner).await?.get() / credit::VALUE.get();
        let count =
            usize::try_from(left).unwrap_or(usize::MAX).min(redemption.message().tokens.len());
        self.order(node, &key, count).await?;
        let id = velum_market_model::id(redemption.message())?;
        self.change(|contents| {
            contents.forget(owner, id);
            Ok(())
        })
        .await
    }

    /// The market's clock, if it is the market of this purse.
    pub(crate) async fn now<N: Network>(&self, node: &Node<'_, N>) -> Result<Time, PurseError> {
        let info = node.market().await?;
        if info.id == self.market { Ok(info.now) } else { Err(PurseError::OtherMarket) }
    }

    async fn key_of(&self, owner: Hash) -> Result<SecretKey, PurseError> {
        self.look(|contents| contents.payment(owner).ok_or(PurseError::UnknownKey)?.key()).await
    }

    /// The balance that the market holds for the key of a job.
    async fn balance<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: Hash,
    ) -> Result<Amount, PurseError> {
        let key = self.key_of(owner).await?;
        // The query is dated by the node's clock, by which the node decides whether it answers.
        let at = self.now(node).await?;
        let query =
            Query { market: self.market, subject: Subject::Account, at, asker: key.public() };
        Ok(node.account(&Signed::sign(query, &key)?).await?.balance)
    }

    // --- The vault ---

    pub(crate) async fn look<T>(
        &self,
        look: impl FnOnce(&Contents) -> Result<T, PurseError>,
    ) -> Result<T, PurseError> {
        let (_lock, contents) = self.open().await?;
        look(&contents)
    }

    pub(crate) async fn change<T>(
        &self,
        change: impl FnOnce(&mut Contents) -> Result<T, PurseError>,
    ) -> Result<T, PurseError> {
        let (_lock, mut contents) = self.open().await?;
        let changed = change(&mut contents)?;
        self.vault.save(&contents.json()?).await.map_err(PurseError::NotKept)?;
        Ok(changed)
    }

    async fn open(&self) -> Result<(V::Lock, Contents), PurseError> {
        let (lock, kept) = self.vault.open().await.map_err(PurseError::NotKept)?;
        let contents = match kept {
            Some(kept) => Contents::read(&kept, self.market)?,
            None => Contents::new(self.market),
        };
        Ok((lock, contents))
    }
}

/// Whether a market has a job that has not ended.
async fn is_open<N: Network>(node: &Node<'_, N>, job: Hash) -> Result<bool, PurseError> {
    match node.status(job).await {
        Ok(status) => Ok(status.state != JobState::Settled && !status.state.is_refunded()),
        Err(MarketError::Refused { code, .. }) if code == JOB_UNKNOWN => Ok(false),
        Err(error) => Err(error.into()),
    }
}
