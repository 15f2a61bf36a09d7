//! The record of a real document and the tables about it, for the tests of the record's chips.
//!
//! Element values, device key and dates are those of `testdata/mdl-mustermann`.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::testing::{Partner, assert_degrees};
use velum_stark::air::{Trace, check, fill_multiplicities};
use velum_stark::chip_enum;
use velum_stark::field::F;

use crate::chips::buses::{BYTES, DATE, ES256, FIELD, date, es256, field};
use crate::chips::poseidon2::Poseidon2Chip;
use crate::chips::range::RangeChip;
use crate::chips::record::RecordChip;
use crate::chips::values::ValuesChip;
use crate::class::{STANDARD, SizeClass};
use crate::record::{COORDINATE_WORDS, Positions, RecordElements, coordinate_words, offset};
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
    let name = |element: &str| ElementName { namespace: "org.iso.18013.5.1".into(), element: element.into() };
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

/// What the record of [`subject`] holds.
pub(crate) fn opening(class: SizeClass) -> RecordOpening {
    let salt =
        |seed: u64| std::array::from_fn(|index| (seed * 8 + index as u64 + 1).wrapping_mul(0x9e37_79b9));
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
        salts: RecordSalts { slots: (0..class.slots as u64).map(salt).collect(), record: salt(100) },
    }
}

/// A presentation of the record: the request that comes with the document, and 18 years on the day of `now`.
pub(crate) fn presentation(class: SizeClass) -> PresentationStatement {
    let (subject, opening) = (subject(class), opening(class));
    let encoding = |slot: usize| vec![SlotPredicate::Encoding(opening.values[slot].clone())];
    let age = vec![SlotPredicate::Date { first: 0, last: 20061015 }];
    PresentationStatement {
        commitment: opening.commitment(&subject).unwrap(),
        credential_proof: [0xc1; 32],
        request: [0x7e; 32],
        now: 20241015135000,
        signed_within: (20240101000000, 20291231235959),
        device_authentication: std::array::from_fn(|index| index as u8 * 7),
        predicates: vec![encoding(0), age, encoding(2), encoding(3)],
        subject,
    }
}

/// A credential proof's statement about the record.
pub(crate) fn credential(class: SizeClass) -> CredentialStatement {
    let subject = subject(class);
    CredentialStatement { commitment: opening(class).commitment(&subject).unwrap(), subject }
}

/// Every table that the record's chips speak with, and a partner for the others.
#[derive(Clone)]
pub(crate) struct Tables {
    pub(crate) chips: Vec<Table>,
    pub(crate) traces: Vec<Trace>,
}

chip_enum! {
    pub(crate) enum Table {
        Values(ValuesChip),
        Record(RecordChip),
        Poseidon2(Poseidon2Chip),
        Range(RangeChip),
        Partner(Partner),
    }
}

/// Index of the values table.
pub(crate) const VALUES: usize = 0;
/// Index of the record table.
pub(crate) const RECORD: usize = 1;

/// Where the documents of [`Tables::of_credential`] hold what they hold: anywhere, as long as nothing overlaps.
pub(crate) fn positions(opening: &RecordOpening) -> Positions {
    let values = (0..opening.values.len()).map(|slot| 3_000 + 500 * slot).collect();
    Positions { device_key_x: 1_003, device_key_y: 1_041, values }
}

impl Tables {
    /// The tables of a presentation whose values are those of `opening` and whose hashes are of `elements`.
    pub(crate) fn of_presentation(
        statement: &PresentationStatement,
        opening: &RecordOpening,
        elements: &RecordElements,
    ) -> Self {
        let mut partner = Partner::default();
        receive_es256(&mut partner, es256::HASH, &coordinate_words(&statement.device_authentication));
        let words = |from: usize| &elements.record[from..from + COORDINATE_WORDS];
        receive_es256(&mut partner, es256::X, words(offset::DEVICE_KEY_X));
        receive_es256(&mut partner, es256::Y, words(offset::DEVICE_KEY_Y));

        let values = ValuesChip::presentation(statement).unwrap();
        let record = RecordChip::presentation(statement).unwrap();
        let values_trace = values.trace(opening, None).unwrap();
        let record_trace = record.trace(elements, None);
        Self::new((values, values_trace), (record, record_trace), partner, &statement.subject, elements)
    }

