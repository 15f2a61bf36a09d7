//! Reads what JavaScript passed.

use velum_credentials::SizeClass;
#[cfg(feature = "holder")]
use velum_credentials::Suite;
use wasm_bindgen::JsError;

/// The suite with this name, which the package has checked.
#[cfg(feature = "holder")]
pub(crate) fn suite(name: &str) -> Result<Suite, JsError> {
    Suite::by_name(name).ok_or_else(|| JsError::new("no such suite"))
}

/// The class with this name, which the package has checked.
pub(crate) fn size_class(name: &str) -> Result<SizeClass, JsError> {
    SizeClass::by_name(name).ok_or_else(|| JsError::new("no such size class"))
}
