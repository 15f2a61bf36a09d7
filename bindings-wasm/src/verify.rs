//! Verifies presentations.

use std::cell::RefCell;
use std::rc::Rc;

use velum_credentials::{Error, Request, SUITES};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;
use crate::input::size_class;

/// A verifier, which keeps everything that depends only on a size class.
#[wasm_bindgen]
#[derive(Default)]
pub struct Verifier {
    /// The verifiers by the suites that they allow, in the form of [`verify`](Self::verify). The
    /// entry without suites allows the usual ones.
    verifiers: RefCell<Vec<(u8, Rc<velum_credentials::Verifier>)>>,
}

#[wasm_bindgen]
impl Verifier {
    /// A verifier without keys.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the keys of a size class, so that verifying does not wait for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub fn make_keys(&self, class: &str) -> Result<(), JsValue> {
        or_throw(self.allowing(0).make_keys(size_class(class)?))
    }

    /// Verifies a presentation. If `suites` names any, the presentation must be of one of them: bit
    /// 0 stands for the first of [`SUITES`], and so on, because names would take more code.
    ///
    /// Returns what was learnt, as data and in words: `{ "facts": [...], "learnt": [...] }`.
    pub fn verify(
        &self,
        presentation: &[u8],
        transcript: &[u8],
        request: &str,
        suites: u8,
    ) -> Result<String, JsValue> {
        or_throw(self.learnt(presentation, transcript, request, suites))
    }

    fn allowing(&self, suites: u8) -> Rc<velum_credentials::Verifier> {
        let mut verifiers = self.verifiers.borrow_mut();
        if let Some((_, known)) = verifiers.iter().find(|(allowed, _)| *allowed == suites) {
            return known.clone();
        }
        let mut named = Vec::new();
        for (place, suite) in SUITES.iter().enumerate() {
            if suites >> place & 1 == 1 {
                named.push(*suite);
            }
        }
        let verifier = Rc::new(match &named[..] {
            [] => velum_credentials::Verifier::new(),
            named => velum_credentials::Verifier::allowing(named),
        });
        verifiers.push((suites, verifier.clone()));
        verifier
    }

    fn learnt(
        &self,
        presentation: &[u8],
        transcript: &[u8],
        request: &str,
        suites: u8,
    ) -> Result<String, Error> {
        let challenge = Challenge::new(Request::from_json(request.as_bytes())?, transcript)?;
        Ok(json::javascript(json::verified(
            &challenge.verify(&self.allowing(suites), presentation)?,
        )))
    }
}
