//! A provider's requests to a node, over HTTP.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;
use url::Url;
use velum_credentials::limits::SUBMISSION_BYTES;
use velum_market_client::api::{AccountStatus, Deliver, LogPage, LotStatus, MarketInfo, Problem};
use velum_market_model::{
    Bid, Delivery, Hash, Lock, LogEntry, Message, ModelError, MoneyOrder, Query, Quote, Reveal,
    Signed,
};

/// How long an answer may take. A node verifies an aggregate before it answers a delivery.
const TIME: Duration = Duration::from_secs(60);

/// The most bytes of an answer in JSON.
const ANSWER_BYTES: usize = 4 << 20;

/// The most open lots of one auction that are read. No market has so many. A node that claims to
/// have more would fill the memory of the caller.
const MOST_LOTS: usize = 200_000;

/// Why a node did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NodeError {
    /// There is no answer. Asking again may help.
    #[error("the node at {url} does not answer: {why}")]
    Unreachable {
        /// The URL of the node.
        url: Url,
        /// The reason, as far as it is known.
        why: String,
    },
    /// The node refuses the request.
    #[error("the node refuses ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// The answer is not one of a node.
    #[error("the node's answer cannot be read: {0}")]
    Malformed(String),
    /// The message to be sent is not valid.
    #[error(transparent)]
    Message(#[from] ModelError),
}

impl NodeError {
    /// Whether asking again may help.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Malformed(_) => true,
            Self::Refused(problem) => matches!(problem.status, 408 | 429 | 500..),
            Self::Message(_) => false,
        }
    }
}

/// A client of a node.
#[derive(Clone)]
pub struct NodeClient {
    client: Client,
    url: Url,
}

type Result<T> = std::result::Result<T, NodeError>;

