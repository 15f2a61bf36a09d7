//! What a client leaves to its platform.

use std::fmt::Display;

use thiserror::Error;
use velum_market_model::{Duration, Time};

use crate::hand_off::{Progress, Saved};

/// Network and clock: what is needed to ask a market. Futures do not have to be `Send`, because
/// they are not in browsers.
#[allow(async_fn_in_trait)]
pub trait Network {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Returns [`Unreachable`] if there is no answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable>;

    /// The current time.
    fn now(&self) -> Time;
}

/// The platform of a hand-off.
#[allow(async_fn_in_trait)]
pub trait Host: Network {
    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// A random number from 0 to 999,999, which spreads the retries of many clients.
    fn chance(&self) -> u32;

    /// Saves the state of a hand-off, so that it survives a crash.
    ///
    /// # Errors
    /// Returns in words why the state could not be saved.
    async fn save(&self, saved: &Saved) -> Result<(), String>;

    /// Checks that a receipt shows that the presentation is counted. The host looks for its
    /// statement, under the verifier's pinned key, and for any of the payees that it expects.
    ///
    /// # Errors
    /// Returns in words why the receipt does not show it.
    async fn check(&self, receipt: &[u8]) -> Result<(), String>;

    /// Learns the state of a hand-off.
    fn tell(&self, progress: &Progress);

    /// Whether the hand-off is to be stopped. A job that a provider has taken is waited for all the
    /// same.
    fn is_stopped(&self) -> bool;
}

/// The methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`, with a JSON body.
    Post,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The JSON body, if there is one.
    pub body: Option<Vec<u8>>,
    /// The most bytes of an answer that are read. A longer answer counts as no answer.
    pub most_bytes: usize,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The seconds of `Retry-After`, if the answer has them.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no answer: {0}")]
pub struct Unreachable(String);

impl Unreachable {
    /// An error with the platform's description.
    pub fn new(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}
