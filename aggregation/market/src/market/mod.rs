//! What a market can be asked to do. Each request is one step in the database, or none. The only
//! exception is an order of blind credit: if the key of the epoch is not published yet, a step of
//! its own publishes the key first.
//!
//! This module has the state of a node and its [`Options`]. It decides by `velum-market-rules`, and
//! knows no HTTP.
//!
//! The picture shows a job on its way through the states that its client sees. Beside each state
//! are the submodules that move the job, and who calls them.
//!
//! ```text
//! client: submit --> jobs     quotas; Pool: check_submission; blob; paid ahead
//!                     v
//!                  waiting    in a batch --- jobs: cancel (client) --> cancelled, refunded
//!                     |
//!                     | lots: close_batch, when the batch is full or its time is over (due)
//!                     v
//!   +------------> offered    an open lot --- due: Expire --> expired, refunded
//!   |                 |
//!   |                 | Dutch:  bids: lock (provider)
//!   |                 | sealed: bids: bid, reveal (provider); due: Fix, Award
//!   |                 | book:   quotes: quote (provider); lots: match_lot (closing, due, Fail)
//!   |                 v
//!   +---- Fail ---- locked    on a lease --- bids: input, deliver (provider)
//!       due, bids,    |       or Fail locks it at once for a bidder that stands by
//!       disputes      |
//!                     | bids: deliver; Pool: check_aggregate
//!                     v
//!                  settled    provider paid, rest refunded --- jobs: receipt --> client
//! ```
//!
//! Every step of a lot goes through `Market::step` in `lots`. It calls `Lot::step` of the rules,
//! applies the transfers, counts what providers did, writes the log and the signed messages, moves
//! the jobs, and saves the lot.
//!
//! The submodules follow a job from its submission to its receipt, and then the rest:
//!
//! - `jobs` accepts jobs, and gives out their receipts. `quotas` limits what may be asked for.
//! - `lots` turns batches into lots, and makes every step of a lot. `bids` has what providers do
//!   with a lot, and `quotes` has the book.
//! - `due` does what happens by itself because its time has come. `disputes` decides complaints.
//! - `accounts` moves money, and `credit` issues and redeems blind credit.
//! - `audit` has the log and the balance, and `overview` what an operator sees.
//! - `measure` is for benchmarks.

mod accounts;
mod audit;
mod bids;
mod credit;
mod disputes;
mod due;
mod jobs;
mod lots;
#[cfg(feature = "measure")]
mod measure;
mod overview;
mod quotas;
mod quotes;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::broadcast;
use velum_market_blobs::Blobs;
use velum_market_model::{Amount, Count, Duration, Hash, Key, SecretKey, Time};
use velum_market_rules::{DemoMoney, Rules, SeenMessage};
use velum_market_sql::Database;

use crate::MarketError;
use crate::proofs::{Pool, Proofs};
use crate::state::{Change, Read, SCHEMA, seen};

pub use quotas::Place;

/// The number of connections to the database.
const CONNECTIONS: u32 = 16;

/// How many steps a listener may be behind.
const TOLD: usize = 1024;

type Result<T> = std::result::Result<T, MarketError>;

/// How an operator wants its market.
#[derive(Clone, Debug)]
pub struct Options {
    /// The constants of the rules.
    pub rules: Rules,
    /// The providers that may take lots. `None` lets every provider that stakes take lots.
    pub allow_list: Option<BTreeSet<Hash>>,
    /// The most demo money that one key is given in a day. `None` if there is no demo money.
    pub demo_money: Option<Amount>,
    /// The most demo money that all keys together are given in a day.
    pub demo_money_per_day: Amount,
    /// How many jobs one client may submit in an hour.
    pub jobs_per_hour: u64,
    /// How many proofs that do not verify one client may submit in an hour. The clients of one
    /// address may submit ten times as many.
    pub failures_per_hour: u64,
    /// How many submissions and aggregates are verified at once.
    pub verifiers: usize,
    /// How many more may wait to be verified.
    pub most_waiting: usize,
    /// How long blobs and messages are kept after their lot has ended.
    pub keep: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let verifiers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            rules: Rules::default(),
            allow_list: None,
            demo_money: None,
            demo_money_per_day: Amount::MOST,
            jobs_per_hour: 10_000,
            failures_per_hour: 30,
            verifiers,
            most_waiting: 64 * verifiers,
            keep: Duration::constant(30 * 24 * 60 * 60 * 1000),
        }
    }
}

