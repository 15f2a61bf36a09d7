//! Every real document: parsed, verified, explained, and its layout checked against its own bytes.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use velum_core::class::{LARGE, STANDARD};
use velum_credentials::{
    Code, Condition, DeviceAuth, DeviceResponse, Document, Error, Field, Request,
    SessionTranscript, SignatureAlgorithm, Span, Value, device_authentication_digest,
    sig_structure,
};
use velum_testdata::{
    AGE_VERIFICATION, AGE_VERIFICATION_NYM, ANNEX_D, CASES, Case, Facts, MUSTERMANN, PERMUTED_KEYS,
    UNDER_18,
};

fn request(case: &Case) -> Request {
    Request::from_json(case.request.as_bytes()).unwrap()
}

fn transcript(case: &Case) -> SessionTranscript {
    SessionTranscript::parse(case.session_transcript).unwrap()
}

/// The document of a case. If its device authenticated by MAC, the document is signed again with
/// its published device key.
fn document(case: &Case) -> Document {
    let (request, facts) = (request(case), case.facts());
    let response = match facts.device_auth.as_str() {
        "deviceSignature" => case.device_response.to_vec(),
        _ => sign(case, &facts, &transcript(case)),
    };
    DeviceResponse::parse(&response).unwrap().document(request.doc_type()).unwrap().clone()
}

fn sign(case: &Case, facts: &Facts, transcript: &SessionTranscript) -> Vec<u8> {
    let key = hex::decode(facts.device_private_key.as_ref().unwrap()).unwrap();
    let key = SigningKey::from_slice(&key).unwrap();
    let parsed = DeviceResponse::parse(case.device_response).unwrap();
    let namespaces = parsed.document(&facts.doc_type).unwrap().device_signed().namespaces();
    let digest = device_authentication_digest(
        &facts.doc_type,
        transcript,
        namespaces,
        SignatureAlgorithm::Es256,
    );
    let signature: Signature = key.sign_prehash(&digest).unwrap();
    DeviceResponse::with_device_signature(
        case.device_response,
        &facts.doc_type,
        &signature.to_bytes().into(),
    )
    .unwrap()
}

#[test]
fn every_case_verifies() {
    for case in &CASES {
        let verified = document(case).verify(&request(case), &transcript(case));
        // The device of this document signs an element of its own, but the issuer authorised none.
        if case.name == AGE_VERIFICATION_NYM.name {
            let error = verified.unwrap_err();
            assert_eq!(error.code(), Code::DeviceNamespacesUnauthorised, "{error}");
            assert!(error.message().contains("keyAuthorizations"), "{error}");
            continue;
        }
        let issuer = verified.unwrap();
        let key = issuer.public_key.to_encoded_point(false);
        assert_eq!(key.as_bytes(), case.facts().issuer_public_key.sec1(), "{}", case.name);
        assert_eq!(issuer.signed_within, None);
    }
}

#[test]
fn every_case_holds_what_is_known_about_it() {
    for case in &CASES {
        let (document, facts) = (document(case), case.facts());
        assert_eq!(document.doc_type(), facts.doc_type);
        assert_eq!(document.mso().doc_type(), facts.doc_type);
        assert_eq!(document.mso().bytes().len(), facts.mso_bytes);
        assert_eq!(
            sig_structure(SignatureAlgorithm::Es256, document.mso().bytes()).len(),
            facts.sig_structure_bytes
        );
        let validity = document.mso().validity();
        for (found, known) in [
            (validity.signed, &facts.validity.signed),
            (validity.valid_from, &facts.validity.valid_from),
            (validity.valid_until, &facts.validity.valid_until),
        ] {
            assert_eq!(found.to_string(), known.replace("+00:00", "Z"), "{}", case.name);
        }
        let count: usize =
            document.issuer_signed().namespaces().iter().map(|ns| ns.items().len()).sum();
        assert_eq!(count, facts.items.len());
        for known in &facts.items {
            let item = document.item(&known.namespace, &known.identifier).unwrap();
            assert_eq!(item.digest_id(), known.digest_id);
            assert_eq!(item.bytes().len(), known.item_bytes);
            let (kind, text) = match item.value() {
                Value::Text(text) => ("text", Some(text.clone())),
                Value::Bool(value) => ("bool", Some(value.to_string())),
                Value::Integer(number) => ("int", Some(number.to_string())),
                Value::FullDate(date) => ("full_date", Some(date.to_string())),
                Value::Other(cbor) if cbor[0] >> 5 == 2 => ("bytes", None),
                Value::Other(_) => ("list", None),
                _ => ("unknown", None),
            };
            assert_eq!(kind, known.kind, "{}: {}", case.name, known.identifier);
            let expected = match &known.value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            assert_eq!(text, expected);
        }
    }
}

