//! Deviations from the standard that wallets write and that nevertheless have only one meaning.

use ciborium::Value;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use velum_credentials::{
    Code, DeviceAuth, DeviceResponse, Document, EMPTY_NAME_SPACES, Error, Form, Inspection,
    Request, SessionTranscript, device_authentication_bytes,
};
use velum_testdata::{AGE_VERIFICATION, Case, MUSTERMANN};

use super::{MDL, at, encode, members, parse, response, text, tree};

const SIGNATURE: &str = "documents[0].deviceSigned.deviceAuth.deviceSignature";

fn transcript(case: &Case) -> SessionTranscript {
    SessionTranscript::parse(case.session_transcript).unwrap()
}

fn verify(document: &Document, case: &Case) -> Result<(), Error> {
    let request = Request::from_json(case.request.as_bytes()).unwrap();
    document.verify(&request, &transcript(case)).map(drop)
}

/// The Mustermann response with the last occurrence of some bytes replaced.
fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
    let bytes = MUSTERMANN.device_response;
    let start = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
    [&bytes[..start], to, &bytes[start + from.len()..]].concat()
}

/// JavaScript encoders write `undefined` where others write `null` or leave out a member.
#[test]
fn undefined_stands_for_nothing() {
    for (from, to) in [
        (&b"\xf6\x58\x40"[..], &b"\xf7\x58\x40"[..]),
        (b"\x6adeviceAuth\xa1", b"\x6adeviceAuth\xa2\x69deviceMac\xf7"),
        (b"\x6adeviceAuth\xa1", b"\x6adeviceAuth\xa2\x69deviceMac\xf6"),
    ] {
        verify(&parse(&replaced(from, to)).unwrap(), &MUSTERMANN).unwrap();
    }
    let neither = replaced(
        b"\x6adeviceAuth\xa1\x6fdeviceSignature",
        b"\x6adeviceAuth\xa2\x69deviceMac\xf7\x63mac",
    );
    let error = verify(&parse(&neither).unwrap(), &MUSTERMANN).unwrap_err();
    assert_eq!(error.code(), Code::Malformed, "{error}");

    let mut document = tree(MUSTERMANN.device_response);
    let document = at(&mut document, &["documents", "0"]);
    *at(document, &["deviceSigned"]) = Value::Null;
    let mut bytes = encode(document);
    let null = bytes.iter().rposition(|byte| *byte == 0xf6).unwrap();
    bytes[null] = 0xf7;
    let unsigned = parse(&bytes).unwrap();
    assert_eq!(*unsigned.device_signed().auth(), DeviceAuth::Missing);
    let signed = DeviceResponse::with_device_signature(&bytes, MDL, &[1; 64]).unwrap();
    assert!(matches!(parse(&signed).unwrap().device_signed().auth(), DeviceAuth::Signature(..)));
}

/// The payload of a device's signature should be detached. An attached payload means the same if it
/// belongs to the session.
#[test]
fn an_attached_payload_is_that_of_the_session() {
    let signed = device_authentication_bytes(MDL, &transcript(&MUSTERMANN), &EMPTY_NAME_SPACES);
    let payload = tree(&signed).as_array().unwrap()[3].clone();
    let attached = |payload: Value| {
        let path = ["documents", "0", "deviceSigned", "deviceAuth", "deviceSignature", "2"];
        parse(&response(|root| *at(root, &path) = payload)).unwrap()
    };
    verify(&attached(payload.clone()), &MUSTERMANN).unwrap();
    let mut other = payload.as_bytes().unwrap().clone();
    *other.last_mut().unwrap() ^= 1;
    for payload in [other, vec![]] {
        let error = verify(&attached(Value::Bytes(payload)), &MUSTERMANN).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::DeviceSignature, SIGNATURE), "{error}");
        assert!(error.message().contains("payload"), "{error}");
    }
}

/// If the envelope has no docType, the docType of the MSO applies, which the issuer signed. Adding
/// a device signature also adds it to the envelope.
#[test]
fn a_doc_type_may_be_the_issuers_alone() {
    let without = |case: &Case, device_signed: bool| {
        let mut root = tree(case.device_response);
        let document = members(at(&mut root, &["documents", "0"]));
        document.retain(|(key, _)| {
            *key != text("docType") && (device_signed || *key != text("deviceSigned"))
        });
        root
    };
    verify(&parse(&encode(&without(&MUSTERMANN, true))).unwrap(), &MUSTERMANN).unwrap();

    let facts = AGE_VERIFICATION.facts();
    let key = hex::decode(facts.device_private_key.unwrap()).unwrap();
    let key = SigningKey::from_slice(&key).unwrap();
    let message = device_authentication_bytes(
        &facts.doc_type,
        &transcript(&AGE_VERIFICATION),
        &EMPTY_NAME_SPACES,
    );
    let signature: Signature = key.sign(&message);
    for device_signed in [false, true] {
        let mut root = without(&AGE_VERIFICATION, device_signed);
        let alone = encode(at(&mut root, &["documents", "0"]));
        assert_eq!(DeviceResponse::parse(&alone).unwrap().form(), Form::Document);
        for bytes in [alone, encode(&root)] {
            let signed = DeviceResponse::with_device_signature(
                &bytes,
                &facts.doc_type,
                &signature.to_bytes().into(),
            );
            let signed = signed.unwrap();
            let mut root = tree(&signed);
            assert_eq!(*at(&mut root, &["documents", "0", "docType"]), text(&facts.doc_type));
            let signed = DeviceResponse::parse(&signed).unwrap();
            verify(signed.document(&facts.doc_type).unwrap(), &AGE_VERIFICATION).unwrap();
        }
    }
}

/// A document that shows no element is valid, but it can answer no request.
#[test]
fn nothing_can_be_proven_of_a_document_that_shows_nothing() {
    let shows = |namespaces: Value| {
        let path = ["documents", "0", "issuerSigned", "nameSpaces"];
        parse(&response(|root| *at(root, &path) = namespaces)).unwrap()
    };
    for document in [shows(Value::Null), shows(Value::Map(vec![]))] {
        let inspection = Inspection::of(&document);
        assert!(inspection.passed());
        let error = inspection.provable().unwrap_err();
        assert_eq!(error.code(), Code::ElementMissing);
        assert_eq!(error.place(), "documents[0].issuerSigned.nameSpaces");
    }
}
