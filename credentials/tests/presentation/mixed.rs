//! Presentations that are assembled from others, or shown for another request. Each one is refused.

use ciborium::Value;
use serde_json::json;
use velum_credentials::{Claim, Code, Presentation, Prover, Request, SUITES, Suite, Verifier};
use velum_testdata::{ANNEX_D, MUSTERMANN};

use super::{
    ANY_CLOCK, CLASS, COMMITMENT, CREDENTIAL_PROOF, DEVICE_ALGORITHM, DEVICE_NAMESPACES, DISCLOSED,
    ISSUER, PRESENTATION_PROOF, SALT, SUITE, SUITE_VERSION, Session, VERSION, X5CHAIN, assert_code,
    changed, changed_bytes, member,
};

/// A session whose request discloses the family name and trusts two issuers.
fn session() -> Session {
    let mut session = Session::of(&MUSTERMANN);
    let other = json!({ "sec1_hex": hex::encode(ANNEX_D.facts().issuer_public_key.sec1()) });
    session.request = session.asking(|request| {
        request["issuers"].as_array_mut().unwrap().push(other);
        request["predicates"] = json!([
            {"namespace": "org.iso.18013.5.1", "element": "family_name", "disclose": true},
            {"namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18},
        ]);
    });
    session
}

#[test]
fn parts_of_presentations_do_not_mix() {
    let (session, prover, verifier) = (session(), Prover::new(), Verifier::allowing(SUITES));
    let [ours, theirs] = [(); 2].map(|()| session.answer(&prover, ANY_CLOCK).unwrap());
    for presentation in [&ours, &theirs] {
        session.verify(&verifier, presentation).unwrap();
    }
    for member in [CREDENTIAL_PROOF, PRESENTATION_PROOF, COMMITMENT] {
        assert!(self::member(&ours, member) != self::member(&theirs, member));
    }
    for members in [
        &[CREDENTIAL_PROOF][..],
        &[PRESENTATION_PROOF],
        &[COMMITMENT],
        &[COMMITMENT, CREDENTIAL_PROOF],
        &[COMMITMENT, PRESENTATION_PROOF],
        &[CREDENTIAL_PROOF, PRESENTATION_PROOF],
    ] {
        let mixed = changed(&ours, |envelope| {
            members.iter().for_each(|&index| envelope[index] = member(&theirs, index));
        });
        assert_code(session.verify(&verifier, &mixed.unwrap()), Code::ProofInvalid);
    }

    let swapped = changed(&ours, |envelope| envelope.swap(CREDENTIAL_PROOF, PRESENTATION_PROOF));
    assert_code(session.verify(&verifier, &swapped.unwrap()), Code::ProofInvalid);

    let with = |index: usize, value: Value| {
        let forged = changed(&ours, |envelope| envelope[index] = value)?;
        session.verify(&verifier, &forged)
    };
    let suite_version = u64::from(ours.suite().version());
    // Kinds of presentation that this version does not know, or that do not match the proofs.
    for (index, value, code) in [
        (VERSION, 1, Code::WrongVersion),
        (VERSION, 2, Code::WrongVersion),
        (VERSION, 4, Code::WrongVersion),
        (SUITE_VERSION, suite_version - 1, Code::WrongVersion),
        (SUITE_VERSION, suite_version + 1, Code::WrongVersion),
        (SUITE, 2, Code::WrongVersion),
        (SUITE, 3, Code::WrongVersion),
        (CLASS, 4, Code::WrongVersion),
        (CLASS, 2, Code::ProofInvalid),
        (CLASS, 3, Code::ProofInvalid),
        (ISSUER, 1, Code::ProofInvalid),
        (ISSUER, 2, Code::IssuerUntrusted),
        (ISSUER, u64::MAX, Code::IssuerUntrusted),
    ] {
        assert_code(with(index, Value::from(value)), code);
    }
    let compact = changed(&ours, |envelope| {
        (envelope[SUITE], envelope[SUITE_VERSION]) = (Value::from(3), Value::from(1));
    });
    assert_code(session.verify(&verifier, &compact.unwrap()), Code::ProofInvalid);
    let aggregatable = changed(&ours, |envelope| {
        (envelope[SUITE], envelope[SUITE_VERSION]) = (Value::from(2), Value::from(6));
        envelope.insert(SALT, Value::Bytes(vec![0; 32]));
    });
    assert_code(session.verify(&verifier, &aggregatable.unwrap()), Code::ProofInvalid);
    assert_code(with(X5CHAIN, Value::Array(vec![Value::Bytes(vec![0x30])])), Code::Malformed);
    assert_code(with(COMMITMENT, Value::Bytes(vec![0xff; 32])), Code::Malformed);
    assert_code(with(COMMITMENT, Value::Bytes(vec![0; 32])), Code::ProofInvalid);

    // A disclosed value must be what the issuer signed, in the slots that the request asks about.
    let name = |text: &str| Value::Bytes([&[0x60 + text.len() as u8], text.as_bytes()].concat());
    assert_eq!(member(&ours, DISCLOSED), Value::Array(vec![name("Mustermann"), Value::Null]));
    for (disclosed, code) in [
        (vec![name("Musterfrau"), Value::Null], Code::ProofInvalid),
        (vec![name("Mustermam"), Value::Null], Code::ProofInvalid),
        (vec![Value::Null, Value::Null], Code::Malformed),
        (vec![Value::Null, name("Mustermann")], Code::Malformed),
        (vec![name("Mustermann"), name("Mustermann")], Code::Malformed),
        (vec![name("Mustermann")], Code::Malformed),
        (vec![name("Mustermann"), Value::Null, Value::Null], Code::Malformed),
        (vec![Value::Bytes(vec![0x61]), Value::Null], Code::Malformed),
        (Vec::new(), Code::Malformed),
    ] {
        assert_code(with(DISCLOSED, Value::Array(disclosed)), code);
    }

    // The part that the device signed.
    let added = b"\xa1\x67example\xa1\x63nym\x01".to_vec();
    assert_code(with(DEVICE_NAMESPACES, Value::Bytes(added.clone())), Code::DeviceNamespaces);
    let asked = session.asking(|request| request["device_namespaces"] = json!(["example"]));
    let forged =
        changed(&ours, |envelope| envelope[DEVICE_NAMESPACES] = Value::Bytes(added)).unwrap();
    assert_code(verifier.verify(&forged, &session.transcript, &asked), Code::ProofInvalid);
    assert_code(with(DEVICE_NAMESPACES, Value::Bytes(vec![0xa0, 0xa0])), Code::Malformed);
    // Another encoding of an empty map changes the signed bytes.
    assert_code(with(DEVICE_NAMESPACES, Value::Bytes(vec![0xb8, 0])), Code::ProofInvalid);

    // An algorithm that is not the device's, and unknown algorithms.
    assert_code(with(DEVICE_ALGORITHM, Value::from(-9)), Code::ProofInvalid);
    for unknown in [-35, 7, 0] {
        assert_code(with(DEVICE_ALGORITHM, Value::from(unknown)), Code::Malformed);
    }
    assert_code(with(DEVICE_ALGORITHM, Value::Null), Code::Malformed);

    // Questions other than the one that was answered.
    type Change = fn(&mut serde_json::Value);
    let changes: [Change; 9] = [
        |request| request["device_namespaces"] = json!(["example"]),
        |request| request["now"] = "2024-10-15T13:50:01Z".into(),
        |request| request["predicates"][1]["age_at_least"] = 17.into(),
        |request| {
            let predicate = request["predicates"][1].as_object_mut().unwrap();
            predicate.remove("age_at_least");
            predicate.insert("date_before".to_owned(), "2030-01-01".into());
        },
        |request| request["predicates"][1]["element"] = "issue_date".into(),
        |request| request["predicates"][1]["namespace"] = "org.iso.18013.5.1.aamva".into(),
        |request| request["doc_type"] = "org.iso.18013.5.1.mDM".into(),
        |request| request["issuers"].as_array_mut().unwrap().reverse(),
        |request| request["predicates"][0]["element"] = "given_name".into(),
    ];
    for change in changes {
        let asked: Request = session.asking(change);
        assert_code(verifier.verify(&ours, &session.transcript, &asked), Code::ProofInvalid);
    }

    type Edit = fn(&mut Vec<serde_json::Value>);
    let edits: [Edit; 2] = [|predicates| predicates.reverse(), |predicates| predicates.truncate(1)];
    for edit in edits {
        let asked = session.asking(|request| edit(request["predicates"].as_array_mut().unwrap()));
        assert_code(verifier.verify(&ours, &session.transcript, &asked), Code::Malformed);
    }

    // Bytes behind the envelope, and too many or too few members.
    let extended = [ours.to_bytes(), vec![0]].concat();
    assert_code(velum_credentials::Presentation::from_bytes(&extended), Code::Malformed);
    let longer = changed_bytes(&ours, |envelope| envelope.push(Value::Null));
    assert_code(velum_credentials::Presentation::from_bytes(&longer), Code::Malformed);
    let shorter = changed_bytes(&ours, |envelope| drop(envelope.pop()));
    assert_code(velum_credentials::Presentation::from_bytes(&shorter), Code::Malformed);
}

/// What a circuit sees of a statement is salted, and the holder chooses the salt.
#[test]
fn the_salt_of_a_presentation_is_proven() {
    let (session, verifier) = (session(), Verifier::allowing(SUITES));
    let prover = Prover::with_suite(Suite::Aggregatable);
    let [ours, theirs] = [(); 2].map(|()| session.answer(&prover, ANY_CLOCK).unwrap());
    session.verify(&verifier, &ours).unwrap();
    let salt = member(&ours, SALT);
    assert!(salt != member(&theirs, SALT) && salt != Value::Bytes(vec![0; 32]));

    let with = |change: &dyn Fn(&mut Vec<Value>)| {
        let forged = changed(&ours, change)?;
        session.verify(&verifier, &forged)
    };
    assert_code(with(&|envelope| envelope[SALT] = member(&theirs, SALT)), Code::ProofInvalid);
    assert_code(with(&|envelope| envelope[SALT] = Value::Bytes(vec![0; 31])), Code::Malformed);
    assert_code(with(&|envelope| drop(envelope.remove(SALT))), Code::Malformed);
    // Each proof names the other one.
    let credential = member(&theirs, CREDENTIAL_PROOF + 1);
    assert_code(
        with(&|envelope| envelope[CREDENTIAL_PROOF + 1] = credential.clone()),
        Code::ProofInvalid,
    );
}

/// What a reader of an aggregate sees of a presentation: everything except its proofs.
#[test]
fn a_claim_is_the_same_without_proofs() {
    let (session, verifier) = (session(), Verifier::allowing(SUITES));
    let prover = Prover::with_suite(Suite::Aggregatable);
    let [ours, theirs] = [(); 2].map(|()| session.answer(&prover, ANY_CLOCK).unwrap());
    let claim = |presentation: &Presentation| {
        Claim::new(presentation, &session.transcript, &session.request).unwrap()
    };
    let (whole, bare) = (claim(&ours), ours.without_proofs());
    assert_eq!(Presentation::from_bytes(&bare.to_bytes()).unwrap(), bare);
    assert!(bare.to_bytes().len() < 1000);
    assert_eq!(claim(&bare).hash().unwrap(), whole.hash().unwrap());
    assert_ne!(claim(&theirs).hash().unwrap(), whole.hash().unwrap());
    let learnt: Vec<_> = claim(&bare).proven().learnt.iter().map(ToString::to_string).collect();
    assert_eq!(learnt, session.verify(&verifier, &ours).unwrap());

    // Without proofs it is not a presentation. In other suites a claim has no hash.
    assert_code(session.verify(&verifier, &bare), Code::ProofInvalid);
    let direct = session.answer(&Prover::new(), ANY_CLOCK).unwrap();
    assert_code(claim(&direct).hash(), Code::WrongVersion);
}
