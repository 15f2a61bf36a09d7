//! Preparing and presenting, and what a wallet asks before.

use std::cell::RefCell;

use js_sys::{Function, Uint8Array};
use velum_credentials::{
    CancelToken, Clock, Control, DeviceResponse, Error, PrepareOptions, Prepared, PresentOptions, Progress,
    ProofKind, Purpose, Request,
};
use velum_wallet::{Question, Wallet, clock_at, json};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use zeroize::Zeroizing;

use crate::failure::{or_throw, thrown};
use crate::input::{size_class, suite};

/// A prover, which keeps what depends on a size class alone.
#[wasm_bindgen]
#[derive(Default)]
pub struct Prover(Wallet);

#[wasm_bindgen]
impl Prover {
    /// A prover without keys yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes both keys of a suite and size class, so that neither preparing nor presenting waits for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub fn make_keys(&self, suite: &str, class: &str, progress: &Function) -> Result<(), JsValue> {
        let (suite, class) = (self::suite(suite)?, size_class(class)?);
        watched(progress, |control| {
            let make = |kind| self.0.make_keys(suite, kind, class, &control);
            make(ProofKind::Credential).and_then(|()| make(ProofKind::Presentation))
        })
    }

    /// The credential proof of one presentation, secret.
    pub fn prepare(
        &self,
        document: &[u8],
        request: &str,
        suite: &str,
        class: Option<String>,
        progress: &Function,
    ) -> Result<Uint8Array, JsValue> {
        let (suite, size_class) = (self::suite(suite)?, class.as_deref().map(size_class).transpose()?);
        let prepared = watched(progress, |control| {
            let question = question(document, request)?;
            self.0.prepare(
                &question,
                suite,
                PrepareOptions::default().with_size_class(size_class).with_control(control),
            )
        })?;
        // Copied to JavaScript from where it is wiped.
        Ok(Uint8Array::from(prepared.to_bytes().as_slice()))
    }

    /// The presentation. `clock` is in seconds since 1970; without it a request of any time is answered.
    #[allow(clippy::too_many_arguments)] // JavaScript's, which has no other form for them.
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
        watched(progress, |control| {
            let options = present_options(clock, disclose_device_namespaces, control)?;
            let question = question(document, request)?;
            let prepared = Prepared::from_bytes(&prepared)?;
            Ok(self.0.present(prepared, &question, transcript, options)?.to_bytes())
        })
    }
}

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

/// What a prepared proof is for, from its bytes, of which no secret is read.
#[wasm_bindgen(js_name = describePrepared)]
pub fn describe_prepared(prepared: &Uint8Array) -> Result<String, JsValue> {
    let prepared = Zeroizing::new(prepared.to_vec());
    or_throw(Purpose::of_prepared(&prepared)).map(|purpose| json::javascript(purpose.to_json()))
}

/// Throws what [`Prover::present`] would throw of document and request before it proves, and uses nothing up.
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

/// What the device signs for a session, the elements of its own included that the document says it signs.
#[wasm_bindgen(js_name = deviceAuthenticationBytes)]
pub fn device_authentication(document: &[u8], doc_type: &str, transcript: &[u8]) -> Result<Vec<u8>, JsValue> {
    or_throw(velum_wallet::device_authentication_bytes(document, doc_type, transcript))
}

/// The response with this signature of the device, `r || s`.
#[wasm_bindgen(js_name = withDeviceSignature)]
pub fn with_device_signature(document: &[u8], doc_type: &str, signature: &[u8]) -> Result<Vec<u8>, JsValue> {
    let signature = signature.try_into().map_err(|_| JsError::new("a signature has 64 bytes"))?;
    or_throw(DeviceResponse::with_device_signature(document, doc_type, signature))
}

/// JavaScript's requests are JSON: what reads their other form would be fetched for nothing.
fn question(document: &[u8], request: &str) -> Result<Question, Error> {
    Question::new(Request::from_json(request.as_bytes())?, document)
}

fn present_options(
    clock: Option<f64>,
    disclose_device_namespaces: bool,
    control: Control<'_>,
) -> Result<PresentOptions<'_>, Error> {
    // Saturating: what lies outside of the calendar stays outside.
    let clock = clock.map_or(Ok(Clock::Any), |seconds| clock_at(seconds as i64).map(Clock::At))?;
    Ok(PresentOptions::at(clock).with_device_namespaces(disclose_device_namespaces).with_control(control))
}

thread_local! {
    /// The function that follows this thread's work: it cannot go to another.
    static FOLLOWER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Works, calling `progress(stage, fraction)` as each stage begins, and stops where it returns false.
fn watched<T>(progress: &Function, work: impl FnOnce(Control<'_>) -> Result<T, Error>) -> Result<T, JsValue> {
    let token = CancelToken::new();
    let report = |Progress { stage, fraction, .. }| {
        let follower = FOLLOWER.with_borrow(Clone::clone);
        let go_on =
            follower.map(|follower| follower.call2(&JsValue::NULL, &stage.name().into(), &fraction.into()));
        if matches!(go_on, Some(Ok(value)) if value == JsValue::FALSE) {
            token.cancel();
        }
    };
    FOLLOWER.set(Some(progress.clone()));
    let outcome = work(Control::none().cancelled_by(&token).reporting_to(&report));
    FOLLOWER.set(None);
    outcome.map_err(|error| thrown(&error))
}
