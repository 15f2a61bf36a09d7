//! A market, and the single requests to it.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use velum_market_client::{MarketAdapter, MarketError, Node, sign_cancel};
use velum_market_model::{
    Hash, IdempotencyKey, Message, MoneyAction, MoneyOrder, Query, Signed, Subject, TextError,
};

use super::host::{Bridge, MarketHost, time};
use super::terms::{self, MarketInput, MarketOffer, Place, Submitted, amount, random_text};
use super::types::{Estimate, JobStatus, MarketAccount, MarketInfo};
use super::{Secret, malformed, unfit};
use crate::error::VelumError;
use crate::wallet::CHECKS;
use crate::watch::{Cancellation, Watch};

/// A market at an address. It stores no key. Calls that need a key take its 32 secret bytes
/// (Ed25519), and wipe them.
///
/// Any number of calls may be made at once, from any thread.
#[derive(uniffi::Object)]
pub struct MarketClient {
    host: Arc<dyn MarketHost>,
    url: String,
    /// The id of the market, once it is known.
    id: OnceLock<Hash>,
}

#[uniffi::export]
impl MarketClient {
    /// Creates a client for the market at a URL. The URL has the scheme `https`, or `http` for this
    /// machine only, for tests. The constructor sends nothing.
    ///
    /// `id` identifies the market permanently, as `market` returns it. With an id, no other market
    /// can take its place. Without an id, the first call that needs it asks the market for it.
    #[uniffi::constructor(default(id = None))]
    pub fn new(
        url: String,
        host: Arc<dyn MarketHost>,
        id: Option<String>,
    ) -> Result<Arc<Self>, VelumError> {
        check_address(&url)?;
        let known = OnceLock::new();
        if let Some(id) = id {
            let _ = known.set(hash("id", id)?);
        }
        Ok(Arc::new(Self { host, url, id: known }))
    }

