//! The engine that drives a worker: `apalis`, over the tasks of this workshop.
//!
//! The engine is given tasks that have begun already, and learns nothing of how they end. What it
//! would do with an error is not wanted: it would try again at once, and it would end if the
//! database were away for a moment.

use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::ext::BackendExt;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::persistence::{Persisted, Persistence, TaskEvent};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::WorkerError;
use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Identity;
use tower::limit::ConcurrencyLimitLayer;
use tracing::warn;
use velum_market_sql::DatabaseError;

use crate::WorkError;
use crate::run::Runner;
use crate::store::{Claimed, Store};

/// How many times a lease is renewed before it would end.
const BEATS: u32 = 4;

/// How often a draining worker checks whether its task has ended.
const DRAINING: Duration = Duration::from_millis(20);

/// Runs tasks one at a time, under a name that no other worker has, until it is told to drain. It
/// then ends the task that it is running.
pub(crate) async fn work(
    runner: Runner,
    name: &str,
    drain: CancellationToken,
) -> Result<(), WorkError> {
    let store = runner.store.clone();
    let context = WorkerContext::new(name);
    let worker = WorkerBuilder::new(&context)
        .backend(Tasks::new(store.clone()).poll_with_strategy(Ticks::every(store.pace.poll)))
        // A task is claimed when the worker is free for it, and not before.
        .layer(ConcurrencyLimitLayer::new(1))
        .build(move |claimed: Claimed| {
            let runner = runner.clone();
            async move { runner.run(claimed).await }
        });
    drive(&context, worker.run(), drain)
        .await
        .map_err(|error| WorkError::Ended(error.to_string()))?;
    // Give back what the worker claimed at the moment when it was told to drain.
    Ok(store.give_back(name).await?)
}

/// Drives a worker. A worker that drains is paused and not stopped, because a stopped worker renews
/// no lease while it ends its task.
async fn drive(
    context: &WorkerContext,
    worker: impl Future<Output = Result<(), WorkerError>>,
    drain: CancellationToken,
) -> Result<(), WorkerError> {
    tokio::pin!(worker);
    tokio::select! {
        ended = &mut worker => return ended,
        () = drain.cancelled() => (),
    }
    if context.pause().is_err() {
        // The worker has not even started.
        return Ok(());
    }
    while context.has_pending_tasks() {
        tokio::select! {
            ended = &mut worker => return ended,
            () = tokio::time::sleep(DRAINING) => (),
        }
    }
    context.stop()?;
    worker.await
}

/// Tells the engine when to ask for a task again.
///
/// Unlike the engine's own interval, this timer is always armed. The engine's interval begins a new
/// timer, and nothing waits for that timer until something else wakes the engine. If the database
/// has been slow, nothing else does.
struct Ticks(Interval);

impl Ticks {
    fn every(time: Duration) -> Self {
        let mut ticks = tokio::time::interval(time);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(ticks)
    }
}

impl PollStrategy for Ticks {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        while self.0.poll_tick(cx).is_ready() {}
        Poll::Pending
    }
}

/// The source of the engine's tasks.
struct Tasks {
    persisted: Persisted<Rows>,
    beat: Duration,
}

impl Tasks {
    fn new(store: Store) -> Self {
        Self { beat: store.pace.lease / BEATS, persisted: Persisted::new(Rows { store }) }
    }
}

impl Backend for Tasks {
    type Task = Task<Claimed>;
    type Error = DatabaseError;

    fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), DatabaseError>> {
        self.persisted.poll_ready(cx, worker, self.beat)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, DatabaseError>>> {
        self.persisted.poll_next(cx, worker)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), DatabaseError>> {
        self.persisted.poll_close(cx, worker)
    }
}

impl BackendConfig for Tasks {
    type Args = Claimed;
    type Id = ();
    type Kind = Ephemeral;
    type Config = Duration;
    type Layer = Identity;

    fn config(&self) -> &Duration {
        &self.beat
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

/// The rows behind the tasks.
#[derive(Clone)]
struct Rows {
    store: Store,
}

impl Persistence for Rows {
    type Compact = Claimed;
    type Response = ();
    type Error = DatabaseError;

    /// Does nothing: a worker is known by the tasks that it does.
    async fn register(&mut self, _: &WorkerContext) -> Result<(), DatabaseError> {
        Ok(())
    }

    async fn heartbeat(&mut self, worker: &WorkerContext) -> Result<(), DatabaseError> {
        let renewed = self.store.renew(worker.name()).await;
        passing(renewed, "leases could not be renewed").map(Option::unwrap_or_default)
    }

    async fn fetch_next(
        &mut self,
        worker: &WorkerContext,
    ) -> Result<Vec<Task<Claimed>>, DatabaseError> {
        let claimed = self.store.claim(worker.name()).await;
        let claimed = passing(claimed, "no task could be claimed")?.flatten();
        Ok(claimed.into_iter().map(|claimed| TaskBuilder::new(claimed).build()).collect())
    }

    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Claimed>>,
        worker: &WorkerContext,
    ) -> Result<u64, DatabaseError> {
        self.store.give_back(worker.name()).await?;
        Ok(tasks.len() as u64)
    }

    /// Does nothing: there are no events, because whoever does a task records in its row how the
    /// task ended.
    async fn handle_events(
        &mut self,
        _: Vec<TaskEvent<()>>,
        _: &WorkerContext,
    ) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Fails: tasks come from lots, and not from workers.
    async fn push_tasks(&mut self, tasks: Vec<Task<Claimed>>) -> Result<(), DatabaseError> {
        let why = format!("{} tasks that belong to no lot", tasks.len());
        Err(DatabaseError::corrupt("what is to be queued", why))
    }
}

/// Returns `None` after an error that asking again may help. The engine does ask again.
fn passing<T>(
    answer: Result<T, DatabaseError>,
    what: &'static str,
) -> Result<Option<T>, DatabaseError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.may_pass() => {
            warn!(%error, what);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
