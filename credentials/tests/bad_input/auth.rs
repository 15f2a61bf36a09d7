//! `issuerAuth` and `deviceSignature`: headers, algorithms, certificates, and what the device is
//! authorised to sign.

use velum_credentials::mint::{Spec, mint};
use velum_credentials::{Issuer, Profile, SignatureAlgorithm, X5ChainFault};

use super::*;

type Header = Vec<(Value, Value)>;
type Change = fn(&mut Header);

fn issuer_auth(root: &mut Value) -> &mut Value {
    at(root, &["documents", "0", "issuerSigned", "issuerAuth"])
}

fn with_protected(protected: &[u8]) -> Vec<u8> {
    response(|root| *at(issuer_auth(root), &["0"]) = Value::Bytes(protected.to_vec()))
}

/// The Mustermann response with a changed unprotected header.
fn with_header(change: impl FnOnce(&mut Header)) -> Document {
    parse(&response(|root| change(members(at(issuer_auth(root), &["1"]))))).unwrap()
}

/// An IACA root that has nothing to do with the document.
fn iaca() -> Issuer {
    let spec = serde_json::json!({
        "seed": "01".repeat(32),
        "doc_type": MDL,
        "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        "elements": [{ "namespace": NAMESPACE, "element": "age_over_18", "value": true }],
    });
    let minted = mint(&Spec::from_json(&spec.to_string()).unwrap()).unwrap();
    Issuer::from_der(minted.iaca, Some(Profile::Iso18013_5)).unwrap()
}

#[test]
fn other_algorithms_are_named() {
    let place = format!("{AUTH}.protected");
    for (protected, name) in [
        (&b"\xa1\x01\x38\x22"[..], "signed with ES384 (-35)"),
        (b"\xa1\x01\x38\x23", "signed with ES512 (-36)"),
        (b"\xa1\x01\x27", "signed with EdDSA (-8)"),
        (b"\xa1\x01\x32", "signed with Ed25519 (-19)"),
        (b"\xa1\x01\x38\x32", "signed with ESP384 (-51)"),
        (b"\xa1\x01\x39\x01\x08", "signed with ESB256 on brainpoolP256r1 (-265)"),
        (b"\xa1\x01\x39\xff\xff", "signed with algorithm -65536"),
        (b"\xa1\x01\x65ES256", "the algorithm is the text ES256"),
        (b"\xa1\x01\x63\x1b[2", "the algorithm is the text \\u{1b}[2"),
        (b"", "holds no algorithm"),
        (b"\xa0", "holds no algorithm"),
        (b"\xff", "holds no algorithm"),
        (b"\xa1\x01\x38\x06", "not in its shortest form"),
        (b"\xa2\x01\x26\x04\x41\x00", "holds more than the algorithm"),
    ] {
        refused(&with_protected(protected), Code::Malformed, &place, name);
    }
    let misplaced = with_protected(b"\xa2\x01\x26\x18\x21\x41\x00");
    refused(&misplaced, Code::Malformed, &place, "x5chain is in the protected header");
    let device = response(|root| {
        let auth = at(root, &["documents", "0", "deviceSigned", "deviceAuth", "deviceSignature"]);
        *at(auth, &["0"]) = Value::Bytes(b"\xa1\x01\x38\x22".to_vec());
    });
    let place = "documents[0].deviceSigned.deviceAuth.deviceSignature.protected";
    device_refused(&device, Code::Malformed, place, "ES384");
}

#[test]
fn either_name_of_the_algorithm_is_read() {
    let original = parse(MUSTERMANN.device_response).unwrap();
    assert_eq!(original.issuer_signed().algorithm(), SignatureAlgorithm::Es256);
    let other = parse(&with_protected(b"\xa1\x01\x28")).unwrap();
    assert_eq!(other.issuer_signed().algorithm(), SignatureAlgorithm::Esp256);
    // The name of the algorithm is signed. Under another name the signature does not verify.
    let certificate = &other.issuer_signed().x5chain()[0];
    let key = velum_credentials::x509::certificate_public_key(certificate).unwrap();
    assert_eq!(other.check_issuer_signature(&key).unwrap_err().code(), Code::IssuerSignature);
}