    /// The address of the market.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Returns the market's id, its proof systems, and the time on its clock.
    #[uniffi::method(default(cancellation = None))]
    pub async fn market(
        &self,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<MarketInfo, VelumError> {
        let bridge = self.bridge(cancellation.as_ref());
        self.ask(&bridge, self.node(&bridge).market()).await.map(MarketInfo::from)
    }

    /// Estimates what a job will cost and how long it will take. The presentation is not submitted,
    /// and the request does not reveal who asks: it is signed with a key that is used for nothing
    /// else.
    #[uniffi::method(default(cancellation = None))]
    pub async fn quote(
        &self,
        input: MarketInput,
        offer: MarketOffer,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Estimate, VelumError> {
        let secret = Secret::random()?;
        let bridge = self.bridge(cancellation.as_ref());
        let watch = Watch::new(cancellation.as_ref(), None);
        let submitted = CHECKS.run(watch, move |_| Submitted::new(&input)).await?;
        let market = self.id(&bridge).await?;
        let now = time(SystemTime::now());
        let job = terms::job(&submitted, &offer, market, &secret.key()?, now, Place::ONLY)?;
        job.check().map_err(|error| unfit("offer", &error))?;
        self.ask(&bridge, self.node(&bridge).quote(&job)).await.map(Estimate::from)
    }

    /// Returns the state of a job.
    #[uniffi::method(default(cancellation = None))]
    pub async fn status(
        &self,
        job: String,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<JobStatus, VelumError> {
        let job = hash("job", job)?;
        let bridge = self.bridge(cancellation.as_ref());
        self.ask(&bridge, self.node(&bridge).status(job)).await.map(|status| (&status).into())
    }

    /// Takes a job back. Its submitter may do this until the batch of the job closes. To stop a
    /// running hand-off, use its own cancellation.
    #[uniffi::method(default(cancellation = None))]
    pub async fn cancel(
        &self,
        key: Vec<u8>,
        job: String,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<JobStatus, VelumError> {
        let secret = Secret::new(key)?;
        let job = hash("job", job)?;
        let cancel = sign_cancel(job, time(SystemTime::now()), &secret.key()?);
        let cancel = cancel.map_err(|error| unfit("job", &error))?;
        let bridge = self.bridge(cancellation.as_ref());
        self.ask(&bridge, self.node(&bridge).cancel(&cancel)).await.map(|status| (&status).into())
    }

    /// Returns the receipt of a settled job, as the market has it. The receipt has not been
    /// verified: verify it.
    #[uniffi::method(default(cancellation = None))]
    pub async fn receipt(
        &self,
        job: String,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Vec<u8>, VelumError> {
        let job = hash("job", job)?;
        let bridge = self.bridge(cancellation.as_ref());
        self.ask(&bridge, self.node(&bridge).receipt(job)).await
    }

    /// Returns what the holder of the key has at the market.
    #[uniffi::method(default(cancellation = None))]
    pub async fn account(
        &self,
        key: Vec<u8>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<MarketAccount, VelumError> {
        let secret = Secret::new(key)?;
        let bridge = self.bridge(cancellation.as_ref());
        let market = self.id(&bridge).await?;
        let query = {
            let key = secret.key()?;
            let at = time(SystemTime::now());
            let query = Query { market, subject: Subject::Account, at, asker: key.public() };
            Signed::sign(query, &key).map_err(|error| unfit("key", &error))?
        };
        self.ask(&bridge, self.node(&bridge).account(&query)).await.map(MarketAccount::from)
    }

    /// Deposits demo money, which is worth nothing, if the market accepts it. `idempotency_key` has
    /// 16 to 64 characters. A deposit that is sent again with the same key counts once.
    #[uniffi::method(default(idempotency_key = None, cancellation = None))]
    pub async fn deposit(
        &self,
        key: Vec<u8>,
        amount: u64,
        idempotency_key: Option<String>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<MarketAccount, VelumError> {
        let secret = Secret::new(key)?;
        let amount = self::amount(amount)?;
        let idempotency_key = match idempotency_key {
            Some(text) => text,
            None => random_text()?,
        };
        let wrong = |error: TextError| malformed("idempotencyKey", error.to_string());
        let idempotency_key = IdempotencyKey::try_from(idempotency_key).map_err(wrong)?;
        let bridge = self.bridge(cancellation.as_ref());
        let market = self.id(&bridge).await?;
        let order = {
            let key = secret.key()?;
            let action = MoneyAction::Deposit;
            let order = MoneyOrder { market, action, amount, idempotency_key, owner: key.public() };
            Signed::sign(order, &key).map_err(|error| unfit("amount", &error))?
        };
        self.ask(&bridge, self.node(&bridge).money(&order)).await.map(MarketAccount::from)
    }
}

impl MarketClient {
    /// Returns the market's id, and asks for it if it is not known yet.
    pub(super) async fn id(&self, bridge: &Bridge) -> Result<Hash, VelumError> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let info = self.ask(bridge, self.node(bridge).market()).await?;
        // Two calls may ask at the same time. The first answer counts.
        Ok(*self.id.get_or_init(|| info.id))
    }

    pub(super) fn address(&self) -> &str {
        &self.url
    }

    pub(super) fn bridge(&self, cancellation: Option<&Arc<Cancellation>>) -> Bridge {
        Bridge::new(&self.host, &Watch::new(cancellation, None))
    }

    pub(super) fn node<'a>(&self, bridge: &'a Bridge) -> Node<'a, Bridge> {
        Node::new(bridge, &self.url)
    }

    async fn ask<T>(
        &self,
        bridge: &Bridge,
        question: impl Future<Output = Result<T, MarketError>>,
    ) -> Result<T, VelumError> {
        bridge.ask(&self.url, question).await
    }
}

/// Parses the id of a job or of a market.
fn hash(place: &str, text: String) -> Result<Hash, VelumError> {
    Hash::try_from(text).map_err(|error| malformed(place, error.to_string()))
}

/// Checks that nobody on the way can read or change what is sent to this address.
pub(super) fn check_address(url: &str) -> Result<(), VelumError> {
    // Reject everything after which a path could not be appended, and every character that an app's
    // own URL parser might read differently.
    let is_plain =
        url.bytes().all(|byte| byte.is_ascii_graphic() && !br#"?#@\<>"{}|^`"#.contains(&byte));
    let is_safe = if let Some(rest) = url.strip_prefix("https://") {
        host(rest).is_some()
    } else if let Some(rest) = url.strip_prefix("http://") {
        host(rest).is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host))
    } else {
        false
    };
    if is_plain && is_safe {
        return Ok(());
    }
    Err(malformed(
        "url",
        "not an address of a market: give an https URL, or an http URL on this machine, without user, query or fragment",
    ))
}

/// The host of a URL, given the part after the scheme. Only a port and a path may follow the host.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.split('/').next().unwrap_or_default();
    let end = match authority.strip_prefix('[') {
        Some(within) => within.find(']').map(|end| end + 2),
        None => Some(authority.find(':').unwrap_or(authority.len())),
    }?;
    let (host, port) = authority.split_at_checked(end)?;
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (is_whole && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn addresses_are_such_as_nobody_listens_in_on() {
        for good in [
            "https://market.example",
            "https://market.example/",
            "https://market.example:8443/a/path",
            "https://[2001:db8::1]:8443/",
            "http://127.0.0.1:9",
            "http://localhost/",
            "http://[::1]:80",
        ] {
            check_address(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for bad in [
            "",
            "https://",
            "https:///path",
            "https://:443",
            "https://market.example:",
            "https://market.example:port",
            "https://[::1",
            "https://user@market.example",
            "https://market.example?query",
            "https://market.example#fragment",
            "https://market.exam ple",
            "https://märket.example",
            "http://market.example",
            "http://127.0.0.1.market.example",
            "http://localhost:80@market.example/",
            "http://localhost\\@market.example",
            "http://10.0.0.1",
            "ftp://localhost",
            "file:///etc/passwd",
            "HTTP://market.example",
        ] {
            assert_eq!(check_address(bad).unwrap_err().code(), ErrorCode::Malformed, "{bad}");
        }
    }
}
