//! The response around the signed structures, and the session.

use velum_credentials::{
    DeviceAuth, Form, IssuerSigned, Request, SessionTranscript, SignatureAlgorithm, limits,
};
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
    let padded = |extra: usize| {
        response(|root| members(root).push((text("padding"), Value::Bytes(vec![0; extra]))))
    };
    let overhead = padded(1 << 17).len() - (1 << 17);
    parse(&padded(limits::RESPONSE_BYTES - overhead)).unwrap();
    refused(
        &padded(limits::RESPONSE_BYTES - overhead + 1),
        Code::TooLarge,
        "document",
        "limit is 1048576",
    );
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
    let error =
        response(|root| members(root).retain(|(key, _)| key.as_text() != Some("documents")));
    refused(&error, Code::DocType, "documents", "the response holds no documents");
}

/// A broken document of another type, before or behind the requested one.
#[test]
fn broken_documents_are_their_own_fault() {
    let with = |index: usize, doc_type: Option<&str>| {
        response(|root| {
            let documents = at(root, &["documents"]).as_array_mut().unwrap();
            let mut broken = documents[0].clone();
            *at(&mut broken, &["issuerSigned", "issuerAuth", "2"]) = Value::from(1);
            match doc_type {
                Some(doc_type) => *at(&mut broken, &["docType"]) = text(doc_type),
                None => broken = Value::from(1),
            }
            documents.insert(index, broken);
        })
    };
    for index in [0, 1] {
        for doc_type in [Some("org.example"), None] {
            let response = with(index, doc_type);
            let parsed = DeviceResponse::parse(&response).unwrap();
            let [broken] = parsed.broken() else { panic!() };
            assert_eq!((broken.index, broken.doc_type.as_deref()), (index, doc_type));
            let payload = format!("documents[{index}].issuerSigned.issuerAuth.payload");
            let place = doc_type.map_or(format!("documents[{index}]"), |_| payload);
            assert_eq!((broken.fault.code(), broken.fault.place()), (Code::Malformed, &*place));

            assert_eq!(parse(&response).unwrap().place(), format!("documents[{}]", 1 - index));
            assert_eq!(parsed.document("org.example").unwrap_err(), broken.fault);
            let signed = DeviceResponse::with_device_signature(&response, MDL, &[1; 64]).unwrap();
            let auth = parse(&signed).unwrap().device_signed().auth().clone();
            assert_eq!(auth, DeviceAuth::Signature(SignatureAlgorithm::Es256, [1; 64]));
        }
    }
    let error = DeviceResponse::parse(&with(0, Some("org.example")))
        .unwrap()
        .document("other")
        .unwrap_err();
    assert_eq!(error.code(), Code::DocType);
    assert!(error.message().contains("org.example"), "{error}");
}

