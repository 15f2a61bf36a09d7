//! Hostile and unusual documents: every one ends in a typed error that names its place, or parses as it should.

use ciborium::Value;
use velum_credentials::{
    Code, DeviceResponse, Document, Error, IssuerSigned, Request, SessionTranscript, limits,
};
use velum_testdata::{AGE_VERIFICATION, ANNEX_D, CASES, MUSTERMANN, PERMUTED_KEYS};

const MDL: &str = "org.iso.18013.5.1.mDL";
const NAMESPACE: &str = "org.iso.18013.5.1";

// A document as a tree that can be edited; written back with definite lengths and shortest heads.

fn tree(cbor: &[u8]) -> Value {
    ciborium::from_reader(cbor).unwrap()
}

fn encode(value: &Value) -> Vec<u8> {
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).unwrap();
    cbor
}

fn embed(value: &Value) -> Value {
    Value::Tag(24, Box::new(Value::Bytes(encode(value))))
}

fn unembed(value: &Value) -> Value {
    tree(value.as_tag().unwrap().1.as_bytes().unwrap())
}

/// The value at a path of text keys and array indices.
fn at<'a>(mut value: &'a mut Value, path: &[&str]) -> &'a mut Value {
    for step in path {
        value = match value {
            Value::Map(members) => {
                &mut members.iter_mut().find(|(key, _)| key.as_text() == Some(step)).unwrap().1
            }
            Value::Array(members) => &mut members[step.parse::<usize>().unwrap()],
            _ => panic!("no {step}"),
        };
    }
    value
}

fn members(value: &mut Value) -> &mut Vec<(Value, Value)> {
    value.as_map_mut().unwrap()
}

/// The Mustermann response, changed.
fn response(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut root = tree(MUSTERMANN.device_response);
    change(&mut root);
    encode(&root)
}

/// The Mustermann response with a changed MSO.
fn with_mso(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    response(|root| {
        let payload = at(root, &["documents", "0", "issuerSigned", "issuerAuth", "2"]);
        let mut mso = unembed(&tree(payload.as_bytes().unwrap()));
        change(&mut mso);
        *payload = Value::Bytes(encode(&embed(&mso)));
    })
}

/// The Mustermann response with another payload in place of the MSO.
fn with_payload(payload: Vec<u8>) -> Vec<u8> {
    response(|root| *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "2"]) = Value::Bytes(payload))
}

fn items(root: &mut Value) -> &mut Vec<Value> {
    at(root, &["documents", "0", "issuerSigned", "nameSpaces", NAMESPACE]).as_array_mut().unwrap()
}

/// The Mustermann response with a changed first item, `family_name`.
fn with_item(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    response(|root| {
        let first = &mut items(root)[0];
        let mut item = unembed(first);
        change(&mut item);
        *first = embed(&item);
    })
}

fn parse(response: &[u8]) -> Result<Document, Error> {
    DeviceResponse::parse(response)?.document(MDL).cloned()
}

#[track_caller]
fn refused(response: &[u8], code: Code, place: &str, why: &str) {
    let error = parse(response).unwrap_err();
    assert_eq!((error.code(), error.where_()), (code, place), "{error}");
    assert!(error.message().contains(why), "{error}");
}

const AUTH: &str = "documents[0].issuerSigned.issuerAuth";
const PAYLOAD: &str = "documents[0].issuerSigned.issuerAuth.payload";
const ITEM: &str = "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][0]";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn unchanged_trees_verify() {
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    for response in [response(|_| {}), with_mso(|_| {}), with_item(|_| {})] {
        parse(&response).unwrap().verify(&request, &transcript).unwrap();
    }
}

#[test]
fn truncated_anywhere_is_refused() {
    for case in &CASES {
        for length in 0..case.device_response.len() {
            let error = DeviceResponse::parse(&case.device_response[..length]).unwrap_err();
            assert_eq!(error.code(), Code::Malformed, "{} at {length}: {error}", case.name);
        }
        for length in 0..case.session_transcript.len() {
            SessionTranscript::parse(&case.session_transcript[..length]).unwrap_err();
        }
    }
}

