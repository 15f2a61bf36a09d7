//! The response around what is signed, and the session.

use velum_credentials::{IssuerSigned, Request, SessionTranscript, limits};
use velum_testdata::ANNEX_D;

use super::*;

#[test]
fn unchanged_trees_verify() {
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    for response in [response(|_| {}), with_mso(|_| {}), with_item(|_| {})] {
        parse(&response).unwrap().verify(&request, &transcript).unwrap();
    }
}

#[test]
fn responses_have_a_largest_size() {
    let padded =
        |extra: usize| response(|root| members(root).push((text("padding"), Value::Bytes(vec![0; extra]))));
    let overhead = padded(1 << 17).len() - (1 << 17);
    parse(&padded(limits::RESPONSE_BYTES - overhead)).unwrap();
    refused(&padded(limits::RESPONSE_BYTES - overhead + 1), Code::TooLarge, "document", "limit is 1048576");
}

#[test]
fn a_response_holds_eight_documents_at_most() {
    let documents = |count: usize| {
        response(|root| {
            let documents = at(root, &["documents"]).as_array_mut().unwrap();
            for index in 1..count {
                let mut document = documents[0].clone();
                *at(&mut document, &["docType"]) = text(&format!("type {index}"));
                documents.push(document);
            }
        })
    };
    assert_eq!(DeviceResponse::parse(&documents(8)).unwrap().documents().len(), 8);
    parse(&documents(8)).unwrap();
    refused(&documents(9), Code::TooLarge, "documents", "more than 8");
}

#[test]
fn the_asked_document_is_there_once() {
    let two = response(|root| {
        let documents = at(root, &["documents"]).as_array_mut().unwrap();
        documents.push(documents[0].clone());
    });
    refused(&two, Code::Malformed, "documents", "two documents");
    let none = response(|root| at(root, &["documents"]).as_array_mut().unwrap().clear());
    refused(&none, Code::DocType, "documents", "no document of type");
    let error = response(|root| members(root).retain(|(key, _)| key.as_text() != Some("documents")));
    refused(&error, Code::DocType, "documents", "no document of type");
}

#[test]
fn envelopes_may_be_indefinite_but_not_what_is_hashed() {
    // documents: [_ {...}], by hand: the array head 81 becomes 9f and a break follows the one document.
    let array = MUSTERMANN.device_response.windows(10).position(|w| w == b"documents\x81").unwrap() + 9;
    let status = MUSTERMANN.device_response.windows(7).position(|w| w == b"\x66status").unwrap();
    let mut bytes = MUSTERMANN.device_response.to_vec();
    bytes.insert(status, 0xff);
    bytes[array] = 0x9f;
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    parse(&bytes).unwrap().verify(&request, &transcript).unwrap();

    let signed = DeviceResponse::with_device_signature(&bytes, MDL, &[1; 64]).unwrap();
    assert_eq!(parse(&signed).unwrap().mso().bytes(), parse(&bytes).unwrap().mso().bytes());
}

#[test]
fn certificate_chains_have_limits() {
    let chain = |count: usize, length: usize| {
        response(|root| {
            let header = at(root, &["documents", "0", "issuerSigned", "issuerAuth", "1"]);
            members(header)[0].1 = Value::Array(vec![Value::Bytes(vec![0; length]); count]);
        })
    };
    assert_eq!(parse(&chain(4, 8_192)).unwrap().issuer_signed().x5chain().len(), 4);
    refused(&chain(5, 1), Code::TooLarge, &format!("{AUTH}.x5chain"), "limit is 4");
    refused(&chain(1, 8_193), Code::TooLarge, &format!("{AUTH}.x5chain"), "limit is 8192");
}

