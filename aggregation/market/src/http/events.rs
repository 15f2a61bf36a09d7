//! The state of a job as server-sent events, one for each change (the HTML standard, section 9.2).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use velum_market_client::api::{JobState, JobStatus};
use velum_market_model::Hash;

use super::Api;
use super::parts::Id;
use crate::market::Told;
use crate::{Market, MarketError};

/// How often to look whether another node has changed the job.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn of_job(
    State(Api { market, .. }): State<Api>,
    Id(job): Id,
) -> Result<Response, MarketError> {
    let told = market.listen();
    // If the job is not here, the request is refused at once.
    market.status(job).await?;
    let watched = Watched { market, job, told, last: None };
    let events = stream::unfold(watched, |mut watched| async move {
        let status = watched.next().await?;
        let event = Event::default().event("status").json_data(&status).ok()?;
        Some((Ok::<_, Infallible>(event), watched))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

struct Watched {
    market: Market,
    job: Hash,
    told: Receiver<Told>,
    last: Option<JobStatus>,
}

impl Watched {
    /// The next status that differs from the last one. `None` after a final status.
    async fn next(&mut self) -> Option<JobStatus> {
        let is_last =
            |status: &JobStatus| status.state.is_refunded() || status.state == JobState::Settled;
        if self.last.as_ref().is_some_and(is_last) {
            return None;
        }
        loop {
            let status = self.market.status(self.job).await.ok()?;
            if self.last.as_ref() != Some(&status) {
                self.last = Some(status.clone());
                return Some(status);
            }
            let lot = status.lot;
            let is_about = |told: Told| {
                told == Told::Job(self.job) || lot.is_none() || lot.map(Told::Lot) == Some(told)
            };
            let wait = async { while self.told.recv().await.is_ok_and(|told| !is_about(told)) {} };
            // Look again in any case: the receiver may have fallen behind, or another node may have
            // made the change.
            let _ = tokio::time::timeout(LOOK, wait).await;
        }
    }
}
