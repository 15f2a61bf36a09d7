//! A market in a database, and those who deal with it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;
use velum_market::{Market, MarketError, Options};
use velum_market_blobs::Blobs;
use velum_market_client::api::LotStatus;
use velum_market_model::*;
use velum_market_rules::{Rules, Settings};
use velum_market_sql::Kind;
use velum_market_sql::testing::SharedPostgres;
use velum_market_testing::{Made, aggregate, made};

/// Makes two tests of each story, one on each database. A test on PostgreSQL fails if there is no
/// PostgreSQL, and says what to install.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(velum_market_sql::Kind::Sqlite).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(velum_market_sql::Kind::Postgres).await;
                }
            )+
        }
    };
}

/// The submissions that every test shares, of three documents in turn.
static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| made(9));

pub const MINUTE: u64 = 60_000;

pub fn submission(number: usize) -> Made {
    MADE[number].clone()
}

pub fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).unwrap()
}

pub fn amount(value: u64) -> Amount {
    Amount::constant(value)
}

pub fn reference(bytes: &[u8]) -> ProofReference {
    ProofReference { sha256: Hash::of(&[bytes]), length: Count::new(bytes.len() as u64).unwrap() }
}

/// A market, which is removed together with its folder and its database.
pub struct World {
    pub market: Market,
    folder: TempDir,
    database: String,
    options: Options,
    _server: Option<SharedPostgres>,
}

static ORDERS: AtomicU64 = AtomicU64::new(0);

impl World {
    pub async fn new(database: Kind, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(database, change, |_| ()).await
    }

    pub async fn with(
        database: Kind,
        change: impl FnOnce(&mut Settings),
        of_operator: impl FnOnce(&mut Options),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::from(Rules::default());
        change(&mut settings);
        let rules = Rules::new(settings).unwrap();
        let mut options =
            Options { rules, demo_money: Some(amount(1 << 40)), ..Options::default() };
        of_operator(&mut options);
        let server = (database == Kind::Postgres).then(SharedPostgres::new);
        let file = || format!("sqlite://{}/market.db", folder.path().display());
        let database = server.as_ref().map_or_else(file, SharedPostgres::url);
        let market = open(&folder, &database, &options).await;
        Self { market, folder, database, options, _server: server }
    }

    /// The market, as another node opens it.
    pub async fn another(&self) -> Market {
        open(&self.folder, &self.database, &self.options).await
    }

    /// Continues with another node in place of the first one.
    pub async fn open_again(&mut self) {
        self.market = self.another().await;
    }