#[test]
fn the_structure_is_an_array_of_four() {
    let auth = |change: &dyn Fn(&mut Value)| response(|root| change(issuer_auth(root)));
    let tagged = auth(&|auth| *auth = Value::Tag(18, Box::new(auth.clone())));
    assert_eq!(parse(&tagged).unwrap().issuer_signed().x5chain().len(), 1);

    let other = auth(&|auth| *auth = Value::Tag(98, Box::new(auth.clone())));
    refused(&other, Code::Malformed, AUTH, "CBOR tag 18, found tag 98");
    refused(
        &auth(&|auth| *auth = Value::Null),
        Code::Malformed,
        AUTH,
        "expected an array, found null",
    );
    let five = auth(&|auth| auth.as_array_mut().unwrap().push(Value::Null));
    refused(&five, Code::Malformed, AUTH, "has more");
    let three = auth(&|auth| drop(auth.as_array_mut().unwrap().pop()));
    refused(&three, Code::Malformed, AUTH, "the signature is missing");
    let list = auth(&|auth| *at(auth, &["1"]) = Value::Array(vec![]));
    refused(
        &list,
        Code::Malformed,
        &format!("{AUTH}.unprotected"),
        "expected a map, found an array",
    );
    for (index, name) in [("0", "protected"), ("2", "payload"), ("3", "signature")] {
        for (value, found) in
            [(embed(&Value::Null), "a tag"), (text("x"), "text"), (Value::Bool(true), "a boolean")]
        {
            let bare = auth(&|auth| *at(auth, &[index]) = value.clone());
            let why = format!("expected a byte string, found {found}");
            refused(&bare, Code::Malformed, &format!("{AUTH}.{name}"), &why);
        }
    }
    let der = auth(&|auth| *at(auth, &["3"]) = Value::Bytes([&[0x30, 70][..], &[1; 70]].concat()));
    refused(&der, Code::Malformed, &format!("{AUTH}.signature"), "looks like DER");
    let detached = auth(&|auth| *at(auth, &["2"]) = Value::Null);
    refused(&detached, Code::Malformed, PAYLOAD, "the issuer must put the MSO");
}

/// Nothing signs the unprotected header. Its certificates are used whatever other members it has,
/// even members of types that the registry does not allow.
#[test]
fn other_members_of_the_unprotected_header_are_no_matter() {
    let deep = (0..200).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let x5chain = parse(MUSTERMANN.device_response).unwrap().issuer_signed().x5chain().to_vec();
    for (label, value) in [
        (Value::from(4), text("a kid that is text")),
        (Value::from(4), Value::from(1)),
        (Value::from(1), Value::Map(Vec::new())),
        (Value::from(2), Value::from(7)),
        (Value::from(7), Value::Null),
        (Value::from(1_i64 << 40), deep),
        (text("kid"), Value::Null),
        (text("33"), Value::Float(0.5)),
        (Value::Array(Vec::new()), Value::Null),
        (Value::Null, Value::Map(Vec::new())),
    ] {
        let document = with_header(|header| header.insert(0, (label.clone(), value)));
        assert_eq!(document.issuer_signed().x5chain_fault(), None, "{label:?}");
        assert_eq!(document.issuer_signed().x5chain(), x5chain, "{label:?}");
    }
    let null = response(|root| *at(issuer_auth(root), &["1"]) = Value::Null);
    let null = parse(&null).unwrap();
    assert_eq!(null.issuer_signed().x5chain_fault(), Some(X5ChainFault::Missing));
    let twice = response(|root| {
        let header = members(at(issuer_auth(root), &["1"]));
        header.push(header[0].clone());
    });
    refused(&twice, Code::Malformed, &format!("{AUTH}.unprotected.x5chain"), "twice");
}

