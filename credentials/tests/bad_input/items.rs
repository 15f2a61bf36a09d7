//! Items.

use velum_credentials::{Request, SessionTranscript, limits};
use velum_testdata::{ANNEX_D, Case};

use super::*;

fn item_with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let document = parse(MUSTERMANN.device_response).unwrap();
    let item = replace_embedded(document.item(NAMESPACE, "family_name").unwrap().bytes(), from, to);
    response(|root| items(root)[0] = tree(&item))
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
        let namespaces = members(at(root, &["documents", "0", "issuerSigned", "nameSpaces"]));
        namespaces.push(namespaces[0].clone());
    });
    refused(&twice, Code::Malformed, "document", "twice");
}

fn verify(response: &[u8], case: &Case) -> Error {
    let request = Request::from_json(case.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(case.session_transcript).unwrap();
    let response = DeviceResponse::parse(response).unwrap();
    response.document(request.doc_type()).unwrap().verify(&request, &transcript).unwrap_err()
}

#[test]
fn altered_items_do_not_match_their_digests() {
    for (key, value) in [
        ("elementValue", text("Musterfrau")),
        ("elementIdentifier", text("given_name")),
        ("random", Value::Bytes(vec![0; 16])),
        ("digestID", Value::from(28)),
        ("digestID", Value::from(1_000)),
    ] {
        let error = verify(&with_item(|item| *at(item, &[key]) = value), &MUSTERMANN);
        assert_eq!((error.code(), error.place()), (Code::Digest, ITEM), "{key}: {error}");
    }
    let reordered = with_item(|item| members(item).swap(0, 1));
    assert_eq!(verify(&reordered, &MUSTERMANN).code(), Code::Digest);
}

/// Both namespaces of Annex D have digestIDs 0 to 3, so the namespace itself must count.
#[test]
fn an_item_belongs_to_its_namespace() {
    let mut root = tree(ANNEX_D.device_response);
    let namespaces = members(at(&mut root, &["documents", "0", "issuerSigned", "nameSpaces"]));
    let digest_ids = DeviceResponse::parse(ANNEX_D.device_response).unwrap();
    let other = "org.iso.18013.5.1.US";
    assert!(digest_ids.documents()[0].mso().digest(other, 0).is_some());
    namespaces[0].0 = text(other);
    let error = verify(&encode(&root), &ANNEX_D);
    assert_eq!(error.code(), Code::Digest);
    assert_eq!(error.place(), format!("documents[0].issuerSigned.nameSpaces[{other:?}][0]"));
}
