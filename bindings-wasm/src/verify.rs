//! Verifying.

use std::cell::RefCell;
use std::rc::Rc;

use velum_credentials::{Error, Request, SUITES, Suite};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;
use crate::input::{size_class, suite};

/// A verifier, which keeps what depends on a size class alone.
#[wasm_bindgen]
#[derive(Default)]
pub struct Verifier {
    /// By the suites that are allowed; the one without any allows the stable ones.
    verifiers: RefCell<Vec<(Vec<Suite>, Rc<velum_credentials::Verifier>)>>,
}

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
        or_throw(self.allowing(&[]).make_keys(size_class(class)?))
    }

    /// Verifies a presentation, of one of these suites if any is named; gives `{ "facts": [...], "learnt": [...] }`, what was learnt as
    /// JSON and in words.
    pub fn verify(
        &self,
        presentation: &[u8],
        transcript: &[u8],
        request: &str,
        suites: Vec<String>,
    ) -> Result<String, JsValue> {
        let suites = suites.iter().map(|name| suite(name)).collect::<Result<Vec<_>, _>>()?;
        or_throw(self.learnt(presentation, transcript, request, &suites))
    }

    fn allowing(&self, suites: &[Suite]) -> Rc<velum_credentials::Verifier> {
        // As a set, so that one set has one verifier.
        let suites: Vec<_> = SUITES.iter().copied().filter(|suite| suites.contains(suite)).collect();
        let mut verifiers = self.verifiers.borrow_mut();
        if let Some((_, known)) = verifiers.iter().find(|(allowed, _)| *allowed == suites) {
            return known.clone();
        }
        let verifier = Rc::new(match &suites[..] {
            [] => velum_credentials::Verifier::new(),
            suites => velum_credentials::Verifier::allowing(suites),
        });
        verifiers.push((suites, verifier.clone()));
        verifier
    }

    fn learnt(
        &self,
        presentation: &[u8],
        transcript: &[u8],
        request: &str,
        suites: &[Suite],
    ) -> Result<String, Error> {
        let challenge = Challenge::new(Request::from_json(request.as_bytes())?, transcript)?;
        Ok(json::javascript(json::verified(&challenge.verify(&self.allowing(suites), presentation)?)))
    }
}
