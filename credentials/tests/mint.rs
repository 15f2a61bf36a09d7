//! Minted documents. Well-formed ones pass every native check. Hostile ones fail the check that is
//! meant for them.

use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer;
use proptest::prelude::*;
use serde_json::json;
use velum_credentials::mint::{
    DeviceKey, DigestAlgorithm, Draft, DraftItem, Form, Map, Minted, MsoDraft, Node, Spec, mint,
};
use velum_credentials::{
    Code, Date, DeviceResponse, Document, EMPTY_NAME_SPACES, Error, Request, SessionTranscript,
    SignatureAlgorithm, Timestamp, TrustedIssuer, Value, device_authentication_bytes, limits,
    sig_structure,
};
use velum_testdata::AGE_VERIFICATION;

const MDL: &str = "org.iso.18013.5.1";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A spec as JSON that tests can extend.
fn spec_json() -> serde_json::Value {
    json!({
        "seed": hex::encode([1; 32]),
        "doc_type": "org.iso.18013.5.1.mDL",
        "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-02T00:00:00Z",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        "elements": [
            {"namespace": MDL, "element": "family_name", "value": "Mustermann"},
            {"namespace": MDL, "element": "birth_date", "value": {"full_date": "1990-02-28"}},
            {"namespace": MDL, "element": "age_over_18", "value": true},
            {"namespace": "org.iso.18013.5.1.UT", "element": "height", "value": -175},
        ],
    })
}

fn spec() -> Spec {
    spec_with(|_| ())
}

fn spec_with(edit: impl FnOnce(&mut serde_json::Value)) -> Spec {
    let mut json = spec_json();
    edit(&mut json);
    Spec::from_json(&json.to_string()).unwrap()
}

fn parse(minted: &Minted) -> Result<Document, Error> {
    Ok(DeviceResponse::parse(&minted.document())?.documents()[0].clone())
}

/// Makes every native check that the minted request requires.
fn verify(minted: &Minted) -> Result<TrustedIssuer, Error> {
    let request = Request::from_json(minted.request.as_bytes())?;
    let transcript = SessionTranscript::parse(&minted.transcript)?;
    DeviceResponse::parse(&minted.document())?
        .document(request.doc_type())?
        .verify(&request, &transcript)
}

#[test]
fn a_minted_document_passes_every_check() {
    let minted = mint(&spec()).unwrap();
    let issuer = verify(&minted).unwrap();
    assert_eq!(&issuer.public_key, minted.keys.document_signer.verifying_key());
    assert_eq!(issuer.certificates, 1);
    assert_eq!(
        issuer.signed_within,
        Some((time("2025-12-02T00:00:00Z"), time("2027-03-04T00:00:00Z")))
    );
    let request = Request::from_json(minted.request.as_bytes()).unwrap();
    assert_eq!(request.now(), time("2026-01-02T00:00:00Z"));
    let words: Vec<_> = request.predicates().iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), 4, "{words:?}");
    assert!(minted.request.contains("age_at_least"), "{}", minted.request);
}

#[test]
fn trust_in_the_signers_certificate_is_enough() {
    let mut minted = mint(&spec()).unwrap();
    let files = minted.files().unwrap();
    let signer = &files.iter().find(|(name, _)| *name == "ds.pem").unwrap().1;
    let mut request: serde_json::Value = serde_json::from_str(&minted.request).unwrap();
    request["issuers"] = json!([{ "x509_pem": String::from_utf8_lossy(signer) }]);
    minted.request = request.to_string();
    assert_eq!(verify(&minted).unwrap().certificates, 0);
}

#[test]
fn one_spec_gives_the_same_bytes_and_another_seed_others() {
    let files = |spec: &Spec| mint(spec).unwrap().files().unwrap();
    let first = files(&spec());
    assert_eq!(first, files(&spec()));
    let names: Vec<_> = first.iter().map(|(name, _)| *name).collect();
    let expected = [
        "document.cbor",
        "transcript.cbor",
        "iaca.pem",
        "ds.pem",
        "ds.key",
        "device.key",
        "request.json",
    ];
    assert_eq!(names, expected);
    let other = files(&spec_with(|spec| spec["seed"] = hex::encode([2; 32]).into()));
    for ((name, ours), (_, theirs)) in first.iter().zip(&other) {
        assert_ne!(ours, theirs, "{name}");
    }
}

