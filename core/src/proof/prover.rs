//! Making both proofs of one suite and size class.

use thiserror::Error;
use velum_stark::air::{Chip, Trace};
use velum_stark::control::{Cancelled, Control, Stage};
use velum_stark::{self as stark, ProvingKey, VerifyError};

use crate::class::SizeClass;
use crate::proof::ProofKind;
use crate::proof::credential::{credential_chips, credential_traces};
use crate::proof::keys::proving_key;
use crate::proof::presentation::{presentation_chips, presentation_traces};
use crate::proof::verifier::key_chips;
use crate::proof::{StatementError, WitnessError};
use crate::statement::{CredentialStatement, CredentialWitness, PresentationStatement, PresentationWitness};
use crate::suite::Suite;

/// Why no proof was made.
#[derive(Debug, Error)]
pub enum ProveError {
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
}

impl From<stark::ProveError> for ProveError {
    fn from(error: stark::ProveError) -> Self {
        match error {
            stark::ProveError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            stark::ProveError::Randomness(error) => Self::Randomness(error),
        }
    }
}

/// Makes credential and presentation proofs.
pub struct Prover {
    credential: ProvingKey,
    presentation: ProvingKey,
}

impl Prover {
    /// A prover of the suite and size class.
    pub fn new(suite: Suite, class: SizeClass) -> Self {
        let (credential, presentation) = key_chips(suite, class);
        let credential = proving_key(suite, class, ProofKind::Credential, &credential);
        let presentation = proving_key(suite, class, ProofKind::Presentation, &presentation);
        Self { presentation: presentation.sharing_memory_of(&credential), credential }
    }

    /// Proves that an issuer signed a document with the statement's elements, to which the commitment commits.
    ///
    /// The proof is checked before it is handed out.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove_credential(
        &self,
        statement: &CredentialStatement,
        witness: &CredentialWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError> {
        control.begin(Stage::Witness, 0.0)?;
        let chips = credential_chips(statement)?;
        let traces = credential_traces(&chips, statement, witness)?;
        prove(&self.credential, &chips, traces, &statement.to_bytes(), control)
    }

    /// Proves that the commitment opens to a record that meets the statement.
    ///
    /// The proof is checked before it is handed out.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove_presentation(
        &self,
        statement: &PresentationStatement,
        witness: &PresentationWitness,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, ProveError> {
        control.begin(Stage::Witness, 0.0)?;
        let chips = presentation_chips(statement)?;
        let traces = presentation_traces(&chips, statement, witness)?;
        prove(&self.presentation, &chips, traces, &statement.to_bytes(), control)
    }
}

/// The part of the work that is done when the tables are filled, and when the proof is made.
const WITNESS: f64 = 0.05;
const PROOF: f64 = 0.95;

fn prove<C: Chip>(
    key: &ProvingKey,
    chips: &[C],
    traces: Vec<Trace>,
    bound: &[u8],
    control: &Control<'_>,
) -> Result<Vec<u8>, ProveError> {
    let proof = key.prove(chips, traces, bound, &control.part(WITNESS, PROOF))?;
    control.begin(Stage::Check, PROOF)?;
    key.verifier().verify(chips, bound, &proof)?;
    Ok(proof)
}
