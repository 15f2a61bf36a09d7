//! Every real document with the request that it satisfies.

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use serde_json::json;
use velum_core::class::{LARGE, STANDARD};
use velum_credentials::{
    Code, DeviceResponse, Prepared, ProofKind, Prover, Purpose, SessionTranscript, Suite, Verifier,
    device_authentication_bytes, limits,
};
use velum_stark::control::Control;
use velum_testdata::{
    AGE_VERIFICATION, AGE_VERIFICATION_NYM, ANNEX_D, CASES, Case, MUSTERMANN, PERMUTED_KEYS,
    UNDER_18,
};

use super::{ANY_CLOCK, Session, assert_code, whole};

/// The session of a case. If its device authenticated by MAC, the document is signed with the
/// published device key.
fn session(case: &Case) -> Session {
    let facts = case.facts();
    if facts.device_auth == "deviceSignature" {
        return Session::of(case);
    }
    let key =
        SigningKey::from_slice(&hex::decode(facts.device_private_key.unwrap()).unwrap()).unwrap();
    let transcript = SessionTranscript::parse(case.session_transcript).unwrap();
    let response = DeviceResponse::parse(case.device_response).unwrap();
    let namespaces = response.document(&facts.doc_type).unwrap().device_signed().namespaces();
    let signature: p256::ecdsa::Signature =
        key.sign(&device_authentication_bytes(&facts.doc_type, &transcript, namespaces));
    let signed = DeviceResponse::with_device_signature(
        case.device_response,
        &facts.doc_type,
        &signature.to_bytes().into(),
    );
    Session::new(&signed.unwrap(), case.session_transcript, case.request)
}

fn is_presented_and_verified(case: &Case) {
    let (session, prover, verifier) = (session(case), Prover::new(), Verifier::new());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert_eq!(learnt, session.explained(), "the holder agreed to something else");
    assert_eq!(learnt.len(), session.request.predicates().len() + 5, "{learnt:#?}");
    assert_eq!(learnt.last().unwrap(), "that the device signs with ES256");
    for (learnt, predicate) in learnt.iter().zip(session.request.predicates()) {
        assert_eq!(*learnt, predicate.to_string());
    }

    let mut other = case.session_transcript.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let other = SessionTranscript::parse(&other).unwrap();
    assert_code(verifier.verify(&presentation, &other, &session.request), Code::ProofInvalid);
}

#[test]
fn a_licence_is_presented_and_verified() {
    is_presented_and_verified(&MUSTERMANN);
}

#[test]
fn an_age_verification_attestation_is_presented_and_verified() {
    is_presented_and_verified(&AGE_VERIFICATION);
}

#[test]
fn items_may_have_their_keys_in_any_order() {
    is_presented_and_verified(&PERMUTED_KEYS);
}

#[test]
fn the_example_of_the_standard_is_presented_and_verified_once_its_device_signs() {
    let mac = Session::of(&ANNEX_D);
    let document = mac.response.document(mac.request.doc_type()).unwrap();
    assert_code(document.verify(&mac.request, &mac.transcript), Code::DeviceMacUnsupported);
    if whole() {
        is_presented_and_verified(&ANNEX_D);
    } else {
        let signed = session(&ANNEX_D);
        let document = signed.response.document(signed.request.doc_type()).unwrap();
        document.verify(&signed.request, &signed.transcript).unwrap();
    }
}

/// The cases that no other test presents. Ordinary runs check them without a proof.
#[test]
fn every_other_case_is_presented_and_verified() {
    let apart = [MUSTERMANN, AGE_VERIFICATION, PERMUTED_KEYS, ANNEX_D, AGE_VERIFICATION_NYM]
        .map(|case| case.name);
    let others = CASES.iter().filter(|case| !apart.contains(&case.name));
    assert_eq!(others.clone().count(), 4);
    for case in others {
        if whole() {
            is_presented_and_verified(case);
        } else {
            let session = session(case);
            let document = session.response.document(session.request.doc_type()).unwrap();
            document.verify(&session.request, &session.transcript).unwrap();
        }
    }
}

#[test]
fn someone_under_18_is_not_presented_as_older() {
    let (mut session, prover) = (Session::of(&UNDER_18), Prover::new());
    session.request = session.asking(|request| request["predicates"][0]["equals"] = json!(true));
    let prepared = session.prepare(&prover).unwrap();
    assert_code(session.present(&prover, prepared, ANY_CLOCK), Code::Predicate);
}