#[test]
fn an_added_element_moves_no_key() {
    let more = spec_with(|spec| {
        let element = json!({"namespace": MDL, "element": "sex", "value": 9});
        spec["elements"].as_array_mut().unwrap().push(element);
    });
    let (few, more) = (mint(&spec()).unwrap(), mint(&more).unwrap());
    assert_eq!(few.x5chain, more.x5chain);
    assert_eq!(few.iaca, more.iaca);
    assert_eq!(few.transcript, more.transcript);
    assert_eq!(few.keys.device, more.keys.device);
    assert_ne!(few.document(), more.document());
}

#[test]
fn a_device_key_held_elsewhere_signs_later() {
    let held = mint(&spec()).unwrap();
    let DeviceKey::Held(key) = &held.keys.device else { panic!("drawn from the seed") };
    let public = hex::encode(key.verifying_key().to_encoded_point(true));
    let minted = mint(&spec_with(|spec| spec["keys"]["device_public"] = public.into())).unwrap();
    assert!(minted.files().unwrap().iter().all(|(name, _)| *name != "device.key"));
    assert_ne!(minted.document(), held.document());

    let request = Request::from_json(minted.request.as_bytes()).unwrap();
    let transcript = SessionTranscript::parse(&minted.transcript).unwrap();
    let verify = |document: &[u8]| {
        let response = DeviceResponse::parse(document).unwrap();
        response.document(request.doc_type()).unwrap().verify(&request, &transcript).map(drop)
    };
    assert_eq!(verify(&minted.document()).unwrap_err().code(), Code::DeviceSignature);
    let message = device_authentication_bytes(request.doc_type(), &transcript, &EMPTY_NAME_SPACES);
    let signature: Signature = key.sign(&message);
    let signed = DeviceResponse::with_device_signature(
        &minted.document(),
        request.doc_type(),
        &signature.to_bytes().into(),
    );
    verify(&signed.unwrap()).unwrap();
}

#[test]
fn values_of_every_type_are_read_back() {
    let cbor = |node: Node| Value::Other(node.encode());
    let cases = [
        (json!("Ж"), Value::Text("Ж".to_owned())),
        (json!(false), Value::Bool(false)),
        (json!(i64::MIN), Value::Integer(i64::MIN.into())),
        (json!(i64::MAX), Value::Integer(i64::MAX.into())),
        (json!({"full_date": "2000-02-29"}), Value::FullDate(Date::new(2000, 2, 29).unwrap())),
        (json!({"tdate": "2000-02-29T23:59:59Z"}), Value::DateTime(time("2000-02-29T23:59:59Z"))),
        (json!({"bytes": "00ff"}), cbor(Node::bytes(&[0, 255]))),
        (json!([1, "a"]), cbor(Node::Array(vec![Node::int(1), Node::text("a")]))),
        (
            json!({"map": [["b", 1], [2, {"full_date": "2000-01-01"}]]}),
            cbor(
                Map::from_iter([
                    (Node::text("b"), Node::int(1)),
                    (Node::int(2), Node::full_date("2000-01-01")),
                ])
                .into(),
            ),
        ),
        (json!({"cbor": "f6"}), cbor(Node::null())),
    ];
    for (json, value) in cases {
        let spec = spec_with(|spec| spec["elements"][0]["value"] = json.clone());
        let minted = mint(&spec).unwrap();
        verify(&minted).unwrap();
        let document = parse(&minted).unwrap();
        assert!(*document.item(MDL, "family_name").unwrap().value() == value, "{json}");
    }
}

