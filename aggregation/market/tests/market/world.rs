//! A market in a folder, and those who deal with it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use velum_market::{Market, Options};
use velum_market_blobs::Blobs;
use velum_market_model::*;
use velum_market_rules::{Rules, Settings};
use velum_market_testing::{Made, made};

/// Submissions that every test shares.
static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| made(3));

pub fn submission(number: usize) -> Made {
    MADE[number].clone()
}

pub fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).unwrap()
}

pub fn amount(value: u64) -> Amount {
    Amount::constant(value)
}

/// A market, which goes with its folder.
pub struct World {
    pub market: Market,
    folder: TempDir,
    options: Options,
}

static ORDERS: AtomicU64 = AtomicU64::new(0);

impl World {
    pub async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::from(Rules::default());
        change(&mut settings);
        let rules = Rules::new(settings).unwrap();
        let options = Options { rules, demo_money: Some(amount(1 << 40)), ..Options::default() };
        let market = open(&folder, &options).await;
        Self { market, folder, options }
    }

    /// The market as another node would open it.
    pub async fn open_again(&mut self) {
        self.market = open(&self.folder, &self.options).await;
    }

    pub async fn money(&self, owner: &SecretKey, action: MoneyAction, units: u64) {
        let order = MoneyOrder {
            market: self.market.id(),
            action,
            amount: amount(units),
            idempotency_key: format!("{:016}", ORDERS.fetch_add(1, Ordering::Relaxed)).try_into().unwrap(),
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

    /// A job about a submission, which waits for nobody and is sold in a Dutch auction.
    pub async fn job(&self, client: &SecretKey, made: &Made) -> Job {
        let now = self.market.now().await.unwrap();
        let later = |minutes: u64| now.after(Duration::constant(minutes * 60_000));
        Job {
            market: self.market.id(),
            proof: ProofReference {
                sha256: Hash::of(&[&made.bytes]),
                length: Count::new(made.bytes.len() as u64).unwrap(),
            },
            proof_system: velum_market::proofs::system(),
            size_class: SizeClass::Standard,
            statement: made.statement,
            offer: Offer {
                order: Order::Dutch,
                minimum: amount(100),
                maximum: amount(1000),
                ramp: Ramp { start: now, duration: Duration::constant(1000), price: PriceMove::Rises },
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

    /// Hands a job in.
    pub async fn submit(&self, client: &SecretKey, job: Job, made: &Made) -> Hash {
        let signed = Signed::sign(job, client).unwrap();
        self.market.submit(&signed, made.bytes.clone().into()).await.unwrap().job
    }

    /// That the money is right, and that the log is.
    pub async fn check(&self) {
        assert!(self.market.balance().await.unwrap().balanced);
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

async fn open(folder: &TempDir, options: &Options) -> Market {
    let at = folder.path().display();
    let blobs = Blobs::open(&format!("file://{at}/blobs")).unwrap();
    Market::open(&format!("sqlite://{at}/market.db"), blobs, key(0x33), options.clone()).await.unwrap()
}