/// A flipped byte is refused, or it lies where nothing is hashed and the signed bytes are as they were.
#[test]
fn any_byte_flipped_is_refused_or_outside_of_what_is_signed() {
    for case in [AGE_VERIFICATION, PERMUTED_KEYS] {
        let request = Request::from_json(case.request.as_bytes()).unwrap();
        let transcript = SessionTranscript::parse(case.session_transcript).unwrap();
        let parse = |bytes: &[u8]| DeviceResponse::parse(bytes)?.document(request.doc_type()).cloned();
        let original = parse(case.device_response).unwrap();
        let mut accepted = 0;
        for offset in 0..case.device_response.len() {
            for flip in [0x01, 0xff] {
                let mut bytes = case.device_response.to_vec();
                bytes[offset] ^= flip;
                let Ok(document) = parse(&bytes) else { continue };
                if document.verify(&request, &transcript).is_ok() {
                    accepted += 1;
                    assert_eq!(document.mso().bytes(), original.mso().bytes(), "offset {offset}");
                    let item = |document: &Document| {
                        document.issuer_signed().name_spaces()[0].items()[0].bytes().to_vec()
                    };
                    assert_eq!(item(&document), item(&original), "offset {offset}");
                }
            }
        }
        let x5chain = original.issuer_signed().x5chain()[0].len();
        assert!(accepted >= 2 * x5chain, "trust by key does not read the certificate");
        assert!(accepted < 2 * (x5chain + 64), "{accepted} flips of the envelope were accepted");
    }
}

#[test]
fn flipped_bytes_of_every_case_never_panic() {
    for case in &CASES {
        for offset in 0..case.device_response.len() {
            let mut bytes = case.device_response.to_vec();
            bytes[offset] ^= 0xff;
            let _ = DeviceResponse::parse(&bytes);
        }
        for offset in 0..case.session_transcript.len() {
            let mut bytes = case.session_transcript.to_vec();
            bytes[offset] ^= 0xff;
            let _ = SessionTranscript::parse(&bytes);
        }
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

/// An MSO payload with bytes replaced; the inner length is corrected.
fn payload_with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let document = parse(MUSTERMANN.device_response).unwrap();
    replace_embedded(document.mso().bytes(), from, to)
}

fn item_with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let document = parse(MUSTERMANN.device_response).unwrap();
    let item = replace_embedded(document.item(NAMESPACE, "family_name").unwrap().bytes(), from, to);
    response(|root| items(root)[0] = tree(&item))
}

fn replace_embedded(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let inner = unembed_bytes(bytes);
    let start = inner.windows(from.len()).position(|w| w == from).unwrap();
    let inner = [&inner[..start], to, &inner[start + from.len()..]].concat();
    encode(&Value::Tag(24, Box::new(Value::Bytes(inner))))
}

fn unembed_bytes(bytes: &[u8]) -> Vec<u8> {
    tree(bytes).as_tag().unwrap().1.as_bytes().unwrap().clone()
}

#[test]
fn msos_are_definite_shortest_and_alone() {
    let cases: [(Vec<u8>, &str); 9] = [
        (payload_with(b"\xa6\x67version", b"\xbf\x67version"), "indefinite"),
        (payload_with(b"\x67version\x63", b"\x67version\x78\x03"), "longer than needed"),
        (payload_with(b"\x69deviceKey\xa4", b"\x69deviceKey\xb8\x04"), "longer than needed"),
        (payload_with(b"\x67version\x63\x31\x2e\x30", b"\x67version\x7f\x631.0\xff"), "indefinite"),
        ([parse(MUSTERMANN.device_response).unwrap().mso().bytes(), b"\x00"].concat(), "byte string of"),
        (
            encode(&Value::Tag(
                24,
                Box::new(Value::Bytes(
                    [unembed_bytes(parse(MUSTERMANN.device_response).unwrap().mso().bytes()), vec![0]]
                        .concat(),
                )),
            )),
            "bytes follow",
        ),
        (unembed_bytes(parse(MUSTERMANN.device_response).unwrap().mso().bytes()), "expected a tag"),
        (vec![], "the input ends"),
        (encode(&embed(&Value::Array(vec![]))), "expected a map"),
    ];
    for (payload, why) in cases {
        refused(&with_payload(payload), Code::Malformed, PAYLOAD, why);
    }
    // The wrapping itself: `d8 18 59 06d6` with a four-byte length.
    let mso = unembed_bytes(parse(MUSTERMANN.device_response).unwrap().mso().bytes());
    let long = [&[0xd8, 0x18, 0x5a], &(mso.len() as u32).to_be_bytes()[..], &mso].concat();
    refused(&with_payload(long), Code::Malformed, PAYLOAD, "longer than needed");
}

