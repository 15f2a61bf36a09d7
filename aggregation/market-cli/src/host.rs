//! The platform of a hand-off on this machine: the network, the system's clock, and files.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use velum_aggregate_verifier::{Profile as AggregateProfile, RootKey};
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_credentials::aggregate::{Receipt, Submission};
use velum_market_client::{
    Host, HttpRequest, HttpResponse, Method, Network, Progress, Saved, Unreachable,
};
use velum_market_model::{Duration, Profile, Time};
use velum_receipt::Policy;

/// A hand-off as it is kept in a file, so that it continues after a crash. The signed messages are
/// kept because signing them anew would make another job.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The signed job.
    pub job: Box<RawValue>,
    /// The signed cancellation of the job.
    pub cancel: Box<RawValue>,
    /// How far the hand-off has come.
    pub saved: Option<Saved>,
    /// Whether a purse pays for the job. In that case the purse has the job's key.
    #[serde(default)]
    pub from_purse: bool,
}

/// The network, and the system's clock.
pub struct Http(reqwest::Client);

/// The platform of one hand-off.
pub struct Platform<'a> {
    http: &'a Http,
    /// The file in which the hand-off is kept.
    file: PathBuf,
    kept: Kept,
    submission: &'a Submission,
    profile: Profile,
    payee: Option<[u8; 32]>,
    stop: CancellationToken,
    told: Cell<Option<velum_market_client::api::JobState>>,
}

impl<'a> Platform<'a> {
    /// Creates the platform for the hand-off of a submission. The receipt must be of this profile,
    /// and for this payee if one is given.
    pub fn new(
        http: &'a Http,
        (file, kept): (PathBuf, Kept),
        submission: &'a Submission,
        profile: Profile,
        payee: Option<[u8; 32]>,
        stop: CancellationToken,
    ) -> Self {
        Self { http, file, kept, submission, profile, payee, stop, told: Cell::new(None) }
    }
}

impl Http {
    pub fn new() -> Result<Self, Failure> {
        velum_market_provider::http_client()
            .map(Self)
            .map_err(|error| Failure::usage(format!("requests cannot be sent: {error}")))
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let builder = match request.method {
            Method::Get => self.0.get(&request.url),
            Method::Post => self.0.post(&request.url).header("content-type", "application/json"),
        };
        let mut answer = builder.body(request.body.unwrap_or_default()).send().await?;
        let retry_after =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let (status, mut body) = (answer.status().as_u16(), Vec::new());
        while let Some(part) = answer.chunk().await? {
            body.extend_from_slice(&part);
            if body.len() > request.most_bytes {
                return Ok(HttpResponse { status: 502, retry_after: None, body: Vec::new() });
            }
        }
        Ok(HttpResponse { status, retry_after, body })
    }
}

/// The time by the system's clock.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).ok().and_then(|now| Time::new(now).ok()).unwrap_or(Time::MOST)
}

impl Network for Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        self.answer(request).await.map_err(Unreachable::new)
    }

    fn now(&self) -> Time {
        now()
    }
}

impl Network for Platform<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        self.http.send(request).await
    }

    fn now(&self) -> Time {
        now()
    }
}

impl Host for Platform<'_> {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(std::time::Duration::from_millis(duration.get())).await;
    }

    fn chance(&self) -> u32 {
        let mut bytes = [0; 4];
        // Without random bytes, retries are not spread in time. Nothing else depends on them.
        let _ = getrandom::fill(&mut bytes);
        u32::from_le_bytes(bytes) % 1_000_000
    }

    async fn save(&self, saved: &Saved) -> Result<(), String> {
        let kept = Kept { saved: Some(*saved), ..self.kept.clone() };
        let bytes = serde_json::to_vec(&kept).map_err(|error| error.to_string())?;
        files::write(&self.file, &bytes).map_err(|failure| failure.message().to_owned())
    }

    async fn check(&self, receipt: &[u8]) -> Result<(), String> {
        let receipt = Receipt::from_bytes(receipt).map_err(|error| error.message().to_owned())?;
        let profile = match self.profile {
            Profile::Standard => AggregateProfile::Standard,
            Profile::Proven100 => AggregateProfile::Proven100,
        };
        let policy = Policy { keys: vec![RootKey::pinned(profile)], payee: self.payee };
        let Submission { transcript, request, .. } = self.submission;
        velum_receipt::verify(&receipt, transcript, request, &policy)
            .map(drop)
            .map_err(|error| error.message())
    }

    fn tell(&self, progress: &Progress) {
        if let Some(trouble) = &progress.trouble {
            tracing::warn!(%trouble, "asking the market again");
        }
        let Some(status) = &progress.status else { return };
        if self.told.replace(Some(status.state)) != Some(status.state) {
            tracing::info!(job = %status.job, state = ?status.state, "state of the job");
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }
}
