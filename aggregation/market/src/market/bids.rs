//! What providers do with a lot: they lock it, bid for it, read its inputs, and deliver it.

use bytes::Bytes;
use serde_json::value::RawValue;
use velum_market_client::api::{Bids, LotPhase, LotStatus};
use velum_market_model::{
    Bid, Count, Delivery, Duration, Hash, Lock, Order, Query, Reveal, Signed, Subject, Time,
};
use velum_market_rules::auction::Auction;
use velum_market_rules::{Event, Fault, Interval, Lot, Phase, Refusal, Rules, SeenMessage};

use super::lots::{check_epoch, excuses_of, found};
use super::{Connection, Market, Result, Told};
use crate::MarketError;
use crate::proofs::ProofError;
use crate::state::{Change, LotRow, jobs, lots};

/// For how long a query is answered.
const FRESH: Duration = Duration::constant(60_000);

/// A lot as its row has it, without its jobs and without the messages about it.
fn view(row: &LotRow, excuses: &[Interval], now: Time, rules: &Rules) -> LotStatus {
    let lot = &row.lot;
    let (mut provider, mut price) = (None, lot.price(now));
    let phase = match &lot.phase {
        Phase::Open => LotPhase::Open,
        Phase::Locked(lease) => {
            (provider, price) = (Some(lease.provider), lease.price);
            LotPhase::Locked
        }
        Phase::Settled { provider: by, price: paid, .. } => {
            (provider, price) = (Some(*by), *paid);
            LotPhase::Settled
        }
        Phase::Expired { .. } => LotPhase::Expired,
    };
    let bids = match &lot.auction {
        Auction::Sealed(sealed) if phase == LotPhase::Open => Some(Bids {
            count: Count::new(sealed.commitments.len() as u64).unwrap_or(Count::MOST),
            commits_end: sealed.commits_end(rules, excuses),
            reveals_end: sealed.reveals_end(rules, excuses),
            root: sealed.root(),
        }),
        _ => None,
    };
    let order = match lot.auction {
        Auction::Dutch { .. } => Order::Dutch,
        Auction::Sealed(_) => Order::Sealed,
        Auction::Limit { .. } => Order::Limit,
    };
    LotStatus {
        lot: lot.id,
        profile: lot.profile,
        order,
        phase,
        epoch: lot.epoch,
        count: lot.count(),
        jobs: Vec::new(),
        minimum: lot.minimum,
        maximum: lot.maximum,
        price,
        collateral: lot.collateral,
        last_lock: lot.last_lock(),
        lease: lot.lease,
        deliver_by: lot.deliver_by,
        bids,
        provider,
        lease_ends: lot.leased().map(|lease| lease.ends(excuses)),
        aggregate: row.aggregate,
        said: Vec::new(),
    }
}

