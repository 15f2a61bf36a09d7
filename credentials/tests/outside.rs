//! Documents as they occur in practice: with items that no request asks about, with dates that are
//! not days, and with entries that nothing checks.

use serde_json::json;
use velum_credentials::mint::{Draft, Form, Map, Minted, Node, Spec, mint};
use velum_credentials::{
    Code, DeviceResponse, Document, Error, Inspection, Request, SessionTranscript,
};

const MDL: &str = "org.iso.18013.5.1";

/// A spec, after `edit`, whose request asks only for the age of the holder.
fn spec_with(edit: impl FnOnce(&mut serde_json::Value)) -> Spec {
    let mut json = json!({
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
        ],
        "request": {
            "now": "2026-06-01T00:00:00Z",
            "predicates": [{"namespace": MDL, "element": "birth_date", "age_at_least": 18}],
        },
    });
    edit(&mut json);
    Spec::from_json(&json.to_string()).unwrap()
}

fn parse(minted: &Minted) -> Result<Document, Error> {
    let request = Request::from_json(minted.request.as_bytes())?;
    DeviceResponse::parse(&minted.document())?.document(request.doc_type()).cloned()
}

/// Makes every native check that the minted request requires.
fn verify(minted: &Minted) -> Result<(), Error> {
    let request = Request::from_json(minted.request.as_bytes())?;
    let transcript = SessionTranscript::parse(&minted.transcript)?;
    parse(minted)?.verify(&request, &transcript).map(drop)
}

/// Items that no request could ask about, in a document that is asked about another item.
#[test]
fn items_that_nobody_asks_about_may_be_anything() {
    type Edit = fn(&mut Map);
    let cases: [(&str, Edit); 9] = [
        ("a key twice", |item| item.push("elementValue", Node::bool(true))),
        ("a key missing", |item| {
            item.remove("random");
        }),
        ("a fifth key", |item| item.push("extra", 1)),
        ("a short salt", |item| item.set("random", Node::bytes(&[0; 15]))),
        ("an indefinite map", |item| item.form = Form::Indefinite),
        ("an indefinite array", |item| {
            item.set("elementValue", Node::Raw(b"\x9f\x01\xff".to_vec()))
        }),
        ("an indefinite text", |item| {
            item.set("elementValue", Node::Raw(b"\x7f\x61a\xff".to_vec()))
        }),
        ("a deep value", |item| {
            item.set("elementValue", Node::Raw([vec![0x81; 500], vec![0]].concat()));
        }),
        ("a long name", |item| item.set("elementIdentifier", &*"x".repeat(200))),
    ];
    let spec = spec_with(|_| ());
    for (what, edit) in cases {
        let mut draft = Draft::new(&spec).unwrap();
        edit(&mut draft.items[0].map);
        let minted = draft.digest().unwrap().sign().unwrap();
        verify(&minted).unwrap_or_else(|error| panic!("{what}: {error}"));
        let document = parse(&minted).unwrap();
        let [item] = document.issuer_signed().namespaces()[0].opaque_items() else {
            panic!("{what}")
        };
        let error = document.item(MDL, item.element_identifier()).unwrap_err();
        assert!(matches!(error.code(), Code::Malformed | Code::TooLarge), "{what}: {error}");
        let inspection = Inspection::of(&document);
        assert_eq!(inspection.provable().unwrap().but.len(), 1, "{what}");

        let mut altered = Draft::new(&spec).unwrap().digest().unwrap();
        edit(&mut altered.items[0].map);
        let error = verify(&altered.sign().unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::Digest, "{what}: {error}");
    }
}

/// A birth date that states no day does not make an age false. Another element may state the age.
#[test]
fn birth_dates_that_are_no_days_are_told_as_such() {
    let message = |value: serde_json::Value, with_age: bool| {
        let spec = spec_with(|spec| {
            spec["elements"][1]["value"] = value;
            if !with_age {
                spec["elements"].as_array_mut().unwrap().remove(2);
            }
        });
        let error = verify(&mint(&spec).unwrap()).unwrap_err();
        assert_eq!((error.code(), error.place()), (Code::Predicate, "request.predicates[0]"));
        error.message().to_owned()
    };
    let approximate = json!({"map": [["birth_date", {"full_date": "1990-02-28"}], ["approximate_mask", "00000011"]]});
    let unknown = json!({"cbor": format!("d903ec6a{}", hex::encode("2006-00-00"))});
    for (value, why) in
        [(approximate, "a map (as ISO/IEC 23220-2"), (unknown, "its month and day are 00")]
    {
        let with_age = message(value.clone(), true);
        assert!(with_age.contains(why), "{with_age}");
        assert!(
            with_age.ends_with("age_over_18 (org.iso.18013.5.1) of this document"),
            "{with_age}"
        );
        assert!(!message(value, false).contains("age_over_18"));
    }
}

/// The holder is told what is not checked, because it concerns the holder.
#[test]
fn a_status_is_told_as_not_checked() {
    for with_status in [false, true] {
        let spec = spec_with(|spec| {
            if with_status {
                spec["mso_extra"]["status"] =
                    json!({"map": [["status_list", {"map": [["idx", 412]]}]]});
            }
        });
        let minted = mint(&spec).unwrap();
        let document = parse(&minted).unwrap();
        assert_eq!(document.mso().has_status(), with_status);
        let request = Request::from_json(minted.request.as_bytes()).unwrap();
        let explanation = request.explain(&document);
        assert_eq!(explanation.not_checked.len(), usize::from(with_status));
        assert_eq!(
            explanation.to_string().contains("Not checked: whether the issuer revoked"),
            with_status
        );
    }
}
