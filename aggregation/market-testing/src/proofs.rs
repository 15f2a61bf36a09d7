//! The proofs of providers, each made once. A test that folds a submission again finds its leaf,
//! whatever the submission is folded with and whoever the payee is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use velum_aggregate_verifier::{Profile as AggregateProfile, RootKey};
use velum_credentials::aggregate::Submission;
use velum_market_model::{Hash, Profile, SizeClass};
use velum_market_worker::{Input, Plan, Presentation, Prove, Prover, Task, Unproven, Work};

use crate::{Made, record, recorded};

/// Folding takes all processors and much memory, so only one test folds at a time. A test that has
/// waited for another finds what that test has kept.
static FOLDING: Mutex<Option<Recorded>> = Mutex::new(None);

/// The aggregate of some submissions, counted for a payee. All proofs that lead to it are kept.
///
/// # Panics
/// Panics if the submissions cannot be folded, because a test that needs them has then failed.
#[must_use]
pub fn aggregate(made: &[Made], payee: Hash) -> Vec<u8> {
    let mut folding = FOLDING.lock().unwrap_or_else(PoisonError::into_inner);
    let prover = folding.get_or_insert_with(|| Recorded::new(Duration::ZERO));
    let presentations: Vec<_> = made.iter().map(presentation).collect();
    let plan =
        Plan::of(Profile::Standard, payee, &presentations).expect("some are folded, each once");
    let mut results: HashMap<Hash, Bytes> =
        made.iter().map(|made| (Hash::of(&[&made.bytes]), made.bytes.clone().into())).collect();
    let mut last = Bytes::new();
    for task in plan.tasks {
        let inputs = match task.work {
            Work::Leaf { submission, .. } => vec![submission],
            _ => task.inputs().iter().map(|input| input.name).collect(),
        };
        let inputs: Vec<_> = inputs.iter().map(|name| results[name].clone()).collect();
        last = prover.prove(&task, &inputs).expect("it is proven").into();
        results.insert(task.name, last.clone());
    }
    last.into()
}

fn presentation(made: &Made) -> Presentation {
    let submission = Submission::from_bytes(&made.bytes).expect("a submission");
    assert_eq!(submission.presentation.size_class().name, "standard");
    let (class, submission) = (SizeClass::Standard, Hash::of(&[&made.bytes]));
    Presentation { statement: made.statement, class, submission }
}

/// A prover that works as a worker's prover does, and keeps proofs under the names of their tasks.
/// It reads kept proofs, and makes and keeps all others.
pub struct Recorded {
    prover: Prover,
    takes: Duration,
    /// The version of the circuits, so that proofs of other circuits are not mistaken for theirs.
    version: Hash,
}

impl Recorded {
    /// A prover that takes this long for a proof that is kept.
    #[must_use]
    pub fn new(takes: Duration) -> Self {
        let keys = [AggregateProfile::Standard, AggregateProfile::Proven100]
            .map(|profile| RootKey::pinned(profile).to_bytes());
        Self { prover: Prover::new(), takes, version: Hash::of(&[&keys[0], &keys[1]]) }
    }

    fn name(&self, task: Hash) -> String {
        format!("task-{}", Hash::of(&[&self.version.0, &task.0]))
    }

    fn recorded(&self, task: Hash) -> Option<Vec<u8>> {
        recorded(&self.name(task))
    }

    /// Whether the inputs are those from which the recorded proof was made.
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
        self.recorded(task.name).is_some_and(|recorded| recorded == result)
            || self.prover.holds(task, result)
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