/// An open market, and the place that it is asked from, if quotas count that place.
#[derive(Clone)]
pub struct Market(Arc<Inner>, Option<Place>);

struct Inner {
    database: Database,
    blobs: Blobs,
    key: SecretKey,
    public: Key,
    /// The id by which messages name this market.
    id: Hash,
    pool: Pool,
    trials: quotas::Trials,
    options: Options,
    money: Option<DemoMoney>,
    told: broadcast::Sender<Told>,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The state of a job.
    Job(Hash),
    /// The state of a lot and its jobs.
    Lot(Hash),
    /// A batch has one job more or one job fewer.
    Batch,
}

impl Market {
    /// Opens the market in a database, with blobs in `blobs` and messages signed by `key`.
    ///
    /// # Errors
    /// Returns [`MarketError::Database`].
    pub async fn open(
        database: &str,
        blobs: Blobs,
        key: SecretKey,
        options: Options,
    ) -> Result<Self> {
        let database = Database::open(database, &SCHEMA, CONNECTIONS).await?;
        let public = key.public();
        let pool = Pool::new(Arc::new(Proofs::new()), options.verifiers, options.most_waiting);
        let money = options.demo_money.map(|most| DemoMoney { most });
        let told = broadcast::channel(TOLD).0;
        let inner = Inner {
            database,
            blobs,
            key,
            public,
            id: public.owner(),
            pool,
            trials: quotas::Trials::default(),
            options,
            money,
            told,
        };
        Ok(Self(Arc::new(inner), None))
    }

    /// The key that the node signs with.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.0.public
    }

    /// The id by which messages name this market.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.0.id
    }

    /// What verifies presentations here.
    #[must_use]
    pub fn proofs(&self) -> &Proofs {
        self.0.pool.proofs()
    }

    /// The constants of the market's rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.options.rules
    }

    /// The market's clock.
    ///
    /// # Errors
    /// Returns [`MarketError::Database`].
    pub async fn now(&self) -> Result<Time> {
        Ok(self.read().await?.now())
    }

    /// Closes the connections to the database, each once it is free.
    pub async fn close(&self) {
        self.0.database.close().await;
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Told> {
        self.0.told.subscribe()
    }

    fn tell(&self, told: Told) {
        // It is no error if nobody listens.
        let _ = self.0.told.send(told);
    }

    /// Whether there is a list of providers and the provider is on it.
    fn is_listed(&self, provider: Hash) -> bool {
        self.0.options.allow_list.as_ref().is_some_and(|list| list.contains(&provider))
    }

    fn check_listed(&self, provider: Hash) -> Result<()> {
        let is_kept_out = self.0.options.allow_list.is_some() && !self.is_listed(provider);
        if is_kept_out { Err(MarketError::NotListed) } else { Ok(()) }
    }

    /// Remembers a message, which must not have come before.
    async fn take_once(&self, change: &mut Change, message: SeenMessage) -> Result<()> {
        let now = change.now();
        let mut seen = seen::of_owner(change.connection(), message.owner).await?;
        seen.take(message, now, self.rules())?;
        Ok(seen::remember(change, message).await?)
    }

    async fn read(&self) -> Result<Read> {
        Ok(Read::begin(&self.0.database).await?)
    }

    /// Begins a change. If the change ends an outage, the outage is recorded first, so that every
    /// decision takes it into account.
    async fn change(&self) -> Result<Change> {
        let mut change = Change::begin(&self.0.database).await?;
        due::note_outage(&mut change).await?;
        Ok(change)
    }
}

/// The number one.
const ONE: Count = Count::constant(1);

/// The connection with which both kinds of transaction run statements.
type Connection<'a> = &'a mut AnyConnection;
