//! What happens by itself because its time has come.

use std::time::Duration as Wait;

use futures_util::TryFutureExt;
use tokio_util::sync::CancellationToken;
use velum_market_model::{Duration, Hash};
use velum_market_rules::auction::Auction;
use velum_market_rules::{Event, Fault, Lot, Phase, Refusal};

use super::lots::found;
use super::{Market, Result, Told};
use crate::MarketError;
use crate::state::{Change, Counted, batches, counts, excuses, lots, quotas, quotes, seen};

/// How often to look whether something is due.
const LOOK: Wait = Wait::from_millis(200);

/// How much of each kind is done at one look.
const MOST: i64 = 64;

/// For how long a step that cannot be carried out is postponed.
const PUT_OFF: Duration = Duration::constant(60_000);

/// How often a node records that it is there.
const SAY: Wait = Wait::from_secs(3);

/// If all nodes are silent for longer than this, it is an outage, which lengthens leases.
const OUTAGE: Duration = Duration::constant(15_000);

/// How often to forget what is over.
const TIDY: Wait = Wait::from_secs(60);

/// Something that is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// A lot, by its id.
    Lot(Hash),
    /// A batch, by its number.
    Batch(u64),
    /// A standing order, by its id.
    Order(Hash),
    /// A lot in the book whose price may have met a quote.
    Match(Hash),
}

impl Market {
    /// Does what is due, until told to stop. Errors are logged. What failed is tried again: it is
    /// still due for the other nodes, or for this one later.
    pub async fn run(&self, stop: CancellationToken) {
        // These run beside each other, so that none waits for what takes another one long.
        tokio::join!(
            every(LOOK, &stop, || self.do_due().map_ok(drop)),
            every(LOOK, &stop, || self.look_into_book().map_ok(drop)),
            every(SAY, &stop, || self.say_alive()),
            every(SAY, &stop, || self.look_for_inputs()),
            every(TIDY, &stop, || self.tidy()),
        );
    }

