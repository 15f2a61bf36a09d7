//! Every suite proves and verifies the same documents, and none accepts the proofs of another
//! suite.

use velum_stark::control::{Control, Memory};

use crate::class::STANDARD;
use crate::proof::fixture::Fixture;
use crate::proof::{CredentialProver, PresentationProver, Verifier};
use crate::suite::Suite;

#[test]
fn a_proof_is_of_one_suite() {
    let proofs = [Suite::Direct, Suite::Compact, Suite::Aggregatable].map(|suite| {
        let mut fixture = Fixture::licence(&["birth_date"]);
        fixture.subject.suite = suite;
        let verifier = Verifier::new(suite, STANDARD);
        let credential = fixture.credential_statement();
        let prover = CredentialProver::new(suite, STANDARD);
        let first = prover.prove(&credential, &fixture.witness, &Control::none()).unwrap();
        // Proofs that are made with little memory differ from others only in their randomness.
        let low = Control::none().with_memory(Memory::Low);
        let streamed = prover.prove(&credential, &fixture.witness, &low).unwrap();
        verifier.verify_credential(&credential, &streamed).unwrap();
        verifier.verify_credential(&credential, &first).unwrap();
        let (presentation, witness) = fixture.presented(vec![Vec::new()]);
        let prover = PresentationProver::new(suite, STANDARD);
        let second = prover.prove(&presentation, &witness, &low).unwrap();
        verifier.verify_presentation(&presentation, &second).unwrap();
        (verifier, credential, first, presentation, second)
    });
    for (verifier, credential, _, presentation, _) in &proofs {
        for (_, _, first, _, second) in
            proofs.iter().filter(|other| other.1.subject != credential.subject)
        {
            verifier.verify_credential(credential, first).unwrap_err();
            verifier.verify_presentation(presentation, second).unwrap_err();
        }
    }
    let (verifier, ..) = &proofs[0];
    let (_, credential, first, ..) = &proofs[1];
    let error = verifier.verify_credential(credential, first).unwrap_err();
    assert!(error.to_string().contains("another suite"), "{error}");
}
