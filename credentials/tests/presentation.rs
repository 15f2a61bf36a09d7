//! Whole presentations of real documents, through the real prover and verifier.

use velum_core::control::Control;
use velum_credentials::{
    Clock, Code, DeviceResponse, PrepareOptions, Prepared, PresentOptions, Presentation, Prover, Request,
    SessionTranscript, Verifier,
};
use velum_testdata::{Case, MUSTERMANN};

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
