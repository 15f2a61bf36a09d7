//! Documents that were minted for these tests: trust by a root, birthdays, and sizes at each limit
//! and one above it.

use serde_json::json;
use velum_core::class::{EXTRA, LARGE, STANDARD};
use velum_credentials::mint::{Draft, Minted, Spec, mint};
use velum_credentials::{Code, PrepareOptions, Prepared, Prover, Verifier};

use super::{
    ANY_CLOCK, CREDENTIAL_PROOF, ISSUER, Session, X5CHAIN, assert_code, changed, member, whole,
};

const MDL: &str = "org.iso.18013.5.1";

pub(super) fn spec(change: impl FnOnce(&mut serde_json::Value)) -> Spec {
    let mut json = json!({
        "seed": hex::encode([3; 32]),
        "doc_type": "org.iso.18013.5.1.mDL",
        "validity": {
            "signed": "2022-01-01T00:00:00Z",
            "valid_from": "2022-01-01T00:00:00Z",
            "valid_until": "2022-12-31T00:00:00Z",
        },
        "elements": [
            {"namespace": MDL, "element": "birth_date", "value": {"full_date": "2004-02-29"}},
            {"namespace": MDL, "element": "family_name", "value": "Mustermann"},
        ],
        "item_key_order": ["random", "elementValue", "digestID", "elementIdentifier"],
        "mso_key_order": ["validityInfo", "deviceKeyInfo", "docType"],
        "request": {
            "now": "2022-03-01T00:00:00Z",
            "predicates": [
                {"namespace": MDL, "element": "birth_date", "age_at_least": 18},
                {"namespace": MDL, "element": "family_name", "disclose": true},
            ],
        },
    });
    change(&mut json);
    Spec::from_json(&json.to_string()).unwrap()
}

pub(super) fn session(minted: &Minted) -> Session {
    Session::new(&minted.document(), &minted.transcript, &minted.request)
}

/// If the issuer is trusted by its root, the presentation carries the certificates in clear, and
/// the proof shows that the MSO was signed while the signer's certificate was valid.
#[test]
fn a_root_is_trusted_by_the_chain_in_the_presentation() {
    let minted = mint(&spec(|_| ())).unwrap();
    let (session, prover, verifier) = (session(&minted), Prover::new(), Verifier::new());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert_eq!(learnt.len(), 8, "{learnt:#?}");
    assert!(learnt[1].contains("Mustermann"), "{}", learnt[1]);

    let chain: Vec<_> = minted.x5chain.iter().cloned().map(ciborium::Value::Bytes).collect();
    assert_eq!(member(&presentation, X5CHAIN), ciborium::Value::Array(chain));
    let other = mint(&spec(|spec| spec["seed"] = hex::encode([4; 32]).into())).unwrap();
    // The same root with another signer; another root with its signer; no certificates.
    let sibling = spec(|spec| {
        spec["keys"]["iaca"] = hex::encode(minted.keys.iaca.to_bytes()).into();
        spec["keys"]["document_signer"] = hex::encode(other.keys.document_signer.to_bytes()).into();
    });
    let sibling = mint(&sibling).unwrap();
    assert_eq!((sibling.iaca == minted.iaca, sibling.x5chain == minted.x5chain), (true, false));
    for (chain, code) in [
        (sibling.x5chain, Code::ProofInvalid),
        (other.x5chain.clone(), Code::IssuerUntrusted),
        (Vec::new(), Code::IssuerUntrusted),
    ] {
        let chain = ciborium::Value::Array(chain.into_iter().map(ciborium::Value::Bytes).collect());
        let forged = changed(&presentation, |envelope| envelope[X5CHAIN] = chain).unwrap();
        assert_code(session.verify(&verifier, &forged), code);
    }
    // An issuer index that the request does not have, with a chain that then leads nowhere, and
    // without a chain.
    let nowhere = changed(&presentation, |envelope| envelope[ISSUER] = 1.into()).unwrap();
    assert_code(session.verify(&verifier, &nowhere), Code::IssuerUntrusted);
    let nobody =
        changed(&nowhere, |envelope| envelope[X5CHAIN] = ciborium::Value::Array(Vec::new()))
            .unwrap();
    assert_code(session.verify(&verifier, &nobody), Code::IssuerUntrusted);

    // If the signer is trusted by its key, it needs no chain and its certificate binds nothing. The
    // bounds of `signed` then differ.
    let mut by_key = session.asking(|request| {
        let key = minted.keys.document_signer.verifying_key().to_encoded_point(false);
        request["issuers"] = json!([{ "sec1_hex": hex::encode(key.as_bytes()) }]);
    });
    assert_code(verifier.verify(&presentation, &session.transcript, &by_key), Code::Malformed);
    let bare =
        changed(&presentation, |envelope| envelope[X5CHAIN] = ciborium::Value::Array(Vec::new()))
            .unwrap();
    assert_code(verifier.verify(&bare, &session.transcript, &by_key), Code::ProofInvalid);
    by_key = session
        .asking(|request| request["issuers"][0]["x509_pem"] = pem(&other, "iaca.pem").into());
    assert_code(
        verifier.verify(&presentation, &session.transcript, &by_key),
        Code::IssuerUntrusted,
    );
}

