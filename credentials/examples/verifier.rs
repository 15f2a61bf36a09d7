//! A verifier without a server: it checks an answer against its own request and session, and
//! prints what it learns.
//!
//! ```sh
//! cargo run --release -p velum-credentials --example verifier -- presentation.bin \
//!   testdata/mdl-mustermann/request.json testdata/mdl-mustermann/session_transcript.cbor
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use velum_credentials::{Presentation, Request, SessionTranscript, Verifier};

/// What a presentation shows, a line for each fact.
pub fn verify(
    presentation: &Path,
    request: &Path,
    transcript: &Path,
) -> Result<Vec<String>, Box<dyn Error>> {
    // The request and the session are the verifier's own. Nothing of them comes from the wallet.
    let request = Request::from_json(&fs::read(request)?)?;
    let transcript = SessionTranscript::parse(&fs::read(transcript)?)?;

    let presentation = Presentation::from_bytes(&fs::read(presentation)?)?;
    let verified = Verifier::new().verify(&presentation, &transcript, &request)?;
    Ok(verified.learnt.iter().map(ToString::to_string).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [presentation, request, transcript] = arguments.as_slice() else {
        return Err("give three files: PRESENTATION REQUEST TRANSCRIPT".into());
    };
    for fact in verify(presentation, request, transcript)? {
        println!("{fact}");
    }
    Ok(())
}
