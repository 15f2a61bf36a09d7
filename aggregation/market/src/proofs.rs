//! The proofs of a market. This is the only module that knows presentations and aggregates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;
use tokio::sync::Semaphore;
use velum_aggregate_verifier::{
    Digest, Profile as AggregateProfile, RootKey, digest_from_bytes, is_below, verify_root,
};
use velum_aggregator::{Tree, wide};
use velum_credentials::aggregate::{Batch, KeptBack, Submission, may_hand_off};
use velum_credentials::{Code, Suite, Verifier};
use velum_market_model::{Hash, Job, Profile, ProofSystem, SizeClass};

use crate::MarketError;

/// Why a proof is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ProofError {
    /// The fixed code.
    pub code: Code,
    /// The place of the fault in what was sent.
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl ProofError {
    pub(crate) fn new(place: &str, message: impl Into<String>) -> Self {
        Self { code: Code::ProofInvalid, place: place.to_owned(), message: message.into() }
    }
}

impl From<velum_credentials::Error> for ProofError {
    fn from(error: velum_credentials::Error) -> Self {
        let place = error.place().to_owned();
        Self { code: error.code(), place, message: error.message().to_owned() }
    }
}

/// Verifies what is submitted or delivered, and makes receipts.
pub struct Proofs {
    verifier: Verifier,
    system: ProofSystem,
    keys: [RootKey; 2],
}

impl Default for Proofs {
    fn default() -> Self {
        Self::new()
    }
}

impl Proofs {
    /// Creates a verifier. The keys of presentations are made when the first presentation of a size
    /// class comes.
    #[must_use]
    pub fn new() -> Self {
        let keys = [AggregateProfile::Standard, AggregateProfile::Proven100].map(RootKey::pinned);
        Self { verifier: Verifier::allowing(&[Suite::Aggregatable]), system: system(), keys }
    }

    /// The proof system of presentations.
    #[must_use]
    pub const fn system(&self) -> &ProofSystem {
        &self.system
    }

    /// Verifies that a submission is the one that a job is about.
    ///
    /// # Errors
    /// Returns [`MarketError::OtherSystem`], [`MarketError::KeptBack`] and [`MarketError::Proof`].
    pub fn check_submission(&self, job: &Job, bytes: &[u8]) -> Result<(), MarketError> {
        if job.proof_system != self.system {
            let name = |system: &ProofSystem| {
                format!("{} with keys {}", system.name.as_str(), system.keys)
            };
            return Err(MarketError::OtherSystem {
                given: name(&job.proof_system),
                taken: name(&self.system),
            });
        }
        if job.proof.length.get() != bytes.len() as u64 || job.proof.sha256 != Hash::of(&[bytes]) {
            return Err(ProofError::new(
                "job.proof",
                "the submission does not have this length and SHA-256",
            )
            .into());
        }
        let submission = Submission::from_bytes(bytes).map_err(ProofError::from)?;
        let Submission { transcript, request, presentation } = &submission;
        may_hand_off(request).map_err(|reasons: Vec<KeptBack>| MarketError::KeptBack(reasons))?;
        if presentation.size_class() != class(job.size_class) {
            return Err(ProofError::new(
                "job.size_class",
                "the presentation has another size class",
            )
            .into());
        }
        let statement =
            submission.claim().and_then(|claim| claim.hash()).map_err(ProofError::from)?;
        if Hash(statement) != job.statement {
            return Err(
                ProofError::new("job.statement", "the presentation has another statement").into()
            );
        }
        self.verifier.verify(presentation, transcript, request).map_err(ProofError::from)?;
        Ok(())
    }

    /// Verifies that an aggregate counts exactly these statements, for a payee.
    ///
    /// # Errors
    /// Returns [`ProofError`].
    pub fn check_aggregate(
        &self,
        profile: Profile,
        statements: &[Hash],
        payee: Hash,
        proof: &[u8],
    ) -> Result<(), ProofError> {
        let wrong = |message: String| ProofError::new("aggregate", message);
        let profile = aggregate_profile(profile);
        let key = self.keys.iter().find(|key| key.profile() == profile);
        let key =
            key.ok_or_else(|| wrong("this node has no key of the aggregate's profile".to_owned()))?;
        let root =
            verify_root(profile, key, proof, &payee.0).map_err(|error| wrong(error.to_string()))?;
        let digests = sorted(statements)?;
        let tree = Tree::over(digests.len(), wide(profile)).map(|tree| tree.digest(&digests));
        if tree != Some((root.digest, root.count)) {
            return Err(wrong(
                "the aggregate does not count exactly the lot's presentations".to_owned(),
            ));
        }
        Ok(())
    }