    /// Does something to the database that no market would do.
    pub async fn sql(&self, statement: String) {
        let mut connection = AnyConnection::connect(&self.database).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub async fn text(&self, statement: String) -> String {
        let mut connection = AnyConnection::connect(&self.database).await.unwrap();
        let text =
            sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        text
    }

    /// Lets time pass while a node is there.
    pub async fn pass(&self, milliseconds: u64) {
        let now = self.market.now().await.unwrap();
        self.pass_until(now.after(Duration::constant(milliseconds))).await;
    }

    /// Lets time pass while a node is there. The market's clock never goes back, so it stands still
    /// until real time reaches the given time.
    pub async fn pass_until(&self, time: Time) {
        let time = time.get();
        self.sql(format!("update head set at = {time}, alive = {time}")).await;
    }

    /// Lets time pass while no node is there.
    pub async fn pass_without_a_node(&self, milliseconds: u64) {
        let now = self.market.now().await.unwrap().get();
        let then = now + milliseconds;
        self.sql(format!("update head set at = {then}, alive = {now}")).await;
    }

    /// Does what is due until nothing is due.
    pub async fn do_all_due(&self) {
        while self.market.do_due().await.unwrap() {}
    }

    pub async fn money(&self, owner: &SecretKey, action: MoneyAction, units: u64) {
        let order = MoneyOrder {
            market: self.market.id(),
            action,
            amount: amount(units),
            idempotency_key: format!("{:016}", ORDERS.fetch_add(1, Ordering::Relaxed))
                .try_into()
                .unwrap(),
            owner: owner.public(),
        };
        self.market.move_money(&Signed::sign(order, owner).unwrap()).await.unwrap();
    }

    /// A provider with money and stake.
    pub async fn provider(&self, byte: u8) -> SecretKey {
        let key = key(byte);
        self.money(&key, MoneyAction::Deposit, 10_000_000).await;
        self.money(&key, MoneyAction::Stake, 2_000_000).await;
        key
    }

    /// A client with money.
    pub async fn client(&self, byte: u8) -> SecretKey {
        let key = key(byte);
        self.money(&key, MoneyAction::Deposit, 1_000_000).await;
        key
    }

    /// What an owner has free.
    pub async fn balance(&self, of: &SecretKey) -> u64 {
        let query = self.query(of, Subject::Account).await;
        self.market.account(&query).await.unwrap().balance.get()
    }

    pub async fn query(&self, of: &SecretKey, subject: Subject) -> Signed<Query> {
        let at = self.market.now().await.unwrap();
        let query = Query { market: self.market.id(), subject, at, asker: of.public() };
        Signed::sign(query, of).unwrap()
    }

    /// A job about a submission, which waits for nobody and is sold in a Dutch auction.
    pub async fn job(&self, client: &SecretKey, made: &Made) -> Job {
        let now = self.market.now().await.unwrap();
        let later = |minutes: u64| now.after(Duration::constant(minutes * MINUTE));
        Job {
            market: self.market.id(),
            proof: reference(&made.bytes),
            proof_system: velum_market::proofs::system(),
            size_class: SizeClass::Standard,
            statement: made.statement,
            offer: Offer {
                order: Order::Dutch,
                minimum: amount(100),
                maximum: amount(1000),
                ramp: Ramp {
                    start: now,
                    duration: Duration::constant(1000),
                    price: PriceMove::Rises,
                },
                lock_by: later(60),
                deliver_by: later(120),
                collateral: amount(0),
            },
            profile: Profile::Standard,
            latency: Latency::Single,
            standing_order: None,
            idempotency_key: made.statement.to_string().try_into().unwrap(),
            submitter: client.public(),
        }
    }

    /// Submits a job.
    pub async fn submit(&self, client: &SecretKey, job: Job, made: &Made) -> Hash {
        let signed = Signed::sign(job, client).unwrap();
        self.market.submit(&signed, made.bytes.clone().into()).await.unwrap().job
    }

    /// The lot of a job about the submission with this number, sold in this kind of auction.
    pub async fn lot(&self, client: &SecretKey, number: usize, order: Order) -> LotStatus {
        let made = submission(number);
        let mut job = self.job(client, &made).await;
        job.offer.order = order;
        self.lot_of(self.submit(client, job, &made).await).await
    }

    /// The lot that a job is in.
    pub async fn lot_of(&self, job: Hash) -> LotStatus {
        let lot = self.market.status(job).await.unwrap().lot.expect("its batch has closed");
        self.market.lot(lot).await.unwrap()
    }

    /// Has a provider lock a lot as it was seen.
    pub async fn lock(
        &self,
        provider: &SecretKey,
        lot: &LotStatus,
    ) -> Result<LotStatus, MarketError> {
        self.market.lock(&lock_of(provider, lot)).await
    }

    /// Delivers bytes under the current lease of a lot as it was seen.
    pub async fn deliver(
        &self,
        provider: &SecretKey,
        lot: &LotStatus,
        bytes: &[u8],
    ) -> Result<LotStatus, MarketError> {
        self.market.deliver(&delivery_of(provider, lot, bytes), bytes.to_vec().into()).await
    }

    /// Checks that the money and the log are right.
    pub async fn check(&self) {
        let balance = self.market.balance().await.unwrap();
        assert!(balance.balanced, "{balance:?}");
        assert_eq!(self.market.totals().await.unwrap().money.values().sum::<i64>(), 0);
        let head = self.market.head().await.unwrap();
        let (mut hash, mut number) = (Hash::default(), 0);
        for entry in self.market.log(0).await.unwrap() {
            number += 1;
            assert_eq!(entry.number.get(), number);
            hash = chained(&hash, &entry).unwrap();
        }
        assert_eq!((head.message().number.get(), head.message().hash), (number, hash));
    }
}

pub fn lock_of(provider: &SecretKey, lot: &LotStatus) -> Signed<Lock> {
    let lock = Lock {
        lot: lot.lot,
        epoch: lot.epoch,
        at_least: Amount::ZERO,
        provider: provider.public(),
    };
    Signed::sign(lock, provider).unwrap()
}

pub fn delivery_of(provider: &SecretKey, lot: &LotStatus, bytes: &[u8]) -> Signed<Delivery> {
    let delivery = Delivery {
        lot: lot.lot,
        epoch: lot.epoch,
        aggregate: reference(bytes),
        provider: provider.public(),
    };
    Signed::sign(delivery, provider).unwrap()
}

/// The nonce that seals a provider's bid. Providers in tests have nothing to hide.
fn nonce(provider: &SecretKey) -> Hash {
    provider.public().owner()
}

pub fn bid_of(provider: &SecretKey, lot: &LotStatus, price: u64) -> Signed<Bid> {
    let owner = provider.public().owner();
    let commitment = sealed_price(&lot.lot, lot.epoch, &owner, amount(price), &nonce(provider));
    let bid = Bid { lot: lot.lot, epoch: lot.epoch, commitment, provider: provider.public() };
    Signed::sign(bid, provider).unwrap()
}

pub async fn bid(
    world: &World,
    provider: &SecretKey,
    lot: &LotStatus,
    price: u64,
) -> Result<LotStatus, MarketError> {
    world.market.bid(&bid_of(provider, lot, price)).await
}

pub async fn reveal(
    world: &World,
    provider: &SecretKey,
    lot: &LotStatus,
    price: u64,
) -> Result<LotStatus, MarketError> {
    let (price, nonce) = (amount(price), nonce(provider));
    let reveal =
        Reveal { lot: lot.lot, epoch: lot.epoch, price, nonce, provider: provider.public() };
    world.market.reveal(&Signed::sign(reveal, provider).unwrap()).await
}

/// The aggregate of the submissions with these numbers, for a provider.
pub fn folded(numbers: &[usize], provider: &SecretKey) -> Vec<u8> {
    let made: Vec<_> = numbers.iter().map(|number| submission(*number)).collect();
    // This takes long if the aggregate is not kept from an earlier run.
    tokio::task::block_in_place(|| aggregate(&made, provider.public().owner()))
}

async fn open(folder: &TempDir, database: &str, options: &Options) -> Market {
    let blobs = Blobs::open(&format!("file://{}/blobs", folder.path().display())).unwrap();
    Market::open(database, blobs, key(0x33), options.clone()).await.unwrap()
}
