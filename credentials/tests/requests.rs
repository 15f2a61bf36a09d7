//! Requests: what is refused, with the place and the reason, and what the two forms have in common.

use proptest::prelude::*;
use velum_credentials::mint::{Spec, mint};
use velum_credentials::{
    Code, Condition, Date, Issuer, Literal, Predicate, Profile, Request, Timestamp, limits,
};
use velum_testdata::MUSTERMANN;

fn json(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut json = serde_json::from_str(MUSTERMANN.request).unwrap();
    change(&mut json);
    json.to_string().into_bytes()
}

#[track_caller]
fn refused(json: &[u8], code: Code, place: &str, why: &str) {
    let error = Request::from_json(json).unwrap_err();
    assert_eq!((error.code(), error.place()), (code, place), "{error}");
    assert!(error.message().contains(why), "{error}");
}

fn set(path: &'static str, value: serde_json::Value) -> Vec<u8> {
    json(|request| *request.pointer_mut(path).unwrap() = value)
}

#[test]
fn every_kind_of_predicate_is_read() {
    let predicates = serde_json::json!([
        {"namespace": "org.iso.18013.5.1", "element": "birth_date",  "age_at_least": 18},
        {"namespace": "org.iso.18013.5.1", "element": "age_over_18", "equals": true},
        {"namespace": "org.iso.18013.5.1", "element": "height",      "equals": -175},
        {"namespace": "org.iso.18013.5.1", "element": "family_name", "equals": "Mustermann"},
        {"namespace": "org.iso.18013.5.1", "element": "issue_date",  "equals": {"full_date": "2024-03-15"}},
        {"namespace": "org.iso.18013.5.1", "element": "issue_date",  "date_before": "2025-01-01"},
        {"namespace": "org.iso.18013.5.1", "element": "issue_date",  "date_after": "2023-12-31"},
        {"namespace": "org.iso.18013.5.1", "element": "family_name", "disclose": true}
    ]);
    let request = Request::from_json(&set("/predicates", predicates)).unwrap();
    let date = |text: &str| text.parse::<Date>().unwrap();
    let conditions: Vec<_> =
        request.predicates().iter().map(|predicate| predicate.condition.clone()).collect();
    assert_eq!(
        conditions,
        [
            Condition::AgeAtLeast(18),
            Condition::Equals(Literal::Bool(true)),
            Condition::Equals(Literal::Integer(-175)),
            Condition::Equals(Literal::Text("Mustermann".to_owned())),
            Condition::Equals(Literal::FullDate(date("2024-03-15"))),
            Condition::DateBefore(date("2025-01-01")),
            Condition::DateAfter(date("2023-12-31")),
            Condition::Disclose,
        ]
    );
    let slots: Vec<_> = request.slots().iter().map(|slot| &slot.element).collect();
    assert_eq!(slots, ["birth_date", "age_over_18", "height", "family_name", "issue_date"]);
    assert_eq!(request.predicate_slots(), [0, 1, 2, 3, 4, 4, 4, 3]);
    assert_eq!(request.slot_of("org.iso.18013.5.1", "issue_date"), Some(4));
    assert_eq!(request.slot_of("org.iso.18013.5.1", "portrait"), None);
    assert!(request.on_slot(3).eq([&request.predicates()[3], &request.predicates()[7]]));
}

