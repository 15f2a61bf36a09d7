//! Buying tokens.

use rand_core::OsRng;
use velum_market_client::{MarketError, Network, Node, json};
use velum_market_credit::Purchase;
use velum_market_model::{
    CreditKey, CreditOrder, Hash, IdempotencyKey, MOST_TOKENS, SecretKey, Signed, TextError,
};
use velum_market_rules::credit;

use crate::contents::{CLOCKS_DIFFER, Ordered};
use crate::payment::random_text;
use crate::{EPOCH_IS_OVER, Purse, PurseError, Vault};

impl<V: Vault> Purse<V> {
    /// Buys this number of tokens from an owner's balance, less the tokens that were on order and
    /// arrive now.
    ///
    /// # Errors
    /// Returns [`PurseError`]. What may have been paid stays on order, and arrives with the next
    /// purchase.
    pub async fn buy<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: &SecretKey,
        count: usize,
    ) -> Result<(), PurseError> {
        let (mut received, mut refusal) = (0, None);
        for ordered in self.replayed(owner.public().owner()).await? {
            match self.receive_again(node, &ordered).await {
                Ok(count) => received += count,
                // The order stays on order, because another try may have been paid. It does not
                // prevent other purchases.
                Err(error @ PurseError::Market(MarketError::Refused { .. })) => {
                    refusal = Some(error)
                }
                Err(error) => return Err(error),
            }
        }
        match (count.saturating_sub(received), refusal) {
            (0, Some(error)) => Err(error),
            (left, _) => self.order(node, owner, left).await,
        }
    }

    /// Receives the tokens that an owner has on order. Returns their number.
    pub(crate) async fn receive<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: Hash,
    ) -> Result<usize, PurseError> {
        let mut received = 0;
        for ordered in self.replayed(owner).await? {
            received += self.receive_again(node, &ordered).await?;
        }
        Ok(received)
    }

    async fn replayed(&self, owner: Hash) -> Result<Vec<Ordered>, PurseError> {
        self.change(|contents| Ok(contents.replay_orders_of(owner))).await
    }

    /// Receives the tokens of an order that is sent again. Drops the order if its epoch is over by
    /// both clocks: it was not paid, and never will be.
    async fn receive_again<N: Network>(
        &self,
        node: &Node<'_, N>,
        ordered: &Ordered,
    ) -> Result<usize, PurseError> {
        match self.receive_one(node, ordered).await {
            Err(error) if error.code() == EPOCH_IS_OVER && self.is_past(node, ordered) => {
                self.change(|contents| {
                    contents.drop_order(ordered.id);
                    Ok(0)
                })
                .await
            }
            received => received,
        }
    }

    pub(crate) async fn order<N: Network>(
        &self,
        node: &Node<'_, N>,
        owner: &SecretKey,
        mut left: usize,
    ) -> Result<(), PurseError> {
        while left > 0 {
            let count = left.min(MOST_TOKENS);
            let key = self.key(node).await?;
            let purchase = Purchase::new(&key, count, &mut OsRng)?;
            let idempotency_key = IdempotencyKey::try_from(random_text()?.as_str().to_owned());
            let order = CreditOrder {
                market: self.market,
                epoch: purchase.epoch(),
                blinded: purchase.blinded(),
                idempotency_key: idempotency_key
                    .map_err(|error: TextError| PurseError::Malformed(error.to_string()))?,
                owner: owner.public(),
            };
            let ordered = Ordered::new(&Signed::sign(order, owner)?, purchase)?;
            self.change(|contents| contents.order(ordered.clone())).await?;
            match self.receive_one(node, &ordered).await {
                // If the order was sent only once, this is its answer: nothing was paid, and never
                // will be.
                Err(PurseError::Market(error @ MarketError::Refused { .. })) => {
                    self.change(|contents| {
                        contents.drop_refused(ordered.id);
                        Ok(())
                    })
                    .await?;
                    return Err(error.into());
                }
                received => left -= received?,
            }
        }
        Ok(())
    }

    async fn receive_one<N: Network>(
        &self,
        node: &Node<'_, N>,
        ordered: &Ordered,
    ) -> Result<usize, PurseError> {
        let key = self.look(|contents| contents.key(ordered.purchase.epoch())).await?;
        let key =
            key.ok_or_else(|| PurseError::Malformed("the key of an order is missing".to_owned()))?;
        let issued = node.issue_credit(&ordered.order()?).await?;
        let tokens = ordered.purchase.clone().finish(&key, &issued)?;
        let count = tokens.len();
        self.change(|contents| {
            contents.receive(ordered.id, tokens);
            Ok(())
        })
        .await?;
        Ok(count)
    }

    /// Whether tokens of the order's epoch are no longer issued, by the client's clock too.
    fn is_past<N: Network>(&self, node: &Node<'_, N>, ordered: &Ordered) -> bool {
        ordered.purchase.epoch() < credit::epoch_at(node.network().now())
    }

    /// The key under which tokens are issued now. The market's key has to sign it, it has to be a
    /// regular key of the current epoch, and it has to be the key that was first seen for that
    /// epoch. Any other key might be shown to this wallet alone.
    async fn key<N: Network>(&self, node: &Node<'_, N>) -> Result<CreditKey, PurseError> {
        let text = node.credit_key().await?;
        let signed = Signed::<CreditKey>::read(text.as_bytes())?;
        let (key, now) = (signed.message().clone(), node.network().now());
        let untrusted = |why: &str| PurseError::Untrusted(why.to_owned());
        if signed.key().owner() != self.market {
            return Err(untrusted("its credit key is not signed by the market's key"));
        }
        let epochs = credit::epoch_at(now.before(CLOCKS_DIFFER))
            ..=credit::epoch_at(now.after(CLOCKS_DIFFER));
        if !credit::is_regular(&key) || !epochs.contains(&key.epoch) {
            return Err(untrusted(
                "its credit key does not have the value, the end times or the epoch that a key has now; check this device's clock",
            ));
        }
        let kept = json(&signed)?;
        self.change(|contents| match contents.key(key.epoch)? {
            Some(kept) if kept == key => Ok(()),
            Some(_) => Err(untrusted(
                "it showed another credit key for this epoch before; keep the purse as evidence",
            )),
            None => {
                contents.keys.push(kept);
                Ok(())
            }
        })
        .await?;
        Ok(key)
    }
}
