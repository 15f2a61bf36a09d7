//! The record of a real document and statements about it, for the tests of the record and of its
//! chips.
//!
//! The element values, the device key and the dates are those of `testdata/mdl-mustermann`.

use crate::class::{STANDARD, SizeClass};
use crate::record::RecordElements;
use crate::statement::{
    CredentialStatement, ElementName, PresentationStatement, PublicKey, RecordOpening, RecordSalts,
    SlotPredicate, Subject,
};
use crate::suite::Suite;

/// `birth_date` of the document: tag 1004, 1971-09-01.
pub(crate) const BIRTH_DATE: &[u8] = b"\xd9\x03\xec\x6a1971-09-01";

fn bytes32(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

/// Four elements of the document, in the order of its request.
pub(crate) fn subject(class: SizeClass) -> Subject {
    let name = |element: &str| ElementName {
        namespace: "org.iso.18013.5.1".into(),
        element: element.into(),
    };
    Subject {
        suite: Suite::Direct,
        class,
        doc_type: "org.iso.18013.5.1.mDL".into(),
        issuer: PublicKey {
            x: bytes32("dc1c1f55cff4cd5c76cf4169278f7217667f86ee81d8669b63f2e19bc12a0c9f"),
            y: bytes32("12355dd0385fed3bc33bedc9781b9aad47b33e4c24704b8d14288b1b3cb45c28"),
        },
        elements: ["family_name", "birth_date", "issue_date", "height"].map(name).to_vec(),
    }
}

/// The opening of the record of [`subject`].
pub(crate) fn opening(class: SizeClass) -> RecordOpening {
    let salt = |seed: u64| {
        std::array::from_fn(|index| (seed * 8 + index as u64 + 1).wrapping_mul(0x9e37_79b9))
    };
    RecordOpening {
        device_key_x: bytes32("531a86bdc5aea7b4bff11208efb5c5a7db1b0017c020d7d9f6bf892d47a617d1"),
        device_key_y: bytes32("24ac7274f7e6a10a3956b92e5ac2f8ab53cd8ab3b43822ab1d05904f3b50b2d6"),
        dates: [20240930135000, 20240930135000, 20241030135000],
        values: vec![
            b"\x6aMustermann".to_vec(),
            BIRTH_DATE.to_vec(),
            b"\xd9\x03\xec\x6a2024-03-15".to_vec(),
            vec![0x18, 0xaf],
        ],
        salts: RecordSalts {
            slots: (0..class.slots as u64).map(salt).collect(),
            record: salt(100),
        },
    }
}

/// A presentation of the record. It meets the request that comes with the document and shows an age
/// of at least 18 years on the day of `now`.
pub(crate) fn presentation(class: SizeClass) -> PresentationStatement {
    let (subject, opening) = (subject(class), opening(class));
    let encoding = |slot: usize| vec![SlotPredicate::Encoding(opening.values[slot].clone())];
    let age = vec![SlotPredicate::Date { first: 0, last: 20061015 }];
    PresentationStatement {
        commitment: opening.commitment(&subject).unwrap(),
        credential_proof: [0xc1; 32],
        salt: None,
        request: [0x7e; 32],
        now: 20241015135000,
        signed_within: (20240101000000, 20291231235959),
        device_authentication: std::array::from_fn(|index| index as u8 * 7),
        predicates: vec![encoding(0), age, encoding(2), encoding(3)],
        subject,
    }
}

/// The statement of a credential proof about the record.
pub(crate) fn credential(class: SizeClass) -> CredentialStatement {
    let subject = subject(class);
    CredentialStatement { commitment: opening(class).commitment(&subject).unwrap(), subject }
}

/// [`presentation`] in the standard class.
pub(crate) fn standard_presentation() -> PresentationStatement {
    presentation(STANDARD)
}

/// The elements of `opening`, whatever `statement` says, and the statement with the commitment to
/// these elements.
pub(crate) fn committed(
    mut statement: PresentationStatement,
    opening: &RecordOpening,
) -> (PresentationStatement, RecordElements) {
    let elements = RecordElements::new(&statement.subject, opening).unwrap();
    statement.commitment = elements.commitment();
    (statement, elements)
}