#[test]
fn mso_keys_occur_exactly_once() {
    for key in ["version", "digestAlgorithm", "docType", "valueDigests", "deviceKeyInfo", "validityInfo"] {
        let missing = with_mso(|mso| members(mso).retain(|(k, _)| k.as_text() != Some(key)));
        refused(&missing, Code::Malformed, PAYLOAD, &format!("{key} is missing"));
        let twice = with_mso(|mso| {
            let value = at(mso, &[key]).clone();
            members(mso).push((text(key), value));
        });
        refused(&twice, Code::Malformed, PAYLOAD, "twice");
    }
    for key in ["signed", "validFrom", "validUntil"] {
        let missing =
            with_mso(|mso| members(at(mso, &["validityInfo"])).retain(|(k, _)| k.as_text() != Some(key)));
        refused(&missing, Code::Malformed, &format!("{PAYLOAD}.validityInfo"), &format!("{key} is missing"));
    }
    for label in [1, -1, -2, -3] {
        let missing = with_mso(|mso| {
            members(at(mso, &["deviceKeyInfo", "deviceKey"])).retain(|(k, _)| *k != Value::from(label));
        });
        refused(&missing, Code::Malformed, &format!("{PAYLOAD}.deviceKeyInfo.deviceKey"), "is missing");
    }
    let unknown = with_mso(|mso| {
        members(mso).push((text("status"), Value::Map(vec![(text("idx"), Value::from(1))])));
        members(mso).insert(0, (Value::from(7), Value::Null));
    });
    parse(&unknown).unwrap();
}

#[test]
fn unknown_algorithms_are_refused() {
    let version = with_mso(|mso| *at(mso, &["version"]) = text("1.1"));
    refused(&version, Code::Malformed, PAYLOAD, "only \"1.0\" is supported");
    for algorithm in ["SHA-512", "SHA-384", "sha-256"] {
        let other = with_mso(|mso| *at(mso, &["digestAlgorithm"]) = text(algorithm));
        refused(
            &other,
            Code::Malformed,
            &format!("{PAYLOAD}.digestAlgorithm"),
            "only \"SHA-256\" is supported",
        );
    }
    for protected in [
        &b"\xa1\x01\x38\x22"[..],
        b"\xa1\x01\x38\x23",
        b"\xa1\x01\x27",
        b"\xa0",
        b"",
        b"\xa2\x01\x26\x04\x41\x00",
    ] {
        let other = response(|root| {
            *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "0"]) =
                Value::Bytes(protected.to_vec());
        });
        refused(&other, Code::Malformed, &format!("{AUTH}.protected"), "only ES256");
    }
    // A P-384 issuer: ES384 with its longer signature.
    let p384 = response(|root| {
        let auth = at(root, &["documents", "0", "issuerSigned", "issuerAuth"]);
        *at(auth, &["0"]) = Value::Bytes(b"\xa1\x01\x38\x22".to_vec());
        *at(auth, &["3"]) = Value::Bytes(vec![1; 96]);
    });
    refused(&p384, Code::Malformed, &format!("{AUTH}.protected"), "only ES256");
    for length in [0, 63, 65, 96] {
        let short = response(|root| {
            *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "3"]) = Value::Bytes(vec![1; length]);
        });
        refused(&short, Code::Malformed, &format!("{AUTH}.signature"), "has 64");
    }
}

#[test]
fn device_keys_are_uncompressed_p256_points() {
    let place = format!("{PAYLOAD}.deviceKeyInfo.deviceKey");
    let with_key = |label: i64, value: Value| {
        with_mso(|mso| {
            let key = members(at(mso, &["deviceKeyInfo", "deviceKey"]));
            key.iter_mut().find(|(k, _)| *k == Value::from(label)).unwrap().1 = value;
        })
    };
    refused(&with_key(1, Value::from(1)), Code::Malformed, &place, "kty");
    refused(&with_key(-1, Value::from(2)), Code::Malformed, &place, "crv");
    refused(&with_key(-1, text("P-256")), Code::Malformed, &place, "crv");
    refused(&with_key(-3, Value::Bool(true)), Code::Malformed, &place, "expected a byte string");
    refused(&with_key(-2, Value::Bytes(vec![1; 31])), Code::Malformed, &place, "31 bytes");
    refused(&with_key(-2, Value::Bytes(vec![0; 32])), Code::Malformed, &place, "not on P-256");
    refused(&with_key(-2, Value::Bytes(vec![0xff; 32])), Code::Malformed, &place, "not on P-256");
}

