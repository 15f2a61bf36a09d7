//! The inputs that several commands share.

use std::path::Path;
use std::time::SystemTime;

use velum_credentials::{Error, Memory, SUITES, Suite, Timestamp, limits};
use velum_wallet::{Challenge, Question, clock_at};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;

/// `--document`: a CBOR DeviceResponse, Document or IssuerSigned.
pub fn document(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    files::read(path, limits::RESPONSE_BYTES)
}

/// `--transcript`: a CBOR SessionTranscript.
pub fn transcript(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    files::read(path, limits::TRANSCRIPT_BYTES)
}

/// `--document` and `--request`: a request together with the document that it asks about.
pub fn question(path: &Path, request: &Path) -> Result<Question, Failure> {
    let request = files::read(request, limits::REQUEST_BYTES)?;
    Ok(Question::parse(&document(path)?, &request)?)
}

/// `--transcript` and `--request`: what a verifier asks in a session.
pub fn challenge(path: &Path, request: &Path) -> Result<Challenge, Failure> {
    let request = files::read(request, limits::REQUEST_BYTES)?;
    Ok(Challenge::parse(&transcript(path)?, &request)?)
}

/// The time of the system's clock.
pub fn clock() -> Result<Timestamp, Error> {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().ok();
    clock_at(
        since_epoch.and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok()).unwrap_or(i64::MIN),
    )
}

/// `--memory`: how much memory a proof may use.
pub fn memory(name: &str) -> Result<Memory, String> {
    match name {
        "normal" => Ok(Memory::Normal),
        "low" => Ok(Memory::Low),
        _ => Err("use normal or low".to_owned()),
    }
}

/// `--suite`: a suite by its name.
pub fn suite(name: &str) -> Result<Suite, String> {
    let known = || SUITES.iter().map(|suite| suite.name()).collect::<Vec<_>>().join(" or ");
    Suite::by_name(name).ok_or_else(|| format!("use {}", known()))
}
