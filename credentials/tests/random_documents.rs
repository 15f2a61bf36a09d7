//! Random documents, from their bytes to the record. What the reader accepts is proven, and the
//! record states what an independent judge says that the document means.
//!
//! The tables of the credential proof that are about the document are filled as for a proof. Their
//! constraints and buses are checked.

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use velum_core::class::STANDARD;
use velum_core::statement::{CredentialStatement, CredentialWitness};
use velum_core::testing::check_document;
use velum_credentials::{
    Condition, CredentialFormat, DeviceResponse, Error, Issuer, Predicate, Request, Suite,
};
use velum_testdata::random::{Choices, Document, Misreading, Outcome, Record, Search};

/// Number of documents that are proven in a whole run.
const WHOLE: usize = 20_000;

/// Number of documents that are proven in a bounded run.
const BOUNDED: usize = 400;

fn cases() -> usize {
    if std::env::var_os("VELUM_TEST_ALL").is_some() { WHOLE } else { BOUNDED }
}

fn issuer() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// What the reader and the tables make of a document.
fn system(document: &Document, _: &mut Choices) -> Outcome {
    let (statement, witness) = match read(document) {
        Ok(read) => read,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match check_document(&statement, &witness) {
        Err(error) => Outcome::Refused(error.to_string()),
        Ok(violations) if !violations.is_empty() => Outcome::Unprovable(violations.to_string()),
        Ok(_) => Outcome::Proven(record(&statement, &witness)),
    }
}

/// The record in the terms of the judge.
fn record(statement: &CredentialStatement, witness: &CredentialWitness) -> Record {
    let record = &witness.record;
    assert_eq!(record.commitment(&statement.subject).unwrap(), statement.commitment);
    Record {
        doc_type: statement.subject.doc_type.clone(),
        device_key: [record.device_key_x, record.device_key_y],
        dates: record.dates,
        values: record.values.clone(),
    }
}

/// Reads the document as a holder's wallet reads it, and derives what it proves.
fn read(document: &Document) -> Result<(CredentialStatement, CredentialWitness), Error> {
    let response = DeviceResponse::parse(&issuer_signed(document))?;
    let key = Issuer::from_sec1(issuer().verifying_key().to_encoded_point(false).as_bytes())?;
    let predicate = |(namespace, element): &(String, String)| Predicate {
        namespace: namespace.clone(),
        element: element.clone(),
        condition: Condition::Disclose,
    };
    let predicates = document.elements.iter().map(predicate).collect();
    let now = "2024-10-15T13:50:00Z".parse().unwrap();
    let request = Request::new(document.doc_type.clone(), now, vec![key], predicates)?;
    response.document(&document.doc_type)?.credential(&request, Suite::Direct, Some(STANDARD))
}

/// A signed `IssuerSigned` (ISO/IEC 18013-5, 8.3.2.1.2.2).
fn issuer_signed(document: &Document) -> Vec<u8> {
    let signature: p256::ecdsa::Signature = issuer().sign(&document.plain_sig_structure());
    let mut namespaces: Vec<&str> =
        document.items.iter().map(|(namespace, _)| namespace.as_str()).collect();
    namespaces.dedup();
    let string = |major: u8, bytes: &[u8]| {
        [&[major << 5 | 25][..], &(bytes.len() as u16).to_be_bytes(), bytes].concat()
    };
    let mut bytes = b"\xa2\x6anameSpaces\xb8".to_vec();
    bytes.push(namespaces.len() as u8);
    for namespace in namespaces {
        let items = document
            .items
            .iter()
            .filter(|(of, _)| of == namespace)
            .map(|(_, item)| item.as_slice());
        bytes.extend(string(3, namespace.as_bytes()));
        bytes.extend([0x98, items.clone().count() as u8]);
        items.for_each(|item| bytes.extend(item));
    }
    bytes.extend(b"\x6aissuerAuth\x84");
    bytes.extend(string(2, &document.protected));
    bytes.push(0xa0);
    bytes.extend(string(2, &document.payload));
    bytes.extend(string(2, &signature.to_bytes()));
    bytes
}

fn search(cases: usize, misreading: Option<Misreading>) -> Search<'static> {
    Search { seed: 0, cases, is_complete: true, may_refuse: |_| true, misreading, system: &system }
}

#[test]
fn the_record_is_what_a_document_means() {
    let search = search(cases(), None);
    let tally = search.run().unwrap_or_else(|finding| panic!("{}", search.explain(&finding)));
    println!("{tally:?}");
}

/// The search finds any fault that a reader and its proof share.
#[test]
fn planted_faults_are_found() {
    for misreading in Misreading::ALL {
        let finding = search(WHOLE, Some(misreading)).run().expect_err("a fault that is found");
        println!("{misreading:?}: {:?}", finding.tally);
    }
}