#[test]
fn unknown_missing_and_repeated_members_are_refused() {
    let unknown = |json: &[u8], place: &str, name: &str| {
        refused(
            json,
            Code::Malformed,
            place,
            &format!("unknown member `{name}`; the known members are"),
        );
    };
    unknown(&json(|r| r["nonce"] = 1.into()), "request", "nonce");
    unknown(
        &json(|r| r["predicates"][0]["age_over"] = 1.into()),
        "request.predicates[0]",
        "age_over",
    );
    unknown(&set("/issuers/0", serde_json::json!({"jwk": {}})), "request.issuers[0]", "jwk");
    let tdate = set("/predicates/2/equals", serde_json::json!({"tdate": "x"}));
    unknown(&tdate, "request.predicates[2].equals", "tdate");
    unknown(&json(|r| r["a\u{1b}[2J"] = 1.into()), "request", "a\\u{1b}[2J");
    unknown(&json(|r| r["a".repeat(65)] = 1.into()), "request", &"a".repeat(64));
    for member in ["doc_type", "now", "issuers", "predicates"] {
        let missing = json(|r| {
            r.as_object_mut().unwrap().remove(member);
        });
        refused(&missing, Code::Malformed, "request", &format!("the member `{member}` is missing"));
        let place = format!("request.{member}");
        refused(&json(|r| r[member] = true.into()), Code::Malformed, &place, "found a boolean");
    }
    let nowhere = json(|r| {
        r["predicates"][3].as_object_mut().unwrap().remove("namespace");
    });
    refused(
        &nowhere,
        Code::Malformed,
        "request.predicates[3]",
        "the member `namespace` is missing",
    );
    let twice = MUSTERMANN.request.replacen("\"now\"", "\"doc_type\": \"x\", \"now\"", 1);
    refused(twice.as_bytes(), Code::Malformed, "request", "the member `doc_type` occurs twice");
}

#[test]
fn what_is_no_json_is_refused() {
    let trailing = [MUSTERMANN.request.as_bytes(), b"{}"].concat();
    refused(&trailing, Code::Malformed, "request", "not JSON: it is malformed, at line");
    refused(b"", Code::Malformed, "request", "not JSON: it ends too early, at line 1, column 0");
    refused(b"\xff", Code::Malformed, "request", "not JSON: it is malformed, at line 1");
    refused(b"[]", Code::Malformed, "request", "expected an object, found an array");
    refused(&[b'['; 4_000], Code::Malformed, "request", "not JSON");
}

/// A certificate that stands where an array should stand is not repeated in what the holder or a
/// log receives.
#[test]
fn no_message_repeats_what_was_given() {
    let [root, _] = certificates();
    let line = root.lines().nth(1).unwrap().to_owned();
    let date = "/predicates/0/equals/full_date";
    for path in
        ["/issuers", "/issuers/0", "/predicates", date, "/now", "/predicates/1/age_at_least"]
    {
        let json = json(|request| {
            let dated =
                serde_json::json!({"namespace": "n", "element": "e", "equals": {"full_date": "x"}});
            request["predicates"][0] = dated;
            *request.pointer_mut(path).unwrap() = root.clone().into();
        });
        let error = Request::from_json(&json).unwrap_err();
        assert!(!error.to_string().contains(&line), "{path}: {error}");
    }
}

#[test]
fn names_can_be_shown() {
    for name in ["age\u{1b}[2J", "line\nfeed", "\u{202e}18_revo_ega", "zero\u{200b}width"] {
        for (path, place) in [
            ("/doc_type", "request.doc_type"),
            ("/predicates/0/namespace", "request.predicates[0].namespace"),
            ("/predicates/0/element", "request.predicates[0].element"),
        ] {
            refused(&set(path, name.into()), Code::Malformed, place, "cannot be shown");
        }
    }
}

