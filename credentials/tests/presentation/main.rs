//! Whole presentations of real and minted documents, with the real prover and verifier.

mod aborts;
mod cases;
mod device;
mod devices;
mod golden;
mod heads;
mod minted;
mod mixed;
mod mutation;
mod pki;

use ciborium::Value;
use velum_credentials::{
    Clock, Code, DeviceResponse, Error, PrepareOptions, Prepared, PresentOptions, Presentation,
    Prover, Request, SessionTranscript, Verifier,
};
use velum_testdata::Case;

/// Requests at any time are answered, so that documents of the past can be presented.
const ANY_CLOCK: PresentOptions<'static> = PresentOptions::at(Clock::Any);

/// Indices of the members of the envelope.
const VERSION: usize = 0;
const SUITE: usize = 1;
const SUITE_VERSION: usize = 2;
const CLASS: usize = 3;
const ISSUER: usize = 4;
const X5CHAIN: usize = 5;
const COMMITMENT: usize = 6;
const DISCLOSED: usize = 7;
const DEVICE_NAMESPACES: usize = 8;
const DEVICE_ALGORITHM: usize = 9;
/// The salt exists only in suites for circuits. There, the indices of the members behind it are
/// greater by one.
const SALT: usize = 10;
const CREDENTIAL_PROOF: usize = 10;
const PRESENTATION_PROOF: usize = 11;

/// Whether the slow tests run in full.
fn whole() -> bool {
    std::env::var_os("VELUM_TEST_ALL").is_some()
}

/// A document in its session, with a request.
struct Session {
    response: DeviceResponse,
    transcript: SessionTranscript,
    request: Request,
}

impl Session {
    fn new(response: &[u8], transcript: &[u8], request: &str) -> Self {
        Self {
            response: DeviceResponse::parse(response).unwrap(),
            transcript: SessionTranscript::parse(transcript).unwrap(),
            request: Request::from_json(request.as_bytes()).unwrap(),
        }
    }

    fn of(case: &Case) -> Self {
        Self::new(case.device_response, case.session_transcript, case.request)
    }

    /// The request after a change to its JSON.
    fn asking(&self, change: impl FnOnce(&mut serde_json::Value)) -> Request {
        let mut json = serde_json::from_str(&self.request.to_json()).unwrap();
        change(&mut json);
        Request::from_json(json.to_string().as_bytes()).unwrap()
    }

    fn prepare(&self, prover: &Prover) -> Result<Prepared, Error> {
        let document = self.response.document(self.request.doc_type())?;
        prover.prepare(document, &self.request, PrepareOptions::default())
    }

    fn present(
        &self,
        prover: &Prover,
        prepared: Prepared,
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error> {
        let document = self.response.document(self.request.doc_type())?;
        prover.present(prepared, document, &self.transcript, &self.request, options)
    }

    /// Prepares and presents. The presentation is written to bytes and read again.
    fn answer(&self, prover: &Prover, options: PresentOptions<'_>) -> Result<Presentation, Error> {
        let presentation = self.present(prover, self.prepare(prover)?, options)?;
        let received = Presentation::from_bytes(&presentation.to_bytes()).unwrap();
        assert!(received == presentation);
        Ok(received)
    }

    fn verify(
        &self,
        verifier: &Verifier,
        presentation: &Presentation,
    ) -> Result<Vec<String>, Error> {
        let verified = verifier.verify(presentation, &self.transcript, &self.request)?;
        Ok(verified.learnt.iter().map(ToString::to_string).collect())
    }

    /// What the holder is told about what the verifier would learn.
    fn explained(&self) -> Vec<String> {
        let document = self.response.document(self.request.doc_type()).unwrap();
        self.request.explain(document).learnt.iter().map(ToString::to_string).collect()
    }
}

/// The presentation after a change to the members of its envelope.
fn changed(
    presentation: &Presentation,
    change: impl FnOnce(&mut Vec<Value>),
) -> Result<Presentation, Error> {
    Presentation::from_bytes(&changed_bytes(presentation, change))
}

fn changed_bytes(presentation: &Presentation, change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut envelope: Value = ciborium::from_reader(presentation.to_bytes().as_slice()).unwrap();
    change(envelope.as_array_mut().unwrap());
    let mut bytes = Vec::new();
    ciborium::into_writer(&envelope, &mut bytes).unwrap();
    bytes
}

/// A member of the envelope.
fn member(presentation: &Presentation, index: usize) -> Value {
    let envelope: Value = ciborium::from_reader(presentation.to_bytes().as_slice()).unwrap();
    envelope.as_array().unwrap()[index].clone()
}

#[track_caller]
fn assert_code<T>(result: Result<T, Error>, code: Code) {
    match result {
        Ok(_) => panic!("accepted in place of {code}"),
        Err(error) => assert_eq!(error.code(), code, "{error}"),
    }
}