/// Makes a client that sends requests to nodes over HTTP, with TLS by rustls.
///
/// # Errors
/// Returns the reason why no client can be made.
pub fn http_client() -> reqwest::Result<Client> {
    // Another part of the process may have installed a provider, which is as good. Without a
    // provider, no client can be made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(TIME)
        .user_agent(concat!("velum-market/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl NodeClient {
    /// Makes a client of the node at a URL, such as `https://market.example/`.
    ///
    /// # Errors
    /// Returns [`NodeError::Unreachable`] if no client can be made.
    pub fn new(url: Url) -> Result<Self> {
        let client = http_client();
        let client = client
            .map_err(|error| NodeError::Unreachable { url: url.clone(), why: error.to_string() })?;
        Ok(Self { client, url })
    }

    /// The market's key and clock.
    ///
    /// # Errors
    /// Returns [`NodeError`], as all methods here.
    pub async fn market(&self) -> Result<MarketInfo> {
        self.get("v1/market").await
    }

    /// All open lots of an auction, the oldest first.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn lots(&self, auction: &str) -> Result<Vec<LotStatus>> {
        let mut lots: Vec<LotStatus> = Vec::new();
        loop {
            let after = lots.last().map_or_else(String::new, |lot| format!("&after={}", lot.lot));
            let page: Vec<LotStatus> =
                self.get(&format!("v1/lots?auction={auction}{after}")).await?;
            if page.is_empty() {
                return Ok(lots);
            }
            if lots.len() + page.len() > MOST_LOTS {
                return Err(NodeError::Malformed(format!(
                    "it lists more than {MOST_LOTS} open lots"
                )));
            }
            lots.extend(page);
        }
    }

    /// A lot with its jobs.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn lot(&self, lot: Hash) -> Result<LotStatus> {
        self.get(&format!("v1/lots/{lot}")).await
    }

    /// What the asker has and holds.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn account(&self, query: &Signed<Query>) -> Result<AccountStatus> {
        self.post("v1/accounts", query).await
    }

    /// Moves money.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn money(&self, order: &Signed<MoneyOrder>) -> Result<AccountStatus> {
        self.post("v1/money", order).await
    }

    /// The signed key under which blind credit is issued now, as its canonical JSON.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn credit_key(&self) -> Result<String> {
        self.text("v1/credit").await
    }

    /// Takes a lot of a Dutch auction.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn lock(&self, lock: &Signed<Lock>) -> Result<LotStatus> {
        self.post(&format!("v1/lots/{}/lock", lock.message().lot), lock).await
    }

    /// Bids in a sealed auction.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn bid(&self, bid: &Signed<Bid>) -> Result<LotStatus> {
        self.post(&format!("v1/lots/{}/bid", bid.message().lot), bid).await
    }

    /// Opens a bid.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn reveal(&self, reveal: &Signed<Reveal>) -> Result<LotStatus> {
        self.post(&format!("v1/lots/{}/reveal", reveal.message().lot), reveal).await
    }

    /// Puts a quote into the book.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn quote(&self, quote: &Signed<Quote>) -> Result<Box<RawValue>> {
        self.post("v1/quotes", quote).await
    }

    /// The submission of a job that the asker has to fold.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn input(&self, query: &Signed<Query>) -> Result<Bytes> {
        let request = self.request(Method::POST, "v1/inputs")?.body(query.json()?);
        self.send(request, SUBMISSION_BYTES).await
    }

    /// The node's signed promise that it accepted a job, as its canonical JSON.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn acceptance(&self, job: Hash) -> Result<String> {
        self.text(&format!("v1/jobs/{job}/acceptance")).await
    }

    /// The log's signed end, as its canonical JSON.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn head(&self) -> Result<String> {
        self.text("v1/log/head").await
    }

    /// Some of the log's entries after a number.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn log(&self, after: u64) -> Result<Vec<LogEntry>> {
        let LogPage { entries } = self.get(&format!("v1/log?after={after}")).await?;
        Ok(entries)
    }

    async fn text(&self, path: &str) -> Result<String> {
        let body = self.send(self.request(Method::GET, path)?, ANSWER_BYTES).await?;
        String::from_utf8(body.into()).map_err(|error| NodeError::Malformed(error.to_string()))
    }

    /// Delivers an aggregate.
    ///
    /// # Errors
    /// Returns [`NodeError`].
    pub async fn deliver(
        &self,
        delivery: &Signed<Delivery>,
        aggregate: &[u8],
    ) -> Result<LotStatus> {
        let lot = delivery.message().lot;
        let malformed = |error: serde_json::Error| NodeError::Malformed(error.to_string());
        let delivery = RawValue::from_string(delivery.json()?).map_err(malformed)?;
        let body = Deliver { delivery, aggregate: Base64::encode_string(aggregate) };
        let body = serde_json::to_vec(&body).map_err(malformed)?;
        self.read(self.request(Method::POST, &format!("v1/lots/{lot}/delivery"))?.body(body)).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.read(self.request(Method::GET, path)?).await
    }

    async fn post<M: Message, T: DeserializeOwned>(
        &self,
        path: &str,
        message: &Signed<M>,
    ) -> Result<T> {
        self.read(self.request(Method::POST, path)?.body(message.json()?)).await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.url.join(path).map_err(|error| self.unreachable(&error))?;
        Ok(self.client.request(method, url).header("content-type", "application/json"))
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let body = self.send(request, ANSWER_BYTES).await?;
        serde_json::from_slice(&body).map_err(|error| NodeError::Malformed(error.to_string()))
    }

    /// The body of an answer that is not a problem.
    async fn send(&self, request: RequestBuilder, most: usize) -> Result<Bytes> {
        let mut answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + part.len() > most {
                return Err(NodeError::Malformed(format!("it has more than {most} bytes")));
            }
            body.extend_from_slice(&part);
        }
        if status.is_success() {
            return Ok(body.into());
        }
        match serde_json::from_slice(&body) {
            Ok(problem) => Err(NodeError::Refused(problem)),
            // The answer comes from something between, such as a load balancer.
            Err(_) => Err(self.unreachable(&format!("it answers with status {status}"))),
        }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> NodeError {
        NodeError::Unreachable { url: self.url.clone(), why: error.to_string() }
    }
}
