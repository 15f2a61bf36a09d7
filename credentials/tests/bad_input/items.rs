//! Malformed and unusual items.

use velum_credentials::{Request, SessionTranscript, limits};
use velum_testdata::{ANNEX_D, Case};

use super::*;

fn item_with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let document = parse(MUSTERMANN.device_response).unwrap();
    let item = replace_embedded(document.item(NAMESPACE, "family_name").unwrap().bytes(), from, to);
    response(|root| items(root)[0] = tree(&item))
}

const ELEMENT: &str = "family_name";

#[test]
fn items_have_exactly_their_four_keys() {
    for key in ["digestID", "random", "elementIdentifier", "elementValue"] {
        let missing = with_item(|item| members(item).retain(|(k, _)| k.as_text() != Some(key)));
        let twice = with_item(|item| {
            let value = at(item, &[key]).clone();
            members(item).push((text(key), value));
        });
        let missing_why = format!("{key} is missing");
        if matches!(key, "random" | "elementValue") {
            refused_if_asked(&missing, ELEMENT, Code::Malformed, ITEM, &missing_why);
            refused_if_asked(&twice, ELEMENT, Code::Malformed, ITEM, "twice");
        } else {
            refused(&missing, Code::Malformed, ITEM, &missing_why);
            refused(&twice, Code::Malformed, ITEM, "twice");
        }
    }
    for key in [text("extra"), Value::from(1)] {
        let extra = with_item(|item| members(item).push((key, Value::Null)));
        refused_if_asked(
            &extra,
            ELEMENT,
            Code::Malformed,
            ITEM,
            "an IssuerSignedItem must not have a key",
        );
    }
}

/// Faults in the value of an element and in the item around it.
#[test]
fn items_are_definite_and_alone() {
    for (value, why) in [
        (&b"\x7f\x6aMustermann\xff"[..], "indefinite"),
        (b"\x9f\x00\xff", "indefinite"),
        (b"\xa2\x00\x00\x00\x00", "twice"),
        (b"\x6a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "UTF-8"),
    ] {
        let response = item_with(b"\x6aMustermann", value);
        refused_if_asked(&response, ELEMENT, Code::Malformed, ITEM, why);
        let document = parse(&response).unwrap();
        let [item] = document.issuer_signed().namespaces()[0].opaque_items() else { panic!() };
        assert_eq!(
            (item.index(), item.element_value(), item.element_identifier()),
            (0, value, ELEMENT)
        );
        assert_eq!(document.issuer_signed().namespaces()[0].items().len(), 4);
    }
    // Heads may be longer than necessary, as some encoders write them.
    for (from, to) in [
        (&b"\x6aMustermann"[..], &b"\x79\x00\x0aMustermann"[..]),
        (b"\xa4", b"\xb9\x00\x04"),
        (b"\x66random", b"\x78\x06random"),
        (b"elementIdentifier\x6b", b"elementIdentifier\x79\x00\x0b"),
        (b"digestID\x18\x1a", b"digestID\x1a\x00\x00\x00\x1a"),
        (b"digestID\x18\x1a", b"digestID\x1b\x00\x00\x00\x00\x00\x00\x00\x1a"),
    ] {
        let document = parse(&item_with(from, to)).unwrap();
        assert_eq!(document.item(NAMESPACE, ELEMENT).unwrap().digest_id(), 26, "{to:x?}");
    }
    let followed = item_with(b"\x6aMustermann", b"\x6aMustermann\x00");
    refused(&followed, Code::Malformed, ITEM, "bytes follow");
    let no_item = response(|root| items(root)[0] = Value::from(1));
    refused(&no_item, Code::Malformed, ITEM, "expected CBOR tag 24");
    let no_tag = response(|root| items(root)[0] = unembed(&items(root)[0]));
    refused(&no_tag, Code::Malformed, ITEM, "the issuer must put an item (IssuerSignedItemBytes)");
}

#[test]
fn item_fields_have_limits() {
    let random =
        |length: usize| with_item(|item| *at(item, &["random"]) = Value::Bytes(vec![7; length]));
    parse(&random(16)).unwrap().item(NAMESPACE, ELEMENT).unwrap();
    refused_if_asked(
        &random(15),
        ELEMENT,
        Code::Malformed,
        &format!("{ITEM}.random"),
        "must draw at least 16",
    );
    let id = |id: u64| with_item(|item| *at(item, &["digestID"]) = Value::from(id));
    parse(&id(u64::from(limits::DIGEST_ID_MAX))).unwrap();
    refused(&id(1 << 32), Code::Malformed, &format!("{ITEM}.digestID"), "not below 2^32");
    let name = |length: usize| {
        with_item(|item| *at(item, &["elementIdentifier"]) = text(&"x".repeat(length)))
    };
    parse(&name(64)).unwrap().item(NAMESPACE, &"x".repeat(64)).unwrap();
    let place = format!("{ITEM}.elementIdentifier");
    refused_if_asked(&name(65), &"x".repeat(65), Code::TooLarge, &place, "limit is 64");
    refused_if_asked(&name(0), "", Code::Malformed, &place, "empty");
    // The item's map is the first level of nesting.
    let nested = |levels: usize| {
        let value = (0..levels).fold(Value::from(0), |inner, _| Value::Array(vec![inner]));
        with_item(|item| *at(item, &["elementValue"]) = value)
    };
    parse(&nested(limits::CBOR_DEPTH - 1)).unwrap().item(NAMESPACE, ELEMENT).unwrap();
    for levels in [limits::CBOR_DEPTH, 100] {
        refused_if_asked(&nested(levels), ELEMENT, Code::Malformed, ITEM, "deeper than 8");
    }
}

#[test]
fn names_that_nobody_asks_for_may_be_long() {
    let long = "n".repeat(300);
    let namespace = response(|root| {
        members(at(root, &["documents", "0", "issuerSigned", "nameSpaces"]))[0].0 = text(&long);
    });
    parse(&namespace).unwrap().item(&long, ELEMENT).unwrap();
    let in_mso = with_mso(|mso| members(at(mso, &["valueDigests"]))[0].0 = text(&long));
    assert!(parse(&in_mso).unwrap().mso().digest(&long, 28).is_some());
    parse(&with_mso(|mso| *at(mso, &["docType"]) = text(&long))).unwrap();
}

/// An item that no request asks about is checked like any other, but only by its digest.
#[test]
fn opaque_items_have_digests_too() {
    let altered = item_with(b"\x6aMustermann", b"\x9f\xff");
    let error = verify(&altered, &MUSTERMANN);
    assert_eq!((error.code(), error.place()), (Code::Digest, ITEM), "{error}");
}

#[test]
fn elements_and_namespaces_occur_once() {
    let twice = response(|root| {
        let first = items(root)[0].clone();
        items(root).push(first);
    });
    let place = "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][5]";
    refused_if_asked(&twice, ELEMENT, Code::Malformed, place, "twice");
    let twice = response(|root| {
        let namespaces = members(at(root, &["documents", "0", "issuerSigned", "nameSpaces"]));
        namespaces.push(namespaces[0].clone());
    });
    refused(&twice, Code::Malformed, "documents[0].issuerSigned.nameSpaces", "twice");
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

/// Both namespaces of Annex D have digestIDs 0 to 3, so the check must take the namespace into
/// account.
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
