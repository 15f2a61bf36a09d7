//! Prepares and presents on the CPU.

use js_sys::{Function, Uint8Array};
use velum_credentials::{PrepareOptions, Prepared, ProofKind};
use velum_wallet::Wallet;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::failure::or_throw;
use crate::holder::{present_options, question};
use crate::input::{size_class, suite};
use crate::watch::watched;

/// A prover, which keeps everything that depends only on a size class.
#[wasm_bindgen]
#[derive(Default)]
pub struct Prover(Wallet);

#[wasm_bindgen]
impl Prover {
    /// A prover without keys.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes both keys of a suite and a size class, so that neither preparing nor presenting waits
    /// for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub fn make_keys(&self, suite: &str, class: &str, progress: &Function) -> Result<(), JsValue> {
        let (suite, class) = (self::suite(suite)?, size_class(class)?);
        or_throw(watched(progress, |control| {
            let make = |kind| self.0.make_keys(suite, kind, class, &control);
            make(ProofKind::Credential).and_then(|()| make(ProofKind::Presentation))
        }))
    }

    /// Makes the credential proof of one presentation. The proof is secret.
    pub fn prepare(
        &self,
        document: &[u8],
        request: &str,
        suite: &str,
        class: Option<String>,
        progress: &Function,
    ) -> Result<Uint8Array, JsValue> {
        let (suite, size_class) =
            (self::suite(suite)?, class.as_deref().map(size_class).transpose()?);
        let prepared = or_throw(watched(progress, |control| {
            let question = question(document, request)?;
            self.0.prepare(
                &question,
                suite,
                PrepareOptions::default().with_size_class(size_class).with_control(control),
            )
        }))?;
        // `to_bytes` returns a buffer that is wiped. JavaScript receives a copy.
        Ok(Uint8Array::from(prepared.to_bytes().as_slice()))
    }

    /// Makes the presentation. `clock` is in seconds since 1970. Without it, requests of any time
    /// are answered.
    #[allow(clippy::too_many_arguments)] // JavaScript has no other form for these parameters.
    pub fn present(
        &self,
        prepared: &Uint8Array,
        document: &[u8],
        transcript: &[u8],
        request: &str,
        clock: Option<f64>,
        disclose_device_namespaces: bool,
        progress: &Function,
    ) -> Result<Vec<u8>, JsValue> {
        let prepared = Zeroizing::new(prepared.to_vec());
        or_throw(watched(progress, |control| {
            let options = present_options(clock, disclose_device_namespaces, control)?;
            let question = question(document, request)?;
            let prepared = Prepared::from_bytes(&prepared)?;
            Ok(self.0.present(prepared, &question, transcript, options)?.to_bytes())
        }))
    }
}
