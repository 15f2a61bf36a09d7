//! Whole proofs on real documents: what is right verifies, and each forged link fails a rule that its test names.

use velum_testdata::MUSTERMANN;

use super::fixture::Fixture;
use super::*;
use crate::air::check;
use crate::air::testing::rules;
use crate::class::{CLASSES, LARGE};
use crate::field::F;
use crate::stark::Security;
use crate::statement::{
    CredentialStatement, ElementName, PresentationStatement, PublicKey, SlotPredicate, Subject,
};
use crate::suite::SUITES;

#[test]
fn the_tables_hold_for_a_real_licence() {
    for class in CLASSES {
        let fixture = Fixture::of_class(&MUSTERMANN, &["birth_date", "family_name", "height"], class);
        let statement = fixture.credential_statement();
        let chips = credential_chips(&statement).unwrap();
        let traces = credential_traces(&chips, &statement, &fixture.witness).unwrap();
        let violations = check(&chips, &traces);
        assert!(violations.is_empty(), "{violations}");
    }
}

#[test]
fn both_proofs_together_have_a_hundred_proven_bits() {
    for suite in SUITES {
        for class in CLASSES {
            let verifier = Verifier::new(suite, class);
            let bits = Security::together(verifier.security());
            assert!(bits >= 100.0, "{suite:?} {}: {bits}", class.name);
        }
    }
}

/// Nothing of a statement is in the tables but public columns: the key that is made of an example holds for all.
#[test]
fn verifier_keys_do_not_depend_on_the_statement() {
    for class in CLASSES {
        let name = |slot: usize| ElementName {
            namespace: format!("{}{}", "n".repeat(63), slot % 2),
            element: "e".repeat(slot + 1),
        };
        let subject = Subject {
            suite: Suite::Direct,
            class,
            doc_type: "t".repeat(64),
            issuer: PublicKey { x: [1; 32], y: [2; 32] },
            elements: (0..class.slots).map(name).collect(),
        };
        let commitment = F::new_array([1, 2, 3, 4]);
        let credential = CredentialStatement { subject: subject.clone(), commitment };
        let predicate =
            SlotPredicate { encoding: Some(vec![1; class.max_item_bytes]), date: Some((1, 20_000_101)) };
        let presentation = PresentationStatement {
            subject,
            commitment,
            credential_proof: [1; 32],
            request: [2; 32],
            now: 20_240_101_000_000,
            signed_within: (1, 2),
            device_authentication: [3; 32],
            predicates: vec![predicate; class.slots],
        };
        let verifier = Verifier::new(Suite::Direct, class);
        let parameters = crate::stark::Parameters::of(Suite::Direct);
        let key = crate::stark::VerifierKey::new(parameters, &credential_chips(&credential).unwrap(), 0);
        assert_eq!(key.hash(), verifier.credential.hash(), "{}", class.name);
        let key = crate::stark::VerifierKey::new(parameters, &presentation_chips(&presentation).unwrap(), 0);
        assert_eq!(key.hash(), verifier.presentation.hash(), "{}", class.name);
    }
}

#[test]
fn a_verifier_refuses_statements_of_another_class() {
    let mut fixture = Fixture::of(&MUSTERMANN, &["birth_date"]);
    let verifier = Verifier::new(Suite::Direct, STANDARD);
    let proof = vec![0; proof_bytes(ProofKind::Credential, Suite::Direct, STANDARD)];
    fixture.subject.class = LARGE;
    fixture.witness.record.salts = crate::statement::RecordSalts::from_system(LARGE).unwrap();
    let error = verifier.verify_credential(&fixture.credential_statement(), &proof).unwrap_err();
    assert!(error.to_string().contains("another suite or size class"), "{error}");
}

/// What `cargo xtask soundness-mutants` switches off.
#[test]
fn lists_every_rule() {
    let mut all = std::collections::BTreeSet::new();
    for class in CLASSES {
        let (credential, presentation) = super::verifier::key_chips(Suite::Direct, class);
        credential.iter().for_each(|chip| all.extend(rules(chip)));
        presentation.iter().for_each(|chip| all.extend(rules(chip)));
    }
    assert!(all.len() > 100, "{}", all.len());
    for rule in all {
        println!("rule: {rule}");
    }
}
