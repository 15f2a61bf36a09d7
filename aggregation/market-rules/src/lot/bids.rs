//! The sealed auction of a lot: its bids with their collateral, its award, and the bidder that
//! follows if the winner fails.

use velum_market_model::{Amount, Hash, Time};

use super::{Lot, Step};
use crate::admission::Admitted;
use crate::auction::{Auction, Commitment, Sealed};
use crate::{Account, Cause, Clock, Notice, Refusal, Rules, Transfers};

impl Lot {
    pub(super) fn commit(
        &self,
        admitted: &Admitted,
        commitment: Hash,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        let now = clock.now;
        self.check_open()?;
        self.check_lockable(admitted, now)?;
        let bidder = admitted.provider();
        let mut step = self.with_sealed(|sealed| {
            let commitment = Commitment { bidder, commitment, at: now, price: None };
            sealed.commit(commitment, clock, rules)
        })?;
        let standby = Account::Standby { lot: self.id, bidder };
        step.transfers.add(Account::Balance(bidder), standby, self.collateral, Cause::Collateral);
        Ok(step)
    }

    pub(super) fn reveal(
        &self,
        bidder: Hash,
        price: Amount,
        nonce: &Hash,
        clock: &Clock<'_>,
        rules: &Rules,
    ) -> Result<Step, Refusal> {
        let (minimum, maximum) = (self.minimum, self.maximum);
        if price < minimum || price > maximum {
            return Err(Refusal::PriceOutside { price, minimum, maximum });
        }
        self.with_sealed(|sealed| {
            sealed.reveal(&self.id, self.epoch, bidder, price, nonce, clock, rules)
        })
    }

    /// Awards the lot to the lowest bidder and lets the next ones stand by. All other bidders get
    /// their collateral back, except those that did not open their bids: they lose a part of it.
    pub(super) fn award(&self, clock: &Clock<'_>, rules: &Rules) -> Result<Step, Refusal> {
        let now = clock.now;
        self.check_open()?;
        let Auction::Sealed(sealed) = &self.auction else { return Err(Refusal::OtherAuction) };
        let awarded = sealed.award(self.maximum, clock, rules)?;
        let mut transfers = Transfers::none();
        for bidder in &awarded.unrevealed {
            let standby = Account::Standby { lot: self.id, bidder: *bidder };
            let lost = rules.sealed.unrevealed.of(self.collateral);
            transfers.add(standby, Account::Burned, lost, Cause::Unrevealed);
            let rest = self.collateral.saturating_sub(lost);
            transfers.add(standby, Account::Balance(*bidder), rest, Cause::Returned);
        }
        for bidder in &awarded.released {
            self.release(*bidder, &mut transfers);
        }
        let mut lot = Self { auction: Auction::Sealed(awarded.sealed), ..self.clone() };
        let mut step = match lot.next_in_line(now, &mut transfers) {
            Some((provider, price)) => lot.locked(provider, price, now, transfers)?,
            None => {
                lot.reopen(now);
                Step { lot, transfers, notices: Vec::new() }
            }
        };
        step.notices.extend(awarded.unrevealed.into_iter().map(Notice::Unrevealed));
        Ok(step)
    }

    /// Takes the first bidder that stands by out of the line. The collateral of its bid is held for
    /// the lot from now on.
    ///
    /// Returns `None` if nobody stands by, or if the lot cannot be locked any more. In the latter
    /// case, all bidders that stand by get their collateral back.
    pub(super) fn next_in_line(
        &mut self,
        now: Time,
        transfers: &mut Transfers,
    ) -> Option<(Hash, Amount)> {
        let last_lock = self.last_lock();
        let (id, collateral) = (self.id, self.collateral);
        let Auction::Sealed(Sealed { standbys, .. }) = &mut self.auction else { return None };
        if now > last_lock {
            let released = std::mem::take(standbys);
            released.into_iter().for_each(|standby| self.release(standby.bidder, transfers));
            return None;
        }
        if standbys.is_empty() {
            return None;
        }
        let next = standbys.remove(0);
        let standby = Account::Standby { lot: id, bidder: next.bidder };
        transfers.add(standby, Account::Collateral(id), collateral, Cause::Collateral);
        Some((next.bidder, next.price))
    }

    pub(super) fn release(&self, bidder: Hash, transfers: &mut Transfers) {
        let standby = Account::Standby { lot: self.id, bidder };
        transfers.add(standby, Account::Balance(bidder), self.collateral, Cause::Returned);
    }

    pub(super) fn release_standbys(&mut self, transfers: &mut Transfers) {
        if let Auction::Sealed(sealed) = &mut self.auction {
            let standbys = std::mem::take(&mut sealed.standbys);
            standbys.into_iter().for_each(|standby| self.release(standby.bidder, transfers));
        }
    }

    pub(super) fn with_sealed(
        &self,
        change: impl FnOnce(&Sealed) -> Result<Sealed, Refusal>,
    ) -> Result<Step, Refusal> {
        self.check_open()?;
        let Auction::Sealed(sealed) = &self.auction else { return Err(Refusal::OtherAuction) };
        let lot = Self { auction: Auction::Sealed(change(sealed)?), ..self.clone() };
        Ok(Step { lot, transfers: Transfers::none(), notices: Vec::new() })
    }
}
