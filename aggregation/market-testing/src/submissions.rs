//! Presentations of three documents. Their requests reveal nothing that an aggregator should not
//! know.

use velum_credentials::aggregate::Submission;
use velum_credentials::{
    Clock, DeviceResponse, PrepareOptions, PresentOptions, Prover, Request, SessionTranscript,
    Suite,
};
use velum_market_model::Hash;
use velum_testdata::FOLDED;

use crate::kept;

/// A submission, and what a job says about it.
#[derive(Clone)]
pub struct Made {
    /// The submission.
    pub bytes: Vec<u8>,
    /// The hash of what it states.
    pub statement: Hash,
}

/// This many submissions, all different from each other. The first ones are the same in every run.
#[must_use]
pub fn made(count: usize) -> Vec<Made> {
    let prover = Prover::with_suite(Suite::Aggregatable);
    (0..count).map(|number| one(&prover, number)).collect()
}

/// The request that the submission with this number answers.
#[must_use]
pub fn request_of(number: usize) -> Request {
    let (case, predicate) = FOLDED[number % FOLDED.len()];
    Request::from_json(case.request_with(predicate).as_bytes()).expect("a request of the test data")
}

/// The session in which that submission answers its request.
#[must_use]
pub fn transcript_of(number: usize) -> SessionTranscript {
    let (case, _) = FOLDED[number % FOLDED.len()];
    SessionTranscript::parse(case.session_transcript).expect("a session of the test data")
}

fn one(prover: &Prover, number: usize) -> Made {
    let version = Suite::Aggregatable.version();
    let bytes =
        kept(&format!("submission-{version}-{number}"), || present(prover, number).to_bytes());
    let submission = Submission::from_bytes(&bytes).expect("what was kept is a submission");
    let statement = submission.claim().and_then(|claim| claim.hash()).expect("it states something");
    Made { bytes, statement: Hash(statement) }
}

fn present(prover: &Prover, number: usize) -> Submission {
    let (case, _) = FOLDED[number % FOLDED.len()];
    let request = request_of(number);
    let transcript = transcript_of(number);
    let response =
        DeviceResponse::parse(case.device_response).expect("a document of the test data");
    let document = response.document(request.doc_type()).expect("it has the document");
    let prepared = prover
        .prepare(document, &request, PrepareOptions::default())
        .expect("the document is prepared");
    let options = PresentOptions::at(Clock::Any);
    let presentation = prover
        .present(prepared, document, &transcript, &request, options)
        .expect("the document meets the request");
    Submission { transcript, request, presentation }
}
