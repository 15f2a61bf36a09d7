//! Lots: how batches become lots, and every step of a lot with its money, messages and log entries.

use velum_market_client::api::JobState;
use velum_market_model::{
    Amount, Count, Duration, Hash, Head, Lease, LogKind, Match, Outcome, Paid, Settlement, Signed,
    Time,
};
use velum_market_rules::admission::{self, Admitted, Record, admit};
use velum_market_rules::auction::Auction;
use velum_market_rules::{Account, Clock, Event, Interval, Lot, LotLease, Notice, Phase, Refusal};

use super::{Connection, Market, ONE, Result};
use crate::MarketError;
use crate::state::{
    Change, Counted, OpenBatch, Wanted, batches, counts, excuses, jobs, ledger, log, lots, quotes,
};

impl Market {
    /// Closes a batch. Its lot is offered at once.
    pub(super) async fn close_batch(&self, change: &mut Change, open: OpenBatch) -> Result<Hash> {
        let now = change.now();
        let (batch, mut made) = open.batch.close(now, self.rules())?;
        if let Some(order) = batch.key.standing_order
            && let Some((standing, _)) = quotes::find_standing(change.connection(), order).await?
        {
            made = standing.reserve(made);
        }
        batches::close(change, open.number, made.id).await?;
        jobs::offer(change, open.number, made.id).await?;
        change.log(LogKind::Lot, made.id, made.id).await?;
        let id = made.id;
        self.save(change, &made).await?;
        if matches!(made.auction, Auction::Limit { .. }) {
            self.match_lot(change, made).await?;
        }
        Ok(id)
    }

    /// Makes a step of a lot, with its state, money, messages and log entries.
    pub(super) async fn step(
        &self,
        change: &mut Change,
        before: &Lot,
        event: &Event,
    ) -> Result<Lot> {
        let now = change.now();
        let excuses = excuses_of(change.connection(), before, now).await?;
        let step = before.step(event, &Clock { now, excuses: &excuses }, self.rules())?;
        ledger::apply(change, &step.transfers).await??;
        for notice in &step.notices {
            self.note(change, before, *notice).await?;
        }
        self.write_down(change, before, &step.lot, event).await?;
        counts::hold(change, &step.lot).await?;
        self.save(change, &step.lot).await?;
        Ok(step.lot)
    }

    /// Writes a lot. Returns when its next step is due that nobody asks for.
    pub(super) async fn save(&self, change: &mut Change, saved: &Lot) -> Result<Option<Time>> {
        let now = change.now();
        let excuses = excuses_of(change.connection(), saved, now).await?;
        let due_at = self.due_at(saved, &excuses);
        lots::save(change, saved, due_at, self.match_at(saved, now)).await?;
        Ok(due_at)
    }

    /// When the next step of a lot is due that nobody asks for.
    fn due_at(&self, lot: &Lot, excuses: &[Interval]) -> Option<Time> {
        const MOMENT: Duration = Duration::constant(1);
        match (&lot.phase, &lot.auction) {
            (Phase::Locked(lease), _) => Some(lease.ends(excuses).after(MOMENT)),
            (Phase::Settled { .. } | Phase::Expired { .. }, _) => None,
            (Phase::Open, Auction::Dutch { .. } | Auction::Limit { .. }) => {
                Some(lot.last_lock().after(MOMENT))
            }
            (Phase::Open, Auction::Sealed(sealed)) => {
                let next = if sealed.fixed.is_none() {
                    sealed.commits_end(self.rules(), excuses)
                } else {
                    sealed.reveals_end(self.rules(), excuses)
                };
                Some(next.min(lot.last_lock().after(MOMENT)))
            }
        }
    }

    /// When the book is searched again for a lot. This is kept apart from what is due, because it
    /// recurs all the time and is urgent for nobody.
    pub(super) fn match_at(&self, lot: &Lot, now: Time) -> Option<Time> {
        /// While the lot's price moves, it meets other quotes each time.
        const MOVING: Duration = Duration::constant(1000);
        /// While the price rests, providers deliver, and have room and money again.
        const RESTING: Duration = Duration::constant(5000);
        let is_in_book = lot.phase == Phase::Open && matches!(lot.auction, Auction::Limit { .. });
        is_in_book.then(|| now.after(if lot.price_moves(now) { MOVING } else { RESTING }))
    }

    /// Counts what a step says about a provider.
    async fn note(&self, change: &mut Change, lot: &Lot, notice: Notice) -> Result<()> {
        let admission = &self.rules().admission;
        let (window, record_window) = (admission.window, admission.record_window);
        match notice {
            Notice::Locked(provider) => {
                counts::add(change, Counted::Took, provider, lot.count(), window).await?;
            }
            Notice::Delivered { provider, late } => {
                let what = if late { Counted::Late } else { Counted::Delivered };
                counts::add(change, what, provider, ONE, record_window).await?;
            }
            Notice::Failed(provider) => {
                counts::add(change, Counted::Failed, provider, ONE, record_window).await?
            }
            Notice::Excused(_) | Notice::Unrevealed(_) => (),
        }
        Ok(())
    }

