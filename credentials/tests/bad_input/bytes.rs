//! Bytes cut off, flipped and given another type at every place.

use velum_credentials::Request;
use velum_testdata::{AGE_VERIFICATION, CASES, PERMUTED_KEYS};

use super::*;

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

/// A flipped byte is refused, or it lies outside everything that is hashed and the signed bytes are
/// unchanged.
#[test]
fn any_byte_flipped_is_refused_or_outside_of_what_is_signed() {
    for case in [AGE_VERIFICATION, PERMUTED_KEYS] {
        let request = Request::from_json(case.request.as_bytes()).unwrap();
        let transcript = SessionTranscript::parse(case.session_transcript).unwrap();
        let parse =
            |bytes: &[u8]| DeviceResponse::parse(bytes)?.document(request.doc_type()).cloned();
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
                        document.issuer_signed().namespaces()[0].items()[0].bytes().to_vec()
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
            Value::Array(members) => {
                members.iter().enumerate().for_each(|(i, v)| visit(i.to_string(), v))
            }
            _ => {}
        }
    }
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let mut found = Vec::new();
    paths(&tree(MUSTERMANN.device_response), &mut Vec::new(), &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for path in found {
        let steps: Vec<_> = path.iter().map(String::as_str).collect();
        let changed = response(|root| *at(root, &steps) = Value::Float(0.5));
        match parse(&changed).and_then(|document| document.verify(&request, &transcript)) {
            Ok(_) => assert_eq!(steps, ["status"]),
            Err(error) => {
                assert!(
                    matches!(error.code(), Code::Malformed | Code::DocType),
                    "{steps:?}: {error}"
                )
            }
        }
    }
}
