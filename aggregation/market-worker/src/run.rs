//! One attempt at a task: from the blobs of its inputs to the blob of its result.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tracing::{error, info, warn};
use velum_market_blobs::{BlobError, Blobs};
use velum_market_model::Hash;

use crate::error::WorkError;
use crate::prove::{Prove, Unproven};
use crate::store::{Claimed, Outcome, Store};
use crate::task::{Task, Work};

/// The place of results in the store of blobs.
pub(crate) const RESULTS: &str = "results";

/// Does tasks.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) prover: Arc<dyn Prove>,
}

impl Runner {
    /// Does a task, and records how it ended.
    pub(crate) async fn run(&self, claimed: Claimed) {
        let (begun, task) = (Instant::now(), &claimed.task);
        let outcome = self.attempt(task).await.unwrap_or_else(|ended| ended);
        let (kind, seconds) = (task.kind().name(), begun.elapsed().as_secs_f64());
        match &outcome {
            Outcome::Done => info!(task = %task.name, kind, seconds, "done"),
            ended => {
                warn!(task = %task.name, kind, seconds, attempt = claimed.attempt, ?ended, "not done")
            }
        }
        self.end(&claimed, &outcome).await;
    }

    /// Records how a task ended. If the database is away, this is tried again until the task is
    /// another worker's, who will find the result.
    async fn end(&self, claimed: &Claimed, outcome: &Outcome) {
        let pace = self.store.pace;
        let until = Instant::now() + pace.lease;
        loop {
            match self.store.end(claimed, outcome).await {
                Ok(true) => return self.sweep().await,
                Ok(false) => return,
                Err(error) if !error.may_pass() || Instant::now() > until => {
                    return error!(task = %claimed.task.name, %error, "the end of the task could not be recorded");
                }
                Err(_) => tokio::time::sleep(pace.poll).await,
            }
        }
    }

    /// Removes the blobs of results that nobody wants.
    pub(crate) async fn sweep(&self) {
        if let Err(error) = self.try_sweep().await {
            warn!(%error, "some results that nobody wants could not be removed");
        }
    }

    async fn try_sweep(&self) -> Result<(), WorkError> {
        loop {
            let names = self.store.garbage().await?;
            if names.is_empty() {
                return Ok(());
            }
            for &name in &names {
                self.blobs.remove_named(RESULTS, name).await?;
            }
            self.store.swept(&names).await?;
        }
    }

    /// Makes one attempt. Every end other than a result is returned as an error.
    async fn attempt(&self, task: &Task) -> Result<Outcome, Outcome> {
        if self.result(task).await.map_err(store_failed)?.is_some() {
            return Ok(Outcome::Done);
        }
        let inputs = self.inputs(task).await?;
        let (prover, proven) = (self.prover.clone(), task.clone());
        let proof = tokio::task::spawn_blocking(move || prover.prove(&proven, &inputs)).await;
        let result = match proof {
            Ok(Ok(result)) => result,
            Ok(Err(Unproven::Input(at))) => {
                return Err(input_wrong(task, at, "is not valid"));
            }
            Ok(Err(Unproven::Refused(error))) => return Err(Outcome::Refused(error)),
            Ok(Err(Unproven::Failed(error))) => return Err(Outcome::Failed(error)),
            Err(panicked) => {
                return Err(Outcome::Failed(format!("the prover panicked: {panicked}")));
            }
        };
        self.blobs.put_named(RESULTS, task.name, result.into()).await.map_err(store_failed)?;
        Ok(Outcome::Done)
    }

    /// The result of a task, if there is one that holds.
    pub(crate) async fn result(&self, task: &Task) -> Result<Option<Bytes>, BlobError> {
        let Some(bytes) = self.blobs.get_named(RESULTS, task.name).await? else { return Ok(None) };
        let (prover, task, result) = (self.prover.clone(), task.clone(), bytes.clone());
        let holds = tokio::task::spawn_blocking(move || prover.holds(&task, &result)).await;
        // Bytes on which the prover panics are not a result.
        Ok(holds.unwrap_or(false).then_some(bytes))
    }

    async fn inputs(&self, task: &Task) -> Result<Vec<Bytes>, Outcome> {
        if let Work::Leaf { submission, .. } = task.work {
            return Ok(vec![self.submission(submission).await?]);
        }
        let mut inputs = Vec::with_capacity(task.inputs().len());
        for (at, input) in task.inputs().iter().enumerate() {
            let bytes = self.blobs.get_named(RESULTS, input.name).await.map_err(store_failed)?;
            inputs.push(bytes.ok_or_else(|| input_wrong(task, at, "is missing"))?);
        }
        Ok(inputs)
    }

    /// The submission with this hash. Nothing here makes a submission: if it is missing, whoever
    /// took the lot has to put it there.
    async fn submission(&self, blob: Hash) -> Result<Bytes, Outcome> {
        self.blobs.get(blob).await.map_err(|error| match error {
            BlobError::Missing(_) | BlobError::Corrupt(_) => {
                Outcome::Refused(format!("{error}; store the submission and revive the task"))
            }
            error => store_failed(error),
        })
    }
}

fn store_failed(error: BlobError) -> Outcome {
    if error.may_pass() {
        Outcome::Later(error.to_string())
    } else {
        Outcome::Failed(error.to_string())
    }
}

fn input_wrong(task: &Task, at: usize, what: &str) -> Outcome {
    match task.inputs().get(at) {
        Some(input) => Outcome::Input {
            name: input.name,
            error: format!("the result of task {} {what}", input.name),
        },
        None => Outcome::Failed(format!("there is no input {at}")),
    }
}