impl Market {
    /// Has a provider take a lot of a Dutch auction at the current price.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn lock(&self, lock: &Signed<Lock>) -> Result<LotStatus> {
        let Lock { lot: id, epoch, at_least, provider } = *lock.message();
        let mut change = self.change().await?;
        let before = found(change.connection(), id).await?;
        if let Some(lease) = before.leased()
            && lease.provider == provider.owner()
            && lease.epoch.get() == epoch.get() + 1
        {
            // The provider asks again, because the first answer was lost.
            drop(change);
            return self.lot(id).await;
        }
        check_epoch(&before, epoch)?;
        let provider = self.admit(&mut change, provider.owner(), &before).await?;
        self.step(&mut change, &before, &Event::Lock { provider, at_least }).await?;
        change.commit().await?;
        self.tell(Told::Lot(id));
        self.lot(id).await
    }

    /// Accepts a sealed bid.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn bid(&self, bid: &Signed<Bid>) -> Result<LotStatus> {
        let Bid { lot: id, epoch, commitment, provider } = *bid.message();
        let mut change = self.change().await?;
        let before = found(change.connection(), id).await?;
        check_epoch(&before, epoch)?;
        let owner = provider.owner();
        if is_bidder(&before, owner, commitment) {
            // The bid is sent again, because the first answer was lost.
            drop(change);
            return self.lot(id).await;
        }
        self.take_once(
            &mut change,
            SeenMessage {
                id: velum_market_model::id(bid.message())?,
                owner,
                until: before.deliver_by,
            },
        )
        .await?;
        let provider = self.admit(&mut change, owner, &before).await?;
        self.step(&mut change, &before, &Event::Commit { provider, commitment }).await?;
        change.commit().await?;
        self.tell(Told::Lot(id));
        self.lot(id).await
    }

    /// Opens a sealed bid.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn reveal(&self, reveal: &Signed<Reveal>) -> Result<LotStatus> {
        let Reveal { lot: id, epoch, price, nonce, provider } = *reveal.message();
        let mut change = self.change().await?;
        let before = found(change.connection(), id).await?;
        check_epoch(&before, epoch)?;
        let event = Event::Reveal { bidder: provider.owner(), price, nonce };
        self.step(&mut change, &before, &event).await?;
        change.commit().await?;
        self.lot(id).await
    }

    /// The submission of a job, for the holder of the lease on the job's lot.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn input(&self, query: &Signed<Query>) -> Result<Bytes> {
        let Subject::Input { job: job_id } = query.message().subject else {
            return Err(MarketError::Malformed("query.subject is not an input".to_owned()));
        };
        let asker = self.check_query(query).await?;
        let mut read = self.read().await?;
        let unknown = || MarketError::Unknown { what: "job", id: job_id };
        let row = jobs::find(read.connection(), job_id).await?.ok_or_else(unknown)?;
        let of_lot = found(read.connection(), row.lot.ok_or_else(unknown)?).await?;
        if of_lot.leased().is_none_or(|lease| lease.provider != asker) {
            return Err(Refusal::NotYours { what: "the lease" }.into());
        }
        drop(read);
        Ok(self.0.blobs.get(row.submission).await?)
    }

    /// Accepts the aggregate of a lot and pays for it. If the aggregate does not verify, ends the
    /// lease.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn deliver(
        &self,
        delivery: &Signed<Delivery>,
        aggregate: Bytes,
    ) -> Result<LotStatus> {
        let Delivery { lot: id, epoch, aggregate: named, provider } = *delivery.message();
        let owner = provider.owner();
        if named.length.get() != aggregate.len() as u64 || named.sha256 != Hash::of(&[&aggregate]) {
            return Err(ProofError::new(
                "delivery.aggregate",
                "the aggregate does not have this length and SHA-256",
            )
            .into());
        }
        let mut read = self.read().await?;
        let before = found(read.connection(), id).await?;
        if is_delivered(&before, owner) {
            drop(read);
            return self.lot(id).await;
        }
        // Nothing is verified for a provider that does not hold the lease.
        check_holder(&before, owner)?;
        check_epoch(&before, epoch)?;
        let statements: Vec<_> =
            jobs::of_lot(read.connection(), id).await?.iter().map(|row| row.statement).collect();
        drop(read);
        let (profile, bytes) = (before.profile, aggregate.clone());
        let check = move |proofs: &crate::proofs::Proofs| {
            proofs.check_aggregate(profile, &statements, owner, &bytes)
        };
        let checked = match self.0.pool.run(check).await {
            Err(MarketError::Proof(error)) => Err(error),
            checked => Ok(checked?),
        };
        if checked.is_ok() {
            self.0.blobs.put(aggregate).await?;
        }
        let mut change = self.change().await?;
        let before = found(change.connection(), id).await?;
        if let Err(error) = checked {
            self.end_lease(change, &before, owner, epoch).await?;
            return Err(error.into());
        }
        if is_delivered(&before, owner) {
            // The delivery was sent several times at once. Another copy was faster, and is paid.
            drop(change);
            return self.lot(id).await;
        }
        self.step(&mut change, &before, &Event::Deliver { provider: owner, epoch }).await?;
        lots::deliver(&mut change, id, named.sha256).await?;
        change.commit().await?;
        self.tell(Told::Lot(id));
        self.lot(id).await
    }

    /// Ends the lease of a provider whose proof does not verify. Nothing happens if the lease has
    /// ended in the meantime: the same delivery may have been sent several times at once.
    async fn end_lease(
        &self,
        mut change: Change,
        before: &Lot,
        owner: Hash,
        epoch: Count,
    ) -> Result<()> {
        if before.leased().is_none_or(|lease| lease.provider != owner || lease.epoch != epoch) {
            return Ok(());
        }
        let event = Event::Fail { epoch, fault: Fault::BadProof { provider: owner } };
        let after = self.step(&mut change, before, &event).await?;
        self.match_again(&mut change, after).await?;
        change.commit().await?;
        self.tell(Told::Lot(before.id));
        Ok(())
    }

    /// A lot as everyone sees it.
    ///
    /// # Errors
    /// Returns [`MarketError::Unknown`].
    pub async fn lot(&self, id: Hash) -> Result<LotStatus> {
        let mut read = self.read().await?;
        let now = read.now();
        let row = lots::find(read.connection(), id)
            .await?
            .ok_or(MarketError::Unknown { what: "lot", id })?;
        let mut status = self.view(read.connection(), &row, now).await?;
        status.jobs = row.lot.jobs.iter().map(|entry| entry.job).collect();
        let said = lots::said(read.connection(), id).await?;
        status.said = said
            .into_iter()
            .filter_map(|(_, message)| RawValue::from_string(message).ok())
            .collect();
        Ok(status)
    }

    /// A lot as everyone sees it, without its jobs and without the messages about it.
    pub(super) async fn view(
        &self,
        connection: Connection<'_>,
        row: &LotRow,
        now: Time,
    ) -> Result<LotStatus> {
        let excuses = excuses_of(connection, &row.lot, now).await?;
        Ok(view(row, &excuses, now, self.rules()))
    }

    /// At most a hundred open lots of an auction, the oldest first. If a lot is given, only lots
    /// that opened after it.
    ///
    /// # Errors
    /// Returns [`MarketError::Unknown`] if the auction has no lot with this id.
    pub async fn lots_after(
        &self,
        auction: &'static str,
        after: Option<Hash>,
    ) -> Result<Vec<LotStatus>> {
        const MOST: i64 = 100;
        let mut read = self.read().await?;
        let now = read.now();
        let lots = lots::page(read.connection(), auction, after, MOST).await?;
        let lots =
            lots.ok_or(MarketError::Unknown { what: "lot", id: after.unwrap_or_default() })?;
        let mut open = Vec::new();
        for lot in lots {
            open.push(self.view(read.connection(), &LotRow { lot, aggregate: None }, now).await?);
        }
        Ok(open)
    }

    /// The oldest open lots of an auction.
    ///
    /// # Errors
    /// Returns [`MarketError::Database`].
    pub async fn open_lots(&self, auction: &'static str) -> Result<Vec<LotStatus>> {
        self.lots_after(auction, None).await
    }

    /// The asker of a query, if the query is for this market and its time is close enough to now.
    pub(super) async fn check_query(&self, query: &Signed<Query>) -> Result<Hash> {
        let Query { market, at, asker, .. } = query.message();
        if *market != self.0.id {
            return Err(Refusal::OtherMarket { named: *market, this: self.0.id }.into());
        }
        let now = self.now().await?;
        if now.since(*at) > FRESH || at.since(now) > FRESH {
            return Err(MarketError::Stale { at: at.get(), now: now.get() });
        }
        Ok(asker.owner())
    }
}

/// Whether a bid is among those of an auction.
fn is_bidder(lot: &Lot, owner: Hash, commitment: Hash) -> bool {
    let Auction::Sealed(sealed) = &lot.auction else { return false };
    sealed.commitments.iter().any(|bid| bid.bidder == owner && bid.commitment == commitment)
}

fn check_holder(lot: &Lot, owner: Hash) -> Result<()> {
    match lot.leased() {
        Some(lease) if lease.provider == owner => Ok(()),
        Some(_) => Err(Refusal::NotYours { what: "the lease" }.into()),
        None if lot.is_over() => Err(Refusal::Settled.into()),
        None => Err(Refusal::NotLocked { phase: "open" }.into()),
    }
}

/// Whether this provider has delivered the lot already, and the answer was lost.
fn is_delivered(lot: &Lot, owner: Hash) -> bool {
    matches!(lot.phase, Phase::Settled { provider, .. } if provider == owner)
}
