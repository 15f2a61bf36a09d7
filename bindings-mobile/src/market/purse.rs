//! What a wallet pays with: blind credit, which an app keeps.

use std::sync::Arc;
use std::time::SystemTime;

use async_lock::{Mutex, MutexGuardArc};
use velum_market_model::Hash;
use velum_market_purse::{Holding, Purse, PurseError, Vault};
use zeroize::Zeroizing;

use super::client::MarketClient;
use super::host::{self, Bridge, MarketHostError, time};
use super::types::moment;
use super::{Secret, malformed};
use crate::error::{ErrorCode, Problem, VelumError};
use crate::watch::Cancellation;

/// The most tokens that are bought at once.
const MOST_BOUGHT: u32 = 4096;

/// Where an app keeps a purse. Whoever can read it has the money: keep it as the wallet's own secrets are kept. An old copy is worth what was not spent since. Use no purse from within these: it
/// waits for them.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait PurseStore: Send + Sync {
    /// What was saved last; nothing, where nothing was.
    async fn load(&self) -> Result<Option<String>, MarketHostError>;

    /// Saves the purse in place of what was saved before, whole or not at all: nothing is done before it returns.
    async fn save(&self, purse: String) -> Result<(), MarketHostError>;
}

/// A wallet's blind credit at one market. Jobs that it pays have keys of their own, so nobody can tell which are of one holder.
///
/// Buy more than one job takes, before it is known that there is one: what is bought and spent within a minute is linked by that. One store has one purse, in one process. A call that fails or is
/// cancelled loses nothing: what it began is gone on with by the next one.
#[derive(uniffi::Object)]
pub struct CreditPurse {
    client: Arc<MarketClient>,
    kept: Kept,
}

/// Tokens that a job can be paid with: one job takes them of one holding.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CreditHolding {
    /// How many, each worth 100 units of the market's money.
    pub tokens: u64,
    /// Until when they are worth something.
    pub until: SystemTime,
}

/// A purse that an app keeps, as its users see it.
#[derive(Clone)]
pub(super) struct Kept {
    store: Arc<dyn PurseStore>,
    /// Held while the purse is read and saved.
    lock: Arc<Mutex<()>>,
}

#[uniffi::export]
impl CreditPurse {
    /// The purse in a store, for the market of this client. Asks nothing yet.
    #[uniffi::constructor]
    pub fn new(client: Arc<MarketClient>, store: Arc<dyn PurseStore>) -> Arc<Self> {
        Arc::new(Self { client, kept: Kept { store, lock: Arc::default() } })
    }

    /// What is in it and worth something now, the oldest first. Asks nobody but the store, once it is known who the market is.
    #[uniffi::method(default(cancellation = None))]
    pub async fn holdings(
        &self,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Vec<CreditHolding>, VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        let holdings = self.run(&bridge, purse.holdings(time(SystemTime::now()))).await?;
        Ok(holdings.into_iter().map(CreditHolding::from).collect())
    }

    /// Buys so many tokens from the account of a key, 4096 at most, less those that an earlier call has paid for and not brought.
    #[uniffi::method(default(cancellation = None))]
    pub async fn buy(
        &self,
        key: Vec<u8>,
        tokens: u32,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<(), VelumError> {
        let secret = Secret::new(key)?;
        if !(1..=MOST_BOUGHT).contains(&tokens) {
            let message = format!("{tokens}, of which 1 to {MOST_BOUGHT} are bought at once");
            return Err(malformed("tokens", message));
        }
        let bridge = self.client.bridge(cancellation.as_ref());
        let (purse, key) = (self.purse(&bridge).await?, secret.key()?);
        self.run(&bridge, purse.buy(&self.client.node(&bridge), &key, tokens as usize)).await
    }

    /// Takes back what is left of jobs that have ended, where a hand-off could not, and turns tokens of earlier epochs into such as are good for longer. Not in the same minute as `buy`, which
    /// would show whose they are.
    #[uniffi::method(default(cancellation = None))]
    pub async fn collect(&self, cancellation: Option<Arc<Cancellation>>) -> Result<(), VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        let node = self.client.node(&bridge);
        let collecting = async {
            purse.collect(&node).await?;
            purse.renew(&node).await
        };
        self.run(&bridge, collecting).await
    }

    /// The market's signed keys that the tokens were issued under, as JSON. A market has to show every wallet the same: `velum market audit` finds them in its log.
    #[uniffi::method(default(cancellation = None))]
    pub async fn keys(
        &self,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Vec<String>, VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        let keys = self.run(&bridge, purse.keys()).await?;
        Ok(keys.iter().map(|key| key.get().to_owned()).collect())
    }
}

impl CreditPurse {
    /// Whether it is of the market at an address.
    pub(super) fn is_at(&self, address: &str) -> bool {
        self.client.address() == address
    }

    /// As the client has it, for the market of this id.
    pub(super) fn of(&self, market: Hash) -> Purse<Kept> {
        Purse::new(self.kept.clone(), market)
    }

    async fn purse(&self, bridge: &Bridge) -> Result<Purse<Kept>, VelumError> {
        Ok(self.of(self.client.id(bridge).await?))
    }

    async fn run<T>(
        &self,
        bridge: &Bridge,
        work: impl Future<Output = Result<T, PurseError>>,
    ) -> Result<T, VelumError> {
        let url = self.client.address();
        bridge.complete(async { work.await.map_err(|error| failed(&error, url)) }).await
    }
}

/// Why the purse of the market at this address does not pay.
pub(super) fn failed(error: &PurseError, url: &str) -> VelumError {
    match error {
        PurseError::Market(error) => host::said(error, url),
        _ => VelumError::Market { problem: problem(error, url), retry_after: None, receipt: None },
    }
}

/// The same as a problem.
pub(super) fn problem(error: &PurseError, url: &str) -> Problem {
    match error {
        PurseError::Market(error) => host::trouble(error, url),
        _ => {
            let code = ErrorCode::by_name(error.code()).unwrap_or(ErrorCode::Internal);
            Problem::new(code, "purse", error.detail())
        }
    }
}

impl From<Holding> for CreditHolding {
    fn from(Holding { tokens, until }: Holding) -> Self {
        Self { tokens: tokens as u64, until: moment(until) }
    }
}

impl Vault for Kept {
    type Lock = MutexGuardArc<()>;

    async fn open(&self) -> Result<(Self::Lock, Option<Zeroizing<Vec<u8>>>), String> {
        let lock = self.lock.lock_arc().await;
        let purse = self.store.load().await.map_err(|error| error.to_string())?;
        Ok((lock, purse.map(|purse| Zeroizing::new(purse.into_bytes()))))
    }

    async fn save(&self, purse: &[u8]) -> Result<(), String> {
        let purse = String::from_utf8(purse.to_vec()).map_err(|error| error.to_string())?;
        self.store.save(purse).await.map_err(|error| error.to_string())
    }
}