#[test]
fn a_predicate_has_exactly_one_condition() {
    let place = "request.predicates[1]";
    let both = json(|r| r["predicates"][1]["equals"] = true.into());
    refused(&both, Code::Malformed, place, "2 conditions");
    let none = json(|r| {
        r["predicates"][1].as_object_mut().unwrap().remove("age_at_least");
    });
    refused(&none, Code::Malformed, place, "0 conditions");
    refused(
        &json(|r| r["predicates"][1]["age_at_least"] = serde_json::Value::Null),
        Code::Malformed,
        place,
        "0 cond",
    );
    let hidden = set(
        "/predicates/0",
        serde_json::json!({"namespace": "n", "element": "e", "disclose": false}),
    );
    refused(&hidden, Code::Malformed, "request.predicates[0].disclose", "must be true");
    let place = "request.predicates[0].equals";
    for value in [serde_json::json!(1.5), serde_json::json!([1]), serde_json::json!(u64::MAX)] {
        refused(&set("/predicates/0/equals", value), Code::Malformed, place, "integer");
    }
    for (age, why) in [
        (serde_json::json!(256), "not in the range 0 to 255"),
        (serde_json::json!(-1), "not in the range 0 to 255"),
        (serde_json::json!("18"), "expected a number of years, found text"),
        (
            serde_json::json!(18.5),
            "expected a number of years, found a number that is not an integer",
        ),
    ] {
        let place = "request.predicates[1].age_at_least";
        refused(&set("/predicates/1/age_at_least", age), Code::Malformed, place, why);
    }
    let date = serde_json::json!({"namespace": "n", "element": "e", "date_before": "2023-02-29"});
    refused(
        &set("/predicates/0", date),
        Code::Malformed,
        "request.predicates[0].date_before",
        "YYYY-MM-DD",
    );
    let date = serde_json::json!({"full_date": "2023-02-29"});
    let place = "request.predicates[2].equals.full_date";
    refused(&set("/predicates/2/equals", date), Code::Malformed, place, "YYYY-MM-DD");
}

#[test]
fn predicates_number_one_to_eight_and_differ() {
    refused(
        &set("/predicates", serde_json::json!([])),
        Code::Malformed,
        "request.predicates",
        "nothing is asked",
    );
    let ages = |count: usize| {
        let age = |n| serde_json::json!({"namespace": "n", "element": "e", "age_at_least": n});
        set("/predicates", (0..count).map(age).collect())
    };
    assert_eq!(Request::from_json(&ages(limits::PREDICATES)).unwrap().slots().len(), 1);
    refused(&ages(limits::PREDICATES + 1), Code::TooLarge, "request.predicates", "limit is 8");
    let twice = json(|r| r["predicates"][3] = r["predicates"][0].clone());
    refused(&twice, Code::Malformed, "request.predicates[3]", "twice");
}

#[test]
fn issuers_are_points_on_p256_or_certificates() {
    refused(
        &set("/issuers", serde_json::json!([])),
        Code::Malformed,
        "request.issuers",
        "no issuer",
    );
    let key = |text: &str| set("/issuers/0/sec1_hex", text.into());
    let original = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let Issuer::Key(point) = &original.issuers()[0] else { panic!("a key") };
    let same = Request::from_json(&key(&hex::encode_upper(point.to_encoded_point(true)))).unwrap();
    assert_eq!(same, original);
    assert_eq!(same.to_cbor(), original.to_cbor());
    let place = "request.issuers[0].sec1_hex";
    let off_curve = format!("04{}", "01".repeat(64));
    let p384 = format!("04{}", "01".repeat(96));
    for text in ["", "00", "04", &off_curve, &p384] {
        refused(&key(text), Code::Malformed, place, "P-256");
    }
    for text in ["0g", "123", "0x04", "BK1C"] {
        refused(&key(text), Code::Malformed, place, "not hexadecimal");
    }
    refused(&key("-----BEGIN CERTIFICATE-----\n"), Code::Malformed, place, "x509_pem");
    let pem = |text: &str| set("/issuers/0", serde_json::json!({ "x509_pem": text }));
    refused(
        &pem("no certificate"),
        Code::Malformed,
        "request.issuers[0].x509_pem",
        "no PEM certificate",
    );
    let der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    refused(&pem(der), Code::Malformed, "request.issuers[0].x509_pem", "certificate");
    refused(&pem(&der.repeat(2)), Code::Malformed, "request.issuers[0].x509_pem", "several");
    let both = serde_json::json!([{ "sec1_hex": "00", "x509_pem": "" }]);
    refused(&set("/issuers", both), Code::Malformed, "request.issuers[0]", "exactly one");
    refused(
        &set("/issuers/0", serde_json::json!({})),
        Code::Malformed,
        "request.issuers[0]",
        "exactly one",
    );
}