#[test]
fn envelopes_may_be_indefinite_but_not_what_is_hashed() {
    // `documents: [_ {...}]`, written by hand: the array head 81 becomes 9f, and a break follows
    // the only document.
    let array =
        MUSTERMANN.device_response.windows(10).position(|w| w == b"documents\x81").unwrap() + 9;
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

/// A document as a wallet receives it: by itself, without an envelope, without a device's
/// signature.
#[test]
fn documents_are_read_without_a_device_and_signed() {
    const DEVICE_SIGNED: &str = "deviceSigned";
    let issuer_only = |document: &mut Value| {
        members(document).retain(|(key, _)| key.as_text() != Some(DEVICE_SIGNED))
    };
    let mut document = at(&mut tree(MUSTERMANN.device_response), &["documents", "0"]).clone();
    let complete = encode(&document);
    let issuer_signed = encode(at(&mut document, &["issuerSigned"]));
    issuer_only(&mut document);
    let in_response =
        |change: &dyn Fn(&mut Value)| response(|root| change(at(root, &["documents", "0"])));
    let mut indefinite = vec![0xbf];
    indefinite.extend_from_slice(&encode(&document)[1..]);
    indefinite.push(0xff);

    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let original = parse(MUSTERMANN.device_response).unwrap();
    let signature = *original.device_signed().signature().unwrap().1;
    for (bytes, form, place) in [
        (in_response(&issuer_only), Form::DeviceResponse, "documents[0]"),
        (
            in_response(&|document| *at(document, &[DEVICE_SIGNED]) = Value::Null),
            Form::DeviceResponse,
            "documents[0]",
        ),
        (
            in_response(&|document| *at(document, &[DEVICE_SIGNED]) = Value::Map(Vec::new())),
            Form::DeviceResponse,
            "documents[0]",
        ),
        (
            in_response(&|document| members(at(document, &[DEVICE_SIGNED, "deviceAuth"])).clear()),
            Form::DeviceResponse,
            "documents[0]",
        ),
        (
            in_response(&|document| *at(document, &[DEVICE_SIGNED, "deviceAuth"]) = Value::Null),
            Form::DeviceResponse,
            "documents[0]",
        ),
        (encode(&document), Form::Document, ""),
        (indefinite, Form::Document, ""),
        (issuer_signed, Form::IssuerSigned, ""),
    ] {
        let parsed = DeviceResponse::parse(&bytes).unwrap();
        assert_eq!(parsed.form(), form);
        let unsigned = parsed.document(MDL).unwrap();
        assert_eq!(unsigned.place(), place);
        assert_eq!(unsigned.mso().bytes(), original.mso().bytes());
        assert_eq!(*unsigned.device_signed().auth(), DeviceAuth::Missing);
        assert!(!unsigned.device_signed().has_namespaces());
        let error = unsigned.verify(&request, &transcript).unwrap_err();
        assert_eq!(error.code(), Code::DeviceSignatureMissing);
        assert!(
            error.place().ends_with("deviceSigned") && error.message().contains("velum sign"),
            "{error}"
        );

        let signed = DeviceResponse::with_device_signature(&bytes, MDL, &signature).unwrap();
        let response = DeviceResponse::parse(&signed).unwrap();
        assert_eq!(response.form(), Form::DeviceResponse);
        response.document(MDL).unwrap().verify(&request, &transcript).unwrap();
        if form == Form::DeviceResponse {
            assert!(tree(&signed).as_map().unwrap().len() == 3);
        }
    }
    let alone = DeviceResponse::parse(&complete).unwrap();
    alone.document(MDL).unwrap().verify(&request, &transcript).unwrap();
    let signed = DeviceResponse::with_device_signature(&complete, MDL, &signature).unwrap();
    assert_eq!(signed, MUSTERMANN.device_response);
}

#[test]
fn what_is_no_document_is_called_what_it_is() {
    let error = |bytes: &[u8]| DeviceResponse::parse(bytes).unwrap_err();
    for (bytes, why) in [
        (&b"\xa0"[..], "neither a DeviceResponse"),
        (b"\x80", "expected a map, found an array"),
        (b"o2d2ZXJzaW9uYzEuMGlkb2N1bWVudHOB", "base64url"),
        (b"{\"vp_token\": \"o2d2\"}", "vp_token"),
        (b"", "the input ends"),
    ] {
        let error = error(bytes);
        assert_eq!((error.code(), error.place()), (Code::Malformed, "document"), "{error}");
        assert!(error.message().contains(why), "{error}");
    }
    let version = error(&response(|root| *at(root, &["version"]) = text("2.0")));
    assert_eq!(version.place(), "document.version");
    assert!(version.message().contains("\"2.0\""), "{version}");
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
        let namespaces = Value::Map(vec![(
            text("n"),
            Value::Map(vec![(text("e"), Value::Bytes(vec![0; length]))]),
        )]);
        response(|root| {
            *at(root, &["documents", "0", "deviceSigned", "nameSpaces"]) = embed(&namespaces)
        })
    };
    let document = parse(&with(1_024 - 9)).unwrap();
    assert_eq!(document.device_signed().namespaces().len(), limits::DEVICE_NAMESPACES_BYTES);
    assert!(document.device_signed().has_namespaces());
    let place = "documents[0].deviceSigned.nameSpaces";
    device_refused(&with(1_024 - 8), Code::TooLarge, place, "limit is 1024");
    let array = response(|root| {
        *at(root, &["documents", "0", "deviceSigned", "nameSpaces"]) = embed(&Value::Array(vec![]));
    });
    device_refused(&array, Code::Malformed, place, "expected a map");
}

