//! Statements and witnesses from real documents, without a library for documents.

use velum_testdata::Case;

use crate::chips::buses::field;
use crate::chips::cbor::Tree;
use crate::chips::streams::Streams;
use crate::class::{STANDARD, SizeClass};
use crate::statement::{
    CredentialStatement, CredentialWitness, ElementName, PresentationStatement, PresentationWitness,
    PublicKey, RecordOpening, RecordSalts, SlotPredicate, Subject,
};
use crate::suite::Suite;

/// Statements about some elements of a real document, and what they keep private.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) subject: Subject,
    pub(crate) witness: CredentialWitness,
}

impl Fixture {
    /// The named elements of a case in the `standard` class.
    pub(crate) fn of(case: &Case, elements: &[&str]) -> Self {
        Self::of_class(case, elements, STANDARD)
    }

    /// The named elements of a case.
    pub(crate) fn of_class(case: &Case, elements: &[&str], class: SizeClass) -> Self {
        let (signed, facts) = (case.issuer_signed(), case.facts());
        let find = |name: &&str| signed.items.iter().find(|item| item.identifier == **name).expect("held");
        let items: Vec<_> = elements.iter().map(find).collect();
        let name = |item: &&velum_testdata::SignedItem| ElementName {
            namespace: item.namespace.clone(),
            element: item.identifier.clone(),
        };
        let sec1 = facts.issuer_public_key.sec1();
        let issuer = PublicKey { x: sec1[1..33].try_into().unwrap(), y: sec1[33..].try_into().unwrap() };
        let subject = Subject {
            suite: Suite::Direct,
            class,
            doc_type: facts.doc_type,
            issuer,
            elements: items.iter().map(name).collect(),
        };
        let validity = facts.validity;
        let dates = [validity.signed, validity.valid_from, validity.valid_until].map(|date| decimal(&date));
        let witness = CredentialWitness {
            sig_structure: signed.sig_structure,
            signature: signed.signature.try_into().unwrap(),
            items: items.iter().map(|item| item.bytes.clone()).collect(),
            record: RecordOpening {
                device_key_x: [0; 32],
                device_key_y: [0; 32],
                dates,
                values: Vec::new(),
                salts: RecordSalts::from_system(class).unwrap(),
            },
        };
        let mut fixture = Self { subject, witness };
        fixture.read_record();
        fixture
    }

    /// Takes device key and values out of the document.
    pub(crate) fn read_record(&mut self) {
        let messages: Vec<_> = std::iter::once(&self.witness.sig_structure)
            .chain(&self.witness.items)
            .map(Vec::as_slice)
            .collect();
        let streams = Streams::new(self.subject.class, &messages).unwrap();
        let tree = Tree::parse(&self.subject, &streams).unwrap();
        let bytes = |number| {
            let [position, length] = tree.field(number).expect("found");
            (position..position + length).map(|at| streams.byte(at as usize)).collect::<Vec<_>>()
        };
        let record = &mut self.witness.record;
        record.device_key_x = bytes(field::DEVICE_KEY_X).try_into().unwrap();
        record.device_key_y = bytes(field::DEVICE_KEY_Y).try_into().unwrap();
        record.values =
            (0..self.subject.elements.len()).map(|slot| bytes(field::element_value(slot))).collect();
    }

    pub(crate) fn credential_statement(&self) -> CredentialStatement {
        let commitment = self.witness.record.commitment(&self.subject).unwrap();
        CredentialStatement { subject: self.subject.clone(), commitment }
    }

    /// A presentation in the middle of the document's validity, of a device signature over `digest`.
    pub(crate) fn presentation(
        &self,
        device_authentication: [u8; 32],
        signature: [u8; 64],
        predicates: Vec<SlotPredicate>,
    ) -> (PresentationStatement, PresentationWitness) {
        let record = &self.witness.record;
        let statement = PresentationStatement {
            subject: self.subject.clone(),
            commitment: record.commitment(&self.subject).unwrap(),
            credential_proof: [0; 32],
            request: [0; 32],
            now: record.dates[1],
            signed_within: (record.dates[0], record.dates[0]),
            device_authentication,
            predicates,
        };
        (statement, PresentationWitness { record: record.clone(), signature })
    }
}

/// `YYYY-MM-DDThh:mm:ss...` as the decimal number of its digits.
fn decimal(date: &str) -> u64 {
    date.chars().filter(char::is_ascii_digit).take(14).collect::<String>().parse().unwrap()
}
