//! Measures how many jobs a node accepts in a second, with and without their proofs, beside what
//! its database does alone. Also measures whether a full table slows matching.
//!
//! `cargo bench -p velum-market --features measure` prints one JSON object. Nothing here passes or
//! fails by its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use velum_market::{Market, Options};
use velum_market_blobs::Blobs;
use velum_market_model::*;
use velum_market_sql::{Database, Schema, sqlx};
use velum_market_testing::made;

/// How many clients submit at the same time.
const CLIENTS: u64 = 32;
/// How many jobs are accepted without their proofs, how many are verified, and how many bare
/// transactions there are.
const TAKEN: u64 = 4_000;
const VERIFIED: u64 = 300;
const BARE: u64 = 4_000;
/// How many jobs in the table are over.
const OLD: u64 = 100_000;
/// How many lots are locked, each of one job.
const LOCKED: u64 = 150;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let report = runtime.block_on(async {
        json!({
            "database_alone": bare().await,
            "taken_unverified": taken().await,
            "verified": verified().await,
            "matching": matching().await,
        })
    });
    println!("{}", serde_json::to_string_pretty(&report).expect("it is JSON"));
}

/// A market with a funded client and provider, in a folder.
struct World {
    market: Market,
    client: SecretKey,
    _folder: tempfile::TempDir,
    orders: AtomicU64,
}