    /// The tables of a credential proof about a document that holds what `document` opens, with the values of `opening`
    /// and the hashes of `elements`.
    pub(crate) fn of_credential(
        statement: &CredentialStatement,
        document: &RecordOpening,
        opening: &RecordOpening,
        elements: &RecordElements,
    ) -> Self {
        let at = positions(document);
        let mut partner = Partner::default();
        let PublicKey { x, y } = &statement.subject.issuer;
        receive_es256(&mut partner, es256::X, &coordinate_words(x));
        receive_es256(&mut partner, es256::Y, &coordinate_words(y));
        for (coordinate, position, number) in [
            (&document.device_key_x, at.device_key_x, field::DEVICE_KEY_X),
            (&document.device_key_y, at.device_key_y, field::DEVICE_KEY_Y),
        ] {
            partner.send(FIELD, &[number, position as u64, 32]);
            for (word, value) in coordinate_words(coordinate).into_iter().enumerate() {
                partner
                    .provided
                    .push((BYTES, vec![F::from_usize(position + 4 * word), F::from_u8(4), value]));
            }
        }
        for (number, value) in
            [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL].into_iter().zip(document.dates)
        {
            partner.send(DATE, &[number, value]);
        }
        for (slot, value) in document.values.iter().enumerate() {
            partner.send(FIELD, &[field::element_value(slot), at.values[slot] as u64, value.len() as u64]);
            for (index, &byte) in value.iter().enumerate() {
                partner.provide(BYTES, &[(at.values[slot] + index) as u64, 1, u64::from(byte)]);
            }
        }

        let values = ValuesChip::credential(statement).unwrap();
        let record = RecordChip::credential(statement).unwrap();
        let values_trace = values.trace(opening, Some(&at)).unwrap();
        let record_trace = record.trace(elements, Some(&at));
        Self::new((values, values_trace), (record, record_trace), partner, &statement.subject, elements)
    }

    fn new(
        (values, values_trace): (ValuesChip, Trace),
        (record, record_trace): (RecordChip, Trace),
        partner: Partner,
        subject: &Subject,
        elements: &RecordElements,
    ) -> Self {
        let poseidon2 = Poseidon2Chip::new(subject);
        let hashed = poseidon2.trace(&elements.blocks());
        let traces = vec![values_trace, record_trace, hashed, RangeChip.trace(), partner.trace()];
        let chips = vec![
            Table::Values(values),
            Table::Record(record),
            Table::Poseidon2(poseidon2),
            Table::Range(RangeChip),
            Table::Partner(partner),
        ];
        Self { chips, traces }
    }

    /// The tables with their multiplicities.
    pub(crate) fn filled(mut self) -> Self {
        fill_multiplicities(&self.chips, &mut self.traces);
        self
    }

    /// The rules that fail.
    pub(crate) fn rules(self) -> Vec<String> {
        let Self { chips, traces } = self.filled();
        check(&chips, &traces).rules()
    }

    /// The partner, to be changed.
    pub(crate) fn partner(&mut self) -> &mut Partner {
        match self.chips.last_mut() {
            Some(Table::Partner(partner)) => partner,
            _ => unreachable!("the partner is the last table"),
        }
    }
}

/// The elements that `opening` has, whatever `statement` says; and the statement about their commitment.
pub(crate) fn committed(
    mut statement: PresentationStatement,
    opening: &RecordOpening,
) -> (PresentationStatement, RecordElements) {
    let elements = RecordElements::new(&statement.subject, opening).unwrap();
    statement.commitment = elements.commitment();
    (statement, elements)
}

fn receive_es256(partner: &mut Partner, operand: u64, words: &[F]) {
    for (word, &value) in words.iter().enumerate() {
        partner.tuples.push((ES256, vec![F::from_u64(operand), F::from_usize(word), value], F::NEG_ONE));
    }
}

/// [`presentation`] in the standard class.
pub(crate) fn standard_presentation() -> PresentationStatement {
    presentation(STANDARD)
}

#[test]
fn every_chip_keeps_its_degrees() {
    let elements = RecordElements::new(&subject(STANDARD), &opening(STANDARD)).unwrap();
    let opening = opening(STANDARD);
    for tables in [
        Tables::of_presentation(&standard_presentation(), &opening, &elements),
        Tables::of_credential(&credential(STANDARD), &opening, &opening, &elements),
    ] {
        tables.chips.iter().for_each(assert_degrees);
    }
}