/// A minted root and a signer below it, in PEM.
fn certificates() -> [String; 2] {
    let spec = serde_json::json!({
        "seed": "01".repeat(32),
        "doc_type": "org.iso.18013.5.1.mDL",
        "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2026-12-31T00:00:00Z",
        },
        "elements": [{ "namespace": "n", "element": "e", "value": true }],
    });
    let files = mint(&Spec::from_json(&spec.to_string()).unwrap()).unwrap().files().unwrap();
    let pem = |name| {
        let (_, pem) = files.iter().find(|(found, _)| *found == name).unwrap();
        String::from_utf8(pem.clone()).unwrap()
    };
    [pem("iaca.pem"), pem("ds.pem")]
}

#[test]
fn a_root_has_a_profile() {
    let [root, signer] = certificates();
    let with = |doc_type: &str, issuer: serde_json::Value| {
        json(|request| {
            request["doc_type"] = doc_type.into();
            request["issuers"] = serde_json::json!([issuer]);
        })
    };
    let read = |doc_type: &str, issuer: serde_json::Value| {
        Request::from_json(&with(doc_type, issuer)).unwrap()
    };
    let (mdl, pid) = ("org.iso.18013.5.1.mDL", "eu.europa.ec.eudi.pid.1");
    let pki = Profile::Pki { require_eku: None };
    let required = Profile::Pki { require_eku: Some("1.0.18013.5.1.2".parse().unwrap()) };
    let rooted = |profile: &str| serde_json::json!({ "x509_pem": root, "profile": profile });
    let requiring =
        serde_json::json!({ "x509_pem": root, "profile": "pki", "require_eku": "1.0.18013.5.1.2" });

    // The standard of driving licences prescribes a profile. Other documents have none unless the
    // request states one.
    let by_default = read(mdl, serde_json::json!({ "x509_pem": root }));
    assert_eq!(by_default.issuers()[0].profile(), Some(Profile::Iso18013_5));
    let bare = with(pid, serde_json::json!({ "x509_pem": root }));
    refused(&bare, Code::Malformed, "request.issuers[0].profile", "needs a profile");
    for doc_type in [mdl, pid] {
        assert_eq!(
            read(doc_type, rooted("iso18013-5")).issuers()[0].profile(),
            Some(Profile::Iso18013_5)
        );
        assert_eq!(read(doc_type, rooted("pki")).issuers()[0].profile(), Some(pki));
        assert_eq!(read(doc_type, requiring.clone()).issuers()[0].profile(), Some(required));
        // A pinned signer needs no profile, but may have one.
        assert_eq!(
            read(doc_type, serde_json::json!({ "x509_pem": signer })).issuers()[0].profile(),
            None
        );
        let pinned = serde_json::json!({ "x509_pem": signer, "profile": "pki" });
        assert_eq!(read(doc_type, pinned).issuers()[0].profile(), Some(pki));
    }

    // The canonical form holds the profile in both encodings, whether or not the request stated it.
    let forms = [rooted("iso18013-5"), rooted("pki"), requiring].map(|issuer| read(mdl, issuer));
    assert_eq!(by_default, forms[0]);
    assert_eq!(by_default.to_cbor(), forms[0].to_cbor());
    for (index, form) in forms.iter().enumerate() {
        assert_eq!(Request::from_cbor(&form.to_cbor()).unwrap(), *form);
        assert_eq!(Request::from_json(form.to_json().as_bytes()).unwrap(), *form);
        assert!(forms.iter().take(index).all(|other| other.to_cbor() != form.to_cbor()));
    }

    let profile = "request.issuers[0].profile";
    refused(
        &with(mdl, rooted("x509")),
        Code::Malformed,
        profile,
        "neither \"iso18013-5\" nor \"pki\"",
    );
    let mut key =
        serde_json::from_slice::<serde_json::Value>(MUSTERMANN.request.as_bytes()).unwrap();
    let mut key = key["issuers"][0].take();
    key["profile"] = "pki".into();
    refused(&with(mdl, key), Code::Malformed, profile, "a key is trusted as it is");
    let purpose = "request.issuers[0].require_eku";
    for issuer in [
        serde_json::json!({ "x509_pem": root, "require_eku": "1.2.3" }),
        serde_json::json!({ "x509_pem": root, "profile": "iso18013-5", "require_eku": "1.2.3" }),
    ] {
        refused(&with(mdl, issuer), Code::Malformed, purpose, "only profile \"pki\"");
    }
    let issuer = serde_json::json!({ "x509_pem": root, "profile": "pki", "require_eku": "mdlDS" });
    refused(&with(mdl, issuer), Code::Malformed, purpose, "dotted form");
}

