//! Hostile and unusual documents. Each one ends in a typed error that names its place, or parses as
//! it should.

mod auth;
mod bytes;
mod envelope;
mod items;
mod mso;
mod wallets;

use ciborium::Value;
use velum_credentials::{Code, DeviceAuth, DeviceResponse, Document, Error, SessionTranscript};
use velum_testdata::MUSTERMANN;

const MDL: &str = "org.iso.18013.5.1.mDL";
const NAMESPACE: &str = "org.iso.18013.5.1";

// A document is edited as a tree. It is written back with definite lengths and shortest heads.

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

/// The Mustermann response after `change`.
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
    response(|root| {
        *at(root, &["documents", "0", "issuerSigned", "issuerAuth", "2"]) = Value::Bytes(payload)
    })
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
    assert_eq!((error.code(), error.place()), (code, place), "{error}");
    assert!(error.message().contains(why), "{error}");
}

/// Checks that the document can be read and that what its device signed cannot be read.
#[track_caller]
fn device_refused(response: &[u8], code: Code, place: &str, why: &str) {
    let document = parse(response).unwrap();
    let DeviceAuth::Unreadable(fault) = document.device_signed().auth() else { panic!() };
    assert_eq!(document.device_signed().signature().unwrap_err(), *fault);
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let error = document.check_device_signature(&transcript).unwrap_err();
    assert_eq!(
        (error.code(), error.place(), error.message()),
        (code, place, fault.message()),
        "{error}"
    );
    assert!(error.message().contains(why), "{error}");
}

/// Checks that the document can be read and that no request can ask about its first item. That item
/// is `family_name`, under its current name.
#[track_caller]
fn refused_if_asked(response: &[u8], element: &str, code: Code, place: &str, why: &str) {
    let document = parse(response).unwrap();
    document.item(NAMESPACE, "birth_date").unwrap();
    let error = document.item(NAMESPACE, element).unwrap_err();
    assert_eq!((error.code(), error.place()), (code, place), "{error}");
    assert!(error.message().contains(why), "{error}");
}

const AUTH: &str = "documents[0].issuerSigned.issuerAuth";
const PAYLOAD: &str = "documents[0].issuerSigned.issuerAuth.payload";
const ITEM: &str = "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][0]";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Replaces part of the content of tag-24 bytes and corrects their length.
fn replace_embedded(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let inner = unembed_bytes(bytes);
    let start = inner.windows(from.len()).position(|w| w == from).unwrap();
    let inner = [&inner[..start], to, &inner[start + from.len()..]].concat();
    encode(&Value::Tag(24, Box::new(Value::Bytes(inner))))
}

fn unembed_bytes(bytes: &[u8]) -> Vec<u8> {
    tree(bytes).as_tag().unwrap().1.as_bytes().unwrap().clone()
}
