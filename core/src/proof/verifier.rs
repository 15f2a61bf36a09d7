//! Verifies both proofs of one suite and size class.

use velum_stark::{LineTheorem, VerifierKey, VerifyError};

use crate::class::SizeClass;
use crate::kind::ProofKind;
use crate::proof::StatementError;
use crate::proof::credential::{CredentialChip, credential_chips};
use crate::proof::keys::verifier_key;
use crate::proof::presentation::{PresentationChip, presentation_chips};
use crate::proof::security::PairSecurity;
use crate::statement::{CredentialStatement, PresentationStatement, Subject};
use crate::suite::Suite;

/// Verifies credential and presentation proofs.
pub struct Verifier {
    pub(super) suite: Suite,
    pub(super) class: SizeClass,
    pub(super) credential: VerifierKey,
    pub(super) presentation: VerifierKey,
}

impl Verifier {
    /// Creates a verifier for the suite and size class.
    pub fn new(suite: Suite, class: SizeClass) -> Self {
        let (credential, presentation) =
            (credential_key(suite, class).0, presentation_key(suite, class).0);
        Self { suite, class, credential, presentation }
    }

    /// Verifies a credential proof.
    ///
    /// # Errors
    /// [`VerifyError`], also if the statement is of another suite or class.
    pub fn verify_credential(
        &self,
        statement: &CredentialStatement,
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        self.check(&statement.subject)?;
        let chips = credential_chips(statement).map_err(no_such_statement)?;
        self.credential.verify(&chips, &statement.bound(), proof)
    }

    /// Verifies a presentation proof.
    ///
    /// The verifier does not check that the commitment is the one of the credential proof. The
    /// commitment is part of both statements, which the caller derives from one request.
    ///
    /// # Errors
    /// [`VerifyError`], also if the statement is of another suite or class.
    pub fn verify_presentation(
        &self,
        statement: &PresentationStatement,
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        self.check(&statement.subject)?;
        let chips = presentation_chips(statement).map_err(no_such_statement)?;
        self.presentation.verify(&chips, &statement.bound(), proof)
    }

    /// The keys of the credential proof and of the presentation proof.
    pub fn keys(&self) -> [&VerifierKey; 2] {
        [&self.credential, &self.presentation]
    }

    /// Proven soundness of a credential proof and a presentation proof together, by each of
    /// [`LineTheorem::ALL`].
    pub fn security(&self) -> [PairSecurity; LineTheorem::ALL.len()] {
        let [credential, presentation] = self.keys().map(VerifierKey::security);
        std::array::from_fn(|theorem| {
            PairSecurity::of([&credential, &presentation].map(|proofs| proofs[theorem].clone()))
        })
    }

    pub(super) fn check(&self, subject: &Subject) -> Result<(), VerifyError> {
        if subject.suite == self.suite && subject.class == self.class {
            return Ok(());
        }
        Err(VerifyError::Statement("it belongs to another suite or size class".to_owned()))
    }
}

fn no_such_statement(error: StatementError) -> VerifyError {
    VerifyError::Statement(error.to_string())
}

/// The verifier key for credential proofs, and chips from which the key can be made.
pub(super) fn credential_key(suite: Suite, class: SizeClass) -> (VerifierKey, Vec<CredentialChip>) {
    let (chips, _) = key_chips(suite, class);
    (verifier_key(suite, class, ProofKind::Credential, &chips), chips)
}

/// The verifier key for presentation proofs, and chips from which the key can be made.
pub(super) fn presentation_key(
    suite: Suite,
    class: SizeClass,
) -> (VerifierKey, Vec<PresentationChip>) {
    let (_, chips) = key_chips(suite, class);
    (verifier_key(suite, class, ProofKind::Presentation, &chips), chips)
}

/// Chips of some statement of the suite and class, for a credential proof and for a presentation
/// proof. The verifier keys do not depend on anything else in the statement.
pub fn key_chips(suite: Suite, class: SizeClass) -> (Vec<CredentialChip>, Vec<PresentationChip>) {
    let subject = Subject::example(suite, class);
    let presentation = PresentationStatement::example(subject.clone());
    let credential = CredentialStatement { subject, commitment: Default::default() };
    let fits = "the example fits every class";
    (credential_chips(&credential).expect(fits), presentation_chips(&presentation).expect(fits))
}