#[test]
fn namespaces_of_the_device_are_named() {
    let with = |names: serde_json::Value| json(|request| request["device_namespaces"] = names);
    let request = Request::from_json(&with(serde_json::json!(["a", "b"]))).unwrap();
    assert_eq!(request.device_namespaces(), ["a", "b"]);
    assert_eq!(Request::from_cbor(&request.to_cbor()).unwrap(), request);
    assert_eq!(Request::from_json(request.to_json().as_bytes()).unwrap(), request);
    let none = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    assert_ne!(none.to_cbor(), request.to_cbor());
    assert_eq!(Request::from_json(&with(serde_json::json!([]))).unwrap().to_cbor(), none.to_cbor());

    let place = "request.device_namespaces";
    refused(
        &with(serde_json::json!(["a", "a"])),
        Code::Malformed,
        "request.device_namespaces[1]",
        "twice",
    );
    refused(
        &with(serde_json::json!([""])),
        Code::Malformed,
        "request.device_namespaces[0]",
        "empty",
    );
    let hidden = with(serde_json::json!(["a\u{200b}"]));
    refused(&hidden, Code::Malformed, "request.device_namespaces[0]", "cannot be shown");
    let many: Vec<_> = (0..=limits::DEVICE_NAMESPACES).map(|index| index.to_string()).collect();
    refused(&with(serde_json::json!(many)), Code::TooLarge, place, "limit is 8");
}

#[test]
fn names_and_times_are_checked() {
    for (path, place) in [
        ("/doc_type", "request.doc_type"),
        ("/predicates/1/namespace", "request.predicates[1].namespace"),
        ("/predicates/1/element", "request.predicates[1].element"),
    ] {
        Request::from_json(&set(path, "n".repeat(64).into())).unwrap();
        refused(&set(path, "n".repeat(65).into()), Code::TooLarge, place, "limit is 64");
        refused(&set(path, "".into()), Code::Malformed, place, "empty");
    }
    for now in ["2024-10-15", "2024-10-15T00:00:00.Z", "2024-10-15T02:00:00+02:00", "now"] {
        refused(
            &set("/now", now.into()),
            Code::Malformed,
            "request.now",
            "write YYYY-MM-DDTHH:MM:SS",
        );
    }
}

/// A JavaScript `Date` that went through JSON has milliseconds. They are cut off before the
/// canonical form, and only the canonical form is hashed.
#[test]
fn fractions_of_a_second_make_no_other_request() {
    let at = |now: &str| Request::from_json(&set("/now", now.into())).unwrap();
    let whole = at("2024-10-15T12:34:56Z");
    for now in
        ["2024-10-15T12:34:56.123Z", "2024-10-15T12:34:56.999999999Z", "2024-10-15T12:34:56+00:00"]
    {
        assert_eq!((at(now).to_cbor(), at(now)), (whole.to_cbor(), whole.clone()), "{now}");
    }
    assert_ne!(at("2024-10-15T12:34:57.000Z").to_cbor(), whole.to_cbor());
}

