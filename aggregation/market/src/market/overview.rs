//! What an operator sees, what its instruments count, and which blobs are removed.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use serde::Serialize;
use velum_market_client::api::LotStatus;
use velum_market_model::{Amount, Count, Duration, Hash, Order, Profile, Time};
use velum_market_rules::BatchKey;
use velum_market_rules::auction::limit::Ask;

use super::{Connection, Market, Result};
use crate::state::batches::Collecting;
use crate::state::jobs::Minute;
use crate::state::{Counted, Of, batches, blobs_named, counts, jobs, ledger, lots, quotes, totals};

/// Blobs younger than this may be named by a change that is about to be committed.
const YOUNG: Duration = HOUR;

const HOUR: Duration = Duration::constant(60 * 60 * 1000);

/// How much of everything there is.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// How many jobs are in each state.
    pub jobs: BTreeMap<String, i64>,
    /// How many lots are in each phase.
    pub lots: BTreeMap<String, i64>,
    /// The sums of the accounts of each kind.
    pub money: BTreeMap<String, i64>,
    /// How many submissions and aggregates are being verified, or wait for that.
    pub verifying: usize,
    /// The length of the log.
    pub log: Count,
}

/// Everything at a glance.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The market's clock.
    pub now: Time,
    /// How much of everything there is.
    #[serde(flatten)]
    pub totals: Totals,
    /// The lots that are not over, and the last ones that are.
    pub recent: Vec<LotStatus>,
    /// The book of quotes, the best first.
    pub book: Vec<Ask>,
    /// The batches that collect.
    pub batches: Vec<CollectingStatus>,
    /// The providers that stake, those with the largest stakes first.
    pub providers: Vec<ProviderStatus>,
    /// What was settled in each minute of the last hour. Minutes in which nothing was settled are
    /// left out.
    pub minutes: Vec<MinuteStatus>,
}

/// A batch that collects.
#[derive(Debug, Serialize)]
pub struct CollectingStatus {
    /// The profile of the aggregate.
    pub profile: Profile,
    /// How the price is found.
    pub order: Order,
    /// How many jobs it has.
    pub count: Count,
    /// When it closes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Time>,
}

/// A provider, with what counts for its reputation.
#[derive(Debug, Serialize)]
pub struct ProviderStatus {
    /// The id by which accounts name it.
    pub provider: Hash,
    /// What it stakes.
    pub stake: Amount,
    /// The sum of the maximum prices of the lots that it holds or bids for.
    pub held: Amount,
    /// How many lots these are.
    pub lots: Count,
    /// How many lots it delivered in good time.
    pub delivered: Count,
    /// How many lots it delivered late.
    pub late: Count,
    /// How many leases it broke.
    pub failed: Count,
}

/// What was settled in one minute.
#[derive(Debug, Serialize)]
pub struct MinuteStatus {
    /// When the minute began.
    pub from: Time,
    /// The profile of the aggregates.
    pub profile: Profile,
    /// How many jobs were settled.
    pub jobs: Count,
    /// The mean of what a job paid.
    pub price: u64,
    /// The mean of how long a job waited.
    pub wait: u64,
}

impl Market {
    /// How much of everything there is.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn totals(&self) -> Result<Totals> {
        self.totals_in(self.read().await?.connection()).await
    }

    async fn totals_in(&self, connection: Connection<'_>) -> Result<Totals> {
        Ok(Totals {
            jobs: totals::all(connection, Of::Jobs).await?,
            lots: totals::all(connection, Of::Lots).await?,
            money: totals::all(connection, Of::Money).await?,
            verifying: self.0.pool.waiting(),
            log: super::lots::last(connection).await?.0,
        })
    }

    /// Everything at a glance.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn overview(&self) -> Result<Overview> {
        const RECENT: i64 = 50;
        const BOOK: i64 = 100;
        const BATCHES: i64 = 100;
        let mut read = self.read().await?;
        let now = read.now();
        let connection = read.connection();
        let mut recent = Vec::new();
        for row in lots::recent(connection, RECENT).await? {
            recent.push(self.view(connection, &row, now).await?);
        }
        let (mut book, mut minutes) = (Vec::new(), Vec::new());
        for profile in [Profile::Standard, Profile::Proven100] {
            book.extend(
                quotes::book(connection, profile, now, BOOK).await?.into_iter().map(|row| row.ask),
            );
            let settled = jobs::minutes(connection, profile, now.before(HOUR)).await?;
            minutes.extend(settled.into_iter().map(|minute| minute_status(profile, &minute)));
        }
        let batches = batches::collecting(connection, BATCHES).await?.into_iter();
        let batches =
            batches.map(|Collecting { key: BatchKey { profile, order, .. }, count, closes_at }| {
                CollectingStatus { profile, order, count, closes_at }
            });
        Ok(Overview {
            now,
            totals: self.totals_in(connection).await?,
            recent,
            book,
            batches: batches.collect(),
            providers: self.providers(connection, now).await?,
            minutes,
        })
    }

    async fn providers(
        &self,
        connection: Connection<'_>,
        now: Time,
    ) -> Result<Vec<ProviderStatus>> {
        const PROVIDERS: i64 = 100;
        let window = self.rules().admission.record_window;
        let held = counts::held_by_all(connection).await?;
        let delivered = counts::sums(connection, Counted::Delivered, now, window).await?;
        let late = counts::sums(connection, Counted::Late, now, window).await?;
        let failed = counts::sums(connection, Counted::Failed, now, window).await?;
        let of = |counts: &BTreeMap<Hash, Count>, provider: Hash| {
            counts.get(&provider).copied().unwrap_or_default()
        };
        let stakes = ledger::stakes(connection, PROVIDERS).await?.into_iter();
        let provider = |(provider, stake)| {
            let (lots, held) = held.get(&provider).copied().unwrap_or_default();
            let (delivered, late, failed) =
                (of(&delivered, provider), of(&late, provider), of(&failed, provider));
            ProviderStatus { provider, stake, held, lots, delivered, late, failed }
        };
        Ok(stakes.map(provider).collect())
    }

    /// Removes blobs that nothing names: they are left from what was never committed, or were kept
    /// for long enough.
    pub(super) async fn collect(&self) -> Result<()> {
        let now = self.now().await?;
        let mut blobs = std::pin::pin!(self.0.blobs.list());
        while let Some(blob) = blobs.next().await {
            let (hash, written) = blob?;
            if now.since(written) < YOUNG {
                continue;
            }
            let mut read = self.read().await?;
            if !blobs_named(read.connection(), hash, now.before(self.0.options.keep)).await? {
                drop(read);
                self.0.blobs.remove(hash).await?;
            }
        }
        Ok(())
    }
}

fn minute_status(profile: Profile, minute: &Minute) -> MinuteStatus {
    let jobs = minute.jobs.get().max(1);
    let (price, wait) = (minute.paid.get() / jobs, minute.waited.get() / jobs);
    MinuteStatus { from: minute.from, profile, jobs: minute.jobs, price, wait }
}