    /// Puts a step into the log, signs what it promises, and moves the lot's jobs to their new
    /// state.
    async fn write_down(
        &self,
        change: &mut Change,
        before: &Lot,
        after: &Lot,
        event: &Event,
    ) -> Result<()> {
        let id = after.id;
        match event {
            Event::Commit { commitment, .. } => {
                change.log(LogKind::Bid, id, *commitment).await?;
            }
            Event::Reveal { bidder, .. } => {
                change.log(LogKind::Reveal, id, *bidder).await?;
            }
            Event::Fix => {
                let root = root_of(after).unwrap_or_default();
                change.log(LogKind::Fixed, id, root).await?;
                let head = self.head_of(change).await?;
                lots::say(change, id, &head).await?;
            }
            Event::Fail { epoch, .. } => {
                let lease = before.leased().map(|lease| lease.provider).unwrap_or_default();
                let digest =
                    Hash::of(&[b"velum market v1 failed\0", &lease.0, &epoch.get().to_be_bytes()]);
                change.log(LogKind::Failed, id, digest).await?;
            }
            _ => (),
        }
        match &after.phase {
            Phase::Open => {
                if before.leased().is_some() {
                    jobs::move_lot(change, id, JobState::Offered).await?;
                }
                if matches!(event, Event::Award) {
                    // Nobody has won, and all who stood by have their collateral back.
                    change.log(LogKind::Failed, id, Hash::default()).await?;
                }
            }
            Phase::Locked(lease) => self.write_lease(change, after, lease).await?,
            Phase::Settled { provider, paid, at, .. } => {
                let outcome = Outcome::Settled { provider: *provider, epoch: after.epoch };
                let paid: Vec<_> = after
                    .jobs
                    .iter()
                    .zip(paid)
                    .map(|(entry, amount)| Paid { job: entry.job, amount: *amount })
                    .collect();
                for Paid { job, amount } in &paid {
                    jobs::paid(change, *job, *amount).await?;
                }
                self.write_end(
                    change,
                    id,
                    Settlement { lot: id, outcome, paid, at: *at, node: self.0.public },
                )
                .await?;
                jobs::move_lot(change, id, JobState::Settled).await?;
            }
            Phase::Expired { at } => {
                let settlement = Settlement {
                    lot: id,
                    outcome: Outcome::Expired,
                    paid: Vec::new(),
                    at: *at,
                    node: self.0.public,
                };
                self.write_end(change, id, settlement).await?;
                jobs::move_lot(change, id, JobState::Expired).await?;
            }
        }
        Ok(())
    }

    async fn write_lease(&self, change: &mut Change, locked: &Lot, lease: &LotLease) -> Result<()> {
        let (id, node, key) = (locked.id, self.0.public, &self.0.key);
        let jobs = locked.jobs.iter().map(|entry| entry.job).collect();
        let LotLease { provider, price, epoch, deliver_by, collateral, .. } = *lease;
        let matched = Match { lot: id, jobs, provider, price, commitments: root_of(locked), node };
        let digest = lots::say(change, id, &Signed::sign(matched, key)?).await?;
        change.log(LogKind::Match, id, digest).await?;
        let lease = Lease { lot: id, epoch, provider, price, collateral, deliver_by, node };
        lots::say(change, id, &Signed::sign(lease, key)?).await?;
        jobs::move_lot(change, id, JobState::Locked).await?;
        Ok(())
    }

    async fn write_end(&self, change: &mut Change, id: Hash, settlement: Settlement) -> Result<()> {
        let digest = lots::say(change, id, &Signed::sign(settlement, &self.0.key)?).await?;
        change.log(LogKind::Settlement, id, digest).await?;
        Ok(())
    }

    /// The log's end, signed, as it is within a change.
    async fn head_of(&self, change: &mut Change) -> Result<Signed<Head>> {
        let (number, hash, at) = change.end();
        Ok(Signed::sign(Head { number, hash, at, node: self.0.public }, &self.0.key)?)
    }

