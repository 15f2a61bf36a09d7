//! Verifying.

use velum_credentials::{Error, Request};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;
use crate::input::size_class;
use crate::output;

/// A verifier, which keeps what depends on a size class alone.
#[wasm_bindgen]
#[derive(Default)]
pub struct Verifier(velum_credentials::Verifier);

#[wasm_bindgen]
impl Verifier {
    /// A verifier without keys yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the keys of a size class, so that verifying does not wait for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub fn make_keys(&self, class: &str) -> Result<(), JsValue> {
        or_throw(self.0.make_keys(size_class(class)?))
    }

    /// Verifies; gives `{ "facts": [...], "learnt": [...] }`, what was learnt as JSON and in words.
    pub fn verify(&self, presentation: &[u8], transcript: &[u8], request: &str) -> Result<String, JsValue> {
        or_throw(self.learnt(presentation, transcript, request))
    }

    fn learnt(&self, presentation: &[u8], transcript: &[u8], request: &str) -> Result<String, Error> {
        let challenge = Challenge::new(Request::from_json(request.as_bytes())?, transcript)?;
        Ok(output::text(json::verified(&challenge.verify(&self.0, presentation)?)))
    }
}
