//! Errors in the form that JavaScript receives.

use js_sys::JSON;
use velum_credentials::Error;
use velum_wallet::json;
use wasm_bindgen::JsValue;

/// The error as an object with `code`, `where` and `message`.
pub(crate) fn thrown(error: &Error) -> JsValue {
    object(&json::error(error))
}

/// JSON as an object.
pub(crate) fn object(json: &serde_json::Value) -> JsValue {
    let text = json.to_string();
    JSON::parse(&text).unwrap_or_else(|_| JsValue::from(text))
}

/// Throws the error of a failed outcome.
pub(crate) fn or_throw<T>(outcome: Result<T, Error>) -> Result<T, JsValue> {
    outcome.map_err(|error| thrown(&error))
}