/// The issuer of this real document authorises no element, but its device signs one.
#[test]
fn device_signed_elements_that_nobody_authorised_are_not_presented() {
    let (mut session, prover) = (Session::of(&AGE_VERIFICATION_NYM), Prover::new());
    let prepared = session.prepare(&prover).unwrap();
    let copy = Prepared::from_bytes(&prepared.to_bytes()).unwrap();
    assert_code(session.present(&prover, copy, ANY_CLOCK), Code::DeviceNamespacesUnauthorised);
    session.request =
        session.asking(|request| request["device_namespaces"] = json!(["eu.europa.ec.av.1"]));
    let allowed = ANY_CLOCK.with_device_namespaces(true);
    assert_code(session.present(&prover, prepared, allowed), Code::DeviceNamespacesUnauthorised);
}

#[test]
fn a_prepared_proof_tells_what_it_is_for_and_no_secret() {
    let (session, prover) = (Session::of(&UNDER_18), Prover::new());
    let document = session.response.document(session.request.doc_type()).unwrap();
    let bytes = session.prepare(&prover).unwrap().to_bytes();
    let (purpose, prepared_for) = Purpose::of_prepared(&bytes).unwrap();
    assert_eq!(prepared_for, session.request.now());
    let read = Prepared::from_bytes(&bytes).unwrap();
    assert_eq!((read.purpose(), read.prepared_for()), (purpose.clone(), prepared_for));
    assert_eq!(purpose, Purpose::of(document, &session.request, Suite::Direct, None).unwrap());
    assert_ne!(
        purpose,
        Purpose::of(document, &session.request, Suite::Direct, Some(LARGE)).unwrap()
    );
    assert_eq!(purpose.issuer[..], UNDER_18.facts().issuer_public_key.sec1());
    assert_eq!(purpose.elements, session.request.slots());

    let json = purpose.to_json();
    assert_eq!(Purpose::from_json(json.to_string().as_bytes()).unwrap(), purpose);
    let changed = |member: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[member] = value;
        Purpose::from_json(json.to_string().as_bytes())
    };
    assert_code(changed("suite_version", 3.into()), Code::WrongVersion);
    for (member, value) in [
        ("suite", json!("direkt")),
        ("suite_version", json!("4")),
        ("size_class", json!("huge")),
        ("issuer", json!("04")),
        ("elements", json!([{ "namespace": "n" }])),
        ("document", json!("g".repeat(64))),
        ("more", json!(1)),
    ] {
        assert_code(changed(member, value), Code::Malformed);
    }
}

/// A prepared proof that a disk or a caller damaged is refused when it is read. Otherwise it would
/// become a proof that does not verify, after its holder has agreed and the device has signed.
#[test]
fn damaged_prepared_proofs_are_refused() {
    let (session, prover) = (Session::of(&UNDER_18), Prover::new());
    let bytes = session.prepare(&prover).unwrap().to_bytes();
    let refused = |bytes: &[u8]| {
        let of_prepared = Purpose::of_prepared(bytes).map(drop).unwrap_err();
        let error = Prepared::from_bytes(bytes).map(drop).unwrap_err();
        assert_eq!(error, of_prepared);
        error.code()
    };
    for bit in (0..8 * bytes.len()).step_by(997) {
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(refused(&damaged), Code::Malformed | Code::WrongVersion), "bit {bit}");
    }
    for length in (0..bytes.len()).step_by(997) {
        assert_eq!(refused(&bytes[..length]), Code::Malformed, "{length} bytes");
    }
    assert_eq!(refused(&[&bytes[..], &[0]].concat()), Code::Malformed);

    assert_eq!(refused(&[&[0x8e, 0x71][..], b"velum prepared v2"].concat()), Code::WrongVersion);
    assert_eq!(refused(&vec![0; limits::PRESENTATION_BYTES + 1]), Code::Malformed);
}

#[test]
fn size_classes_of_no_table_have_no_keys() {
    let mut odd = STANDARD;
    odd.slots = 5;
    assert_code(Verifier::new().make_keys(odd), Code::Internal);
    for kind in [ProofKind::Credential, ProofKind::Presentation] {
        assert_code(Prover::new().make_keys(kind, odd, &Control::none()), Code::Internal);
    }
}