#[test]
fn dates_have_one_form() {
    for (key, value) in [
        ("signed", Value::Tag(0, Box::new(text("2024-09-30T13:50:00.0Z")))),
        ("validFrom", Value::Tag(0, Box::new(text("2024-09-30T13:50:00+00:00")))),
        ("validUntil", Value::Tag(0, Box::new(text("2024-02-30T13:50:00Z")))),
        ("signed", Value::Tag(0, Box::new(text("2024-09-30")))),
        ("validFrom", text("2024-09-30T13:50:00Z")),
        ("validUntil", Value::Tag(1, Box::new(Value::from(1_700_000_000)))),
        ("validUntil", Value::Tag(0, Box::new(Value::from(0)))),
    ] {
        let other = with_mso(|mso| *at(mso, &["validityInfo", key]) = value);
        let error = parse(&other).unwrap_err();
        assert_eq!(
            (error.code(), error.where_()),
            (Code::Malformed, &*format!("{PAYLOAD}.validityInfo.{key}"))
        );
    }
}

#[test]
fn digests_are_of_32_bytes_at_ids_below_2_to_the_31() {
    let with_digest = |id: u64, length: usize| {
        with_mso(|mso| {
            members(at(mso, &["valueDigests", NAMESPACE]))
                .push((Value::from(id), Value::Bytes(vec![0; length])));
        })
    };
    let place = format!("{PAYLOAD}.valueDigests[\"{NAMESPACE}\"]");
    parse(&with_digest((1 << 31) - 1, 32)).unwrap();
    refused(&with_digest(1 << 31, 32), Code::Malformed, &place, "not below 2^31");
    refused(&with_digest(99, 64), Code::Malformed, &format!("{place}[99]"), "64 bytes");
    refused(&with_digest(26, 32), Code::Malformed, PAYLOAD, "twice");
}

#[test]
fn items_have_exactly_their_four_keys() {
    for key in ["digestID", "random", "elementIdentifier", "elementValue"] {
        let missing = with_item(|item| members(item).retain(|(k, _)| k.as_text() != Some(key)));
        refused(&missing, Code::Malformed, ITEM, &format!("{key} is missing"));
        let twice = with_item(|item| {
            let value = at(item, &[key]).clone();
            members(item).push((text(key), value));
        });
        refused(&twice, Code::Malformed, ITEM, "twice");
    }
    for key in [text("extra"), Value::from(1)] {
        let extra = with_item(|item| members(item).push((key, Value::Null)));
        refused(&extra, Code::Malformed, ITEM, "does not have");
    }
}

