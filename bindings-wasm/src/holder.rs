//! What a wallet asks, apart from proofs.

use js_sys::Uint8Array;
use serde_json::json;
use velum_credentials::{Clock, Control, DeviceResponse, Error, PresentOptions, Purpose, Request};
use velum_wallet::{Question, clock_at, json};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use zeroize::Zeroizing;

use crate::failure::or_throw;
use crate::input::{size_class, suite};

/// The documents of a response, as `velum inspect --json` lists them.
#[wasm_bindgen]
pub fn inspect(response: &[u8]) -> Result<String, JsValue> {
    let inspected = DeviceResponse::parse(response)
        .and_then(|response| Ok(json::javascript(json::documents(&response.inspect()?))));
    or_throw(inspected)
}

/// What an answer to the request would tell.
#[wasm_bindgen]
pub fn explain(request: &str, document: &[u8]) -> Result<String, JsValue> {
    let question = or_throw(question(document, request))?;
    Ok(json::javascript(json::explanation(&question.explain())))
}

/// Describes a prepared proof: what it is for, and the time that it was prepared for, as
/// `{ "purpose", "prepared_for" }`. Reads no secret from its bytes.
#[wasm_bindgen(js_name = describePrepared)]
pub fn describe_prepared(prepared: &Uint8Array) -> Result<String, JsValue> {
    let prepared = Zeroizing::new(prepared.to_vec());
    let (purpose, prepared_for) = or_throw(Purpose::of_prepared(&prepared))?;
    Ok(json::javascript(
        json!({ "purpose": purpose.to_json(), "prepared_for": prepared_for.to_string() }),
    ))
}

/// What a proof must be for, so that it can answer a request with a document. A pool is asked for
/// proofs of a purpose.
#[wasm_bindgen(js_name = purposeOf)]
pub fn purpose_of(
    document: &[u8],
    request: &str,
    suite: &str,
    class: Option<String>,
) -> Result<String, JsValue> {
    let (suite, size_class) = (self::suite(suite)?, class.as_deref().map(size_class).transpose()?);
    let purpose = || {
        let question = question(document, request)?;
        Purpose::of(question.document(), question.request(), suite, size_class)
    };
    Ok(json::javascript(or_throw(purpose())?.to_json()))
}

/// Throws what [`Prover::present`] would throw about the document and the request before it proves.
/// Uses nothing up.
#[wasm_bindgen]
pub fn check(
    document: &[u8],
    transcript: &[u8],
    request: &str,
    clock: Option<f64>,
    disclose_device_namespaces: bool,
) -> Result<(), JsValue> {
    let checked = || {
        let options = present_options(clock, disclose_device_namespaces, Control::none())?;
        question(document, request)?.check(transcript, &options).map(drop)
    };
    or_throw(checked())
}

/// The bytes that the device signs for a session. They include the elements that the device signs
/// itself, according to the document.
#[wasm_bindgen(js_name = deviceAuthenticationBytes)]
pub fn device_authentication(
    document: &[u8],
    doc_type: &str,
    transcript: &[u8],
) -> Result<Vec<u8>, JsValue> {
    or_throw(velum_wallet::device_authentication_bytes(document, doc_type, transcript))
}

/// The response with this signature of the device, `r || s`.
#[wasm_bindgen(js_name = withDeviceSignature)]
pub fn with_device_signature(
    document: &[u8],
    doc_type: &str,
    signature: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let signature = signature.try_into().map_err(|_| JsError::new("a signature has 64 bytes"))?;
    or_throw(DeviceResponse::with_device_signature(document, doc_type, signature))
}

/// A question with a request in JSON, the form that JavaScript uses. Code for the other form would
/// be fetched for nothing.
pub(crate) fn question(document: &[u8], request: &str) -> Result<Question, Error> {
    Question::new(Request::from_json(request.as_bytes())?, document)
}

pub(crate) fn present_options(
    clock: Option<f64>,
    disclose_device_namespaces: bool,
    control: Control<'_>,
) -> Result<PresentOptions<'_>, Error> {
    // The conversion saturates: what lies outside the calendar stays outside.
    let clock = clock.map_or(Ok(Clock::Any), |seconds| clock_at(seconds as i64).map(Clock::At))?;
    Ok(PresentOptions::at(clock)
        .with_device_namespaces(disclose_device_namespaces)
        .with_control(control))
}