/// Without certificates a pinned key still vouches for the document. A root reports what is wrong
/// with the certificates.
#[test]
fn what_is_wrong_with_x5chain_is_told_where_it_matters() {
    let key = Issuer::from_sec1(&MUSTERMANN.facts().issuer_public_key.sec1()).unwrap();
    let root = iaca();
    let cases: [(Change, X5ChainFault, &str); 9] = [
        (Vec::clear, X5ChainFault::Missing, "no x5chain"),
        (
            |header| header[0] = (Value::from(4), Value::Bytes(vec![1])),
            X5ChainFault::KeyIdentifier,
            "a kid",
        ),
        (|header| header[0].0 = text("33"), X5ChainFault::TextLabel, "text label"),
        (|header| header[0].0 = text("x5chain"), X5ChainFault::TextLabel, "text label"),
        (|header| header[0].1 = Value::Array(Vec::new()), X5ChainFault::Empty, "is empty"),
        (|header| header[0].1 = Value::Bytes(Vec::new()), X5ChainFault::Empty, "is empty"),
        (|header| header[0].1 = text("MIIB"), X5ChainFault::Type { found: "text" }, "holds text"),
        (|header| header[0].1 = Value::Null, X5ChainFault::Type { found: "null" }, "holds null"),
        (
            |header| header[0].1 = Value::Array(vec![Value::Array(Vec::new())]),
            X5ChainFault::Type { found: "an array" },
            "holds an array",
        ),
    ];
    for (change, fault, words) in cases {
        let document = with_header(change);
        assert_eq!(document.issuer_signed().x5chain_fault(), Some(fault));
        assert!(document.issuer_signed().x5chain().is_empty());
        let now = document.mso().validity().signed;
        document.check_issuer(std::slice::from_ref(&key), now).unwrap();
        let error = document.check_issuer(std::slice::from_ref(&root), now).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::IssuerUntrusted, AUTH));
        assert!(error.message().contains("x5chain") && error.message().contains(words), "{error}");
        assert!(!error.message().contains("add the issuer"), "{error}");
        assert!(!error.message().contains("incomplete"), "{error}");
    }
}

#[test]
fn key_authorizations_authorise_something_and_once() {
    let with = |authorizations: Value| {
        with_mso(|mso| {
            let info = members(at(mso, &["deviceKeyInfo"]));
            info.retain(|(key, _)| *key != text("keyAuthorizations"));
            info.push((text("keyAuthorizations"), authorizations));
        })
    };
    let map = |members: &[(&str, Value)]| {
        Value::Map(members.iter().map(|(key, value)| (text(key), value.clone())).collect())
    };
    let array = |names: &[&str]| Value::Array(names.iter().map(|name| text(name)).collect());
    let of = |namespace: &str, elements: &[&str]| map(&[(namespace, array(elements))]);
    let place = format!("{PAYLOAD}.deviceKeyInfo.keyAuthorizations");
    for (authorizations, inner, why) in [
        (map(&[]), "", "neither nameSpaces nor dataElements"),
        (map(&[("other", array(&["n"]))]), "", "neither nameSpaces nor dataElements"),
        (map(&[("nameSpaces", array(&[]))]), ".nameSpaces", "empty"),
        (map(&[("dataElements", map(&[]))]), ".dataElements", "empty"),
        (map(&[("dataElements", of("n", &[]))]), ".dataElements[\"n\"]", "empty"),
        (
            map(&[("nameSpaces", array(&["n"])), ("dataElements", of("n", &["e"]))]),
            "",
            "both nameSpaces",
        ),
        (map(&[("nameSpaces", Value::Null)]), ".nameSpaces", "expected an array"),
        (Value::Null, "", "expected a map"),
    ] {
        refused(&with(authorizations), Code::Malformed, &format!("{place}{inner}"), why);
    }
    let both = map(&[
        ("nameSpaces", array(&["n"])),
        ("dataElements", of("m", &["e"])),
        ("other", Value::Null),
    ]);
    assert!(parse(&with(both)).unwrap().mso().key_authorizations().is_some());
}
