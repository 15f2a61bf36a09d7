//! Reading what JavaScript gave.

use velum_credentials::{Error, Request, SizeClass};
use wasm_bindgen::JsError;

/// A request in either form: CBOR begins with the head of a map, JSON with ASCII.
pub(crate) fn request(bytes: &[u8]) -> Result<Request, Error> {
    match bytes.first() {
        Some(0x80..) => Request::from_cbor(bytes),
        _ => Request::from_json(bytes),
    }
}

/// The class of a name, which the package has checked.
pub(crate) fn size_class(name: &str) -> Result<SizeClass, JsError> {
    SizeClass::by_name(name).ok_or_else(|| JsError::new("no such size class"))
}