#[test]
fn items_are_definite_shortest_and_alone() {
    refused(
        &item_with(b"\x6aMustermann", b"\x78\x0aMustermann"),
        Code::Malformed,
        ITEM,
        "longer than needed",
    );
    refused(&item_with(b"\x6aMustermann", b"\x7f\x6aMustermann\xff"), Code::Malformed, ITEM, "indefinite");
    refused(&item_with(b"\x6aMustermann", b"\x9f\x00\xff"), Code::Malformed, ITEM, "indefinite");
    refused(&item_with(b"\x6aMustermann", b"\x6aMustermann\x00"), Code::Malformed, ITEM, "bytes follow");
    refused(&item_with(b"\x6aMustermann", b"\xa2\x00\x00\x00\x00"), Code::Malformed, ITEM, "twice");
    refused(
        &item_with(b"\x6aMustermann", b"\x6a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        Code::Malformed,
        ITEM,
        "UTF-8",
    );
}

#[test]
fn item_fields_have_limits() {
    let random = |length: usize| with_item(|item| *at(item, &["random"]) = Value::Bytes(vec![7; length]));
    parse(&random(16)).unwrap();
    refused(&random(15), Code::Malformed, &format!("{ITEM}.random"), "16 are the least");
    let id = |id: u64| with_item(|item| *at(item, &["digestID"]) = Value::from(id));
    parse(&id((1 << 31) - 1)).unwrap();
    refused(&id(1 << 31), Code::Malformed, &format!("{ITEM}.digestID"), "2^31");
    let name =
        |length: usize| with_item(|item| *at(item, &["elementIdentifier"]) = text(&"x".repeat(length)));
    parse(&name(64)).unwrap();
    refused(&name(65), Code::TooLarge, &format!("{ITEM}.elementIdentifier"), "limit is 64");
    refused(&name(0), Code::Malformed, &format!("{ITEM}.elementIdentifier"), "empty");
    // The item's map is the first level.
    let nested = |levels: usize| {
        let value = (0..levels).fold(Value::from(0), |inner, _| Value::Array(vec![inner]));
        with_item(|item| *at(item, &["elementValue"]) = value)
    };
    parse(&nested(limits::CBOR_DEPTH - 1)).unwrap();
    refused(&nested(limits::CBOR_DEPTH), Code::Malformed, ITEM, "deeper than 8");
}

#[test]
fn names_have_a_limit() {
    let namespace = |length: usize| {
        response(|root| {
            members(at(root, &["documents", "0", "issuerSigned", "nameSpaces"]))[0].0 =
                text(&"n".repeat(length));
        })
    };
    parse(&namespace(64)).unwrap();
    let place = "documents[0].issuerSigned.nameSpaces";
    refused(&namespace(65), Code::TooLarge, place, "limit is 64");
    let in_mso =
        |length: usize| with_mso(|mso| members(at(mso, &["valueDigests"]))[0].0 = text(&"n".repeat(length)));
    parse(&in_mso(64)).unwrap();
    refused(&in_mso(65), Code::TooLarge, &format!("{PAYLOAD}.valueDigests"), "limit is 64");
    let doc_type = |length: usize| with_mso(|mso| *at(mso, &["docType"]) = text(&"d".repeat(length)));
    parse(&doc_type(64)).unwrap();
    refused(&doc_type(65), Code::TooLarge, &format!("{PAYLOAD}.docType"), "limit is 64");
}

#[test]
fn msos_have_a_largest_size() {
    let padded = |extra: usize| with_mso(|mso| members(mso).push((text("x"), Value::Bytes(vec![0; extra]))));
    let size = |response: &[u8]| parse(response).unwrap().mso().bytes().len();
    let overhead = size(&padded(60_000)) - 60_000;
    assert_eq!(size(&padded(limits::MSO_BYTES - overhead)), limits::MSO_BYTES);
    refused(&padded(limits::MSO_BYTES - overhead + 1), Code::TooLarge, PAYLOAD, "limit is 65536");
}

#[test]
fn elements_and_namespaces_occur_once() {
    let twice = response(|root| {
        let first = items(root)[0].clone();
        items(root).push(first);
    });
    refused(
        &twice,
        Code::Malformed,
        "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][5]",
        "twice",
    );
    let twice = response(|root| {
        let name_spaces = members(at(root, &["documents", "0", "issuerSigned", "nameSpaces"]));
        name_spaces.push(name_spaces[0].clone());
    });
    refused(&twice, Code::Malformed, "document", "twice");
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
fn device_name_spaces_have_a_limit() {
    let with = |length: usize| {
        let name_spaces =
            Value::Map(vec![(text("n"), Value::Map(vec![(text("e"), Value::Bytes(vec![0; length]))]))]);
        response(|root| *at(root, &["documents", "0", "deviceSigned", "nameSpaces"]) = embed(&name_spaces))
    };
    let document = parse(&with(1_024 - 9)).unwrap();
    assert_eq!(document.device_signed().name_spaces().len(), limits::DEVICE_NAMESPACES_BYTES);
    assert!(document.device_signed().has_name_spaces());
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
    assert_eq!((error.code(), error.where_()), (Code::TooLarge, "transcript"));
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
        assert_eq!((error.code(), error.where_()), (Code::Malformed, "transcript"));
    }
}

#[test]
fn issuer_signed_is_read_alone() {
    let mut root = tree(ANNEX_D.device_response);
    let issuer_signed = encode(at(&mut root, &["documents", "0", "issuerSigned"]));
    let document = parse(ANNEX_D.device_response).unwrap();
    let alone = IssuerSigned::parse(&issuer_signed).unwrap();
    assert_eq!(alone.mso().bytes(), document.mso().bytes());
    assert_eq!(IssuerSigned::parse(&issuer_signed[1..]).unwrap_err().where_(), "issuerSigned");
}

#[test]
fn wrong_types_are_refused_everywhere() {
    fn paths(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let mut visit = |step: String, value: &Value| {
            path.push(step);
            found.push(path.clone());
            paths(value, path, found);
            path.pop();
        };
        match value {
            Value::Map(members) => {
                members
                    .iter()
                    .filter_map(|(k, v)| Some((k.as_text()?, v)))
                    .for_each(|(k, v)| visit(k.to_owned(), v));
            }
            Value::Array(members) => members.iter().enumerate().for_each(|(i, v)| visit(i.to_string(), v)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    paths(&tree(MUSTERMANN.device_response), &mut Vec::new(), &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for path in found {
        let steps: Vec<_> = path.iter().map(String::as_str).collect();
        let changed = response(|root| *at(root, &steps) = Value::Float(0.5));
        match parse(&changed) {
            Ok(_) => assert_eq!(steps, ["status"]),
            Err(error) => {
                assert!(matches!(error.code(), Code::Malformed | Code::DocType), "{steps:?}: {error}")
            }
        }
    }
}
