//! The purse that a wallet pays from: blind credit, which an app stores.

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

/// The maximum number of tokens in one purchase.
const MOST_BOUGHT: u32 = 4096;

/// Where an app stores a purse. Whoever can read the purse has the money, so store it as securely
/// as the wallet's own secrets. An old copy is worth the tokens that were not spent since. Do not
/// use a purse from within these methods: the purse waits for them.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait PurseStore: Send + Sync {
    /// Returns what was saved last. Null if nothing was saved.
    async fn load(&self) -> Result<Option<String>, MarketHostError>;

    /// Saves the purse in place of what was saved before. It must save all of it or nothing. The
    /// purse does nothing until this call returns.
    async fn save(&self, purse: String) -> Result<(), MarketHostError>;
}

/// A wallet's blind credit at one market. Each job that it pays has a key of its own, so nobody can
/// tell which jobs belong to the same holder.
///
/// Buy more tokens than one job takes, and before you know that there will be a job. Tokens that
/// are bought and spent within a minute are linked by the time. A store belongs to one purse in one
/// process. A call that fails or is cancelled loses nothing: the next call continues what it began.
#[derive(uniffi::Object)]
pub struct CreditPurse {
    client: Arc<MarketClient>,
    kept: Kept,
}

/// Tokens with which a job can be paid. One job is paid with tokens of one holding.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CreditHolding {
    /// The number of tokens. Each token is worth 100 units of the market's money.
    pub tokens: u64,
    /// The time until which the tokens are worth something.
    pub until: SystemTime,
}

/// A purse that an app stores, as the rest of this crate uses it.
#[derive(Clone)]
pub(super) struct Kept {
    store: Arc<dyn PurseStore>,
    /// Held while the purse is read and saved.
    lock: Arc<Mutex<()>>,
}

#[uniffi::export]
impl CreditPurse {
    /// Creates the purse in a store, for the market of this client. The constructor sends nothing.
    #[uniffi::constructor]
    pub fn new(client: Arc<MarketClient>, store: Arc<dyn PurseStore>) -> Arc<Self> {
        Arc::new(Self { client, kept: Kept { store, lock: Arc::default() } })
    }

    /// Returns what is in the purse and worth something now, the oldest tokens first. Once the
    /// market's id is known, this asks only the store.
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

    /// Buys this many tokens from the account of a key, at most 4096. Tokens that an earlier call
    /// paid for and that arrive only now count towards the number.
    #[uniffi::method(default(cancellation = None))]
    pub async fn buy(
        &self,
        key: Vec<u8>,
        tokens: u32,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<(), VelumError> {
        let secret = Secret::new(key)?;
        if !(1..=MOST_BOUGHT).contains(&tokens) {
            let message = format!("{tokens} tokens; one call buys 1 to {MOST_BOUGHT}");
            return Err(malformed("tokens", message));
        }
        let bridge = self.client.bridge(cancellation.as_ref());
        let (purse, key) = (self.purse(&bridge).await?, secret.key()?);
        self.run(&bridge, purse.buy(&self.client.node(&bridge), &key, tokens as usize)).await
    }

    /// Takes back the rest of jobs that have ended, if a hand-off could not do so. Exchanges tokens
    /// of earlier epochs for tokens that are valid for longer. Do not call it in the same minute as
    /// `buy`, which would show who owns the tokens.
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

    /// Returns the market's signed keys under which the tokens were issued, as JSON. A market has
    /// to show every wallet the same keys. `velum market audit` finds them in the market's log.
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
    /// Whether the purse is for the market at an address.
    pub(super) fn is_at(&self, address: &str) -> bool {
        self.client.address() == address
    }

    /// The purse as the client uses it, for the market with this id.
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
