//! What a device signs: the algorithm, and elements of its own.

use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer;
use serde_json::json;
use velum_credentials::mint::{DeviceKey, Map, Minted, Node, mint};
use velum_credentials::{Code, Prover, SessionTranscript, Verifier, device_authentication_bytes};

use super::minted::{session, spec};
use super::{ANY_CLOCK, DEVICE_ALGORITHM, assert_code, changed, member};

/// Makes the device of the same document sign by ESP256.
fn sign_by_esp256(minted: &mut Minted) {
    let transcript = SessionTranscript::parse(&minted.transcript).unwrap();
    let mut bytes = device_authentication_bytes("org.iso.18013.5.1.mDL", &transcript, &[0xa0]);
    // `{1: -7}` follows the array head, "Signature1" and the head of the byte string.
    assert_eq!(bytes[12..16], [0x43, 0xa1, 0x01, 0x26]);
    bytes[15] = 0x28;
    let DeviceKey::Held(key) = &minted.keys.device else { panic!("a minted key") };
    let signature: Signature = key.sign(&bytes);
    let sign1 = Node::Array(vec![
        Node::bytes(b"\xa1\x01\x28"),
        Map::default().into(),
        Node::null(),
        Node::bytes(&signature.to_bytes()),
    ]);
    let device_signed = minted.first_document().unwrap().map_mut("deviceSigned").unwrap();
    device_signed.set("deviceAuth", Map::from_iter([("deviceSignature", sign1)]));
}

#[test]
fn a_device_may_sign_by_esp256() {
    let mut minted = mint(&spec(|_| ())).unwrap();
    sign_by_esp256(&mut minted);
    let (session, prover, verifier) = (session(&minted), Prover::new(), Verifier::new());
    let presentation = session.answer(&prover, ANY_CLOCK).unwrap();
    assert_eq!(member(&presentation, DEVICE_ALGORITHM), (-9).into());
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert_eq!(learnt.last().unwrap(), "that the device signs with ESP256");

    let forged =
        changed(&presentation, |envelope| envelope[DEVICE_ALGORITHM] = (-7).into()).unwrap();
    assert_code(session.verify(&verifier, &forged), Code::ProofInvalid);
}

/// What a device signed itself is shown only if three conditions hold: its issuer allows the device
/// to sign it, the verifier asks for it, and the holder agrees.
#[test]
fn elements_of_the_device_take_all_three() {
    let with = |authorised: serde_json::Value| {
        let minted = mint(&spec(|spec| {
            spec["device_namespaces"]["org.example"] = json!({"nym": {"bytes": "0102"}});
            spec["device_key_info_extra"]["keyAuthorizations"] = authorised;
        }));
        session(&minted.unwrap())
    };
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let consented = ANY_CLOCK.with_device_namespaces(true);
    let check = |session: &super::Session| {
        let document = &session.response.documents()[0];
        consented.check(document, &session.transcript, &session.request).map(drop)
    };
    for authorised in [
        json!({"map": [["nameSpaces", ["org.example"]]]}),
        json!({"map": [["dataElements", {"map": [["org.example", ["nym", "other"]]]}]]}),
    ] {
        check(&with(authorised)).unwrap();
    }
    for authorised in [
        json!({"map": [["nameSpaces", ["org.example.other"]]]}),
        json!({"map": [["dataElements", {"map": [["org.example", ["other"]]]}]]}),
    ] {
        assert_code(check(&with(authorised)), Code::DeviceNamespacesUnauthorised);
    }

    let mut session = with(json!({"map": [["nameSpaces", ["org.example"]]]}));
    let document = &session.response.documents()[0];
    let refused = ANY_CLOCK.check(document, &session.transcript, &session.request);
    assert_code(refused, Code::DeviceNamespaces);

    let presentation = session.answer(&prover, consented).unwrap();
    let learnt = session.verify(&verifier, &presentation).unwrap();
    assert!(learnt.last().unwrap().contains("not that the issuer allows it"), "{learnt:#?}");

    // A verifier that does not name the namespace refuses before it checks a proof.
    session.request =
        session.asking(|request| request["device_namespaces"] = json!(["org.example.other"]));
    assert_code(check(&session), Code::DeviceNamespaces);
    assert_code(session.verify(&verifier, &presentation), Code::DeviceNamespaces);
}
