//! What an app does for a market client: it provides the network and waits. [`Bridge`] shows an
//! app's host to the client.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use velum_market_client::{
    Host, HttpRequest, HttpResponse, MarketError, Method, Network, Progress, Saved, Unreachable,
};
use velum_market_model::Time;

use crate::error::{ErrorCode, Problem, VelumError};
use crate::executor::panicked;
use crate::watch::{Watch, cancelled, locked};

/// Provides the network, and waits. The Kotlin and Swift packages come with an implementation.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait MarketHost: Send + Sync {
    /// Sends a request over the network and reads the whole answer, whatever its status. It follows
    /// no redirects. It sends nothing that identifies the user or the device, such as cookies or
    /// the system's `User-Agent`. It must end within a minute or so. If the call that asked is
    /// cancelled, nobody waits for the answer.
    async fn send(&self, request: MarketRequest) -> Result<MarketResponse, MarketHostError>;

    /// Waits for this long.
    async fn sleep(&self, duration: Duration) -> Result<(), MarketHostError>;
}

/// A request to a market.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketRequest {
    /// The complete URL, with `https`, or with `http` for this machine only.
    pub url: String,
    /// The body of a `POST`, as JSON. Without a body, the request is a `GET`.
    pub body: Option<Vec<u8>>,
    /// The maximum number of bytes to read of an answer. Discard a longer answer and throw: it
    /// counts as no answer.
    pub most_bytes: u64,
}

/// The answer of a market.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MarketResponse {
    /// The HTTP status.
    pub status: u16,
    /// The seconds in `Retry-After`, if the answer has this header.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why an app did not do what it was asked to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum MarketHostError {
    /// It failed: no answer came, or something could not be saved.
    #[error("{reason}")]
    Failed {
        /// The reason that the system gives.
        reason: String,
    },
}

/// Converts any other exception of a host.
impl From<uniffi::UnexpectedUniFFICallbackError> for MarketHostError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// What a hand-off needs from the app, in addition to what every request to a market needs.
#[async_trait::async_trait]
pub(super) trait Following: Send + Sync {
    async fn save(&self, saved: &Saved) -> Result<(), String>;

    /// Returns whether a receipt holds, or an error if this could not be determined.
    async fn judge(&self, receipt: &[u8]) -> Result<Result<(), String>, VelumError>;

    fn tell(&self, progress: &Progress);
}

/// An app's host during one call.
pub(super) struct Bridge {
    host: Arc<dyn MarketHost>,
    watch: Watch,
    following: Option<Box<dyn Following>>,
    /// Why the call cannot continue, for failures that the client's interface cannot express.
    broken: Mutex<Option<VelumError>>,
}

impl Bridge {
    /// For a single request.
    pub(super) fn new(host: &Arc<dyn MarketHost>, watch: &Watch) -> Self {
        let (host, watch) = (Arc::clone(host), watch.clone());
        Self { host, watch, following: None, broken: Mutex::default() }
    }

    /// For a hand-off.
    pub(super) fn following(self, following: impl Following + 'static) -> Self {
        Self { following: Some(Box::new(following)), ..self }
    }

    /// Runs work that asks a market until it is done. A panic, for example because an app's
    /// listener throws, becomes an error.
    pub(super) async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, VelumError>>,
    ) -> Result<T, VelumError> {
        let mut work = pin!(work);
        poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
            match (polled, locked(&self.broken).take()) {
                (Err(_), _) => Poll::Ready(Err(panicked().into())),
                (Ok(Poll::Pending), Some(error)) => Poll::Ready(Err(error)),
                (Ok(polled), _) => polled,
            }
        })
        .await
    }

    /// Sends one request to the market at this address.
    pub(super) async fn ask<T>(
        &self,
        url: &str,
        question: impl Future<Output = Result<T, MarketError>>,
    ) -> Result<T, VelumError> {
        self.complete(async { question.await.map_err(|error| said(&error, url)) }).await
    }

    /// Runs work that asks a market, unless the call is cancelled before or during it.
    pub(super) async fn complete<T>(
        &self,
        work: impl Future<Output = Result<T, VelumError>>,
    ) -> Result<T, VelumError> {
        self.watch.check()?;
        let done = self.run(work).await;
        // If the cancellation ended the work, it is not the market's fault.
        if done.is_err() && self.is_stopped() { Err(cancelled().into()) } else { done }
    }

    /// Makes the call end from inside its work.
    async fn break_off<T>(&self, error: VelumError) -> T {
        *locked(&self.broken) = Some(error);
        std::future::pending().await
    }

    /// Waits for something, but no longer than until the call is cancelled. Once it is cancelled,
    /// waits until the end: taking a job back needs its time.
    async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        if self.is_stopped() {
            Some(future.await)
        } else {
            self.watch.unless_cancelled(future).await.ok()
        }
    }
}