impl World {
    async fn new() -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display();
        let blobs = Blobs::open(&format!("file://{at}/blobs")).expect("blobs");
        let options = Options {
            demo_money: Some(Amount::constant(1 << 50)),
            jobs_per_hour: u64::MAX,
            ..Options::default()
        };
        let market = Market::open(&format!("sqlite://{at}/market.db"), blobs, key(9), options)
            .await
            .expect("a market");
        let world = Self { market, client: key(1), _folder: folder, orders: AtomicU64::new(0) };
        world.money(&world.client, MoneyAction::Deposit, 1 << 45).await;
        Arc::new(world)
    }

    async fn money(&self, owner: &SecretKey, action: MoneyAction, units: u64) {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let order = MoneyOrder {
            market: self.market.id(),
            action,
            amount: Amount::constant(units),
            idempotency_key: format!("{number:016}").try_into().expect("a key"),
            owner: owner.public(),
        };
        self.market.move_money(&Signed::sign(order, owner).expect("signed")).await.expect("moved");
    }

    /// A job about nothing that was proven.
    fn job(&self, number: u64, now: Time) -> Signed<Job> {
        let later = |minutes: u64| now.after(Duration::constant(minutes * 60_000));
        let statement = Hash::of(&[&number.to_be_bytes()]);
        let job = Job {
            market: self.market.id(),
            proof: ProofReference { sha256: statement, length: Count::constant(300_000) },
            proof_system: velum_market::proofs::system(),
            size_class: SizeClass::Standard,
            statement,
            offer: Offer {
                order: Order::Dutch,
                minimum: Amount::constant(100),
                maximum: Amount::constant(1000),
                ramp: Ramp {
                    start: now,
                    duration: Duration::constant(1000),
                    price: PriceMove::Rises,
                },
                lock_by: later(60),
                deliver_by: later(120),
                collateral: Amount::ZERO,
            },
            profile: Profile::Standard,
            latency: Latency::Single,
            standing_order: None,
            idempotency_key: format!("{number:016}").try_into().expect("a key"),
            submitter: self.client.public(),
        };
        Signed::sign(job, &self.client).expect("signed")
    }

    /// Locks each open lot by a provider that holds none. Returns the milliseconds of each lock.
    async fn lock_all(&self, provider: &SecretKey) -> Vec<f64> {
        self.money(provider, MoneyAction::Deposit, 1 << 45).await;
        self.money(provider, MoneyAction::Stake, 1 << 40).await;
        let mut times = Vec::new();
        while times.len() < LOCKED as usize {
            for lot in self.market.open_lots("dutch").await.expect("lots") {
                let (at_least, provider_key) = (Amount::ZERO, provider.public());
                let lock =
                    Lock { lot: lot.lot, epoch: lot.epoch, at_least, provider: provider_key };
                let lock = Signed::sign(lock, provider).expect("signed");
                let start = Instant::now();
                self.market.lock(&lock).await.expect("it is locked");
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        times
    }
}

/// Transactions of one row each, with the settings of a market's database.
async fn bare() -> Value {
    const TABLE: (&str, &str) =
        ("row", "create table row (number bigint primary key, text text not null)");
    const SCHEMA: Schema = Schema { lock: 1, sqlite: &[TABLE], postgres: &[TABLE] };
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/bare.db", folder.path().display());
    let database = Database::open(&url, &SCHEMA, 16).await.expect("a database");
    measure(BARE, move |number| {
        let database = database.clone();
        async move {
            let mut write = database.write().await.expect("a transaction");
            let insert = sqlx::query("insert into row (number, text) values ($1, $2)")
                .bind(number as i64)
                .bind("text");
            insert.execute(write.connection()).await.expect("inserted");
            write.commit().await.expect("committed");
        }
    })
    .await
}

async fn taken() -> Value {
    let world = World::new().await;
    let now = world.market.now().await.expect("a time");
    measure(TAKEN, move |number| {
        let world = world.clone();
        async move {
            let job = world.job(number, now);
            world.market.submit_unverified(&job).await.expect("taken");
        }
    })
    .await
}

/// Verifies one submission again and again. No job is accepted.
async fn verified() -> Value {
    let world = World::new().await;
    let made = Arc::new(made(1).remove(0));
    let now = world.market.now().await.expect("a time");
    measure(VERIFIED, move |number| {
        let (world, made) = (world.clone(), made.clone());
        async move {
            let mut job = world.job(number, now).message().clone();
            job.statement = made.statement;
            job.proof = ProofReference {
                sha256: Hash::of(&[&made.bytes]),
                length: Count::new(made.bytes.len() as u64).expect("a length"),
            };
            world
                .market
                .proofs_checked(&job, made.bytes.clone().into())
                .await
                .expect("it verifies");
        }
    })
    .await
}

/// Measures locking in two markets that differ only in the number of jobs that are over. Several
/// providers lock one after the other, because one provider may hold only so much.
async fn matching() -> Value {
    let without = locking(0).await;
    let with = locking(OLD).await;
    json!({ "jobs_before": OLD, "without": summary(without, None), "with": summary(with, None) })
}

/// The milliseconds of each lock in a market with this many jobs that are over.
async fn locking(old: u64) -> Vec<f64> {
    let world = World::new().await;
    let now = world.market.now().await.expect("a time");
    let fill = async |from: u64, count: u64| {
        for number in from..from + count {
            world.market.submit_unverified(&world.job(number, now)).await.expect("taken");
        }
    };
    // The times of the first provider do not count: it finds a market in which nobody holds
    // anything, and no real market is like that.
    fill(0, LOCKED).await;
    world.lock_all(&key(2)).await;
    if old > 0 {
        world.market.fill_with_old(old).await.expect("filled");
    }
    let mut times = Vec::new();
    for provider in 3..6 {
        fill(u64::from(provider) * 1_000_000, LOCKED).await;
        times.extend(world.lock_all(&key(provider)).await);
    }
    times
}

/// Does something this many times, with several clients at once.
async fn measure<F>(count: u64, work: impl Fn(u64) -> F + Send + Sync + 'static) -> Value
where
    F: Future<Output = ()> + Send,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (work, next) = (work.clone(), next.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return times;
                    }
                    let start = Instant::now();
                    work(number).await;
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.expect("it ends"));
    }
    summary(times, Some(start.elapsed().as_secs_f64()))
}

fn summary(mut times: Vec<f64>, seconds: Option<f64>) -> Value {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| {
        times.get((times.len() as f64 * part) as usize).map(|time| (time * 100.0).round() / 100.0)
    };
    let rate = seconds.map(|seconds| (times.len() as f64 / seconds).round());
    json!({ "count": times.len(), "per_second": rate, "p50_ms": at(0.5), "p99_ms": at(0.99) })
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).expect("a key")
}