    /// The receipt of one submission, from an aggregate that was checked.
    ///
    /// # Errors
    /// Returns [`ProofError`] if the submission is not among the statements of the aggregate.
    pub fn receipt(
        &self,
        profile: Profile,
        statements: &[Hash],
        payee: Hash,
        proof: Vec<u8>,
        submission: &[u8],
    ) -> Result<Vec<u8>, ProofError> {
        let submission = Submission::from_bytes(submission)?;
        let statement = submission.claim()?.hash()?;
        let leaves = sorted(statements)?
            .into_iter()
            .map(velum_aggregate_verifier::digest_to_bytes)
            .collect();
        let profile = aggregate_profile(profile);
        let batch =
            Batch { profile: profile.short_name().to_owned(), payee: payee.0, leaves, proof };
        let receipt =
            velum_aggregator::receipt(&batch, profile, &submission.presentation, &statement);
        Ok(receipt.map_err(|error| ProofError::new("receipt", error.to_string()))?.to_bytes())
    }
}

/// The proof system of presentations that may be submitted: its version, and the hash of all its
/// keys.
#[must_use]
pub fn system() -> ProofSystem {
    let suite = Suite::Aggregatable;
    let keys = velum_core::proof::pinned_keys(suite);
    // The name of every suite is short and printable.
    ProofSystem::of_suite(suite.name(), suite.version(), &keys)
        .unwrap_or_else(|_| unreachable!("every suite's name is valid here"))
}

/// Statements as digests, in the order in which an aggregate has them.
fn sorted(statements: &[Hash]) -> Result<Vec<Digest>, ProofError> {
    let digests: Result<Vec<_>, _> =
        statements.iter().map(|statement| digest_from_bytes(&statement.0)).collect();
    let mut digests = digests.map_err(|error| ProofError::new("statement", error.to_string()))?;
    digests.sort_by(|a, b| {
        if is_below(*a, *b) { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }
    });
    Ok(digests)
}

const fn aggregate_profile(profile: Profile) -> AggregateProfile {
    match profile {
        Profile::Standard => AggregateProfile::Standard,
        Profile::Proven100 => AggregateProfile::Proven100,
    }
}

const fn class(class: SizeClass) -> velum_core::class::SizeClass {
    let [standard, large, extra] = velum_core::class::CLASSES;
    match class {
        SizeClass::Standard => standard,
        SizeClass::Large => large,
        SizeClass::Extra => extra,
    }
}

/// Verifies beside the threads that answer requests. It runs no more at once than it has threads,
/// and lets no more wait than it can do in some seconds.
#[derive(Clone)]
pub(crate) struct Pool {
    proofs: Arc<Proofs>,
    running: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

impl Pool {
    pub(crate) fn new(proofs: Arc<Proofs>, threads: usize, most_waiting: usize) -> Self {
        Self {
            proofs,
            running: Arc::new(Semaphore::new(threads)),
            waiting: Arc::default(),
            most_waiting,
        }
    }

    pub(crate) fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// How many pieces of work wait or run.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs work that takes long.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl FnOnce(&Proofs) -> Result<T, E> + Send + 'static,
    ) -> Result<T, MarketError>
    where
        T: Send + 'static,
        E: Into<MarketError> + Send + 'static,
    {
        let in_line = InLine::new(&self.waiting);
        if in_line.place >= self.most_waiting {
            return Err(MarketError::Busy { seconds: 5 });
        }
        // The semaphore is never closed.
        let permit = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| MarketError::Busy { seconds: 5 })?;
        let proofs = self.proofs.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&proofs).map_err(Into::into)
        });
        done.await.unwrap_or_else(|_| Err(MarketError::Busy { seconds: 5 }))
    }
}

/// A place in the line. It becomes free again when the waiting caller goes away.
struct InLine {
    place: usize,
    waiting: Arc<AtomicUsize>,
}

impl InLine {
    fn new(waiting: &Arc<AtomicUsize>) -> Self {
        Self { place: waiting.fetch_add(1, Ordering::Relaxed), waiting: waiting.clone() }
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
