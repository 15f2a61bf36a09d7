//! Blind credit. It is issued to owners that pay for it, and redeemed for keys that nobody has seen
//! before.

use rand_core::OsRng;
use velum_market_client::api::AccountStatus;
use velum_market_credit::{CreditError, Issuer};
use velum_market_model::{
    Count, CreditKey, CreditOrder, Hash, Issued, LogKind, Redemption, Signed, Time, id,
};
use velum_market_rules::{Account, Refusal, credit, repeated};

use super::{Connection, Market, Result};
use crate::MarketError;
use crate::state::quotas::Counted;
use crate::state::{credit as spent, jobs, ledger, seen};

impl Market {
    /// The key under which credit is issued now. It is in the log, so that everyone sees the same
    /// key.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn credit_key(&self) -> Result<Signed<CreditKey>> {
        let mut read = self.read().await?;
        let epoch = credit::epoch_at(read.now());
        if let Some(message) = spent::key(read.connection(), epoch).await? {
            return self.published(&message);
        }
        drop(read);
        let mut change = self.change().await?;
        let epoch = credit::epoch_at(change.now());
        if let Some(message) = spent::key(change.connection(), epoch).await? {
            return self.published(&message);
        }
        let signed = Signed::sign(self.key_of(epoch)?, &self.0.key)?;
        change.log(LogKind::Credit, CreditKey::subject(epoch), id(signed.message())?).await?;
        spent::publish(&mut change, epoch, signed.json()?).await?;
        change.commit().await?;
        Ok(signed)
    }

    /// Issues credit to an owner that pays for it. The same order again gives the same tokens.
    ///
    /// # Errors
    /// Returns [`MarketError`]; nothing is paid then.
    pub async fn issue_credit(&self, signed: &Signed<CreditOrder>) -> Result<Issued> {
        let order = signed.message();
        let (owner, order_id) = (order.owner.owner(), id(order)?);
        self.check_market(order.market)?;
        // Nothing is evaluated for an owner that cannot pay.
        let mut read = self.read().await?;
        let now = read.now();
        if !self.is_issued(read.connection(), order, order_id).await? {
            let transfers = credit::issue(owner, order.epoch, order.blinded.len() as u64, now)?;
            let account = Account::Balance(owner);
            let held = ledger::held(read.connection(), &account).await?;
            if let Some(needed) = transfers.as_slice().first().map(|transfer| transfer.amount)
                && held < needed
            {
                return Err(Refusal::NotEnough { account, held, needed }.into());
            }
        }
        drop(read);
        // Nothing is issued under a key that is not published.
        self.credit_key().await?;
        let (issuer, blinded) = (self.issuer(order.epoch)?, order.blinded.clone());
        let issued = self.0.pool.run(move |_| issuer.issue(&blinded, &mut OsRng)).await?;
        let mut change = self.change().await?;
        if self.is_issued(change.connection(), order, order_id).await? {
            return Ok(issued);
        }
        let now = change.now();
        let transfers = credit::issue(owner, order.epoch, order.blinded.len() as u64, now)?;
        ledger::apply(&mut change, &transfers).await??;
        change.log(LogKind::Money, owner, order_id).await?;
        seen::ordered(&mut change, owner, order.idempotency_key.as_str(), order_id).await?;
        change.commit().await?;
        Ok(issued)
    }

    /// Turns tokens into the balance of a key that has submitted nothing. Returns what the key has
    /// afterwards.
    ///
    /// # Errors
    /// Returns [`MarketError`]; no token is spent then.
    pub async fn redeem_credit(&self, signed: &Signed<Redemption>) -> Result<AccountStatus> {
        let redemption = signed.message();
        let Redemption { market, epoch, tokens, owner } = redemption;
        let (owner, redemption_id) = (owner.owner(), id(redemption)?);
        self.check_market(*market)?;
        let mut read = self.read().await?;
        // A message has redeemed all of its tokens or none.
        let [first, ..] = tokens[..] else {
            return Err(CreditError::Count { answers: 0, asked: 0 }.into());
        };
        if spent::redeemed_by(read.connection(), *epoch, first.nonce).await? == Some(redemption_id)
        {
            drop(read);
            return self.of_owner(owner).await;
        }
        let now = read.now();
        credit::redeem(owner, *epoch, tokens.len() as u64, now)?;
        self.check_wrong(read.connection(), Counted::Token, owner, now).await?;
        drop(read);
        let (issuer, checked, market) = (self.issuer(*epoch)?, tokens.clone(), self.0.id);
        let genuine = self.0.pool.run(move |_| issuer.check(&checked, market, owner)).await;
        if let Err(MarketError::Credit(CreditError::Token { .. })) = genuine {
            self.count_wrong(Counted::Token, owner).await?;
        }
        genuine?;
        let mut change = self.change().await?;
        if !self.is_redeemed(change.connection(), redemption, redemption_id).await? {
            if jobs::any_of(change.connection(), owner).await?.is_some() {
                return Err(Refusal::KnownKey.into());
            }
            let transfers = credit::redeem(owner, *epoch, tokens.len() as u64, change.now())?;
            ledger::apply(&mut change, &transfers).await??;
            change.log(LogKind::Money, owner, redemption_id).await?;
            for token in tokens {
                spent::spend(&mut change, *epoch, token.nonce, redemption_id).await?;
            }
            spent::use_once(&mut change, owner).await?;
            change.commit().await?;
        }
        self.of_owner(owner).await
    }

    /// Checks that a key that was paid by blind credit submits only one job.
    pub(super) async fn check_one_time(
        &self,
        connection: Connection<'_>,
        owner: Hash,
    ) -> Result<()> {
        if spent::is_used_once(connection, owner).await?
            && let Some(job) = jobs::any_of(connection, owner).await?
        {
            return Err(Refusal::OneTimeKey { job }.into());
        }
        Ok(())
    }

    /// Burns credit that was not redeemed in time.
    pub(super) async fn burn_credit(&self) -> Result<()> {
        let mut change = self.change().await?;
        let now = change.now();
        let current = credit::epoch_at(now);
        for (epoch, held) in spent::held_before(change.connection(), current).await? {
            let Ok(transfers) = credit::burn(epoch, held, now) else { continue };
            ledger::apply(&mut change, &transfers).await??;
            change.log(LogKind::Money, CreditKey::subject(epoch), Hash::default()).await?;
            spent::forget(&mut change, epoch).await?;
        }
        Ok(change.commit().await?)
    }

    /// Whether an order was paid.
    async fn is_issued(
        &self,
        connection: Connection<'_>,
        order: &CreditOrder,
        order_id: Hash,
    ) -> Result<bool> {
        let earlier =
            seen::money_order(connection, order.owner.owner(), order.idempotency_key.as_str())
                .await?;
        earlier.map_or(Ok(false), |earlier| Ok(repeated(earlier, order_id).map(|()| true)?))
    }

    /// Whether this very message has redeemed its tokens.
    async fn is_redeemed(
        &self,
        connection: Connection<'_>,
        redemption: &Redemption,
        redemption_id: Hash,
    ) -> Result<bool> {
        for token in &redemption.tokens {
            match spent::redeemed_by(connection, redemption.epoch, token.nonce).await? {
                Some(by) if by == redemption_id => return Ok(true),
                Some(_) => return Err(Refusal::Spent { nonce: token.nonce }.into()),
                None => (),
            }
        }
        Ok(false)
    }

    fn issuer(&self, epoch: Count) -> Result<Issuer> {
        Ok(Issuer::new(&self.0.key.derive("blind credit"), epoch)?)
    }

    /// The message that publishes an epoch's key.
    fn key_of(&self, epoch: Count) -> Result<CreditKey> {
        let (issued_until, redeemed_until): (Time, Time) = credit::ends_of(epoch);
        let (element, value) = (self.issuer(epoch)?.public(), credit::VALUE);
        Ok(CreditKey { epoch, element, value, issued_until, redeemed_until, node: self.0.public })
    }

    /// The key that was published. This node has to have the same key.
    fn published(&self, message: &str) -> Result<Signed<CreditKey>> {
        let signed = Signed::<CreditKey>::read(message.as_bytes())?;
        if *signed.message() == self.key_of(signed.message().epoch)? {
            return Ok(signed);
        }
        Err(MarketError::Credit(CreditError::Element { what: "the published key" }))
    }

    fn check_market(&self, named: Hash) -> Result<()> {
        if named == self.0.id {
            Ok(())
        } else {
            Err(Refusal::OtherMarket { named, this: self.0.id }.into())
        }
    }
}
