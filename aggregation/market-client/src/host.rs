//! What a client leaves to its platform.

use std::fmt::Display;

use thiserror::Error;
use velum_market_model::{Duration, Time};

use crate::hand_off::{Progress, Saved};

/// Network and clock: what it takes to ask a market. Futures need not be `Send`: in browsers they are not.
#[allow(async_fn_in_trait)]
pub trait Network {
    /// Sends a request and reads the whole answer, of whatever status.
    ///
    /// # Errors
    /// [`Unreachable`] where there is no answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable>;

    /// The time.
    fn now(&self) -> Time;
}

/// The platform of a hand-off.
#[allow(async_fn_in_trait)]
pub trait Host: Network {
    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// A number from 0 to 999,999 by chance, which spreads the retries of many clients.
    fn chance(&self) -> u32;

    /// Saves where a hand-off stands, so that it is there after a crash.
    ///
    /// # Errors
    /// Why it could not, in words.
    async fn save(&self, saved: &Saved) -> Result<(), String>;

    /// Whether a receipt shows that the presentation is counted: by its statement, under the verifier's pinned key, for whichever payee is expected.
    ///
    /// # Errors
    /// Why not, in words.
    async fn check(&self, receipt: &[u8]) -> Result<(), String>;

    /// Is told where a hand-off stands.
    fn tell(&self, progress: &Progress);

    /// Whether the hand-off is to be stopped. A job that some provider has taken is waited for all the same.
    fn is_stopped(&self) -> bool;
}

/// The methods that the API has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`, with a body of JSON.
    Post,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The body, JSON, where there is one.
    pub body: Option<Vec<u8>>,
    /// The most bytes of an answer that are read; a longer one counts as none.
    pub most_bytes: usize,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Seconds of `Retry-After`, where it has them.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no answer: {0}")]
pub struct Unreachable(String);

impl Unreachable {
    /// With the platform's words.
    pub fn new(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}
