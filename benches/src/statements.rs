//! Statements and witnesses of a case, for measurements below the level of documents.

use velum_core::statement::{
    CredentialStatement, CredentialWitness, PresentationStatement, PresentationWitness,
};
use velum_core::suite::Suite;
use velum_credentials::{Answer, CredentialFormat, Document, Presented};

use crate::Case;

/// Both statements of a case and their witnesses.
pub struct Statements {
    /// The statement of the credential proof.
    pub credential: CredentialStatement,
    /// Its witness.
    pub credential_witness: CredentialWitness,
    /// The statement of the presentation proof.
    pub presentation: PresentationStatement,
    /// Its witness.
    pub presentation_witness: PresentationWitness,
}

impl Statements {
    /// The statements of a case.
    ///
    /// # Panics
    /// The document does not meet the request.
    pub fn new(suite: Suite, case: &Case) -> Self {
        let request = &case.request;
        let document = case.document().expect("the document is of the asked type");
        let (credential, credential_witness) = document
            .credential(request, suite, Some(case.class))
            .expect("the document fits the class");
        let Presented { issued, shown, algorithm, signature } =
            document.presented(&case.transcript, request, false).expect("the request is met");
        let disclosed = issued.disclosed(request);
        let answer = Answer {
            request,
            signed_within: issued.issuer.signed_within,
            device_digest: Document::device_digest(&case.transcript, request, shown, algorithm)
                .expect("the device signed them"),
            disclosed: &disclosed,
            salt: None,
        };
        // The measurements do not depend on the credential proof to which the presentation refers.
        let presentation =
            Document::presentation(&answer, credential.subject.clone(), credential.commitment, &[])
                .expect("the request is met");
        let record = credential_witness.record.clone();
        let presentation_witness = PresentationWitness { record, signature: *signature };
        Self { credential, credential_witness, presentation, presentation_witness }
    }
}
