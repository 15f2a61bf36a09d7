//! Making both proofs of one suite and size class.

use std::convert::Infallible;

use thiserror::Error;
use velum_stark::air::{Chip, Trace};
use velum_stark::backend::Backend;
use velum_stark::control::{Cancelled, Control, Stage};
use velum_stark::{self as stark, Cpu, ProvingKey, VerifyError, block_on_worker};

use crate::class::SizeClass;
use crate::proof::credential::{credential_chips, credential_traces};
use crate::proof::presentation::{presentation_chips, presentation_traces};
use crate::proof::verifier::{credential_key, presentation_key};
use crate::proof::{StatementError, WitnessError};
use crate::statement::{CredentialStatement, CredentialWitness, PresentationStatement, PresentationWitness};
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
    /// The witness does not show the statement: the proof made from it does not verify.
    #[error("the witness does not show the statement: {0}")]
    False(#[from] VerifyError),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The device that proves failed.
    #[error("the device that proves failed: {0}")]
    Backend(#[source] E),
    /// The device that proves returned what no working one returns.
    #[error("the device that proves is faulty: it returned {0}")]
    Faulty(&'static str),
}

impl<E: std::error::Error + 'static> From<stark::ProveError<E>> for ProveError<E> {
    fn from(error: stark::ProveError<E>) -> Self {
        match error {
            stark::ProveError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            stark::ProveError::Randomness(error) => Self::Randomness(error),
            stark::ProveError::Backend(error) => Self::Backend(error),
            stark::ProveError::Faulty(what) => Self::Faulty(what),
            _ => Self::Faulty("an error of no kind that is known"),
        }
    }
}

/// Makes credential and presentation proofs.
pub struct Prover<B: Backend = Cpu> {
    credential: ProvingKey<B>,
    presentation: ProvingKey<B>,
}

impl Prover {
    /// A prover of the suite and size class on this processor.
    pub fn new(suite: Suite, class: SizeClass) -> Self {
        let cpu = Cpu::default();
        Self {
            credential: ProvingKey::on_cpu(cpu.clone(), credential_key(suite, class).0),
            presentation: ProvingKey::on_cpu(cpu, presentation_key(suite, class).0),
        }
    }
}

impl<B: Backend> Prover<B> {
    /// A prover of the suite and size class on a device.
    ///
    /// # Errors
    /// Those of the device.
    pub async fn on(backend: B, suite: Suite, class: SizeClass) -> Result<Self, B::Error>
    where
        B: Clone,
    {
        let (key, chips) = credential_key(suite, class);
        let credential = ProvingKey::on(backend.clone(), key, &chips).await?;
        let (key, chips) = presentation_key(suite, class);
        let presentation = ProvingKey::on(backend, key, &chips).await?;
        Ok(Self { credential, presentation })
    }

    /// Proves that an issuer signed a document with the statement's elements, to which the commitment commits.
    ///
    /// The proof is checked before it is handed out. The thread waits; no runtime is needed.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove_credential(
        &self,
        statement: &CredentialStatement,
        witness: &CredentialWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        block_on_worker(|| self.prove_credential_async(statement, witness, control))
    }

    /// The same for callers that cannot wait.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn prove_credential_async(
        &self,
        statement: &CredentialStatement,
        witness: &CredentialWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>> {
        control.begin(Stage::Witness, 0.0)?;
        let chips = credential_chips(statement)?;
        let traces = credential_traces(&chips, statement, witness)?;
        prove(&self.credential, &chips, traces, &statement.to_bytes(), control).await
    }

    /// Proves that the commitment opens to a record that meets the statement.
    ///
    /// The proof is checked before it is handed out. The thread waits; no runtime is needed.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove_presentation(
        &self,
        statement: &PresentationStatement,
        witness: &PresentationWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        block_on_worker(|| self.prove_presentation_async(statement, witness, control))
    }

    /// The same for callers that cannot wait.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn prove_presentation_async(
        &self,
        statement: &PresentationStatement,
        witness: &PresentationWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError<B::Error>> {
        control.begin(Stage::Witness, 0.0)?;
        let chips = presentation_chips(statement)?;
        let traces = presentation_traces(&chips, statement, witness)?;
        prove(&self.presentation, &chips, traces, &statement.to_bytes(), control).await
    }
}

/// The part of the work that is done when the tables are filled, and when the proof is made.
const WITNESS: f64 = 0.05;
const PROOF: f64 = 0.95;

async fn prove<C: Chip, B: Backend>(
    key: &ProvingKey<B>,
    chips: &[C],
    traces: Vec<Trace>,
    bound: &[u8],
    control: &Control<'_>,
) -> Result<Vec<u8>, ProveError<B::Error>> {
    let proof = key.prove_async(chips, traces, bound, &control.part(WITNESS, PROOF)).await?;
    control.begin(Stage::Check, PROOF)?;
    key.verifier().verify(chips, bound, &proof)?;
    Ok(proof)
}