impl Network for Bridge {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let HttpRequest { method, url, body, most_bytes } = request;
        let body = match method {
            Method::Get => None,
            Method::Post => Some(body.unwrap_or_default()),
        };
        // A number of bytes that fits into this machine's `usize`.
        let request = MarketRequest { url, body, most_bytes: most_bytes as u64 };
        let answer = self.unless_stopped(self.host.send(request)).await;
        let answer = answer.ok_or_else(|| Unreachable::new("the call was cancelled"))?;
        let MarketResponse { status, retry_after, body } = answer.map_err(Unreachable::new)?;
        if body.len() > most_bytes {
            return Err(Unreachable::new(format!("the answer has more than {most_bytes} bytes")));
        }
        Ok(HttpResponse { status, retry_after, body })
    }

    fn now(&self) -> Time {
        time(SystemTime::now())
    }
}

impl Host for Bridge {
    async fn sleep(&self, duration: velum_market_model::Duration) {
        let slept =
            self.unless_stopped(self.host.sleep(Duration::from_millis(duration.get()))).await;
        if let Some(Err(MarketHostError::Failed { reason })) = slept {
            self.break_off(VelumError::new(ErrorCode::Internal, "host.sleep", reason)).await
        }
    }

    fn chance(&self) -> u32 {
        // The number spreads retries. On a system without random numbers, retries are not spread.
        getrandom::u32().unwrap_or_default() % 1_000_000
    }

    async fn save(&self, saved: &Saved) -> Result<(), String> {
        match &self.following {
            Some(following) => following.save(saved).await,
            None => Ok(()),
        }
    }

    async fn check(&self, receipt: &[u8]) -> Result<(), String> {
        let Some(following) = &self.following else {
            return Err("there is nothing that judges receipts".to_owned());
        };
        match following.judge(receipt).await {
            Ok(verdict) => verdict,
            Err(error) => self.break_off(error).await,
        }
    }

    fn tell(&self, progress: &Progress) {
        if let Some(following) = &self.following {
            following.tell(progress);
        }
    }

    fn is_stopped(&self) -> bool {
        self.watch.check().is_err()
    }
}

/// What the market at this address said or failed to say, as an error.
pub(super) fn said(error: &MarketError, url: &str) -> VelumError {
    let retry_after = match error {
        MarketError::Busy { seconds } => Some(*seconds),
        _ => None,
    };
    VelumError::Market { problem: trouble(error, url), retry_after, receipt: None }
}

/// The same as a problem.
pub(super) fn trouble(error: &MarketError, url: &str) -> Problem {
    let (code, message) = match ErrorCode::by_name(error.code()) {
        Some(code) => (code, error.detail()),
        // A code that a later node has added.
        None => (ErrorCode::Refused, format!("{} ({})", error.detail(), error.code())),
    };
    Problem::new(code, url, message)
}