/// The text or byte string that a span locates.
fn content(bytes: &[u8], span: Span) -> &[u8] {
    &bytes[span.content()]
}

#[track_caller]
fn assert_field(bytes: &[u8], field: Field, key: &[u8], value_head: &[u8], value: &[u8]) {
    assert_eq!(&bytes[field.key.whole()], key);
    assert_eq!(&bytes[field.value.head..field.value.content], value_head);
    assert_eq!(content(bytes, field.value), value);
    assert!(field.value.head >= field.key.end);
}

#[test]
fn layouts_point_at_the_bytes_they_name() {
    for case in &CASES {
        let document = document(case);
        let (bytes, layout) = (document.mso().bytes(), document.mso().layout());
        assert_field(bytes, layout.version, b"\x67version", b"\x63", b"1.0");
        assert_field(bytes, layout.digest_algorithm, b"\x6fdigestAlgorithm", b"\x67", b"SHA-256");
        let doc_type = document.doc_type().as_bytes();
        let head = if doc_type.len() < 24 {
            vec![0x60 | doc_type.len() as u8]
        } else {
            vec![0x78, doc_type.len() as u8]
        };
        assert_field(bytes, layout.doc_type, b"\x67docType", &head, doc_type);
        assert_eq!(&bytes[layout.validity_info.key.whole()], b"\x6cvalidityInfo");
        assert_eq!(&bytes[layout.device_key_info.key.whole()], b"\x6ddeviceKeyInfo");
        assert_eq!(&bytes[layout.device_key.key.whole()], b"\x69deviceKey");
        assert_eq!(&bytes[layout.value_digests.key.whole()], b"\x6cvalueDigests");
        let validity = document.mso().validity();
        for (field, key, time) in [
            (layout.signed, &b"\x66signed"[..], validity.signed),
            (layout.valid_from, b"\x69validFrom", validity.valid_from),
            (layout.valid_until, b"\x6avalidUntil", validity.valid_until),
        ] {
            assert_field(bytes, field, key, b"\xc0\x74", time.to_string().as_bytes());
        }
        let device_key = document.mso().device_key().to_encoded_point(false);
        assert_field(bytes, layout.key_type, b"\x01", b"\x02", b"");
        assert_field(bytes, layout.curve, b"\x20", b"\x01", b"");
        assert_field(bytes, layout.x, b"\x21", b"\x58\x20", device_key.x().unwrap());
        assert_field(bytes, layout.y, b"\x22", b"\x58\x20", device_key.y().unwrap());
        assert_eq!(layout.map.end, bytes.len());
        for namespace in document.issuer_signed().namespaces() {
            for item in namespace.items() {
                let digest = layout.digest(namespace.name(), item.digest_id()).unwrap();
                assert_eq!(content(bytes, digest.field.value), item.digest());
                let (bytes, layout) = (item.bytes(), item.layout());
                assert_eq!(&bytes[layout.digest_id.key.whole()], b"\x68digestID");
                assert_eq!(&bytes[layout.random.key.whole()], b"\x66random");
                assert_eq!(&bytes[layout.element_identifier.key.whole()], b"\x71elementIdentifier");
                assert_eq!(&bytes[layout.element_value.key.whole()], b"\x6celementValue");
                assert_eq!(
                    content(bytes, layout.element_identifier.value),
                    item.element_identifier().as_bytes()
                );
                assert_eq!(layout.map.end, bytes.len());
                assert_eq!(&bytes[layout.element_value.value.whole()], item.element_value());
                let text = match item.value() {
                    Value::Text(text) => text.clone(),
                    Value::FullDate(date) => date.to_string(),
                    _ => continue,
                };
                assert_eq!(content(bytes, layout.element_value.value), text.as_bytes());
            }
        }
    }
}