#[test]
fn shapes_of_items_and_mso_are_the_specs() {
    let spec = spec_with(|spec| {
        spec["item_key_order"] = json!(["random", "digestID", "elementValue", "elementIdentifier"]);
        spec["elements"][1]["key_order"] =
            json!(["elementValue", "elementIdentifier", "random", "digestID"]);
        spec["elements"][1]["digest_id"] = limits::DIGEST_ID_MAX.into();
        spec["elements"][1]["random_bytes"] = 16.into();
        spec["elements"][2]["disclosed"] = false.into();
        spec["validity"]["expected_update"] = "2026-11-01T00:00:00Z".into();
        spec["mso_key_order"] = json!(["validityInfo", "status", "docType"]);
        spec["mso_extra"]["status"] = json!({"map": [["idx", 412]]});
        spec["device_key_info_extra"]["keyAuthorizations"] =
            json!({"map": [["nameSpaces", [MDL]]]});
        spec["decoy_digests"][MDL] = 7.into();
    });
    let draft = Draft::new(&spec).unwrap();
    let keys = |map: &Map| map.entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    assert_eq!(
        keys(&draft.items[0].map),
        ["random", "digestID", "elementValue", "elementIdentifier"].map(Node::text)
    );
    assert_eq!(
        keys(&draft.items[1].map),
        ["elementValue", "elementIdentifier", "random", "digestID"].map(Node::text)
    );
    let mso = draft.digest().unwrap();
    let order = [
        "validityInfo",
        "status",
        "docType",
        "version",
        "digestAlgorithm",
        "valueDigests",
        "deviceKeyInfo",
    ];
    assert_eq!(keys(&mso.mso), order.map(Node::text));
    let minted = mso.sign().unwrap();
    verify(&minted).unwrap();
    let document = parse(&minted).unwrap();
    assert_eq!(document.item(MDL, "birth_date").unwrap().digest_id(), limits::DIGEST_ID_MAX);
    assert_eq!(document.item(MDL, "age_over_18").unwrap_err().code(), Code::ElementMissing);
    let digests = |name: &str| {
        let layout =
            document.mso().layout().namespaces.iter().find(|layout| layout.name == name).unwrap();
        layout.digests.len()
    };
    assert_eq!(digests(MDL), 3 + 7);
    assert_eq!(digests("org.iso.18013.5.1.UT"), 1);
}

#[test]
fn sequential_digest_ids_leave_out_chosen_ones() {
    let spec = spec_with(|spec| {
        spec["digest_ids"] = "sequential".into();
        spec["elements"][2]["digest_id"] = 0.into();
        spec["decoy_digests"][MDL] = 2.into();
    });
    let draft = Draft::new(&spec).unwrap();
    let ids: Vec<_> = draft.items.iter().map(|item| item.digest_id).collect();
    assert_eq!(ids, [1, 2, 0, 0]);
    verify(&draft.digest().unwrap().sign().unwrap()).unwrap();
}

#[test]
fn an_mso_is_padded_to_the_byte() {
    let shortest = Draft::new(&spec()).unwrap().digest().unwrap().encode().len();
    let enough = shortest + 16;
    let lengths = (enough..enough + 600).chain([2_560, limits::MSO_BYTES]);
    for length in lengths {
        let spec = spec_with(|spec| spec["mso_bytes"] = length.into());
        let mso = Draft::new(&spec).unwrap().digest().unwrap();
        assert_eq!(mso.encode().len(), length);
    }
    let padded = mint(&spec_with(|spec| spec["mso_bytes"] = 2_560.into())).unwrap();
    verify(&padded).unwrap();
    assert_eq!(parse(&padded).unwrap().mso().bytes().len(), 2_560);
}

#[test]
fn the_device_signs_its_own_elements_and_the_given_transcript() {
    let transcript = AGE_VERIFICATION.session_transcript;
    let spec = spec_with(|spec| {
        spec["transcript"] = hex::encode(transcript).into();
        spec["device_namespaces"]["org.example"] = json!({"nym": {"bytes": "0102"}});
    });
    let minted = mint(&spec).unwrap();
    assert_eq!(minted.transcript, transcript);
    verify(&minted).unwrap();
    assert!(parse(&minted).unwrap().device_signed().has_namespaces());
}

#[test]
fn published_keys_can_be_used() {
    let facts = AGE_VERIFICATION.facts();
    let spec = spec_with(|spec| {
        spec["keys"]["document_signer"] = facts.document_signer_private_key.clone().into();
        spec["keys"]["device"] = facts.device_private_key.clone().into();
    });
    let minted = mint(&spec).unwrap();
    let signer = verify(&minted).unwrap().public_key;
    assert_eq!(signer.to_encoded_point(false).as_bytes(), facts.issuer_public_key.sec1());
    let real = DeviceResponse::parse(AGE_VERIFICATION.device_response).unwrap();
    assert_eq!(parse(&minted).unwrap().mso().device_key(), real.documents()[0].mso().device_key());
}

