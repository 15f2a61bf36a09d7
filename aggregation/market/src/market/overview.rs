//! What an operator looks at, what is counted for its instruments, and what is thrown away.

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

/// Blobs younger than this may be named by what is about to be committed.
const YOUNG: Duration = HOUR;

const HOUR: Duration = Duration::constant(60 * 60 * 1000);

/// How much of everything there is.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// How many jobs stand where.
    pub jobs: BTreeMap<String, i64>,
    /// How many lots are in each phase.
    pub lots: BTreeMap<String, i64>,
    /// The sums of accounts of each kind.
    pub money: BTreeMap<String, i64>,
    /// Submissions and aggregates that are being verified, or wait for that.
    pub verifying: usize,
    /// The log's length.
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
    /// The lots that are not over, and the last that are.
    pub recent: Vec<LotStatus>,
    /// The book of quotes, the best first.
    pub book: Vec<Ask>,
    /// Batches that collect.
    pub batches: Vec<CollectingStatus>,
    /// Who stakes, those with the most first.
    pub providers: Vec<ProviderStatus>,
    /// What was settled in each minute of the last hour, where anything was.
    pub minutes: Vec<MinuteStatus>,
}

/// A batch that collects.
#[derive(Debug, Serialize)]
pub struct CollectingStatus {
    /// Of the aggregate.
    pub profile: Profile,
    /// How the price is found.
    pub order: Order,
    /// How many jobs it has.
    pub count: Count,
    /// When it closes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Time>,
}

/// A provider, with what reputation goes by.
#[derive(Debug, Serialize)]
pub struct ProviderStatus {
    /// As accounts name it.
    pub provider: Hash,
    /// What it stakes.
    pub stake: Amount,
    /// The maximum prices of the lots that it has or bids for.
    pub held: Amount,
    /// How many lots these are.
    pub lots: Count,
    /// Lots delivered in good time.
    pub delivered: Count,
    /// Lots delivered late.
    pub late: Count,
    /// Leases broken.
    pub failed: Count,
}

/// What was settled in one minute.
#[derive(Debug, Serialize)]
pub struct MinuteStatus {
    /// When it began.
    pub from: Time,
    /// Of the aggregates.
    pub profile: Profile,
    /// How many jobs.
    pub jobs: Count,
    /// What a job paid, the mean.
    pub price: u64,
    /// How long a job waited, the mean.
    pub wait: u64,
}

impl Market {
    /// How much of everything there is.
    ///
    /// # Errors
    /// [`crate::MarketError::Database`].
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
    /// [`crate::MarketError::Database`].
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

    /// Throws blobs away that nothing names: left by what was never committed, or kept for long enough.
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
