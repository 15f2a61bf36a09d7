//! Reading what JavaScript gave, and throwing what it is told.

use js_sys::JSON;
use serde_json::json;
use velum_credentials::Error;
#[cfg(feature = "verify")]
use velum_credentials::Request;
use wasm_bindgen::JsValue;

/// A request in either form: CBOR begins with the head of a map, JSON with ASCII.
#[cfg(feature = "verify")]
pub(crate) fn request(bytes: &[u8]) -> Result<Request, Error> {
    match bytes.first() {
        Some(0x80..) => Request::from_cbor(bytes),
        _ => Request::from_json(bytes),
    }
}

/// The error as JavaScript gets it.
pub(crate) fn thrown(error: &Error) -> JsValue {
    let text = json!({ "code": error.code().as_str(), "where": error.where_(), "message": error.message() })
        .to_string();
    JSON::parse(&text).unwrap_or_else(|_| JsValue::from(text))
}

/// Throws the error, if it is one.
pub(crate) fn or_throw<T>(outcome: Result<T, Error>) -> Result<T, JsValue> {
    outcome.map_err(|error| thrown(&error))
}