    /// Does some of what is due now, of each kind. Returns whether anything was due.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn do_due(&self) -> Result<bool> {
        let mut read = self.read().await?;
        let now = read.now();
        let batches = batches::due(read.connection(), now, MOST).await?;
        let lots = lots::due(read.connection(), now, MOST).await?;
        let orders = quotes::due_standing(read.connection(), now, MOST).await?;
        drop(read);
        // Leases and bids come first, because money is lost by them.
        let lots = lots.into_iter().map(Due::Lot);
        let due: Vec<_> = lots
            .chain(batches.into_iter().map(Due::Batch))
            .chain(orders.into_iter().map(Due::Order))
            .collect();
        for one in &due {
            self.attempt(*one).await?;
        }
        Ok(!due.is_empty())
    }

    /// Searches the book for some of the lots whose price may have met a quote by now. Returns
    /// whether there were any.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn look_into_book(&self) -> Result<bool> {
        let mut read = self.read().await?;
        let now = read.now();
        let lots = lots::to_match(read.connection(), now, MOST).await?;
        drop(read);
        for lot in &lots {
            self.attempt(Due::Match(*lot)).await?;
        }
        Ok(!lots.is_empty())
    }

    /// Does one thing that is due. A step that cannot be carried out is postponed for a while, and
    /// holds up nothing else.
    async fn attempt(&self, due: Due) -> Result<()> {
        let done = match due {
            Due::Lot(id) => self.lot_due(id).await,
            Due::Batch(number) => self.close_due(number).await,
            Due::Order(order) => self.end_standing(order).await,
            Due::Match(id) => self.match_due(id).await,
        };
        match done {
            // Nothing can be done without the database.
            Err(MarketError::Database(error)) if error.may_pass() => Err(error.into()),
            Err(error) => {
                tracing::error!(?due, %error, "a due step failed and is postponed");
                self.put_off(due).await
            }
            Ok(()) => Ok(()),
        }
    }

    async fn put_off(&self, due: Due) -> Result<()> {
        let mut change = self.change().await?;
        let until = change.now().after(PUT_OFF);
        match due {
            Due::Lot(id) => lots::put_off(&mut change, id, until).await?,
            Due::Batch(number) => batches::put_off(&mut change, number, until).await?,
            Due::Order(order) => quotes::put_off_standing(&mut change, order, until).await?,
            Due::Match(id) => lots::put_off_match(&mut change, id, until).await?,
        }
        Ok(change.commit().await?)
    }

    async fn close_due(&self, number: u64) -> Result<()> {
        let mut change = self.change().await?;
        let Some(open) = batches::open(change.connection(), number).await? else { return Ok(()) };
        match self.close_batch(&mut change, open).await {
            Ok(lot) => {
                change.commit().await?;
                self.tell(Told::Lot(lot));
                Ok(())
            }
            // Another node was faster, or the batch's jobs are gone.
            Err(MarketError::Refused(Refusal::BatchOpen { .. } | Refusal::BatchClosed { .. })) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn lot_due(&self, id: Hash) -> Result<()> {
        let mut change = self.change().await?;
        let now = change.now();
        let before = found(change.connection(), id).await?;
        let after = match self.event_due(&before, now) {
            Some(event) => match self.step(&mut change, &before, &event).await {
                Ok(after) => after,
                // Excuses have postponed it, or another node was faster.
                Err(MarketError::Refused(refusal)) => {
                    if self.save(&mut change, &before).await?.is_some_and(|due_at| due_at <= now) {
                        return Err(refusal.into());
                    }
                    before
                }
                Err(error) => return Err(error),
            },
            None => before,
        };
        let after = self.match_again(&mut change, after).await?;
        self.save(&mut change, &after).await?;
        change.commit().await?;
        self.tell(Told::Lot(id));
        Ok(())
    }

    async fn match_due(&self, id: Hash) -> Result<()> {
        let mut change = self.change().await?;
        let before = found(change.connection(), id).await?;
        let after = self.match_again(&mut change, before).await?;
        let again = self.match_at(&after, change.now());
        lots::match_at(&mut change, id, again).await?;
        change.commit().await?;
        if after.phase != Phase::Open {
            self.tell(Told::Lot(id));
        }
        Ok(())
    }

    fn event_due(&self, lot: &Lot, now: velum_market_model::Time) -> Option<Event> {
        match (&lot.phase, &lot.auction) {
            (Phase::Locked(lease), _) => {
                Some(Event::Fail { epoch: lease.epoch, fault: Fault::Missed })
            }
            (Phase::Open, _) if now > lot.last_lock() => Some(Event::Expire),
            (Phase::Open, Auction::Sealed(sealed)) if sealed.fixed.is_none() => Some(Event::Fix),
            (Phase::Open, Auction::Sealed(_)) => Some(Event::Award),
            (Phase::Open | Phase::Settled { .. } | Phase::Expired { .. }, _) => None,
        }
    }

    /// Records that a node is there, as every committed change does.
    async fn say_alive(&self) -> Result<()> {
        Ok(self.change().await?.commit().await?)
    }

    async fn tidy(&self) -> Result<()> {
        let admission = self.rules().admission.clone();
        let mut change = self.change().await?;
        quotes::expire(&mut change).await?;
        seen::forget(&mut change).await?;
        quotas::forget(&mut change).await?;
        counts::forget(&mut change, Counted::Took, admission.window).await?;
        for what in [Counted::Delivered, Counted::Late, Counted::Failed] {
            counts::forget(&mut change, what, admission.record_window).await?;
        }
        change.commit().await?;
        // If one of these fails, the others still run.
        let (unstaked, burned) = (self.end_unstaking().await, self.burn_credit().await);
        self.collect().await.and(unstaked).and(burned)
    }
}

/// Does something again and again, until told to stop.
async fn every<F: Future<Output = Result<()>>>(
    wait: Wait,
    stop: &CancellationToken,
    work: impl Fn() -> F,
) {
    let mut interval = tokio::time::interval(wait);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => (),
        }
        if let Err(error) = work().await {
            tracing::warn!(%error, "due steps could not be done; trying again");
        }
    }
}

/// Records an outage if no node was there for a while. Providers then have that time in addition,
/// and so do those who bid or open bids.
///
/// This is a part of every change, so that nothing can be lost for a time in which nobody could do
/// anything.
pub(super) async fn note_outage(change: &mut Change) -> Result<()> {
    let (last, now) = (change.alive(), change.now());
    if last.get() > 0 && now.since(last) > OUTAGE {
        let milliseconds = now.since(last).get();
        tracing::warn!(
            milliseconds,
            "no node was running; leases and sealed auctions are extended by this time"
        );
        excuses::outage(change, last).await?;
    }
    Ok(())
}
