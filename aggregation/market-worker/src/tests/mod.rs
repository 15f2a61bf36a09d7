//! Workers with lots in a real database and a real store of blobs. In tests that are not about
//! proofs, results are made without circuits: bytes that name their task and follow from the bytes
//! of their inputs alone.

mod bucket;
mod failures;
mod kills;
mod lots;
mod postgres;
mod proofs;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use velum_aggregate_verifier::{digest_to_bytes, node_digest};
use velum_market_blobs::Blobs;
use velum_market_model::{Hash, Profile, SizeClass, Time};

use crate::plan::Presentation;
use crate::store::{Pace, State};
use crate::{Aggregate, Kind, LotWork, Prove, Task, Unproven, Work, WorkError, Workshop};

/// Fast, with a lease that no live worker loses.
const FAST: Pace = Pace {
    lease: Duration::from_secs(3),
    poll: Duration::from_millis(10),
    backoff: Duration::from_millis(10),
};

/// How long anything may take, on a machine that others use too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Presentations of different statements. [`submission`] gives their submissions.
pub(crate) fn presentations(count: usize) -> Vec<Presentation> {
    let one = |number: usize| Presentation {
        statement: Hash(digest_to_bytes(node_digest(number as u64, &[]))),
        class: [SizeClass::Standard, SizeClass::Large, SizeClass::Extra][number % 3],
        submission: Hash::of(&[submission(number).as_bytes()]),
    };
    (0..count).map(one).collect()
}

fn submission(number: usize) -> String {
    format!("submission {number}")
}

fn lot(id: u8, presentations: Vec<Presentation>) -> LotWork {
    LotWork {
        id: Hash([id; 32]),
        profile: Profile::Standard,
        payee: Hash([7; 32]),
        presentations,
        deliver_by: Time::constant(1_000_000),
    }
}

/// Makes results that name their task, and only from inputs that name theirs.
#[derive(Default)]
struct Names {
    /// The failures in tasks of a kind, one after the other.
    failures: Mutex<HashMap<Kind, Vec<Failure>>>,
    /// How many tasks were begun.
    begun: AtomicUsize,
    /// The tasks that were done, in their order.
    done: Mutex<Vec<(Kind, Hash)>>,
    /// How long a task takes.
    takes: Duration,
}

#[derive(Clone)]
enum Failure {
    Unproven(Unproven),
    Panic,
}

impl Names {
    fn failing(kind: Kind, failures: Vec<Failure>) -> Self {
        Self { failures: Mutex::new(HashMap::from([(kind, failures)])), ..Self::default() }
    }

    fn result(name: Hash) -> Vec<u8> {
        format!("the result of {name}").into_bytes()
    }

    fn done(&self) -> Vec<(Kind, Hash)> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Prove for Names {
    fn holds(&self, task: &Task, result: &[u8]) -> bool {
        result == Self::result(task.name)
    }

    fn prove(&self, task: &Task, inputs: &[Bytes]) -> Result<Vec<u8>, Unproven> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(self.takes);
        let failures = self.failures.lock().map(|mut failures| {
            failures
                .get_mut(&task.kind())
                .filter(|failures| !failures.is_empty())
                .map(|failures| failures.remove(0))
        });
        match failures.unwrap() {
            Some(Failure::Unproven(unproven)) => return Err(unproven),
            Some(Failure::Panic) => panic!("as the test has it"),
            None => (),
        }
        let expected: Vec<_> = task.inputs().iter().map(|input| Self::result(input.name)).collect();
        if let Work::Leaf { submission, .. } = task.work {
            assert_eq!(Hash::of(&[&inputs[0]]), submission);
        } else if let Some(wrong) = (0..expected.len()).find(|&at| inputs[at] != expected[at]) {
            return Err(Unproven::Input(wrong));
        }
        self.done.lock().unwrap().push((task.kind(), task.name));
        Ok(Self::result(task.name))
    }
}

/// A workshop with submissions, and what is needed to open it again.
struct World {
    folder: TempDir,
    database: String,
    blobs: Blobs,
    prover: Arc<Names>,
    pace: Pace,
    workshop: Workshop,
}

impl World {
    async fn new(prover: Names) -> Self {
        Self::with(prover, FAST, None).await
    }

    /// A world with the database of a URL, or with a database in a file.
    async fn with(prover: Names, pace: Pace, database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs =
            Blobs::open(&format!("file://{}", folder.path().join("store").display())).unwrap();
        Self::of(prover, pace, database, folder, blobs).await
    }

    /// A world whose blobs need not be in the folder.
    async fn of(
        prover: Names,
        pace: Pace,
        database: Option<String>,
        folder: TempDir,
        blobs: Blobs,
    ) -> Self {
        let file = format!("sqlite://{}", folder.path().join("workshop.db").display());
        let (database, prover) = (database.unwrap_or(file), Arc::new(prover));
        for number in 0..30 {
            blobs.put(submission(number).into()).await.unwrap();
        }
        let workshop =
            Workshop::open_with(&database, blobs.clone(), prover.clone(), pace).await.unwrap();
        Self { folder, database, blobs, prover, pace, workshop }
    }

    /// The same workshop, as another machine opens it.
    async fn again(&self) -> Workshop {
        Workshop::open_with(&self.database, self.blobs.clone(), self.prover.clone(), self.pace)
            .await
            .unwrap()
    }

    /// Starts a worker with connections of its own.
    async fn worker(&self) -> Worker {
        let (workshop, drain) = (self.again().await, CancellationToken::new());
        let draining = drain.clone();
        Worker { drain, work: tokio::spawn(async move { workshop.work("worker", draining).await }) }
    }

    /// Waits for the aggregate of a lot.
    async fn folded(&self, lot: &LotWork) -> Aggregate {
        let result = async {
            loop {
                if let Some(aggregate) = self.workshop.result(lot.id).await.unwrap() {
                    return aggregate;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, result).await;
        match waited {
            Ok(aggregate) => aggregate,
            Err(_) => panic!("{:?}, {:?}", self.workshop.tasks().await, self.workshop.dead().await),
        }
    }

    /// Waits until this many tasks of a kind are in a state.
    async fn until(&self, kind: Kind, state: State, count: u64) {
        let reached = async {
            while self.count(kind, state).await != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, reached).await.is_err() {
            panic!("{:?}, {:?}", self.workshop.tasks().await, self.workshop.dead().await);
        }
    }

    async fn count(&self, kind: Kind, state: State) -> u64 {
        let counted = self.workshop.tasks().await.unwrap();
        counted
            .iter()
            .filter(|counted| counted.kind == kind && counted.state == state)
            .map(|counted| counted.count)
            .sum()
    }

    /// The file of a result.
    fn file(&self, name: Hash) -> std::path::PathBuf {
        let name = name.to_string();
        self.folder.path().join("store/named-results").join(&name[..2]).join(name)
    }
}

/// A worker that works beside the test.
struct Worker {
    drain: CancellationToken,
    work: JoinHandle<Result<(), WorkError>>,
}

impl Worker {
    /// Has it end the task that it is doing.
    async fn drain(self) {
        self.drain.cancel();
        tokio::time::timeout(PATIENCE, self.work).await.expect("it drains").unwrap().unwrap();
    }
}
