//! Trust by path validation: the presentation carries the certificates of the path and no others.

use ciborium::Value;
use p256::ecdsa::DerSignature;
use serde_json::json;
use velum_credentials::mint::{Draft, Minted, iaca_certificate, sign_certificate};
use velum_credentials::{Code, Prover, Verifier};
use x509_cert::der::Encode;
use x509_cert::der::asn1::OctetString;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::pkix::BasicConstraints;

use super::minted::{session, spec};
use super::{ANY_CLOCK, X5CHAIN, assert_code, changed, member};

/// A document whose signer is below an intermediate CA. The root follows in the `x5chain`.
fn minted() -> Minted {
    let (ours, above) = (spec(|_| ()), spec(|spec| spec["seed"] = hex::encode([9; 32]).into()));
    let root_keys = Draft::new(&above).unwrap().keys;
    let mut root = iaca_certificate(&above, &root_keys).unwrap();
    // An Annex B root has no CA below it.
    let any_length = BasicConstraints { ca: true, path_len_constraint: None }.to_der().unwrap();
    let extensions = root.extensions.as_mut().unwrap();
    let constraints =
        extensions.iter_mut().find(|found| found.extn_id == BasicConstraints::OID).unwrap();
    constraints.extn_value = OctetString::new(any_length).unwrap();

    let mut draft = Draft::new(&ours).unwrap().digest().unwrap();
    let mut intermediate = iaca_certificate(&ours, &draft.keys).unwrap();
    intermediate.issuer = root.subject.clone();
    let sign =
        |certificate| sign_certificate::<_, DerSignature>(certificate, &root_keys.iaca).unwrap();
    draft.iaca = sign(root);
    draft.x5chain.push(sign(intermediate));
    draft.x5chain.push(draft.iaca.clone());
    draft.sign().unwrap()
}

#[test]
fn a_root_is_trusted_through_an_intermediate_certificate() {
    let minted = minted();
    let (mut session, prover, verifier) = (session(&minted), Prover::new(), Verifier::new());
    // By Annex B no certificate stands between the signer and the root.
    let document = session.response.documents()[0].clone();
    let error = document.verify(&session.request, &session.transcript).unwrap_err();
    assert_eq!(error.code(), Code::IssuerUntrusted, "{error}");

    session.request = session.asking(|request| request["issuers"][0]["profile"] = "pki".into());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert!(
        learnt.iter().any(|fact| fact.contains("\"pki\"") && fact.contains("revoked")),
        "{learnt:#?}"
    );
    let named =
        "the issuer: \"Velum test document signer\" according to its certificate, with the key 04";
    assert!(learnt.iter().any(|fact| fact.starts_with(named)), "{learnt:#?}");
    assert_eq!(learnt, session.explained());

    let chain = |count: usize| {
        Value::Array(minted.x5chain.iter().take(count).cloned().map(Value::Bytes).collect())
    };
    assert_eq!(member(&presentation, X5CHAIN), chain(2));
    for (count, code) in
        [(0, Code::IssuerUntrusted), (1, Code::IssuerUntrusted), (3, Code::Malformed)]
    {
        let forged = changed(&presentation, |envelope| envelope[X5CHAIN] = chain(count)).unwrap();
        assert_code(session.verify(&verifier, &forged), code);
    }

    // The profile is part of the question, even if both profiles trust the signer.
    let other =
        session.asking(|request| request["issuers"][0]["require_eku"] = json!("1.0.18013.5.1.2"));
    assert_code(verifier.verify(&presentation, &session.transcript, &other), Code::ProofInvalid);
    let unmet = session.asking(|request| request["issuers"][0]["require_eku"] = json!("1.2.3"));
    assert_code(verifier.verify(&presentation, &session.transcript, &unmet), Code::IssuerUntrusted);
}
