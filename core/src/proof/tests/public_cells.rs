//! The values of the public cells are all that the public columns hold, whatever the statement.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use velum_stark::PublicCells;

use super::*;
use crate::proof::verifier::key_chips;

/// Statements in which every public value is random.
fn statements(class: SizeClass, rng: &mut StdRng) -> (CredentialStatement, PresentationStatement) {
    let elements = rng.random_range(1..=class.slots);
    let subject = Subject {
        suite: Suite::Aggregatable,
        class,
        doc_type: name(rng),
        issuer: PublicKey { x: rng.random(), y: rng.random() },
        elements: (0..elements)
            .map(|_| ElementName { namespace: name(rng), element: name(rng) })
            .collect(),
    };
    let commitment = std::array::from_fn(|_| F::from_u32(rng.random()));
    let predicates = (0..elements).map(|_| predicates(&class, rng)).collect();
    let presentation = PresentationStatement {
        subject: subject.clone(),
        commitment,
        credential_proof: rng.random(),
        salt: Some(rng.random()),
        request: rng.random(),
        now: rng.random_range(0..1 << 46),
        signed_within: (rng.random_range(0..1 << 46), rng.random_range(0..1 << 46)),
        device_authentication: rng.random(),
        predicates,
    };
    (CredentialStatement { subject, commitment }, presentation)
}

/// A name of any length. There are few different names, so that some are equal.
fn name(rng: &mut StdRng) -> String {
    let length =
        *[0, 1, 2, 31, 63, 64].get(rng.random_range(0..8)).unwrap_or(&rng.random_range(0..=64));
    let letters = ["a", "z", "\u{7f}"];
    letters[rng.random_range(0..letters.len())].repeat(length)
}

fn predicates(class: &SizeClass, rng: &mut StdRng) -> Vec<SlotPredicate> {
    let mut predicates = Vec::new();
    if rng.random() {
        let length = rng.random_range(1..=class.max_item_bytes.min(200));
        let mut text = vec![0x78, length as u8];
        text.resize(length + 2, rng.next_u32() as u8 & 0x7f);
        predicates.push(SlotPredicate::Encoding(text));
    }
    if rng.random() {
        predicates.push(SlotPredicate::Date { first: rng.random(), last: rng.random() });
    }
    predicates
}

#[test]
fn values_of_public_cells_are_all_that_public_columns_hold() {
    let statements_of_class = if std::env::var_os("VELUM_TEST_ALL").is_some() { 2_000 } else { 50 };
    let mut rng = StdRng::seed_from_u64(7);
    for class in CLASSES {
        let (credential, presentation) = key_chips(Suite::Aggregatable, class);
        let cells = (PublicCells::of(&credential), PublicCells::of(&presentation));
        println!("{}: {} and {} public values", class.name, cells.0.count(), cells.1.count());
        let mut taken = 0;
        while taken < statements_of_class {
            let (credential, presentation) = statements(class, &mut rng);
            let (Ok(credential), Ok(presentation)) =
                (credential_chips(&credential), presentation_chips(&presentation))
            else {
                continue;
            };
            assert_eq!((PublicCells::of(&credential), PublicCells::of(&presentation)), cells);
            assert!(cells.0.values(&credential).is_some(), "credential proof, {}", class.name);
            assert!(cells.1.values(&presentation).is_some(), "presentation proof, {}", class.name);
            taken += 1;
        }
    }
}

#[test]
fn columns_of_other_values_have_none() {
    let (credential, _) = key_chips(Suite::Aggregatable, STANDARD);
    let (_, presentation) = key_chips(Suite::Aggregatable, LARGE);
    let cells = PublicCells::of(&credential);
    assert!(cells.values(&credential).is_some());
    assert!(cells.values(&presentation).is_none());
    assert!(cells.values(&credential[1..]).is_none());
}