#[test]
fn keys_are_read_in_any_order() {
    let document = document(&PERMUTED_KEYS);
    let layout = *document.item("org.iso.18013.5.1", "age_over_18").unwrap().layout();
    assert!(layout.random.key.head < layout.digest_id.key.head);
    assert!(layout.element_value.key.head < layout.element_identifier.key.head);
}

#[test]
fn requests_round_trip_in_both_forms() {
    for case in &CASES {
        let request = request(case);
        assert_eq!(Request::from_json(request.to_json().as_bytes()).unwrap(), request);
        let cbor = request.to_cbor();
        let again = Request::from_cbor(&cbor).unwrap();
        assert_eq!(again, request);
        assert_eq!(again.to_cbor(), cbor);
    }
}

#[test]
fn explains_what_is_learnt_and_what_stays_hidden() {
    for case in &CASES {
        let (document, request) = (document(case), request(case));
        let explanation = request.explain(&document);
        assert!(explanation.predicates.iter().all(|(_, outcome)| outcome.is_ok()), "{}", case.name);
        assert_eq!(explanation.predicates.len(), request.predicates().len());
        let equal = request
            .predicates()
            .iter()
            .filter(|asked| matches!(asked.condition, Condition::Equals(_)));
        assert_eq!(explanation.hidden.len(), case.facts().items.len() - equal.count());
        let learnt: Vec<_> = explanation.learnt.iter().map(|learnt| learnt.to_json()).collect();
        assert_eq!(learnt[request.predicates().len() + 1]["doc_type"], request.doc_type());
    }
    let words = request(&MUSTERMANN).explain(&document(&MUSTERMANN)).to_string();
    let of_dates = "Nor would it learn whether a date exists in the calendar, only that its month \
                    is 1 to 12 and its day 1 to 31.\n";
    for line in [
        of_dates,
        "birth_date (org.iso.18013.5.1) makes the holder 18 years or older",
        "that the document is valid at 2024-10-15T13:50:00Z",
        "size class standard",
        "  - family_name (org.iso.18013.5.1)",
    ] {
        assert!(words.contains(line), "{words}");
    }
    assert!(!words.contains("1971"), "a hidden value is shown: {words}");
}

/// The error of a case's document under a changed request.
fn refusal(case: &Case, change: impl Fn(&mut serde_json::Value)) -> Error {
    let mut json = serde_json::from_str(case.request).unwrap();
    change(&mut json);
    let request = Request::from_json(json.to_string().as_bytes()).unwrap();
    document(case).verify(&request, &transcript(case)).unwrap_err()
}

#[test]
fn wrong_requests_are_refused_by_the_check_they_break() {
    let other_issuer =
        format!("04{}", ANNEX_D.facts().issuer_public_key.x + &ANNEX_D.facts().issuer_public_key.y);
    type Change = Box<dyn Fn(&mut serde_json::Value)>;
    let cases: [(Code, &str, Change); 7] = [
        (
            Code::Predicate,
            "request.predicates[1]",
            Box::new(|r| r["predicates"][1]["age_at_least"] = 60.into()),
        ),
        (
            Code::ElementMissing,
            "documents[0].issuerSigned.nameSpaces",
            Box::new(|r| r["predicates"][1]["namespace"] = "org.iso.18013.5.1.aamva".into()),
        ),
        (
            Code::Expired,
            "documents[0].issuerSigned.issuerAuth.payload.validityInfo",
            Box::new(|r| r["now"] = "2024-10-30T13:50:01Z".into()),
        ),
        (
            Code::NotYetValid,
            "documents[0].issuerSigned.issuerAuth.payload.validityInfo",
            Box::new(|r| r["now"] = "2024-09-30T13:49:59Z".into()),
        ),
        (
            Code::IssuerUntrusted,
            "documents[0].issuerSigned.issuerAuth",
            Box::new(move |r| r["issuers"][0]["sec1_hex"] = other_issuer.clone().into()),
        ),
        (
            Code::DocType,
            "documents[0].docType",
            Box::new(|r| r["doc_type"] = "org.iso.18013.5.1".into()),
        ),
        (
            Code::Predicate,
            "request.predicates[3]",
            Box::new(|r| r["predicates"][3]["equals"] = "175".into()),
        ),
    ];
    for (code, place, change) in cases {
        let error = refusal(&MUSTERMANN, change);
        assert_eq!((error.code(), error.place()), (code, place), "{error}");
    }
    for now in ["2024-09-30T13:50:00Z", "2024-10-30T13:50:00Z"] {
        let document = document(&MUSTERMANN);
        document.check_validity(now.parse().unwrap()).unwrap();
    }
}

