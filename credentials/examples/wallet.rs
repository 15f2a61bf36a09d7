//! A wallet without a user interface: it shows what a request asks, proves, and checks its answer
//! before it hands the answer out.
//!
//! ```sh
//! cargo run --release -p velum-credentials --example wallet -- \
//!   testdata/mdl-mustermann/device_response.cbor testdata/mdl-mustermann/request.json \
//!   testdata/mdl-mustermann/session_transcript.cbor presentation.bin
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use velum_credentials::{
    Clock, DeviceResponse, PrepareOptions, PresentOptions, Prover, Request, SessionTranscript,
    Verifier,
};

/// Answers the request about the document, which the device has signed for the session.
pub fn answer(
    document: &Path,
    request: &Path,
    transcript: &Path,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let request = Request::from_json(&fs::read(request)?)?;
    // A real wallet makes the transcript from its own view of the session: see `Handover`.
    let transcript = SessionTranscript::parse(&fs::read(transcript)?)?;
    let response = DeviceResponse::parse(&fs::read(document)?)?;
    let document = response.document(request.doc_type())?;

    // The holder reads this and agrees, or does not.
    println!("{}", request.explain(document));

    // Most of the work. It needs no session, so wallets do it ahead of time.
    let prover = Prover::new();
    let prepared = prover.prepare(document, &request, PrepareOptions::default())?;

    // The test document has expired. Wallets pass `Clock::At` with the time, so that no request
    // gets an answer for another time.
    let options = PresentOptions::at(Clock::Any);
    let presentation = prover.present(prepared, document, &transcript, &request, options)?;

    Verifier::new().verify(&presentation, &transcript, &request)?;
    fs::write(out, presentation.to_bytes())?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [document, request, transcript, out] = arguments.as_slice() else {
        return Err("give four files: DOCUMENT REQUEST TRANSCRIPT OUT".into());
    };
    answer(document, request, transcript, out)
}