    /// Checks that a provider may take a lot now.
    pub(super) async fn admit(
        &self,
        change: &mut Change,
        owner: Hash,
        lot: &Lot,
    ) -> Result<Admitted> {
        let (now, admission) = (change.now(), &self.rules().admission);
        let (window, record_window) = (admission.window, admission.record_window);
        self.check_listed(owner)?;
        let connection = change.connection();
        let stake = ledger::held(connection, &Account::Stake(owner)).await?;
        let sum = async |connection: Connection<'_>, what, who, window| -> Result<Count> {
            Ok(counts::sum(connection, what, who, now, window).await?)
        };
        let record = Record {
            delivered: sum(connection, Counted::Delivered, Some(owner), record_window).await?,
            late: sum(connection, Counted::Late, Some(owner), record_window).await?,
            failed: sum(connection, Counted::Failed, Some(owner), record_window).await?,
        };
        let provider = admission::Provider {
            owner,
            allow_listed: self.is_listed(owner),
            stake,
            operator_stake: stake,
            total_stake: ledger::total_stake(connection).await?,
            operator_count: sum(connection, Counted::Took, Some(owner), window).await?,
            total_count: sum(connection, Counted::Took, None, window).await?,
            held_value: counts::held_value(connection, owner).await?,
            record,
        };
        Ok(admit(&provider, lot, self.rules())?)
    }

    /// Searches the book for a provider that takes a lot: its seller if its jobs were sold ahead,
    /// or else the best quote. Returns the lot as it is afterwards.
    pub(super) async fn match_lot(&self, change: &mut Change, lot: Lot) -> Result<Lot> {
        /// How many quotes are looked at for one lot.
        const MOST: i64 = 256;
        let now = change.now();
        if now > lot.last_lock() {
            return Ok(lot);
        }
        if let Some(seller) = lot.seller {
            // The seller takes it whatever is left of its quote, because capacity that was bought
            // is no longer in the quote.
            if let Some(taken) = self.take(change, &lot, seller, lot.price(now)).await? {
                return Ok(taken);
            }
            if lot.sellers_alone(now, self.rules()).is_some() {
                return Ok(lot);
            }
        }
        let wanted = Wanted {
            profile: lot.profile,
            count: lot.count(),
            limit: lot.price(now),
            collateral: lot.collateral,
            stake: self.rules().admission.minimum_stake,
        };
        for row in quotes::fitting(change.connection(), &wanted, now, MOST).await? {
            let Some(price) = row.ask.price_of(&lot, now) else { continue };
            if let Some(taken) = self.take(change, &lot, row.ask.provider, price).await? {
                let left = row.ask.without(&taken).map(|ask| ask.left.get());
                quotes::leave(change, row.ask.id, left).await?;
                return Ok(taken);
            }
        }
        Ok(lot)
    }

    /// Has a provider take a lot in the book, if it may and can.
    pub(super) async fn take(
        &self,
        change: &mut Change,
        lot: &Lot,
        provider: Hash,
        price: Amount,
    ) -> Result<Option<Lot>> {
        let admitted = match self.admit(change, provider, lot).await {
            Ok(admitted) => admitted,
            Err(MarketError::Refused(_) | MarketError::NotListed) => return Ok(None),
            Err(error) => return Err(error),
        };
        let held = ledger::held(change.connection(), &Account::Balance(provider)).await?;
        if held < lot.collateral {
            return Ok(None);
        }
        match self.step(change, lot, &Event::Take { provider: admitted, price }).await {
            Ok(taken) => Ok(Some(taken)),
            // The step was refused before anything was written: the provider has failed the lot
            // before, or only the seller may take it.
            Err(MarketError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The end of a lot's lease, with its excuses.
pub(super) async fn lease_end(
    connection: Connection<'_>,
    id: Hash,
    now: Time,
) -> Result<Option<Time>> {
    let Some(found) = lots::find(connection, id).await? else { return Ok(None) };
    let Some(lease) = found.lot.leased() else { return Ok(None) };
    Ok(Some(lease.ends(&excuses_of(connection, &found.lot, now).await?)))
}

/// The excuses of those who have to do something about a lot within a certain time: to deliver it,
/// to bid for it, or to open bids.
pub(super) async fn excuses_of(
    connection: Connection<'_>,
    lot: &Lot,
    now: Time,
) -> Result<Vec<Interval>> {
    let since = match (&lot.phase, &lot.auction) {
        (Phase::Locked(lease), _) => lease.from,
        (Phase::Open, Auction::Sealed(sealed)) => sealed.opened,
        _ => return Ok(Vec::new()),
    };
    Ok(excuses::of_lot(connection, lot.id, since, now).await?)
}

/// The lot with this id.
pub(super) async fn found(connection: Connection<'_>, id: Hash) -> Result<Lot> {
    Ok(lots::find(connection, id).await?.ok_or(MarketError::Unknown { what: "lot", id })?.lot)
}

fn root_of(lot: &Lot) -> Option<Hash> {
    match &lot.auction {
        Auction::Sealed(sealed) => sealed.root(),
        Auction::Dutch { .. } | Auction::Limit { .. } => None,
    }
}

/// The log's end.
pub(super) async fn last(connection: Connection<'_>) -> Result<(Count, Hash, Time)> {
    Ok(log::last(connection).await?)
}

/// Refuses a lock, bid or delivery that is for another lease than the lot's next or current one.
pub(super) fn check_epoch(lot: &Lot, named: Count) -> Result<()> {
    if lot.epoch == named {
        Ok(())
    } else {
        Err(Refusal::Fenced { named, current: lot.epoch }.into())
    }
}