#[test]
fn specs_that_cannot_be_minted_say_where() {
    type Edit = fn(&mut serde_json::Value);
    let cases: [(Edit, Code, &str); 19] = [
        (|spec| spec["sed"] = 1.into(), Code::Malformed, "spec"),
        (|spec| spec["seed"] = "00".into(), Code::Malformed, "spec"),
        (|spec| spec["elements"][0]["value"] = 1.5.into(), Code::Malformed, "spec"),
        (|spec| spec["elements"][0]["value"] = json!({"date": "x"}), Code::Malformed, "spec"),
        (|spec| spec["elements"][0]["key_order"] = json!(["random"]), Code::Malformed, "spec"),
        (|spec| spec["validity"]["signed"] = "2026-01-01".into(), Code::Malformed, "spec"),
        (
            |spec| spec["elements"][0]["value"] = json!({"full_date": "2023-02-29"}),
            Code::Malformed,
            "spec.elements[0].value.full_date",
        ),
        (
            |spec| spec["elements"][0]["value"] = json!({"bytes": "0"}),
            Code::Malformed,
            "spec.elements[0].value.bytes",
        ),
        (
            |spec| {
                spec["elements"][1]["digest_id"] = 3.into();
                spec["elements"][2]["digest_id"] = 3.into();
            },
            Code::Malformed,
            "spec.elements[2].digest_id",
        ),
        (
            |spec| spec["elements"][0]["random_bytes"] = 100_000.into(),
            Code::TooLarge,
            "spec.elements[0].random_bytes",
        ),
        (|spec| spec["decoy_digests"][MDL] = u64::MAX.into(), Code::TooLarge, "spec.decoy_digests"),
        (|spec| spec["mso_bytes"] = 100.into(), Code::Malformed, "spec.mso_bytes"),
        (|spec| spec["mso_bytes"] = 100_000.into(), Code::TooLarge, "spec.mso_bytes"),
        (|spec| spec["mso_key_order"] = json!(["status"]), Code::Malformed, "spec.mso_key_order"),
        (|spec| spec["transcript"] = "80".into(), Code::Malformed, "spec.transcript"),
        (
            |spec| spec["keys"]["device"] = "00".repeat(32).into(),
            Code::Malformed,
            "spec.keys.device",
        ),
        (
            |spec| spec["keys"]["device_public"] = "04".into(),
            Code::Malformed,
            "spec.keys.device_public",
        ),
        (
            |spec| spec["keys"] = json!({"device": "01".repeat(32), "device_public": "04"}),
            Code::Malformed,
            "spec.keys.device_public",
        ),
        (|spec| spec["elements"] = json!([]), Code::Malformed, "spec.request.predicates"),
    ];
    for (edit, code, place) in cases {
        let mut json = spec_json();
        edit(&mut json);
        let Err(error) = Spec::from_json(&json.to_string()).and_then(|spec| mint(&spec)) else {
            panic!("{json}");
        };
        assert_eq!((error.code(), error.place()), (code, place), "{error}");
    }
}

#[test]
fn bytes_that_look_like_fields_mislead_nobody() {
    let fake = {
        let item = Map::from_iter([
            ("elementIdentifier", Node::text("age_over_18")),
            ("elementValue", Node::bool(true)),
        ]);
        let mso = Map::from_iter([
            ("docType", Node::text("org.iso.18013.5.1.mDL")),
            ("version", Node::text("9")),
        ]);
        [item.encode(), mso.encode()].concat()
    };
    let spec = spec_with(|spec| {
        spec["elements"][2]["value"] = false.into();
        spec["elements"][0]["value"] = json!({"bytes": hex::encode(&fake)});
        spec["mso_extra"]["a"] = json!({"bytes": hex::encode(&fake)});
        spec["mso_key_order"] = json!(["a"]);
    });
    let minted = mint(&spec).unwrap();
    verify(&minted).unwrap();
    let document = parse(&minted).unwrap();
    assert!(*document.item(MDL, "age_over_18").unwrap().value() == Value::Bool(false));
    assert_eq!(document.mso().doc_type(), "org.iso.18013.5.1.mDL");
}

