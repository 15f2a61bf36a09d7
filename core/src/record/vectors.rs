//! The test vectors of `docs/statement.md`, which are in `testdata/statement.json`.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use serde_json::{Value, json};

use super::fixtures::{opening, presentation, subject};
use super::*;
use crate::class::STANDARD;
use crate::digest::{WIDTH, permute};
use crate::statement::{CombinedPredicates, CredentialStatement, SlotPredicate, digest_to_bytes};

/// An element as 16 hexadecimal digits, the most significant first.
fn element(element: &F) -> String {
    format!("{:016x}", element.as_canonical_u64())
}

fn elements(elements: &[F]) -> Vec<String> {
    elements.iter().map(element).collect()
}

fn words(words: &[u64; DIGEST_ELEMENTS]) -> Vec<String> {
    elements(&words.map(F::from_u64))
}

fn digest(digest: &Digest) -> String {
    hex::encode(digest_to_bytes(digest))
}

fn permutation() -> Value {
    let input: [F; WIDTH] = std::array::from_fn(F::from_usize);
    let mut output = input;
    permute(&mut output);
    json!({ "input": elements(&input), "output": elements(&output) })
}

fn computed() -> Value {
    let (subject, opening) = (subject(STANDARD), opening(STANDARD));
    let record = RecordElements::new(&subject, &opening).unwrap();
    let presentation = presentation(STANDARD);
    let credential =
        CredentialStatement { subject: subject.clone(), commitment: record.commitment() };
    let names = subject.elements.iter().map(|name| {
        json!({ "namespace": name.namespace, "element": name.element, "digest": digest(&name_digest(name)) })
    });
    let slots = record.slots.iter().zip(&opening.values).zip(&opening.salts.slots).map(
        |((message, value), salt)| {
            json!({
                "value": hex::encode(value),
                "salt": words(salt),
                "message": elements(message),
                "digest": digest(&hash(Domain::Slot, message)),
            })
        },
    );
    let predicates = presentation.predicates.iter().map(|predicates| {
        let CombinedPredicates { value, date } = SlotPredicate::combine(predicates);
        json!({ "encoding": value.map(|value| hex::encode(value.encoding())), "date": date })
    });
    json!({
        "permutation": permutation(),
        "subject": {
            "suite": subject.suite.id(),
            "class": subject.class.id,
            "doc_type": { "name": subject.doc_type, "digest": digest(&doc_type_digest(&subject.doc_type)) },
            "issuer": {
                "x": hex::encode(subject.issuer.x),
                "y": hex::encode(subject.issuer.y),
                "digest": digest(&issuer_digest(&subject.issuer)),
            },
            "elements": names.collect::<Vec<_>>(),
        },
        "opening": {
            "device_key_x": hex::encode(opening.device_key_x),
            "device_key_y": hex::encode(opening.device_key_y),
            "dates": opening.dates,
            "slots": slots.collect::<Vec<_>>(),
            "salt": words(&opening.salts.record),
        },
        "record": elements(&record.record),
        "commitment": digest(&record.commitment()),
        "credential_statement": hex::encode(credential.to_bytes()),
        "presentation": {
            "credential_proof": hex::encode(presentation.credential_proof),
            "request": hex::encode(presentation.request),
            "now": presentation.now,
            "signed_within": presentation.signed_within,
            "device_authentication": hex::encode(presentation.device_authentication),
            "predicates": predicates.collect::<Vec<_>>(),
        },
        "presentation_statement": hex::encode(presentation.to_bytes()),
    })
}

#[test]
fn test_vectors_are_met() {
    let expected: Value = serde_json::from_str(velum_testdata::STATEMENT_VECTORS).unwrap();
    let computed = computed();
    assert_eq!(computed, expected, "computed:\n{computed:#}");
    let document = include_str!("../../../docs/statement.md");
    assert!(document.contains(computed["commitment"].as_str().unwrap()));
}
