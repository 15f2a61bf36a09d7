//! Money of owners: into the market, out of it, and staked.

use velum_market_client::api::AccountStatus;
use velum_market_model::{
    Amount, Hash, LogKind, MoneyAction, MoneyOrder, Query, Reputation, Signed, Subject, Time, id,
};
use velum_market_rules::{Gateway, Refusal, Transfers, Unstaking, repeated, stake};

use super::{Market, Result};
use crate::MarketError;
use crate::state::{Counted, counts, ledger, lots, seen};

impl Market {
    /// Moves an owner's money. Returns what the owner has afterwards.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn move_money(&self, order: &Signed<MoneyOrder>) -> Result<AccountStatus> {
        let MoneyOrder { market, action, amount, idempotency_key, owner } = order.message();
        let owner = owner.owner();
        if *market != self.0.id {
            return Err(Refusal::OtherMarket { named: *market, this: self.0.id }.into());
        }
        let (order_id, key) = (id(order.message())?, idempotency_key.as_str());
        let mut change = self.change().await?;
        if let Some(earlier) = seen::money_order(change.connection(), owner, key).await? {
            repeated(earlier, order_id)?;
            drop(change);
            return self.of_owner(owner).await;
        }
        if *action == MoneyAction::Deposit {
            self.take_demo_money(&mut change, owner, *amount).await?;
        }
        let (transfers, unstaking) = self.transfers_of(*action, owner, *amount, change.now())?;
        ledger::apply(&mut change, &transfers).await??;
        let entry = change.log(LogKind::Money, owner, order_id).await?;
        seen::ordered(&mut change, owner, key, order_id).await?;
        if let Some(unstaking) = unstaking {
            seen::unstake(&mut change, &unstaking, entry.get()).await?;
        }
        change.commit().await?;
        self.of_owner(owner).await
    }

    fn transfers_of(
        &self,
        action: MoneyAction,
        owner: Hash,
        amount: Amount,
        now: Time,
    ) -> Result<(Transfers, Option<Unstaking>)> {
        let gateway = || self.0.money.as_ref().ok_or(MarketError::NoGateway);
        Ok(match action {
            MoneyAction::Deposit => (gateway()?.deposit(owner, amount)?, None),
            MoneyAction::Withdraw => (gateway()?.withdraw(owner, amount)?, None),
            MoneyAction::Stake => (stake(owner, amount), None),
            MoneyAction::Unstake => {
                let (unstaking, transfers) = Unstaking::begin(owner, amount, now, self.rules());
                (transfers, Some(unstaking))
            }
        })
    }

    /// Gives stake back whose time has come.
    pub(super) async fn end_unstaking(&self) -> Result<()> {
        const MOST: i64 = 64;
        let mut change = self.change().await?;
        let now = change.now();
        for unstaking in seen::unstaked(&mut change, now, MOST).await? {
            ledger::apply(&mut change, &unstaking.end(now)?).await??;
            change.log(LogKind::Money, unstaking.owner, Hash::default()).await?;
        }
        Ok(change.commit().await?)
    }

    /// What the asker has.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn account(&self, query: &Signed<Query>) -> Result<AccountStatus> {
        if query.message().subject != Subject::Account {
            return Err(MarketError::Malformed("query.subject is not an account".to_owned()));
        }
        let owner = self.check_query(query).await?;
        self.of_owner(owner).await
    }

    pub(super) async fn of_owner(&self, owner: Hash) -> Result<AccountStatus> {
        let mut read = self.read().await?;
        let (balance, stake) = ledger::of_owner(read.connection(), owner).await?;
        let lots = lots::held_by(read.connection(), owner).await?;
        Ok(AccountStatus { owner, balance, stake, lots: lots.iter().map(|lot| lot.id).collect() })
    }

    /// What a provider did in the window that counts for its reputation, signed.
    ///
    /// # Errors
    /// Returns [`MarketError::Database`].
    pub async fn reputation(&self, provider: Hash) -> Result<Signed<Reputation>> {
        let window = self.rules().admission.record_window;
        let mut read = self.read().await?;
        let now = read.now();
        let connection = read.connection();
        let who = Some(provider);
        let reputation = Reputation {
            provider,
            from: now.before(window),
            until: now,
            delivered: counts::sum(connection, Counted::Delivered, who, now, window).await?,
            late: counts::sum(connection, Counted::Late, who, now, window).await?,
            failed: counts::sum(connection, Counted::Failed, who, now, window).await?,
            node: self.0.public,
        };
        Ok(Signed::sign(reputation, &self.0.key)?)
    }
}
