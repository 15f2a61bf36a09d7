use super::*;
use crate::class::{CLASSES, STANDARD};
use crate::statement::RecordSalts;
use crate::suite::Suite;

fn subject() -> Subject {
    let name = |element: &str| ElementName {
        namespace: "org.iso.18013.5.1".into(),
        element: element.into(),
    };
    Subject {
        suite: Suite::Direct,
        class: STANDARD,
        doc_type: "org.iso.18013.5.1.mDL".into(),
        issuer: PublicKey { x: [1; 32], y: [2; 32] },
        elements: vec![name("birth_date"), name("age_over_18")],
    }
}

fn opening() -> RecordOpening {
    RecordOpening {
        device_key_x: [3; 32],
        device_key_y: [4; 32],
        dates: [20240930135000, 20240930135000, 20241030135000],
        values: vec![b"\xd9\x03\xec\x6a1971-09-01".to_vec(), vec![0xf5]],
        salts: RecordSalts { slots: vec![[5; 4]; 4], record: [6; 4] },
    }
}

#[test]
fn lays_out_every_class() {
    let sizes: Vec<_> = CLASSES
        .iter()
        .map(|class| (record_elements(class), slot_elements(class), all_permutations(class)))
        .collect();
    assert_eq!(sizes, [(51, 29, 23), (67, 56, 65), (67, 147, 161)]);
    for class in CLASSES {
        assert!(max_content_bytes(&class) >= class.max_item_bytes - least_item_bytes(&class));
    }
    let elements = RecordElements::new(&subject(), &opening()).unwrap();
    assert_eq!(elements.record.len(), record_elements(&STANDARD));
    assert_eq!(elements.blocks().len(), all_permutations(&STANDARD));
    assert!(
        elements.record[offset::SLOT_DIGESTS + 8..salt_offset(&STANDARD)]
            .iter()
            .all(|e| *e == F::ZERO)
    );
}

#[test]
fn everything_in_the_record_changes_the_commitment() {
    let mut commitments = vec![opening().commitment(&subject()).unwrap()];
    let mut with = |change: &dyn Fn(&mut Subject, &mut RecordOpening)| {
        let (mut subject, mut opening) = (subject(), opening());
        change(&mut subject, &mut opening);
        commitments.push(opening.commitment(&subject).unwrap());
    };
    with(&|subject, _| subject.doc_type.push('x'));
    with(&|subject, _| subject.issuer.x[0] = 0);
    with(&|subject, _| subject.issuer.y[31] = 0);
    with(&|subject, _| subject.elements[0].namespace.push('b'));
    with(&|subject, _| subject.elements.swap(0, 1));
    // The same letters, split elsewhere.
    with(&|subject, _| {
        subject.elements[1].namespace.push_str("age");
        subject.elements[1].element = "_over_18".into();
    });
    with(&|_, opening| opening.device_key_x[31] = 0);
    with(&|_, opening| opening.device_key_y[0] = 0);
    (0..3).for_each(|date| with(&|_, opening| opening.dates[date] += 1));
    with(&|_, opening| opening.values.swap(0, 1));
    with(&|_, opening| opening.values[1].push(0));
    with(&|_, opening| opening.values[1] = vec![0]);
    with(&|_, opening| opening.values[1] = vec![0x20]);
    with(&|_, opening| opening.values[1] = vec![0xc0, 0x20]);
    with(&|_, opening| opening.values[1] = vec![0x40]);
    with(&|_, opening| opening.values[1] = vec![0x60]);
    with(&|_, opening| opening.salts.record[3] = 0);
    with(&|_, opening| opening.salts.slots[1][0] = 0);
    for (index, commitment) in commitments.iter().enumerate() {
        assert!(!commitments[..index].contains(commitment), "change {index}");
    }
}

#[test]
fn refuses_what_does_not_fit() {
    let error = |change: &dyn Fn(&mut Subject, &mut RecordOpening)| {
        let (mut subject, mut opening) = (subject(), opening());
        change(&mut subject, &mut opening);
        opening.commitment(&subject).unwrap_err()
    };
    let elements = |found| RecordError::Elements { found, class: "standard", slots: 4 };
    assert_eq!(error(&|subject, _| subject.elements.clear()), elements(0));
    assert_eq!(
        error(&|subject, _| subject.elements.resize(5, subject.elements[0].clone())),
        elements(5)
    );
    let length = |bytes| RecordError::ValueLength { slot: 1, bytes, max: 126 };
    assert_eq!(error(&|_, opening| opening.values[1].resize(127, 0)), length(127));
    assert_eq!(
        error(&|_, opening| opening.values.truncate(1)),
        RecordError::Count { what: "values", found: 1, expected: 2 }
    );
    assert_eq!(
        error(&|_, opening| opening.salts.slots.truncate(3)),
        RecordError::Count { what: "salts", found: 3, expected: 4 }
    );
    assert_eq!(error(&|_, opening| opening.salts.record[0] = F::ORDER_U64), RecordError::Salt);
    assert_eq!(
        error(&|_, opening| opening.dates[1] = MAX_DATE_TIME + 1),
        RecordError::DateTime { what: "validFrom" }
    );
}
