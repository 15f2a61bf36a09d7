//! Whole presentations of real documents, through the real prover and verifier.

use ciborium::Value;
use velum_core::control::Control;
use velum_credentials::{
    Clock, Code, DeviceResponse, PrepareOptions, Prepared, PresentOptions, Presentation, Prover, Request,
    SessionTranscript, Verifier,
};
use velum_testdata::{AGE_VERIFICATION, Case, MUSTERMANN};

const ANY_CLOCK: PresentOptions<'static> =
    PresentOptions { clock: Clock::Any, disclose_device_namespaces: false, control: Control::none() };

fn parts(case: &Case) -> (DeviceResponse, SessionTranscript, Request) {
    (
        DeviceResponse::parse(case.device_response).unwrap(),
        SessionTranscript::parse(case.session_transcript).unwrap(),
        Request::from_json(case.request.as_bytes()).unwrap(),
    )
}

#[test]
fn a_licence_is_prepared_presented_and_verified() {
    let (response, transcript, request) = parts(&MUSTERMANN);
    let document = response.document(request.doc_type()).unwrap();
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let prepared = prover.prepare(document, &request, PrepareOptions::default()).unwrap();
    let prepared = Prepared::from_bytes(&prepared.to_bytes()).unwrap();
    let presentation = prover.present(prepared, document, &transcript, &request, ANY_CLOCK).unwrap();
    let bytes = presentation.to_bytes();
    let presentation = Presentation::from_bytes(&bytes).unwrap();
    let verified = verifier.verify(&presentation, &transcript, &request).unwrap();
    let learnt: Vec<_> = verified.learnt.iter().map(ToString::to_string).collect();
    assert_eq!(learnt[1], "birth_date (org.iso.18013.5.1) makes the holder 18 years or older");
    assert_eq!(learnt.len(), request.predicates().len() + 4);

    let mut other = MUSTERMANN.session_transcript.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let other = SessionTranscript::parse(&other).unwrap();
    let error = verifier.verify(&presentation, &other, &request).err().unwrap();
    assert_eq!(error.code(), Code::ProofInvalid, "{error}");
}

/// Members of a presentation's array.
mod member {
    pub const VERSION: usize = 0;
    pub const SUITE: usize = 1;
    pub const CLASS: usize = 2;
    pub const ISSUER: usize = 3;
    pub const X5CHAIN: usize = 4;
    pub const COMMITMENT: usize = 5;
    pub const DISCLOSED: usize = 6;
    pub const DEVICE_NAME_SPACES: usize = 7;
    pub const CREDENTIAL_PROOF: usize = 8;
    pub const PRESENTATION_PROOF: usize = 9;
}

fn members(presentation: &Presentation) -> Vec<Value> {
    ciborium::from_reader::<Value, _>(&*presentation.to_bytes()).unwrap().into_array().unwrap()
}

/// The code of the error with which the members are refused, read or verified.
fn refusal(
    verifier: &Verifier,
    members: &[Value],
    transcript: &SessionTranscript,
    request: &Request,
) -> Option<Code> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Array(members.to_vec()), &mut bytes).unwrap();
    let refused = Presentation::from_bytes(&bytes)
        .and_then(|presentation| verifier.verify(&presentation, transcript, request));
    refused.err().map(|error| error.code())
}

