//! What happens by itself, because its time has come.

use std::time::Duration as Wait;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use velum_market_model::{Duration, Hash};
use velum_market_rules::auction::Auction;
use velum_market_rules::{Event, Fault, Lot, Phase, Refusal};

use super::lots::found;
use super::{Market, Result, Told};
use crate::MarketError;
use crate::state::{Counted, alive, batches, counts, excuses, lots, quotas, quotes, seen};

/// How often it is looked whether something is due.
const LOOK: Wait = Wait::from_millis(200);

/// What is done for one look of each kind.
const MOST: i64 = 64;

/// How often a node says that it is there.
const SAY: Wait = Wait::from_secs(3);

/// From when on the silence of all nodes is an outage, which lengthens leases.
const OUTAGE: Duration = Duration::constant(15_000);

/// How often what is over is forgotten.
const TIDY: Wait = Wait::from_secs(60);

impl Market {
    /// Does what is due, until told to stop. Errors are logged, and what failed is tried again: other nodes, or this one later, find it still due.
    pub async fn run(&self, stop: CancellationToken) {
        let (mut look, mut say, mut tidy) =
            (tokio::time::interval(LOOK), tokio::time::interval(SAY), tokio::time::interval(TIDY));
        for interval in [&mut look, &mut say, &mut tidy] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => return,
                _ = say.tick() => self.say_alive().left_future().left_future(),
                _ = tidy.tick() => self.tidy().right_future().left_future(),
                _ = look.tick() => self.do_due().map(|done| done.map(drop)).right_future(),
            };
            if let Err(error) = done.await {
                tracing::warn!(%error, "what is due could not be done; it is tried again");
            }
        }
    }

    /// Does what is due now, some of each kind. Whether anything was.
    ///
    /// # Errors
    /// [`MarketError`].
    pub async fn do_due(&self) -> Result<bool> {
        let mut read = self.read().await?;
        let now = read.now();
        let batches = batches::due(read.connection(), now, MOST).await?;
        let lots = lots::due(read.connection(), now, MOST).await?;
        let orders = quotes::due_standing(read.connection(), now, MOST).await?;
        drop(read);
        let any = !(batches.is_empty() && lots.is_empty() && orders.is_empty());
        for number in batches {
            self.close_due(number).await?;
        }
        for id in lots {
            self.lot_due(id).await?;
        }
        for order in orders {
            match self.end_standing(order).await {
                Err(MarketError::Refused(Refusal::NotEnding { .. })) => (),
                ended => ended?,
            }
        }
        Ok(any)
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
            // Another node was faster, or its jobs are gone.
            Err(MarketError::Refused(Refusal::BatchOpen { .. } | Refusal::BatchClosed { .. })) => Ok(()),
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
                // Excuses have moved it, or another node was faster.
                Err(MarketError::Refused(_)) => before,
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

    fn event_due(&self, lot: &Lot, now: velum_market_model::Time) -> Option<Event> {
        match (&lot.phase, &lot.auction) {
            (Phase::Locked(lease), _) => Some(Event::Fail { epoch: lease.epoch, fault: Fault::Missed }),
            (Phase::Open, _) if now > lot.last_lock() => Some(Event::Expire),
            (Phase::Open, Auction::Sealed(sealed)) if sealed.root.is_none() => Some(Event::Fix),
            (Phase::Open, Auction::Sealed(_)) => Some(Event::Award),
            (Phase::Open | Phase::Settled { .. } | Phase::Expired { .. }, _) => None,
        }
    }

    /// Says that a node is there. If none was for a while, providers have that time more.
    async fn say_alive(&self) -> Result<()> {
        let mut change = self.change().await?;
        let now = change.now();
        let last = alive(&mut change).await?;
        if last.get() > 0 && now.since(last) > OUTAGE {
            tracing::warn!(
                milliseconds = now.since(last).get(),
                "no node was there; leases are longer by that"
            );
            excuses::outage(&mut change, last).await?;
        }
        change.commit().await?;
        self.look_for_inputs().await
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
        self.end_unstaking().await?;
        self.collect().await
    }
}