/// A value of any type, in the form of a spec.
fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        ".{0,60}".prop_map(|value| json!(value)),
        proptest::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| json!({"bytes": hex::encode(bytes)})),
        (1..=9999_u16, 1..=12_u8, 1..=28_u8)
            .prop_map(|(y, m, d)| json!({"full_date": format!("{y:04}-{m:02}-{d:02}")})),
        (0..=9999_u16, 0..24_u8)
            .prop_map(|(y, h)| json!({"tdate": format!("{y:04}-12-31T{h:02}:59:59Z")})),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            proptest::collection::btree_map("[a-z]{1,8}", inner, 0..4)
                .prop_map(|map| json!({"map": map.into_iter().collect::<Vec<_>>()})),
        ]
    })
}

/// The keys in any order.
fn any_order<const N: usize>(keys: [&'static str; N]) -> impl Strategy<Value = serde_json::Value> {
    Just(keys.to_vec()).prop_shuffle().prop_map(|keys| json!(keys))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_spec_gives_a_document_that_verifies(
        seed in any::<[u8; 32]>(),
        values in proptest::collection::vec((any_value(), 16..40_usize, any::<bool>()), 0..6),
        item_keys in any_order(["digestID", "random", "elementIdentifier", "elementValue"]),
        mso_keys in any_order(["version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo", "status"]),
        status in any_value(),
        device_signed in proptest::collection::vec(any::<u8>(), 0..400),
        decoys in 0..40_usize,
    ) {
        let spec = spec_with(|spec| {
            spec["seed"] = hex::encode(seed).into();
            for (index, (value, random_bytes, elsewhere)) in values.into_iter().enumerate() {
                let namespace = if elsewhere { "org.example" } else { MDL };
                let element = format!("element_{index}");
                spec["elements"].as_array_mut().unwrap().push(json!({
                    "namespace": namespace, "element": element, "value": value, "random_bytes": random_bytes,
                }));
            }
            spec["item_key_order"] = item_keys;
            spec["mso_key_order"] = mso_keys;
            spec["mso_extra"]["status"] = status;
            spec["device_namespaces"]["org.example"] = json!({"nym": {"bytes": hex::encode(device_signed)}});
            spec["decoy_digests"][MDL] = decoys.into();
        });
        verify(&mint(&spec).unwrap()).unwrap();
    }
}

/// Changes to the items before they are hashed.
#[test]
fn hostile_items() {
    type Edit = fn(&mut Map);
    let cases: [(&str, Edit); 8] = [
        ("a key twice", |item| item.push("elementValue", Node::bool(true))),
        ("a key missing", |item| {
            item.remove("random");
        }),
        ("a fifth key", |item| item.push("extra", 1)),
        ("a short salt", |item| item.set("random", Node::bytes(&[0; 15]))),
        ("a digestID over the limit", |item| item.set("digestID", 1_i64 << 32)),
        ("a negative digestID", |item| item.set("digestID", -1)),
        ("an indefinite map", |item| item.form = Form::Indefinite),
        ("two values", |item| item.set("elementValue", Node::Raw(vec![0xf5, 0xf5]))),
    ];
    for (what, edit) in cases {
        let mut draft = Draft::new(&spec()).unwrap();
        edit(&mut draft.items[0].map);
        let error = verify(&draft.digest().unwrap().sign().unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::Malformed, "{what}: {error}");
        let place = "documents[0].issuerSigned.nameSpaces[\"org.iso.18013.5.1\"][0]";
        assert!(error.place().starts_with(place), "{what}: {error}");
    }
}

/// Heads that are longer than necessary have the same meaning, and the highest digestID is like any
/// other.
#[test]
fn unusual_documents_verify() {
    type EditItem = fn(&mut DraftItem);
    let items: [EditItem; 3] = [
        |item| item.map.form = Form::Long,
        |item| item.map.set("digestID", Node::long_uint(item.digest_id.into())),
        |item| {
            item.digest_id = limits::DIGEST_ID_MAX;
            item.map.set("digestID", i64::from(item.digest_id));
        },
    ];
    for edit in items {
        let mut draft = Draft::new(&spec()).unwrap();
        edit(&mut draft.items[0]);
        verify(&draft.digest().unwrap().sign().unwrap()).unwrap();
    }
    fn validity(mso: &mut Map) -> &mut Map {
        mso.map_mut("validityInfo").unwrap()
    }
    type Edit = fn(&mut Map);
    let msos: [Edit; 5] = [
        |mso| mso.form = Form::Long,
        |mso| mso.map_mut("valueDigests").unwrap().form = Form::Long,
        |mso| mso.set("docType", Node::long_text("org.iso.18013.5.1.mDL")),
        |mso| validity(mso).set("validFrom", Node::tdate("2026-01-02T00:00:00.0Z")),
        |mso| validity(mso).set("validUntil", Node::tdate("2026-12-31T00:00:00+00:00")),
    ];
    for edit in msos {
        let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
        edit(&mut draft.mso);
        verify(&draft.sign().unwrap()).unwrap();
    }
}

#[test]
fn items_that_differ_from_what_was_hashed() {
    type Edit = fn(&mut MsoDraft);
    let cases: [Edit; 4] = [
        |draft| draft.items[0].map.set("elementValue", "Musterfrau"),
        |draft| draft.items[0].map.set("digestID", 1 << 20),
        |draft| draft.items[0].namespace = "org.iso.18013.5.1.UT".to_owned(),
        |draft| {
            let salt = Node::bytes(&[0; 32]);
            draft.items[0].map.set("random", salt);
        },
    ];
    for edit in cases {
        let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
        edit(&mut draft);
        assert_eq!(verify(&draft.sign().unwrap()).unwrap_err().code(), Code::Digest);
    }
}

/// Changes to the MSO before it is signed.
#[test]
fn hostile_msos() {
    fn device_key(mso: &mut Map) -> &mut Map {
        mso.map_mut("deviceKeyInfo").unwrap().map_mut("deviceKey").unwrap()
    }
    fn digests(mso: &mut Map) -> &mut Map {
        mso.map_mut("valueDigests").unwrap()
    }
    fn validity(mso: &mut Map) -> &mut Map {
        mso.map_mut("validityInfo").unwrap()
    }
    type Edit = fn(&mut Map);
    let cases: [(&str, Edit, &str); 22] = [
        ("a key twice", |mso| mso.push("docType", "org.iso.18013.5.1.mDL"), ""),
        ("an extra key twice", |mso| (0..2).for_each(|_| mso.push("status", 1)), ""),
        (
            "a key missing",
            |mso| {
                mso.remove("validityInfo");
            },
            "",
        ),
        ("version 1.1", |mso| mso.set("version", "1.1"), ""),
        ("SHA-512 by name", |mso| mso.set("digestAlgorithm", "SHA-512"), ".digestAlgorithm"),
        ("an indefinite map", |mso| mso.form = Form::Indefinite, ""),
        ("a trailing byte", |mso| mso.set("version", Node::Raw(b"\x631.0\xf6".to_vec())), ""),
        ("an indefinite map within", |mso| digests(mso).form = Form::Indefinite, ""),
        (
            "a namespace twice",
            |mso| {
                let first = digests(mso).entries[0].clone();
                digests(mso).entries.push(first);
            },
            "",
        ),
        (
            "a digestID twice",
            |mso| {
                let digests = digests(mso).map_mut(MDL).unwrap();
                let first = digests.entries[0].clone();
                digests.entries.push(first);
            },
            "",
        ),
        (
            "a short digest",
            |mso| digests(mso).map_mut(MDL).unwrap().entries[0].1 = Node::bytes(&[0; 31]),
            ".valueDigests",
        ),
        (
            "no device key",
            |mso| drop(mso.map_mut("deviceKeyInfo").unwrap().remove("deviceKey")),
            ".deviceKeyInfo",
        ),
        (
            "a device key off the curve",
            |mso| device_key(mso).set(-3, Node::bytes(&[1; 32])),
            ".deviceKeyInfo",
        ),
        (
            "a device key x of 31 bytes",
            |mso| device_key(mso).set(-2, Node::bytes(&[1; 31])),
            ".deviceKeyInfo",
        ),
        (
            "a compressed device key",
            |mso| device_key(mso).set(-3, Node::bool(true)),
            ".deviceKeyInfo",
        ),
        ("a device key on P-384", |mso| device_key(mso).set(-1, 2), ".deviceKeyInfo"),
        ("an OKP device key", |mso| device_key(mso).set(1, 1), ".deviceKeyInfo"),
        (
            "a fraction of a second without digits",
            |mso| validity(mso).set("validFrom", Node::tdate("2026-01-02T00:00:00.Z")),
            ".validityInfo",
        ),
        (
            "an offset",
            |mso| validity(mso).set("validUntil", Node::tdate("2026-12-31T00:00:00+01:00")),
            ".validityInfo",
        ),
        (
            "a date without tag",
            |mso| validity(mso).set("signed", "2026-01-01T00:00:00Z"),
            ".validityInfo",
        ),
        (
            "no such day",
            |mso| validity(mso).set("signed", Node::tdate("2026-02-29T00:00:00Z")),
            ".validityInfo",
        ),
        (
            "deep nesting",
            |mso| {
                let deep =
                    (0..limits::CBOR_DEPTH).fold(Node::int(0), |inner, _| Node::Array(vec![inner]));
                mso.push("status", deep);
            },
            "",
        ),
    ];
    for (what, edit, place) in cases {
        let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
        edit(&mut draft.mso);
        let error = verify(&draft.sign().unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::Malformed, "{what}: {error}");
        let place = format!("documents[0].issuerSigned.issuerAuth.payload{place}");
        assert!(error.place().starts_with(&place), "{what}: {error}");
    }
}

#[test]
fn an_mso_with_other_digests_is_refused() {
    for algorithm in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let mut draft = Draft::new(&spec()).unwrap();
        draft.digest_algorithm = algorithm;
        let error = verify(&draft.digest().unwrap().sign().unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::Malformed, "{error}");
    }
}