/// Two presentations of one document to one request in one session: everything public but the commitment is the same.
#[test]
fn parts_of_presentations_do_not_mix() {
    let (response, transcript, _) = parts(&MUSTERMANN);
    let request = MUSTERMANN.request.replace("\"equals\": 175", "\"disclose\": true");
    let request = Request::from_json(request.as_bytes()).unwrap();
    let document = response.document(request.doc_type()).unwrap();
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let [first, second] = [(); 2].map(|()| {
        let prepared = prover.prepare(document, &request, PrepareOptions::default()).unwrap();
        prover.present(prepared, document, &transcript, &request, ANY_CLOCK).unwrap()
    });
    assert!(verifier.verify(&first, &transcript, &request).is_ok());
    let (first, second) = (members(&first), members(&second));
    let refusal_of = |members: &[Value]| refusal(&verifier, members, &transcript, &request);

    use member::*;
    let own = [COMMITMENT, CREDENTIAL_PROOF, PRESENTATION_PROOF];
    for taken in 1..(1 << own.len()) - 1 {
        let mut mixed = first.clone();
        for (bit, &member) in own.iter().enumerate() {
            if taken >> bit & 1 == 1 {
                mixed[member] = second[member].clone();
            }
        }
        assert_eq!(refusal_of(&mixed), Some(Code::ProofInvalid), "{taken:03b}");
    }
    let mut swapped = first.clone();
    swapped.swap(CREDENTIAL_PROOF, PRESENTATION_PROOF);
    assert_eq!(refusal_of(&swapped), Some(Code::Malformed));

    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let disclosed = |slot: usize, value: Value| {
        let mut values = first[DISCLOSED].as_array().unwrap().clone();
        values[slot] = value;
        (DISCLOSED, Value::Array(values))
    };
    let held = first[DISCLOSED].as_array().unwrap()[3].as_bytes().unwrap().clone();
    assert_eq!(held, [0x18, 175]);
    let changes = [
        ((VERSION, 2.into()), Code::WrongVersion),
        ((SUITE, 2.into()), Code::WrongVersion),
        ((CLASS, 2.into()), Code::Malformed),
        ((CLASS, 3.into()), Code::WrongVersion),
        ((ISSUER, 1.into()), Code::IssuerUntrusted),
        ((ISSUER, u64::MAX.into()), Code::IssuerUntrusted),
        ((X5CHAIN, Value::Array(vec![bytes(&[0x30])])), Code::Malformed),
        ((COMMITMENT, bytes(&[0; 32])), Code::ProofInvalid),
        ((COMMITMENT, bytes(&[0xff; 32])), Code::Malformed),
        (disclosed(3, bytes(&[0x18, 176])), Code::ProofInvalid),
        (disclosed(3, bytes(&[0x18, 175, 0])), Code::Malformed),
        (disclosed(3, bytes(&[0x19, 0, 175])), Code::Malformed),
        (disclosed(3, Value::Null), Code::Malformed),
        (disclosed(1, bytes(&held)), Code::Malformed),
        ((DISCLOSED, Value::Array(Vec::new())), Code::Malformed),
        ((DEVICE_NAME_SPACES, bytes(b"\xa1\x61n\xa1\x61e\xf5")), Code::ProofInvalid),
        // Another encoding of no elements is other signed bytes.
        ((DEVICE_NAME_SPACES, bytes(&[0xb8, 0])), Code::ProofInvalid),
    ];
    for ((member, value), code) in changes {
        let mut changed = first.clone();
        changed[member] = value;
        assert_eq!(refusal_of(&changed), Some(code), "{:?}", (member, &changed[member]));
    }

    let asked = request.to_json();
    let key = &serde_json::from_str::<serde_json::Value>(AGE_VERIFICATION.request).unwrap()["issuers"][0];
    let held = &serde_json::from_str::<serde_json::Value>(&asked).unwrap()["issuers"][0];
    let [key, held] = [key, held].map(|issuer| issuer["sec1_hex"].as_str().unwrap().to_owned());
    let requests = [
        ("13:50:00", "13:50:01"),
        ("Mustermann", "Mustermaenner"),
        ("\"age_at_least\": 18", "\"age_at_least\": 17"),
        ("\"age_at_least\": 18", "\"date_before\": \"2030-01-01\""),
        ("org.iso.18013.5.1.mDL", "org.iso.18013.5.1.mDl"),
        ("\"org.iso.18013.5.1\"", "\"org.iso.18013.5.2\""),
        ("\"family_name\"", "\"given_name\""),
        (&held, &key),
    ];
    for (from, to) in requests {
        let other = Request::from_json(asked.replace(from, to).as_bytes()).unwrap();
        assert_ne!(other, request, "{from}");
        assert_eq!(refusal(&verifier, &first, &transcript, &other), Some(Code::ProofInvalid), "{to}");
    }
    let mut predicates = request.predicates().to_vec();
    predicates.swap(0, 1);
    let new = |predicates| {
        let doc_type = request.doc_type().to_owned();
        Request::new(doc_type, request.now(), request.issuers().to_vec(), predicates).unwrap()
    };
    assert_eq!(refusal(&verifier, &first, &transcript, &new(predicates.clone())), Some(Code::ProofInvalid));
    predicates.truncate(2);
    assert_eq!(refusal(&verifier, &first, &transcript, &new(predicates)), Some(Code::Malformed));
}
