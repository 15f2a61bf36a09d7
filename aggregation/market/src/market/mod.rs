//! What a market can be asked to do. Each is one step in the database, or none.

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

/// Connections to the database.
const CONNECTIONS: u32 = 16;

/// Steps that whoever listens may be behind.
const TOLD: usize = 1024;

type Result<T> = std::result::Result<T, MarketError>;

/// How an operator wants its market.
#[derive(Clone, Debug)]
pub struct Options {
    /// The constants of the rules.
    pub rules: Rules,
    /// The providers that may take lots; everyone who stakes, where there is no list.
    pub allow_list: Option<BTreeSet<Hash>>,
    /// The most demo money that one key is given in a day; none, where there is no demo money.
    pub demo_money: Option<Amount>,
    /// The most that all are given in a day.
    pub demo_money_per_day: Amount,
    /// How many jobs one client may hand in in an hour.
    pub jobs_per_hour: u64,
    /// How many proofs that do not verify one client may hand in in an hour. Those of one address may hand in ten times as many.
    pub failures_per_hour: u64,
    /// How many submissions and aggregates are verified at once.
    pub verifiers: usize,
    /// How many more may wait for that.
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

/// A market that is open, and where it is asked from, if that counts.
#[derive(Clone)]
pub struct Market(Arc<Inner>, Option<Place>);

struct Inner {
    database: Database,
    blobs: Blobs,
    key: SecretKey,
    public: Key,
    /// As messages name this market.
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
    /// A job stands somewhere else.
    Job(Hash),
    /// A lot and its jobs do.
    Lot(Hash),
    /// A batch has one job more, or one fewer.
    Batch,
}

impl Market {
    /// Opens the market of a database, with blobs in `blobs` and messages signed by `key`.
    ///
    /// # Errors
    /// [`MarketError::Database`].
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

    /// As messages name this market.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.0.id
    }

    /// What verifies presentations here.
    #[must_use]
    pub fn proofs(&self) -> &Proofs {
        self.0.pool.proofs()
    }

    /// The constants of its rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.options.rules
    }

    /// The market's clock.
    ///
    /// # Errors
    /// [`MarketError::Database`].
    pub async fn now(&self) -> Result<Time> {
        Ok(self.read().await?.now())
    }

    /// Lets connections go, once they are free.
    pub async fn close(&self) {
        self.0.database.close().await;
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Told> {
        self.0.told.subscribe()
    }

    fn tell(&self, told: Told) {
        // Nobody needs to listen.
        let _ = self.0.told.send(told);
    }

    /// Whether a provider is on the list, where there is one.
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

    /// Begins a change. Whatever it decides, it decides with the outage in view that it may have ended.
    async fn change(&self) -> Result<Change> {
        let mut change = Change::begin(&self.0.database).await?;
        due::note_outage(&mut change).await?;
        Ok(change)
    }
}

/// A number of one.
const ONE: Count = Count::constant(1);

/// What both kinds of transaction run statements with.
type Connection<'a> = &'a mut AnyConnection;