#[test]
fn requests_have_a_largest_size() {
    let padded = |length: usize| {
        let mut json = MUSTERMANN.request.as_bytes().to_vec();
        json.resize(length, b' ');
        json
    };
    Request::from_json(&padded(limits::REQUEST_BYTES)).unwrap();
    refused(&padded(limits::REQUEST_BYTES + 1), Code::TooLarge, "request", "limit is 65536");
    let error = Request::from_cbor(&padded(limits::REQUEST_BYTES + 1)).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
}

#[test]
fn bad_cbor_is_refused() {
    let request = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap();
    let cbor = request.to_cbor();
    for length in 0..cbor.len() {
        assert_eq!(Request::from_cbor(&cbor[..length]).unwrap_err().code(), Code::Malformed);
    }
    for offset in 0..cbor.len() {
        let mut flipped = cbor.clone();
        flipped[offset] ^= 0x01;
        if let Ok(other) = Request::from_cbor(&flipped) {
            assert_ne!(other, request, "offset {offset}");
        }
    }
    for bad in [[&cbor[..], b"\x00"].concat(), vec![0xa0], vec![0x80], [0x81; 4_000].to_vec()] {
        let error = Request::from_cbor(&bad).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Malformed, "request"));
    }
}

/// Whoever adds a condition must add it to [`condition`] and to the test above, too.
#[test]
fn the_tests_here_know_every_condition() {
    let none = serde_json::json!([{"namespace": "org.iso.18013.5.1", "element": "birth_date"}]);
    let error = Request::from_json(&set("/predicates", none)).unwrap_err();
    let known = "exactly one of age_at_least, equals, date_before, date_after, disclose";
    assert!(error.message().ends_with(known), "{error}");
}

fn condition() -> impl Strategy<Value = Condition> {
    let date = || {
        (-62_167_219_200_i64..253_402_300_800)
            .prop_map(|unix| Timestamp::from_unix(unix).unwrap().date())
    };
    prop_oneof![
        any::<u8>().prop_map(Condition::AgeAtLeast),
        any::<String>().prop_map(|text| Condition::Equals(Literal::Text(text))),
        any::<bool>().prop_map(|value| Condition::Equals(Literal::Bool(value))),
        any::<i64>().prop_map(|number| Condition::Equals(Literal::Integer(number))),
        date().prop_map(|date| Condition::Equals(Literal::FullDate(date))),
        date().prop_map(Condition::DateBefore),
        date().prop_map(Condition::DateAfter),
        Just(Condition::Disclose),
    ]
}

proptest! {
    #[test]
    fn both_forms_hold_any_request(
        doc_type in "[^\\pC\\pZ]{1,16}",
        unix in -62_167_219_200_i64..253_402_300_800,
        conditions in prop::collection::vec(("[a-z]{1,4}", condition()), 1..=8),
    ) {
        let issuers = Request::from_json(MUSTERMANN.request.as_bytes()).unwrap().issuers().to_vec();
        let predicates: Vec<_> = conditions
            .into_iter()
            .enumerate()
            .map(|(index, (element, condition))| Predicate { namespace: format!("n{index}"), element, condition })
            .collect();
        let request = Request::new(doc_type, Timestamp::from_unix(unix).unwrap(), issuers, predicates).unwrap();
        prop_assert_eq!(Request::from_json(request.to_json().as_bytes()).unwrap(), request.clone());
        prop_assert_eq!(Request::from_cbor(&request.to_cbor()).unwrap(), request);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::from_json(&bytes);
        let _ = Request::from_cbor(&bytes);
        let _ = velum_credentials::DeviceResponse::parse(&bytes);
        let _ = velum_credentials::MobileSecurityObject::parse(&bytes);
        let _ = velum_credentials::IssuerSignedItem::parse(&bytes);
        let _ = velum_credentials::SessionTranscript::parse(&bytes);
    }
}
