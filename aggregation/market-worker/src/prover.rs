//! Makes the proofs of aggregates. This is the only module that knows presentations and circuits.

use std::sync::OnceLock;

use bytes::Bytes;
use velum_aggregate_verifier::{
    Digest, Profile as AggregateProfile, RootKey, digest_from_bytes, verify_root,
};
use velum_aggregator::{Aggregator, AggregatorError, ProvenStatements, Wrapped};
use velum_core::class::{CLASSES, SizeClass as Class};
use velum_credentials::aggregate::Submission;
use velum_credentials::{Claim, Suite, Verifier};
use velum_market_model::{Hash, Profile, SizeClass};

use crate::prove::{Prove, Unproven};
use crate::task::{Input, Task, Work};

/// The circuits of both profiles. Each is made when it is first needed, which takes seconds.
pub struct Prover {
    verifier: Verifier,
    standard: OnceLock<Aggregator>,
    proven_100: OnceLock<Aggregator>,
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// A prover that has made no circuit yet.
    #[must_use]
    pub fn new() -> Self {
        let verifier = Verifier::allowing(&[Suite::Aggregatable]);
        Self { verifier, standard: OnceLock::new(), proven_100: OnceLock::new() }
    }

    fn aggregator(&self, profile: Profile) -> &Aggregator {
        let cell = match profile {
            Profile::Standard => &self.standard,
            Profile::Proven100 => &self.proven_100,
        };
        cell.get_or_init(|| Aggregator::new(aggregate_profile(profile)))
    }

    /// Makes the leaf of a submission, if the submission verifies and states what the task says.
    fn leaf(&self, task: &Task, size: SizeClass, submission: &[u8]) -> Result<Vec<u8>, Unproven> {
        let submission = Submission::from_bytes(submission).map_err(refused)?;
        let Submission { transcript, request, presentation } = &submission;
        if presentation.size_class() != class(size) {
            let why = "the presentation does not have the task's size class";
            return Err(Unproven::Refused(why.to_owned()));
        }
        let claim = submission.claim().map_err(refused)?;
        if Hash(claim.hash().map_err(refused)?) != task.states {
            let why = "the presentation does not have the task's statement";
            return Err(Unproven::Refused(why.to_owned()));
        }
        self.verifier.verify(presentation, transcript, request).map_err(refused)?;
        let Claim { credential, presentation: statement, .. } = &claim;
        let statements = ProvenStatements {
            credential,
            credential_proof: presentation.credential_proof(),
            presentation: statement,
            presentation_proof: presentation.presentation_proof(),
        };
        Ok(self.aggregator(task.profile).leaf(class(size), &statements).map_err(failed)?.to_bytes())
    }

    /// The results of wraps and merges, read as proofs.
    fn wrapped(
        &self,
        task: &Task,
        payee: Hash,
        inputs: &[Input],
        bytes: &[Bytes],
    ) -> Result<Vec<Wrapped>, Unproven> {
        let aggregator = self.aggregator(task.profile);
        let read = |(at, (input, bytes)): (usize, (&Input, &Bytes))| {
            let node = digest(input.states)?;
            aggregator.read_wrapped(bytes, node, payee.0).map_err(|_| Unproven::Input(at))
        };
        inputs.iter().zip(bytes).enumerate().map(read).collect()
    }
}

impl Prove for Prover {
    fn holds(&self, task: &Task, result: &[u8]) -> bool {
        let Ok(states) = digest(task.states) else { return false };
        match &task.work {
            Work::Leaf { class: size, .. } => {
                self.aggregator(task.profile).read_leaf(class(*size), result, states).is_ok()
            }
            Work::Wrap { payee, .. } | Work::Merge { payee, .. } => {
                self.aggregator(task.profile).read_wrapped(result, states, payee.0).is_ok()
            }
            // Checking a root takes a key and no circuits. So whoever delivers it need not make
            // circuits.
            Work::Root { payee, .. } => {
                let profile = aggregate_profile(task.profile);
                verify_root(profile, &RootKey::pinned(profile), result, &payee.0)
                    .is_ok_and(|root| root.digest == states)
            }
        }
    }

    fn prove(&self, task: &Task, inputs: &[Bytes]) -> Result<Vec<u8>, Unproven> {
        let aggregator = self.aggregator(task.profile);
        let first =
            || inputs.first().ok_or_else(|| Unproven::Failed("an input is missing".to_owned()));
        match &task.work {
            Work::Leaf { class, .. } => self.leaf(task, *class, first()?),
            Work::Wrap { class: size, payee, leaf } => {
                let leaf = aggregator
                    .read_leaf(class(*size), first()?, digest(leaf.states)?)
                    .map_err(|_| Unproven::Input(0))?;
                Ok(aggregator.wrap(class(*size), &leaf, payee.0).map_err(failed)?.to_bytes())
            }
            Work::Merge { payee, children } => {
                let children = self.wrapped(task, *payee, children, inputs)?;
                let children: Vec<_> = children.iter().collect();
                Ok(aggregator.merge(&children, payee.0).map_err(failed)?.to_bytes())
            }
            Work::Root { payee, child } => {
                let child = self.wrapped(task, *payee, std::slice::from_ref(child), inputs)?;
                let child = child.first().ok_or(Unproven::Input(0))?;
                aggregator.finish(child).map_err(failed)
            }
        }
    }
}

fn refused(error: velum_credentials::Error) -> Unproven {
    Unproven::Refused(format!("the submission is refused: {error}"))
}

/// The inputs have been verified when they were read, so a failure here is our own.
fn failed(error: AggregatorError) -> Unproven {
    Unproven::Failed(error.to_string())
}

fn digest(states: Hash) -> Result<Digest, Unproven> {
    digest_from_bytes(&states.0).map_err(|error| Unproven::Refused(format!("{states}: {error}")))
}

pub(crate) const fn aggregate_profile(profile: Profile) -> AggregateProfile {
    match profile {
        Profile::Standard => AggregateProfile::Standard,
        Profile::Proven100 => AggregateProfile::Proven100,
    }
}

const fn class(size: SizeClass) -> Class {
    let [standard, large, extra] = CLASSES;
    match size {
        SizeClass::Standard => standard,
        SizeClass::Large => large,
        SizeClass::Extra => extra,
    }
}
