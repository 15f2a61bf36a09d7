//! The files that several commands take.

use std::path::Path;

use velum_credentials::{DeviceResponse, Request, SUITES, SessionTranscript, Suite, limits};

use crate::failure::Failure;
use crate::files;

/// `--document`: a CBOR DeviceResponse.
pub fn response(path: &Path) -> Result<DeviceResponse, Failure> {
    Ok(DeviceResponse::parse(&files::read(path, limits::RESPONSE_BYTES)?)?)
}

/// `--transcript`: a CBOR SessionTranscript.
pub fn transcript(path: &Path) -> Result<SessionTranscript, Failure> {
    Ok(SessionTranscript::parse(&files::read(path, limits::TRANSCRIPT_BYTES)?)?)
}

/// `--request`: a request in JSON.
pub fn request(path: &Path) -> Result<Request, Failure> {
    Ok(Request::from_json(&files::read(path, limits::REQUEST_BYTES)?)?)
}

/// `--suite`: a suite by its name.
pub fn suite(name: &str) -> Result<Suite, String> {
    let known = || SUITES.iter().map(|suite| suite.name()).collect::<Vec<_>>().join(" or ");
    Suite::by_name(name).ok_or_else(|| format!("take {}", known()))
}
