//! Makes the two proofs.

use std::convert::Infallible;
use std::marker::PhantomData;

use thiserror::Error;
use velum_stark::air::{Chip, Trace};
use velum_stark::backend::Backend;
use velum_stark::control::{Cancelled, Control, Stage};
use velum_stark::{self as stark, Cpu, ProvingKey, VerifierKey, VerifyError, block_on_worker};

use crate::class::SizeClass;
use crate::proof::credential::{CredentialChip, credential_chips, credential_traces};
use crate::proof::presentation::{PresentationChip, presentation_chips, presentation_traces};
use crate::proof::verifier::{credential_key, presentation_key};
use crate::proof::{StatementError, WitnessError};
use crate::statement::{
    CredentialStatement, CredentialWitness, PresentationStatement, PresentationWitness,
};
use crate::suite::Suite;

/// Why no proof was made. `E` is the error of the backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError<E: std::error::Error + 'static = Infallible> {
    /// The caller cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The statement does not fit the size class.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The witness does not fit the size class.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The witness does not satisfy the statement: the proof made from it does not verify.
    #[error("the witness does not satisfy the statement: {0}")]
    False(#[from] VerifyError),
    /// The operating system provided no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The device that proves has failed.
    #[error("the proving device failed: {0}")]
    Backend(#[source] E),
    /// The device that proves returned something that no working device returns.
    #[error("the proving device is faulty: it returned {0}")]
    Faulty(&'static str),
}

impl<E: std::error::Error + 'static> From<stark::ProveError<E>> for ProveError<E> {
    fn from(error: stark::ProveError<E>) -> Self {
        match error {
            stark::ProveError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            stark::ProveError::Randomness(error) => Self::Randomness(error),
            stark::ProveError::Backend(error) => Self::Backend(error),
            stark::ProveError::Faulty(what) => Self::Faulty(what),
            _ => Self::Faulty("an error of an unknown kind"),
        }
    }
}

/// A statement of one of the two proofs, and what is needed to prove it.
pub trait Provable {
    /// The witness that the statement is true.
    type Witness: Sync;
    /// A table of the statement's proof.
    type Chip: Chip;

    /// The verifier key for proofs of such statements, and chips from which the key can be made.
    fn key(suite: Suite, class: SizeClass) -> (VerifierKey, Vec<Self::Chip>);

    /// The tables of the statement, in order.
    ///
    /// # Errors
    /// [`StatementError`] if the statement does not fit its size class.
    fn chips(&self) -> Result<Vec<Self::Chip>, StatementError>;

    /// Fills the tables.
    ///
    /// # Errors
    /// [`WitnessError`] if the witness does not fit into the tables.
    fn traces(
        &self,
        chips: &[Self::Chip],
        witness: &Self::Witness,
    ) -> Result<Vec<Trace>, WitnessError>;

    /// The data to which the statement's proof is bound.
    fn bound(&self) -> Vec<u8>;
}

impl Provable for CredentialStatement {
    type Witness = CredentialWitness;
    type Chip = CredentialChip;

    fn key(suite: Suite, class: SizeClass) -> (VerifierKey, Vec<CredentialChip>) {
        credential_key(suite, class)
    }

    fn chips(&self) -> Result<Vec<CredentialChip>, StatementError> {
        credential_chips(self)
    }

    fn traces(
        &self,
        chips: &[CredentialChip],
        witness: &CredentialWitness,
    ) -> Result<Vec<Trace>, WitnessError> {
        credential_traces(chips, self, witness)
    }

    fn bound(&self) -> Vec<u8> {
        CredentialStatement::bound(self)
    }
}

impl Provable for PresentationStatement {
    type Witness = PresentationWitness;
    type Chip = PresentationChip;

    fn key(suite: Suite, class: SizeClass) -> (VerifierKey, Vec<PresentationChip>) {
        presentation_key(suite, class)
    }

    fn chips(&self) -> Result<Vec<PresentationChip>, StatementError> {
        presentation_chips(self)
    }

    fn traces(
        &self,
        chips: &[PresentationChip],
        witness: &PresentationWitness,
    ) -> Result<Vec<Trace>, WitnessError> {
        presentation_traces(chips, self, witness)
    }

    fn bound(&self) -> Vec<u8> {
        PresentationStatement::bound(self)
    }
}

/// Makes one of the two proofs, for one suite and size class. Creating a prover computes what does
/// not depend on the statement, so keep it for reuse.
pub struct Prover<S: Provable, B: Backend = Cpu> {
    key: ProvingKey<B>,
    statements: PhantomData<fn(&S)>,
}

/// Proves that an issuer signed a document with the statement's elements, and that the commitment
/// commits to the record of this document.
pub type CredentialProver<B = Cpu> = Prover<CredentialStatement, B>;

/// Proves that the commitment opens to a record that meets the statement.
pub type PresentationProver<B = Cpu> = Prover<PresentationStatement, B>;

impl<S: Provable> Prover<S> {
    /// Creates a prover for the suite and size class on the CPU.
    pub fn new(suite: Suite, class: SizeClass) -> Self {
        let (key, _) = S::key(suite, class);
        Self { key: ProvingKey::on_cpu(Cpu::default(), key), statements: PhantomData }
    }
}

impl<S: Provable, B: Backend> Prover<S, B> {
    /// Creates a prover for the suite and size class on a device.
    ///
    /// # Errors
    /// The errors of the device.
    pub async fn on(
        backend: B,
        suite: Suite,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<Self, ProveError<B::Error>> {
        let (key, chips) = S::key(suite, class);
        let key = ProvingKey::on(backend, key, &chips, control).await?;
        Ok(Self { key, statements: PhantomData })
    }

    /// Proves a statement.
    ///
    /// The proof is verified before it is returned. The calling thread waits. No async runtime is
    /// needed.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(
        &self,
        statement: &S,
        witness: &S::Witness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>>
    where
        S: Sync,
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        block_on_worker(|| self.prove_async(statement, witness, control))
    }

    /// Proves a statement like [`prove`](Self::prove), for callers that cannot wait.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn prove_async(
        &self,
        statement: &S,
        witness: &S::Witness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>> {
        control.begin(Stage::Witness, 0.0)?;
        let chips = statement.chips()?;
        let traces = statement.traces(&chips, witness)?;
        let bound = statement.bound();
        let proof =
            self.key.prove_async(&chips, traces, &bound, &control.part(WITNESS, PROOF)).await?;
        control.begin(Stage::Check, PROOF)?;
        self.key.verifier().verify(&chips, &bound, &proof)?;
        Ok(proof)
    }
}

/// The fraction of the work that is done when the tables are filled, and when the proof is made.
const WITNESS: f64 = 0.05;
const PROOF: f64 = 0.95;