#[test]
fn another_session_is_refused() {
    let error =
        document(&MUSTERMANN).verify(&request(&MUSTERMANN), &transcript(&UNDER_18)).unwrap_err();
    assert_eq!(error.code(), Code::DeviceSignature);
    assert_eq!(error.place(), "documents[0].deviceSigned.deviceAuth.deviceSignature");
}

#[test]
fn an_age_below_18_is_never_shown_as_18() {
    let error = refusal(&UNDER_18, |r| r["predicates"][0]["equals"] = true.into());
    assert_eq!(error.code(), Code::Predicate);
}

#[test]
fn a_mac_names_the_way_out() {
    let response = DeviceResponse::parse(ANNEX_D.device_response).unwrap();
    let document = response.document("org.iso.18013.5.1.mDL").unwrap();
    assert_eq!(*document.device_signed().auth(), DeviceAuth::Mac);
    let error = document.verify(&request(&ANNEX_D), &transcript(&ANNEX_D)).unwrap_err();
    assert_eq!(error.code(), Code::DeviceMacUnsupported);
    assert!(error.message().contains("velum sign"));
}

#[test]
fn signing_changes_device_auth_and_nothing_else() {
    let signed = sign(&ANNEX_D, &ANNEX_D.facts(), &transcript(&ANNEX_D));
    let at = |bytes: &[u8], needle: &[u8]| {
        bytes.windows(needle.len()).position(|w| w == needle).unwrap()
    };
    let start = at(ANNEX_D.device_response, b"\x6adeviceAuth") + 11;
    assert_eq!(signed[..start], ANNEX_D.device_response[..start]);
    let status = at(ANNEX_D.device_response, b"\x66status");
    assert_eq!(signed[at(&signed, b"\x66status")..], ANNEX_D.device_response[status..]);
    assert_eq!(&signed[start..][..17], b"\xa1\x6fdeviceSignature");
    assert_eq!(&signed[start + 17..][..9], b"\x84\x43\xa1\x01\x26\xa0\xf6\x58\x40");
    let again =
        DeviceResponse::with_device_signature(&signed, "org.iso.18013.5.1.mDL", &[7; 64]).unwrap();
    assert_eq!(again.len(), signed.len());
}

#[test]
fn known_device_keys_sign_what_the_documents_carry() {
    for case in [AGE_VERIFICATION, AGE_VERIFICATION_NYM] {
        let facts = case.facts();
        let signed = sign(&case, &facts, &transcript(&case));
        let response = DeviceResponse::parse(&signed).unwrap();
        let document = response.document(&facts.doc_type).unwrap();
        document.check_device_signature(&transcript(&case)).unwrap();
        let namespaces = document.device_signed();
        assert_eq!(namespaces.has_namespaces(), case.name == AGE_VERIFICATION_NYM.name);
    }
}

#[test]
fn documents_fit_the_smallest_class_that_holds_them() {
    for case in &CASES {
        let class = document(case).size_class(request(case).slots()).unwrap();
        assert_eq!(class, STANDARD, "{}", case.name);
    }
    let slot = |element: &str| velum_credentials::Slot {
        namespace: "org.iso.18013.5.1".to_owned(),
        element: element.to_owned(),
    };
    let document = document(&ANNEX_D);
    assert_eq!(document.size_class(&[slot("driving_privileges")]), Ok(LARGE));
    assert_eq!(document.size_class(&[slot("portrait")]).unwrap_err().code(), Code::TooLarge);
    assert_eq!(document.size_class(&[slot("nothing")]).unwrap_err().code(), Code::ElementMissing);
}
