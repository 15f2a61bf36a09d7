//! A worker as `velum market work` runs it, but for its prover: proofs that were made before are read from a folder, all others are made and kept there.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::aggregate::Submission;
use velum_market_blobs::Blobs;
use velum_market_model::{Hash, SizeClass};
use velum_market_testing::{Made, made, record, recorded};
use velum_market_worker::{
    Input, Pace, Plan, Presentation, Prove, Prover, Task, Unproven, Work, WorkError, Workshop,
};

use crate::harness;

/// What the test that is a worker is called.
const NAME: &str = "worker::a_process_of_other_tests";

const DATABASE: &str = "VELUM_FAULTS_DATABASE";
const BLOBS: &str = "VELUM_FAULTS_BLOBS";
const TAKES: &str = "VELUM_FAULTS_TAKES";

/// The command of such a worker: this very program.
pub fn command(database: &str, blobs: &str, takes: Duration) -> Command {
    let mut command = harness::command(&std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(DATABASE, database).env(BLOBS, blobs).env(TAKES, takes.as_millis().to_string());
    command
}

/// Opens a workshop whose workers take so long for a proof that is recorded.
pub async fn open(database: &str, blobs: &str, takes: Duration, pace: Pace) -> Result<Workshop, WorkError> {
    Workshop::open_with(database, Blobs::open(blobs)?, Arc::new(Recorded::new(takes)), pace).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process that other tests start"]
async fn a_process_of_other_tests() {
    let variable = |name: &str| std::env::var(name).expect("other tests start this one");
    let takes = Duration::from_millis(variable(TAKES).parse().unwrap());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let works = async {
        let workshop = open(&variable(DATABASE), &variable(BLOBS), takes, harness::PACE).await?;
        workshop.work("worker", CancellationToken::new()).await
    };
    // As the command does.
    if let Err(error) = works.await {
        tracing::error!(%error, "the worker has ended");
        std::process::exit(1);
    }
}

/// Makes all proofs of some batches of submissions, named by their numbers, where they are not recorded: then histories take seconds.
pub fn record_batches(batches: &[&[usize]]) {
    static RECORDER: Mutex<Option<Recorded>> = Mutex::new(None);
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let recorder = recorder.get_or_insert_with(|| Recorded::new(Duration::ZERO));
    let all = made(batches.iter().copied().flatten().max().map_or(0, |most| most + 1));
    let presentations: Vec<_> = all.iter().map(presentation).collect();
    for batch in batches {
        let presentations: Vec<_> = batch.iter().map(|number| presentations[*number]).collect();
        let plan = Plan::of(velum_market_model::Profile::Standard, harness::payee(), &presentations).unwrap();
        let mut results: HashMap<Hash, Bytes> =
            all.iter().map(|made| (Hash::of(&[&made.bytes]), made.bytes.clone().into())).collect();
        for task in plan.tasks {
            let inputs = match task.work {
                Work::Leaf { submission, .. } => vec![submission],
                _ => task.inputs().iter().map(|input| input.name).collect(),
            };
            let inputs: Vec<_> = inputs.iter().map(|name| results[name].clone()).collect();
            results.insert(task.name, recorder.prove(&task, &inputs).unwrap().into());
        }
    }
}

fn presentation(made: &Made) -> Presentation {
    let submission = Submission::from_bytes(&made.bytes).unwrap();
    assert_eq!(submission.presentation.size_class().name, "standard");
    let (class, submission) = (SizeClass::Standard, Hash::of(&[&made.bytes]));
    Presentation { statement: made.statement, class, submission }
}

/// Proofs by the names of their tasks.
struct Recorded {
    prover: Prover,
    takes: Duration,
    /// Of the circuits, so that proofs of others are not taken for theirs.
    version: Hash,
}

impl Recorded {
    fn new(takes: Duration) -> Self {
        let keys = [Profile::Standard, Profile::Proven100].map(|profile| RootKey::pinned(profile).to_bytes());
        Self { prover: Prover::new(), takes, version: Hash::of(&[&keys[0], &keys[1]]) }
    }

    fn name(&self, task: Hash) -> String {
        format!("task-{}", Hash::of(&[&self.version.0, &task.0]))
    }

    fn recorded(&self, task: Hash) -> Option<Vec<u8>> {
        recorded(&self.name(task))
    }

    /// Whether the inputs are those that the recorded proof was made of.
    fn are_recorded(&self, task: &Task, inputs: &[Bytes]) -> bool {
        if let Work::Leaf { submission, .. } = task.work {
            return inputs.len() == 1 && Hash::of(&[&inputs[0]]) == submission;
        }
        let is_recorded = |(input, bytes): (&Input, &Bytes)| {
            self.recorded(input.name).is_some_and(|recorded| recorded == **bytes)
        };
        inputs.len() == task.inputs().len() && task.inputs().iter().zip(inputs).all(is_recorded)
    }
}

impl Prove for Recorded {
    fn holds(&self, task: &Task, result: &[u8]) -> bool {
        self.recorded(task.name).is_some_and(|recorded| recorded == result) || self.prover.holds(task, result)
    }

    fn prove(&self, task: &Task, inputs: &[Bytes]) -> Result<Vec<u8>, Unproven> {
        if let Some(proof) = self.recorded(task.name)
            && self.are_recorded(task, inputs)
        {
            std::thread::sleep(self.takes);
            return Ok(proof);
        }
        let proof = self.prover.prove(task, inputs)?;
        record(&self.name(task.name), &proof);
        Ok(proof)
    }
}
