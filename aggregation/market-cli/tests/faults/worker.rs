//! A worker as `velum market work` runs it, except for its prover. Proofs that were made before are
//! read from a folder. All other proofs are made and kept there.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use velum_market_blobs::Blobs;
use velum_market_testing::{Recorded, aggregate, made};
use velum_market_worker::{Pace, WorkError, Workshop};

use crate::harness;

/// The name of the test that is a worker.
const NAME: &str = "worker::a_process_of_other_tests";

const DATABASE: &str = "VELUM_FAULTS_DATABASE";
const BLOBS: &str = "VELUM_FAULTS_BLOBS";
const TAKES: &str = "VELUM_FAULTS_TAKES";

/// The command of such a worker, which is this program itself.
pub fn command(database: &str, blobs: &str, takes: Duration) -> Command {
    let mut command = harness::command(&std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(DATABASE, database).env(BLOBS, blobs).env(TAKES, takes.as_millis().to_string());
    command
}

/// Opens a workshop whose workers take this long for a proof that is recorded.
pub async fn open(
    database: &str,
    blobs: Blobs,
    takes: Duration,
    pace: Pace,
) -> Result<Workshop, WorkError> {
    Workshop::open_with(database, blobs, Arc::new(Recorded::new(takes)), pace).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process that other tests start"]
async fn a_process_of_other_tests() {
    let variable = |name: &str| std::env::var(name).expect("other tests start this one");
    let takes = Duration::from_millis(variable(TAKES).parse().unwrap());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let works = async {
        let workshop =
            open(&variable(DATABASE), Blobs::open(&variable(BLOBS))?, takes, harness::PACE).await?;
        workshop.work("worker", CancellationToken::new()).await
    };
    // As the command does.
    if let Err(error) = works.await {
        tracing::error!(%error, "the worker has ended");
        std::process::exit(1);
    }
}

/// Makes all proofs with which a provider folds some batches of submissions, unless they are
/// recorded. The submissions are named by their numbers. With recorded proofs, histories take
/// seconds.
pub fn record_batches(provider: usize, batches: &[&[usize]]) {
    let all = made(batches.iter().copied().flatten().max().map_or(0, |most| most + 1));
    for batch in batches {
        let made: Vec<_> = batch.iter().map(|number| all[*number].clone()).collect();
        let _kept = aggregate(&made, harness::payee(provider));
    }
}