#[test]
fn the_mso_states_the_doc_type() {
    let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
    draft.mso.set("docType", "org.iso.18013.5.1.mDLx");
    assert_eq!(verify(&draft.sign().unwrap()).unwrap_err().code(), Code::DocType);
}

#[test]
fn documents_outside_their_validity() {
    for (now, code) in [
        ("2026-01-01T23:59:59Z", Some(Code::NotYetValid)),
        ("2026-01-02T00:00:00Z", None),
        ("2026-12-31T00:00:00Z", None),
        ("2026-12-31T00:00:01Z", Some(Code::Expired)),
    ] {
        let spec = spec_with(|spec| spec["request"]["now"] = now.into());
        assert_eq!(verify(&mint(&spec).unwrap()).err().map(|error| error.code()), code, "{now}");
    }
}

#[test]
fn msos_signed_outside_their_signers_certificate() {
    let spec = spec_with(|spec| {
        spec["certificates"]["document_signer"] =
            json!({"not_before": "2026-01-01T00:00:01Z", "not_after": "2027-01-01T00:00:00Z"});
    });
    let error = verify(&mint(&spec).unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::IssuerUntrusted);
    assert!(error.message().contains("2026-01-01T00:00:01Z"), "{error}");
}

#[test]
fn issuer_signatures_that_are_none() {
    let draft = || Draft::new(&spec()).unwrap().digest().unwrap();

    let flipped = draft().sign_with(|_| vec![1; 64]).unwrap();
    assert_eq!(verify(&flipped).unwrap_err().code(), Code::IssuerSignature);

    let zero = draft().sign_with(|_| vec![0; 64]).unwrap();
    assert_eq!(verify(&zero).unwrap_err().code(), Code::IssuerSignature);

    let der = draft().sign_with(|_| vec![0x30; 70]).unwrap();
    assert_eq!(verify(&der).unwrap_err().code(), Code::Malformed);

    // Another signer under another root.
    let mut stranger = draft();
    let other = Draft::new(&spec_with(|spec| spec["seed"] = hex::encode([2; 32]).into())).unwrap();
    stranger.keys = other.keys.clone();
    stranger.x5chain = other.digest().unwrap().x5chain;
    assert_eq!(verify(&stranger.sign().unwrap()).unwrap_err().code(), Code::IssuerUntrusted);

    let mut without_chain = draft();
    without_chain.x5chain.clear();
    assert_eq!(verify(&without_chain.sign().unwrap()).unwrap_err().code(), Code::IssuerUntrusted);
}

