//! What a wallet pays with: blind credit, which an app keeps.

use std::sync::Arc;

use async_lock::{Mutex, MutexGuardArc};
use velum_market_purse::{Purse, PurseError, Vault};
use zeroize::Zeroizing;

use super::client::MarketClient;
use super::host::{Bridge, MarketHostError};
use super::{Secret, malformed};
use crate::error::{ErrorCode, Problem, VelumError};
use crate::watch::Cancellation;

/// The most tokens that are bought at once.
const MOST_BOUGHT: u32 = 4096;

/// Where an app keeps a purse. Whoever can read it has the money: keep it as the wallet's own secrets are kept.
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
/// Buy more than one job takes, before it is known that there is one: what is bought and spent within a minute is linked by that. One purse has one object, and one process.
#[derive(uniffi::Object)]
pub struct CreditPurse {
    client: Arc<MarketClient>,
    kept: Kept,
}

/// A purse that an app keeps, as its users see it.
#[derive(Clone)]
pub(super) struct Kept {
    store: Arc<dyn PurseStore>,
    /// Held while the purse is open.
    lock: Arc<Mutex<()>>,
}

#[uniffi::export]
impl CreditPurse {
    /// The purse in a store, for the market of this client. Asks nothing yet.
    #[uniffi::constructor]
    pub fn new(client: Arc<MarketClient>, store: Arc<dyn PurseStore>) -> Arc<Self> {
        Arc::new(Self { client, kept: Kept { store, lock: Arc::default() } })
    }

    /// How many tokens are in it, each worth 100 units of the market's money.
    #[uniffi::method(default(cancellation = None))]
    pub async fn tokens(&self, cancellation: Option<Arc<Cancellation>>) -> Result<u64, VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        self.run(&bridge, async { Ok(purse.count().await? as u64) }).await
    }

    /// Buys so many tokens from the account of a key, 4096 at most, and takes in what is left of earlier jobs. How many there are then. A call that fails may have bought some: they come with
    /// the next one, and are paid once.
    #[uniffi::method(default(cancellation = None))]
    pub async fn buy(
        &self,
        key: Vec<u8>,
        tokens: u32,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<u64, VelumError> {
        let secret = Secret::new(key)?;
        if !(1..=MOST_BOUGHT).contains(&tokens) {
            return Err(malformed(
                "tokens",
                format!("{tokens}, of which 1 to {MOST_BOUGHT} are bought at once"),
            ));
        }
        let bridge = self.client.bridge(cancellation.as_ref());
        let (purse, key) = (self.purse(&bridge).await?, secret.key()?);
        let node = self.client.node(&bridge);
        let buying = async {
            // What is left of earlier jobs is no reason not to buy.
            let _ = purse.collect(&node).await;
            Ok(purse.buy(&node, &key, tokens as usize).await? as u64)
        };
        self.run(&bridge, buying).await
    }

    /// Takes in what is on order, and what is left of jobs that have ended. A hand-off does so when it ends; call this where the market could not be reached then.
    #[uniffi::method(default(cancellation = None))]
    pub async fn collect(&self, cancellation: Option<Arc<Cancellation>>) -> Result<(), VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        let node = self.client.node(&bridge);
        self.run(&bridge, purse.collect(&node)).await
    }

    /// The market's signed keys that the tokens were issued under, as JSON. A market has to show every wallet the same: `velum market audit` finds them in its log.
    #[uniffi::method(default(cancellation = None))]
    pub async fn keys(&self, cancellation: Option<Arc<Cancellation>>) -> Result<Vec<String>, VelumError> {
        let bridge = self.client.bridge(cancellation.as_ref());
        let purse = self.purse(&bridge).await?;
        let keys = self.run(&bridge, purse.keys()).await?;
        Ok(keys.iter().map(|key| key.get().to_owned()).collect())
    }
}

impl CreditPurse {
    /// The purse, once it is known of which market.
    pub(super) async fn purse(&self, bridge: &Bridge) -> Result<Purse<Kept>, VelumError> {
        Ok(Purse::new(self.kept.clone(), self.client.id(bridge).await?))
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
        PurseError::Market(error) => super::host::said(error, url),
        _ => {
            let code = ErrorCode::by_name(error.code()).unwrap_or(ErrorCode::Internal);
            let problem = Problem::new(code, "purse", error.detail());
            VelumError::Market { problem, retry_after: None, receipt: None }
        }
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