/// The millisecond in which a point in time lies, as markets count. Times before 1970 become 1970.
pub(super) fn time(time: SystemTime) -> Time {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis())
        .ok()
        .and_then(|since| Time::new(since).ok())
        .unwrap_or(Time::MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancellation;
    use velum_credentials::block_on;
    use velum_market_client::Node;

    /// Answers with this many bytes, fails, or never answers.
    struct Fake {
        answers: Option<Result<usize, &'static str>>,
        sleeps: bool,
    }

    #[async_trait::async_trait]
    impl MarketHost for Fake {
        async fn send(&self, request: MarketRequest) -> Result<MarketResponse, MarketHostError> {
            match self.answers {
                Some(Ok(_)) if request.url.contains("panic") => panic!("on purpose"),
                Some(Ok(bytes)) => {
                    Ok(MarketResponse { status: 200, retry_after: None, body: vec![b' '; bytes] })
                }
                Some(Err(reason)) => Err(MarketHostError::Failed { reason: reason.to_owned() }),
                None => std::future::pending().await,
            }
        }

        async fn sleep(&self, _: Duration) -> Result<(), MarketHostError> {
            if self.sleeps {
                Ok(())
            } else {
                Err(MarketHostError::Failed { reason: "no clock".to_owned() })
            }
        }
    }

    fn bridge(
        answers: Option<Result<usize, &'static str>>,
        cancellation: Option<&Arc<Cancellation>>,
    ) -> Bridge {
        let host: Arc<dyn MarketHost> = Arc::new(Fake { answers, sleeps: false });
        Bridge::new(&host, &Watch::new(cancellation, None))
    }

    fn asked(bridge: &Bridge, url: &str) -> VelumError {
        block_on(bridge.ask(url, Node::new(bridge, url).market())).map(|_| ()).unwrap_err()
    }

    #[test]
    fn an_answer_that_is_longer_than_was_allowed_is_none() {
        let url = "https://market.example";
        let long = asked(&bridge(Some(Ok(1 << 20)), None), url);
        assert_eq!(long.code(), ErrorCode::Unreachable, "{long}");
        assert_eq!(asked(&bridge(Some(Ok(10)), None), url).code(), ErrorCode::AnswerMalformed);
    }

    #[test]
    fn what_a_host_fails_with_is_told_with_the_address() {
        let url = "https://market.example/";
        let error = asked(&bridge(Some(Err("no network")), None), url);
        let VelumError::Market { problem, .. } = error else { panic!("{error:?}") };
        assert_eq!((problem.code, problem.place.as_str()), (ErrorCode::Unreachable, url));
        assert!(problem.message.contains("no network"));
    }

    #[test]
    fn a_panic_and_a_wait_that_fails_are_errors() {
        assert_eq!(
            asked(&bridge(Some(Ok(0)), None), "https://panic.example").code(),
            ErrorCode::Internal
        );
        let bridge = bridge(None, None);
        let waits = async {
            bridge.sleep(velum_market_model::Duration::constant(1)).await;
            Ok(())
        };
        let error = block_on(bridge.run(waits)).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (ErrorCode::Internal, "no clock"));
    }

    #[test]
    fn a_cancellation_ends_a_question_and_a_wait_that_began_before_it() {
        let cancellation = Cancellation::new();
        let bridge = bridge(None, Some(&cancellation));
        let waiter = std::thread::spawn(move || {
            let error = asked(&bridge, "https://market.example");
            (error.code(), asked(&bridge, "https://market.example").code())
        });
        cancellation.cancel();
        assert_eq!(waiter.join().unwrap(), (ErrorCode::Cancelled, ErrorCode::Cancelled));
    }

    #[test]
    fn codes_of_nodes_are_kept_and_new_ones_told_in_words() {
        let refused =
            |code: &str| MarketError::Refused { code: code.to_owned(), detail: "why".to_owned() };
        assert_eq!(trouble(&refused("below_floor"), "url").code, ErrorCode::BelowFloor);
        let new = trouble(&refused("of_later"), "url");
        assert_eq!((new.code, new.message.as_str()), (ErrorCode::Refused, "why (of_later)"));
        let busy = said(&MarketError::Busy { seconds: 7 }, "url");
        assert!(matches!(busy, VelumError::Market { retry_after: Some(7), .. }));
    }
}
