//! The book: quotes, and capacity that is bought ahead of them.

use velum_market_model::{Hash, LogKind, Quote, Revocation, Signed, StandingOrder, id};
use velum_market_rules::admission::may_quote;
use velum_market_rules::auction::limit::{Ask, waiting_for};
use velum_market_rules::{Account, Lot, Phase, Refusal, SeenMessage, Standing};

use super::{Market, Result, Told};
use crate::MarketError;
use crate::state::{Change, ledger, lots, quotes};

/// How many lots that wait in the book are looked at for one quote.
const MOST_WAITING: i64 = 512;

impl Market {
    /// Puts a quote into the book, which may take lots at once. Returns what is left of the quote.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn quote(&self, signed: &Signed<Quote>) -> Result<Option<Ask>> {
        let message = signed.message();
        let (quote_id, owner) = (id(message)?, message.provider.owner());
        let mut change = self.change().await?;
        let now = change.now();
        if let Some(there) = quotes::find(change.connection(), quote_id).await? {
            return Ok(Some(there.ask));
        }
        let mut ask = Ask::new(message, quote_id, self.0.id, now)?;
        self.check_listed(owner)?;
        let connection = change.connection();
        let staked = ledger::held(connection, &Account::Stake(owner)).await?;
        let there = quotes::standing_there(connection, owner, ask.profile, now).await?;
        may_quote(staked, there, self.rules())?;
        // A quote that was used up or taken back does not come into the book again.
        self.take_once(&mut change, SeenMessage { id: quote_id, owner, until: message.expires })
            .await?;
        quotes::place(&mut change, &ask, signed).await?;
        change.log(LogKind::Quote, quote_id, quote_id).await?;
        let mut told = Vec::new();
        let mut waiting =
            lots::open(change.connection(), "limit", Some(ask.profile), ask.left, MOST_WAITING)
                .await?;
        // What the provider has sold ahead is not a part of the quote.
        waiting.retain(|lot| lot.seller != Some(owner));
        while let Some((waits, price)) = waiting_for(&ask, &waiting, now) {
            let waits = waits.clone();
            waiting.retain(|other| other.id != waits.id);
            let Some(taken) = self.take(&mut change, &waits, ask.provider, price).await? else {
                continue;
            };
            told.push(Told::Lot(taken.id));
            let left = ask.without(&taken);
            quotes::leave(&mut change, quote_id, left.as_ref().map(|ask| ask.left.get())).await?;
            match left {
                Some(left) => ask = left,
                None => break,
            }
        }
        let left = quotes::find(change.connection(), quote_id).await?.map(|row| row.ask);
        change.commit().await?;
        told.into_iter().for_each(|told| self.tell(told));
        Ok(left)
    }

    /// Takes a quote back. Capacity that was bought ahead of it is refunded as far as it was not
    /// drawn.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn revoke(&self, revocation: &Signed<Revocation>) -> Result<()> {
        let Revocation { quote: quote_id, provider } = *revocation.message();
        let owner = provider.owner();
        let mut change = self.change().await?;
        let found = quotes::find(change.connection(), quote_id).await?;
        let sold = quotes::standing_of(change.connection(), quote_id).await?;
        if found.is_none() && sold.is_empty() {
            return Err(MarketError::Unknown { what: "quote", id: quote_id });
        }
        if found.is_some_and(|row| row.ask.provider != owner) {
            return Err(Refusal::NotYours { what: "the quote" }.into());
        }
        for standing in sold {
            let (ended, transfers) = standing.withdraw(owner)?;
            ledger::apply(&mut change, &transfers).await??;
            change.log(LogKind::Standing, ended.id, quote_id).await?;
            quotes::save_standing(&mut change, &ended, quote_id).await?;
        }
        quotes::leave(&mut change, quote_id, None).await?;
        change.log(LogKind::Quote, quote_id, id(revocation.message())?).await?;
        change.commit().await?;
        Ok(())
    }

    /// Buys capacity ahead of a quote.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn buy(&self, order: &Signed<StandingOrder>) -> Result<Standing> {
        let message = order.message();
        let order_id = id(message)?;
        let mut change = self.change().await?;
        let now = change.now();
        if let Some((standing, _)) = quotes::find_standing(change.connection(), order_id).await? {
            return Ok(standing);
        }
        let row = quotes::find(change.connection(), message.quote).await?;
        let row = row.ok_or(MarketError::Unknown { what: "quote", id: message.quote })?;
        let quoted = (&row.quote, row.ask.id, row.ask.left);
        let (standing, transfers) =
            Standing::buy(message, order_id, quoted, self.0.id, now, self.rules())?;
        ledger::apply(&mut change, &transfers).await??;
        change.log(LogKind::Standing, order_id, message.quote).await?;
        quotes::save_standing(&mut change, &standing, message.quote).await?;
        let left = row.ask.left.saturating_sub(message.count).get();
        quotes::leave(&mut change, row.ask.id, (left > 0).then_some(left)).await?;
        change.commit().await?;
        Ok(standing)
    }

    /// A standing order as it stands.
    ///
    /// # Errors
    /// Returns [`MarketError::Unknown`].
    pub async fn standing(&self, order: Hash) -> Result<Standing> {
        let found = quotes::find_standing(self.read().await?.connection(), order).await?;
        Ok(found.ok_or(MarketError::Unknown { what: "standing order", id: order })?.0)
    }

    /// Divides what was not drawn of a standing order whose time is over.
    pub(super) async fn end_standing(&self, order: Hash) -> Result<()> {
        let mut change = self.change().await?;
        let now = change.now();
        let Some((standing, quote_id)) = quotes::find_standing(change.connection(), order).await?
        else {
            return Ok(());
        };
        if standing.ended {
            // Another node was faster.
            return Ok(());
        }
        let (ended, transfers) = standing.end(now, self.rules())?;
        ledger::apply(&mut change, &transfers).await??;
        change.log(LogKind::Standing, order, quote_id).await?;
        quotes::save_standing(&mut change, &ended, quote_id).await?;
        change.commit().await?;
        Ok(())
    }

    /// Searches the book for a lot that is open again.
    pub(super) async fn match_again(&self, change: &mut Change, lot: Lot) -> Result<Lot> {
        let is_in_book = matches!(lot.auction, velum_market_rules::auction::Auction::Limit { .. });
        if is_in_book && lot.phase == Phase::Open {
            self.match_lot(change, lot).await
        } else {
            Ok(lot)
        }
    }
}