fn pem(minted: &Minted, name: &str) -> String {
    let files = minted.files().unwrap();
    String::from_utf8(files.into_iter().find(|(found, _)| *found == name).unwrap().1).unwrap()
}

/// Someone born on 29 February comes of age on 1 March in a common year, and others come of age on
/// their birthday. The wallet can prove it from that day on, and its proof is refused on the day
/// before.
#[test]
fn ages_are_reached_on_the_birthday() {
    let birthdays = [
        ("2004-02-29", "2022-02-28", "2022-03-01", "2022-03-02"),
        ("2004-06-15", "2022-06-14", "2022-06-15", "2022-06-16"),
    ];
    for (born, before, on, after) in birthdays {
        let minted =
            mint(&spec(|spec| spec["elements"][0]["value"] = json!({ "full_date": born })))
                .unwrap();
        let (mut session, prover, verifier) = (session(&minted), Prover::new(), Verifier::new());
        let prepared = session.prepare(&prover).unwrap().to_bytes();
        let at = |session: &Session, day: &str| {
            session.asking(|request| request["now"] = format!("{day}T23:59:59Z").into())
        };
        session.request = at(&session, before);
        let refused = session.present(&prover, Prepared::from_bytes(&prepared).unwrap(), ANY_CLOCK);
        assert_code(refused, Code::Predicate);
        for day in [on, after].into_iter().take(if whole() { 2 } else { 1 }) {
            session.request = at(&session, day);
            let presentation = session
                .present(&prover, Prepared::from_bytes(&prepared).unwrap(), ANY_CLOCK)
                .unwrap();
            session.verify(&verifier, &presentation).unwrap();
            let day_before = at(&session, before);
            let refused = verifier.verify(&presentation, &session.transcript, &day_before);
            assert_code(refused, Code::ProofInvalid);
        }
    }
}

/// Conditions of every kind on one element share its slot.
#[test]
fn predicates_on_one_element_hold_together() {
    let on_birth_date = |condition: serde_json::Value| {
        let mut predicate = json!({"namespace": MDL, "element": "birth_date"});
        predicate.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
        predicate
    };
    let asked = [
        json!({"age_at_least": 18}),
        json!({"date_after": "1900-12-31"}),
        json!({"equals": {"full_date": "2004-02-29"}}),
        json!({"date_before": "2004-03-01"}),
        json!({"disclose": true}),
    ]
    .map(on_birth_date);
    let minted = mint(&spec(|spec| spec["request"]["predicates"] = json!(asked))).unwrap();
    let (session, prover, verifier) = (session(&minted), Prover::new(), Verifier::new());
    assert_eq!(session.request.slots().len(), 1);
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert!(learnt[4].contains("2004-02-29"), "{learnt:#?}");

    let changed = |predicate: usize, condition: serde_json::Value| {
        let request =
            session.asking(|request| request["predicates"][predicate] = on_birth_date(condition));
        verifier.verify(&presentation, &session.transcript, &request)
    };
    assert_code(changed(1, json!({"date_after": "2004-02-28"})), Code::ProofInvalid);
    assert_code(changed(3, json!({"date_before": "1900-12-31"})), Code::Predicate);
    assert_code(changed(2, json!({"equals": {"full_date": "2004-02-28"}})), Code::Predicate);
    assert_code(changed(4, json!({"age_at_least": 17})), Code::Malformed);
}