#[test]
fn other_protected_headers_are_refused() {
    for protected in [
        // ES384
        &b"\xa1\x01\x38\x22"[..],
        // EdDSA
        b"\xa1\x01\x27",
        // ES256 in a long head
        b"\xa1\x01\x38\x06",
        // ES256 and a key identifier
        b"\xa2\x01\x26\x04\x41\x00",
        b"\xa0",
        b"",
    ] {
        let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
        draft.protected = protected.to_vec();
        let error = verify(&draft.sign().unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::Malformed, "{error}");
    }
}

#[test]
fn an_es384_document_of_a_p384_issuer_is_refused() {
    use p384::ecdsa::signature::Signer;
    let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let mut draft = Draft::new(&spec()).unwrap().digest().unwrap();
    draft.protected = b"\xa1\x01\x38\x22".to_vec();
    let minted = draft.sign_with(|to_be_signed| {
        let signature: p384::ecdsa::Signature = key.sign(to_be_signed);
        signature.to_bytes().to_vec()
    });
    let error = verify(&minted.unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::Malformed);
    assert!(error.place().ends_with("issuerAuth.protected"), "{error}");
}

#[test]
fn hostile_device_signatures() {
    let signed = |minted: &mut Minted| -> Map {
        let device_signed = minted.first_document().unwrap().map_mut("deviceSigned").unwrap();
        std::mem::take(device_signed)
    };
    let mut minted = mint(&spec()).unwrap();
    let mut other = mint(&spec_with(|spec| spec["transcript"] = "83f6f6f6".into())).unwrap();
    minted.first_document().unwrap().set("deviceSigned", signed(&mut other));
    assert_eq!(verify(&minted).unwrap_err().code(), Code::DeviceSignature);

    let mut added = mint(&spec()).unwrap();
    let more = Map::from_iter([("org.example", Map::from_iter([("nym", 1)]))]);
    let device_signed = added.first_document().unwrap().map_mut("deviceSigned").unwrap();
    device_signed.set("nameSpaces", Node::Embedded(Box::new(more.into())));
    assert_eq!(verify(&added).unwrap_err().code(), Code::DeviceSignature);

    let mut mac = mint(&spec()).unwrap();
    let device_mac = Node::Array(vec![
        Node::bytes(b"\xa1\x01\x05"),
        Map::default().into(),
        Node::null(),
        Node::bytes(&[0; 32]),
    ]);
    let device_signed = mac.first_document().unwrap().map_mut("deviceSigned").unwrap();
    device_signed.set("deviceAuth", Map::from_iter([("deviceMac", device_mac)]));
    assert_eq!(verify(&mac).unwrap_err().code(), Code::DeviceMacUnsupported);

    let mut unsigned = mint(&spec()).unwrap();
    unsigned.first_document().unwrap().remove("deviceSigned");
    assert_eq!(verify(&unsigned).unwrap_err().code(), Code::DeviceSignatureMissing);
}

#[test]
fn two_documents_of_one_type_are_an_error() {
    let mut minted = mint(&spec()).unwrap();
    let document = minted.first_document().unwrap().clone();
    minted.response.set("documents", Node::Array(vec![document.clone().into(), document.into()]));
    assert_eq!(verify(&minted).unwrap_err().code(), Code::Malformed);
}

#[test]
fn predicates_that_do_not_hold() {
    let spec = spec_with(|spec| {
        spec["request"]["predicates"] =
            json!([{"namespace": MDL, "element": "birth_date", "age_at_least": 60}]);
    });
    assert_eq!(verify(&mint(&spec).unwrap()).unwrap_err().code(), Code::Predicate);
}

#[test]
fn what_is_signed_is_the_sig_structure() {
    let draft = Draft::new(&spec()).unwrap().digest().unwrap();
    let payload = draft.encode();
    let mut signed = Vec::new();
    draft
        .sign_with(|to_be_signed| {
            signed = to_be_signed.to_vec();
            vec![0; 64]
        })
        .unwrap();
    assert_eq!(signed, sig_structure(SignatureAlgorithm::Es256, &payload));
}
