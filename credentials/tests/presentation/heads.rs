//! Values with heads of every length. Predicates give the same result for each, and a presentation
//! does not reveal the lengths.

use ciborium::Value;
use serde_json::json;
use velum_credentials::mint::{Draft, Minted, Node};
use velum_credentials::{Code, Error, Prover, Verifier};

use super::minted::{session, spec};
use super::{ANY_CLOCK, DISCLOSED, Session, assert_code, member};

const MDL: &str = "org.iso.18013.5.1";

/// A head of this major type with an argument of `bytes` bytes.
fn head(major: u8, argument: u64, bytes: usize) -> Vec<u8> {
    let mut head = vec![major << 5 | (24 + bytes.ilog2() as u8)];
    head.extend_from_slice(&argument.to_be_bytes()[8 - bytes..]);
    head
}

fn text(text: &str, bytes: usize) -> Vec<u8> {
    [head(3, text.len() as u64, bytes), text.as_bytes().to_vec()].concat()
}

/// A document with these values, and a request that asks these predicates about it.
fn document(values: &[(&str, Vec<u8>)], predicates: serde_json::Value) -> Minted {
    let spec = spec(|spec| {
        let element = |(element, _): &(&str, Vec<u8>)| json!({"namespace": MDL, "element": element, "value": true});
        spec["elements"] = values.iter().map(element).collect();
        spec["request"]["predicates"] = predicates;
    });
    let mut draft = Draft::new(&spec).unwrap();
    for (item, (_, value)) in draft.items.iter_mut().zip(values) {
        item.map.set("elementValue", Node::Raw(value.clone()));
    }
    draft.digest().unwrap().sign().unwrap()
}

/// The prover's check of the first predicate before it proves.
fn checked(session: &Session) -> Result<(), Error> {
    let document = session.response.document(session.request.doc_type()).unwrap();
    let predicate = &session.request.predicates()[0];
    predicate.check(document.item(MDL, &predicate.element).unwrap().value(), session.request.now())
}

fn ask(element: &str, condition: &str, value: impl Into<serde_json::Value>) -> serde_json::Value {
    json!({"namespace": MDL, "element": element, condition: value.into()})
}

#[test]
fn predicates_do_not_notice_heads() {
    let asked = json!([
        ask("family_name", "equals", "Mustermann"),
        ask("family_name", "disclose", true),
        ask("birth_date", "age_at_least", 18),
        ask("birth_date", "equals", json!({"full_date": "2004-02-29"})),
        ask("height", "equals", 18),
        ask("balance", "equals", -19),
    ]);
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let mut told = Vec::new();
    for bytes in [1, 2, 4, 8] {
        // The argument of the tag needs two bytes or more.
        let full_date = [head(6, 1004, bytes.max(2)), text("2004-02-29", bytes)].concat();
        let minted = document(
            &[
                ("family_name", text("Mustermann", bytes)),
                ("birth_date", full_date),
                ("height", head(0, 18, bytes)),
                ("balance", head(1, 18, bytes)),
            ],
            asked.clone(),
        );
        let session = session(&minted);
        let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
        let learnt = session.verify(&verifier, &presentation).unwrap();
        assert!(learnt.iter().any(|line| line.contains("Mustermann")), "{learnt:?}");
        let disclosed = member(&presentation, DISCLOSED);
        assert_eq!(disclosed.as_array().unwrap()[0], Value::Bytes(b"\x6aMustermann".to_vec()));
        told.push((learnt, disclosed));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
}

#[test]
fn dates_and_times_count_by_their_utc_date() {
    let (prover, verifier) = (Prover::new(), Verifier::new());
    for (end, bytes) in [(".5Z", 1), ("+00:00", 2), (".123456789+00:00", 8)] {
        let tdate = [vec![0xc0], text(&format!("2004-02-29T23:59:59{end}"), bytes)].concat();
        let of_age = |age: u8| {
            document(
                &[("birth_date", tdate.clone())],
                json!([ask("birth_date", "age_at_least", age)]),
            )
        };
        let session_of = |age| session(&of_age(age));
        let session = session_of(18);
        let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
        session.verify(&verifier, &presentation).unwrap();
        assert_code(checked(&session_of(19)), Code::Predicate);
    }
    for text_of in
        ["2004-02-29T23:59:59+01:00", "2004-02-29t23:59:59Z", "2004-02-29T23:59:59", "2004-02-29"]
    {
        let tdate = [vec![0xc0], text(text_of, 1)].concat();
        let minted =
            document(&[("birth_date", tdate)], json!([ask("birth_date", "age_at_least", 18)]));
        assert_code(checked(&session(&minted)), Code::Predicate);
    }
}

#[test]
fn other_literals_are_refused_under_any_head() {
    for bytes in [1, 8] {
        for (value, literal) in [
            (text("Mustermann", bytes), json!("Mustermanm")),
            (text("18", bytes), json!(18)),
            (head(0, 18, bytes), json!(19)),
            (head(0, 18, bytes), json!(-19)),
            (head(0, 1, bytes), json!(true)),
        ] {
            let minted = document(&[("value", value)], json!([ask("value", "equals", literal)]));
            assert_code(checked(&session(&minted)), Code::Predicate);
        }
    }
}