#[test]
fn device_namespaces_have_a_limit() {
    let with = |length: usize| {
        let namespaces =
            Value::Map(vec![(text("n"), Value::Map(vec![(text("e"), Value::Bytes(vec![0; length]))]))]);
        response(|root| *at(root, &["documents", "0", "deviceSigned", "nameSpaces"]) = embed(&namespaces))
    };
    let document = parse(&with(1_024 - 9)).unwrap();
    assert_eq!(document.device_signed().namespaces().len(), limits::DEVICE_NAMESPACES_BYTES);
    assert!(document.device_signed().has_namespaces());
    let place = "documents[0].deviceSigned.nameSpaces";
    refused(&with(1_024 - 8), Code::TooLarge, place, "limit is 1024");
    let array = response(|root| {
        *at(root, &["documents", "0", "deviceSigned", "nameSpaces"]) = embed(&Value::Array(vec![]));
    });
    refused(&array, Code::Malformed, place, "expected a map");
}

#[test]
fn device_auth_is_one_detached_es256_signature_or_mac() {
    let place = "documents[0].deviceSigned.deviceAuth";
    let auth = |change: &dyn Fn(&mut Value)| {
        response(|root| change(at(root, &["documents", "0", "deviceSigned", "deviceAuth"])))
    };
    refused(&auth(&|auth| members(auth).clear()), Code::Malformed, place, "is missing");
    refused(&auth(&|auth| members(auth)[0].0 = text("deviceSeal")), Code::Malformed, place, "neither");
    refused(
        &auth(&|auth| {
            let signature = members(auth)[0].1.clone();
            members(auth).push((text("deviceMac"), signature));
        }),
        Code::Malformed,
        place,
        "twice",
    );
    let signature = format!("{place}.deviceSignature");
    refused(
        &auth(&|auth| *at(auth, &["deviceSignature", "2"]) = Value::Bytes(vec![])),
        Code::Malformed,
        &format!("{signature}.payload"),
        "detached",
    );
    refused(
        &auth(&|auth| *at(auth, &["deviceSignature", "0"]) = Value::Bytes(b"\xa1\x01\x38\x22".to_vec())),
        Code::Malformed,
        &format!("{signature}.protected"),
        "only ES256",
    );
}

#[test]
fn transcripts_are_arrays_of_three_up_to_64_kib() {
    let transcript = |handover: Value| encode(&Value::Array(vec![Value::Null, Value::Null, handover]));
    let sized = |length: usize| transcript(Value::Bytes(vec![0; length]));
    let overhead = sized(60_000).len() - 60_000;
    SessionTranscript::parse(&sized(limits::TRANSCRIPT_BYTES - overhead)).unwrap();
    let error = SessionTranscript::parse(&sized(limits::TRANSCRIPT_BYTES - overhead + 1)).unwrap_err();
    assert_eq!((error.code(), error.place()), (Code::TooLarge, "transcript"));
    let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    SessionTranscript::parse(&transcript(nested(7))).unwrap();
    for bad in [
        transcript(nested(8)),
        encode(&Value::Array(vec![Value::Null, Value::Null])),
        encode(&Value::Array(vec![Value::Null; 4])),
        encode(&Value::Array(vec![Value::from(1), Value::Null, Value::Null])),
        encode(&Value::Null),
        [sized(1), vec![0]].concat(),
    ] {
        let error = SessionTranscript::parse(&bad).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Malformed, "transcript"));
    }
}

#[test]
fn issuer_signed_is_read_alone() {
    let mut root = tree(ANNEX_D.device_response);
    let issuer_signed = encode(at(&mut root, &["documents", "0", "issuerSigned"]));
    let document = parse(ANNEX_D.device_response).unwrap();
    let alone = IssuerSigned::parse(&issuer_signed).unwrap();
    assert_eq!(alone.mso().bytes(), document.mso().bytes());
    assert_eq!(IssuerSigned::parse(&issuer_signed[1..]).unwrap_err().place(), "issuerSigned");
}

#[test]
fn envelope_and_mso_state_one_doc_type() {
    let other = response(|root| *at(root, &["documents", "0", "docType"]) = text("org.iso.18013.5.1"));
    let response = DeviceResponse::parse(&other).unwrap();
    let error =
        response.document("org.iso.18013.5.1").unwrap().check_doc_type("org.iso.18013.5.1").unwrap_err();
    assert_eq!(error.code(), Code::DocType);
    assert_eq!(error.place(), "documents[0].issuerSigned.issuerAuth.payload.docType");
}