#[test]
fn device_auth_is_one_detached_es256_signature_or_mac() {
    let place = "documents[0].deviceSigned.deviceAuth";
    let auth = |change: &dyn Fn(&mut Value)| {
        response(|root| change(at(root, &["documents", "0", "deviceSigned", "deviceAuth"])))
    };
    device_refused(
        &auth(&|auth| members(auth)[0].0 = text("deviceSeal")),
        Code::Malformed,
        place,
        "unknown member \"deviceSeal\"",
    );
    device_refused(
        &auth(&|auth| {
            let signature = members(auth)[0].1.clone();
            members(auth).push((text("deviceMac"), signature));
        }),
        Code::Malformed,
        place,
        "twice",
    );
    let signature = format!("{place}.deviceSignature");
    device_refused(
        &auth(&|auth| {
            *at(auth, &["deviceSignature", "0"]) = Value::Bytes(b"\xa1\x01\x38\x22".to_vec())
        }),
        Code::Malformed,
        &format!("{signature}.protected"),
        "only ES256",
    );
}

/// Whatever stands in place of the device's part, the issuer's part can be read and the device can
/// sign anew.
#[test]
fn a_device_can_sign_in_place_of_what_cannot_be_read() {
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let original = parse(MUSTERMANN.device_response).unwrap();
    let signature = original.device_signed().signature().unwrap().1;
    const DEVICE_SIGNED: [&str; 3] = ["documents", "0", "deviceSigned"];
    for (path, value, place) in [
        (&DEVICE_SIGNED[..], Value::from(1), "deviceSigned"),
        (&["documents", "0", "deviceSigned", "nameSpaces"], Value::Null, "deviceSigned.nameSpaces"),
        (
            &["documents", "0", "deviceSigned", "deviceAuth"],
            Value::Array(Vec::new()),
            "deviceSigned.deviceAuth",
        ),
    ] {
        let response = response(|root| *at(root, path) = value);
        device_refused(&response, Code::Malformed, &format!("documents[0].{place}"), "");
        assert_eq!(parse(&response).unwrap().device_signed().namespaces(), [0xa0]);
        let signed = DeviceResponse::with_device_signature(&response, MDL, signature).unwrap();
        parse(&signed).unwrap().verify(&request, &transcript).unwrap();
    }
}

#[test]
fn transcripts_are_arrays_of_three_up_to_64_kib() {
    let transcript =
        |handover: Value| encode(&Value::Array(vec![Value::Null, Value::Null, handover]));
    let sized = |length: usize| transcript(Value::Bytes(vec![0; length]));
    let overhead = sized(60_000).len() - 60_000;
    SessionTranscript::parse(&sized(limits::TRANSCRIPT_BYTES - overhead)).unwrap();
    let error =
        SessionTranscript::parse(&sized(limits::TRANSCRIPT_BYTES - overhead + 1)).unwrap_err();
    assert_eq!((error.code(), error.place()), (Code::TooLarge, "transcript"));
    let nested =
        |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
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

/// Libraries produce `SessionTranscriptBytes`. The device signs the array inside.
#[test]
fn a_transcript_may_come_in_tag_24() {
    let plain = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let wrapped = encode(&embed(&tree(MUSTERMANN.session_transcript)));
    assert_eq!(SessionTranscript::parse(&wrapped).unwrap().bytes(), plain.bytes());
    for (bad, why) in [
        (
            encode(&embed(&embed(&tree(MUSTERMANN.session_transcript)))),
            "expected an array, found a tag",
        ),
        ([wrapped.clone(), vec![0]].concat(), "bytes follow"),
        (
            encode(&Value::Tag(0, Box::new(tree(MUSTERMANN.session_transcript)))),
            "CBOR tag 24, found tag 0",
        ),
        (b"83f6f6820058203b".to_vec(), "hexadecimal"),
        (
            encode(&Value::Array(vec![Value::Null, Value::from(1), Value::Null])),
            "EReaderKeyBytes is neither",
        ),
        (
            encode(&Value::Array(vec![Value::Null])),
            "an array of 1 members, but a SessionTranscript has 3",
        ),
    ] {
        let error = SessionTranscript::parse(&bad).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Malformed, "transcript"), "{error}");
        assert!(error.message().contains(why), "{error}");
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
    let other =
        response(|root| *at(root, &["documents", "0", "docType"]) = text("org.iso.18013.5.1"));
    let response = DeviceResponse::parse(&other).unwrap();
    let error = response
        .document("org.iso.18013.5.1")
        .unwrap()
        .check_doc_type("org.iso.18013.5.1")
        .unwrap_err();
    assert_eq!(error.code(), Code::DocType);
    assert_eq!(error.place(), "documents[0].issuerSigned.issuerAuth.payload.docType");
    assert!(error.message().contains("its envelope says \"org.iso.18013.5.1\""), "{error}");
}