/// A document whose MSO and first item have these lengths, including the tag-24 wrapping.
fn sized(mso_bytes: usize, item_bytes: usize, decoys: usize) -> Minted {
    let sized = |name: usize| {
        spec(|spec| {
            spec["elements"][1]["value"] = "x".repeat(name).into();
            spec["mso_bytes"] = mso_bytes.into();
            spec["decoy_digests"][MDL] = decoys.into();
            spec["request"]["predicates"] = json!([
                {"namespace": MDL, "element": "birth_date", "age_at_least": 18},
                {"namespace": MDL, "element": "family_name", "equals": "x".repeat(name)},
            ]);
        })
    };
    let bytes = |name: usize| Draft::new(&sized(name)).unwrap().items[1].encode().len();
    let name =
        (24..item_bytes).find(|&name| bytes(name) == item_bytes).expect("every length is reached");
    mint(&sized(name)).unwrap()
}

/// The smallest class that holds the document, or the error code.
fn class_of(minted: &Minted) -> Result<&'static str, Code> {
    let session = session(minted);
    let document = session.response.document(session.request.doc_type()).unwrap();
    document.verify(&session.request, &session.transcript).unwrap();
    document
        .size_class(session.request.slots())
        .map(|class| class.name)
        .map_err(|error| error.code())
}

#[test]
fn documents_at_and_one_over_each_limit_are_told_apart() {
    let (small, item) = (STANDARD.max_mso_bytes, STANDARD.max_item_bytes);
    assert_eq!((small, item), (2_560, 192));
    assert_eq!(class_of(&sized(2_560, 192, 50)), Ok("standard"));
    assert_eq!(class_of(&sized(2_561, 192, 50)), Ok("large"));
    assert_eq!(class_of(&sized(2_560, 193, 50)), Ok("large"));
    let (large, item) = (LARGE.max_mso_bytes, LARGE.max_item_bytes);
    assert_eq!((large, item), (4_096, 384));
    assert_eq!(class_of(&sized(4_096, 384, 90)), Ok("large"));
    assert_eq!(class_of(&sized(4_097, 384, 90)), Ok("extra"));
    assert_eq!(class_of(&sized(4_096, 385, 90)), Ok("extra"));
    let (extra, item) = (EXTRA.max_mso_bytes, EXTRA.max_item_bytes);
    assert_eq!((extra, item), (8_192, 1_024));
    assert_eq!(class_of(&sized(8_192, 1_024, 200)), Ok("extra"));
    for minted in [sized(8_193, 1_024, 200), sized(8_192, 1_025, 200)] {
        assert_eq!(class_of(&minted), Err(Code::TooLarge));
        assert_code(session(&minted).prepare(&Prover::new()), Code::TooLarge);
    }
    // A class that is too small is refused.
    let over = session(&sized(2_561, 192, 50));
    let document = over.response.document(over.request.doc_type()).unwrap();
    let options = PrepareOptions::default().with_size_class(STANDARD);
    assert_code(Prover::new().prepare(document, &over.request, options), Code::TooLarge);
}

fn is_presented_in(minted: &Minted, class: &str) {
    let (session, prover, verifier) = (session(minted), Prover::new(), Verifier::new());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    assert_eq!(presentation.size_class().name, class);
    session.verify(&verifier, &presentation).unwrap();

    // A proof belongs to one class, so the class in the envelope cannot be exchanged.
    let other = if class == "standard" { LARGE } else { STANDARD };
    let forged =
        changed(&presentation, |envelope| envelope[super::CLASS] = u64::from(other.id).into());
    assert_code(session.verify(&verifier, &forged.unwrap()), Code::ProofInvalid);
    let shorter = changed(&presentation, |envelope| {
        envelope[CREDENTIAL_PROOF].as_bytes_mut().unwrap().pop();
    });
    assert_code(session.verify(&verifier, &shorter.unwrap()), Code::ProofInvalid);
}

#[test]
fn a_document_that_just_fits_the_standard_class_is_presented() {
    is_presented_in(&sized(2_560, 192, 50), "standard");
}

#[test]
fn a_document_that_just_fits_the_large_class_is_presented() {
    is_presented_in(&sized(4_096, 384, 90), "large");
}

#[test]
fn a_document_that_just_fits_the_extra_class_is_presented() {
    is_presented_in(&sized(8_192, 1_024, 200), "extra");
}
