//! Preparing and presenting, and what a wallet asks before.

use std::cell::RefCell;

use js_sys::{Function, Uint8Array};
use serde_json::json;
use velum_credentials::{
    CancelToken, Clock, Code, Control, DeviceResponse, Error, Explanation, Inspection, PrepareOptions,
    Prepared, PresentOptions, Progress, Request, SessionTranscript, Timestamp, device_authentication_bytes,
};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use zeroize::Zeroizing;

use crate::failure::{or_throw, thrown};
use crate::input::size_class;
use crate::output;

/// A prover, which keeps what depends on a size class alone.
#[wasm_bindgen]
#[derive(Default)]
pub struct Prover(velum_credentials::Prover);

#[wasm_bindgen]
impl Prover {
    /// A prover without keys yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the keys of a size class, so that preparing and presenting do not wait for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub fn make_keys(&self, class: &str, progress: &Function) -> Result<(), JsValue> {
        let class = size_class(class)?;
        watched(progress, |control| self.0.make_keys(class, &control))
    }

    /// The credential proof of one presentation, secret.
    pub fn prepare(
        &self,
        document: &[u8],
        request: &str,
        class: Option<String>,
        progress: &Function,
    ) -> Result<Uint8Array, JsValue> {
        let size_class = class.as_deref().map(size_class).transpose()?;
        let prepared = watched(progress, |control| {
            let request = Request::from_json(request.as_bytes())?;
            let response = DeviceResponse::parse(document)?;
            let document = response.document(request.doc_type())?;
            self.0.prepare(document, &request, PrepareOptions { size_class, control })
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
            let (request, transcript) =
                (Request::from_json(request.as_bytes())?, SessionTranscript::parse(transcript)?);
            let response = DeviceResponse::parse(document)?;
            let document = response.document(request.doc_type())?;
            let prepared = Prepared::from_bytes(&prepared)?;
            Ok(self.0.present(prepared, document, &transcript, &request, options)?.to_bytes())
        })
    }
}

/// The documents of a response, as `velum inspect --json` lists them.
#[wasm_bindgen]
pub fn inspect(response: &[u8]) -> Result<String, JsValue> {
    let inspected = DeviceResponse::parse(response).map(|response| {
        let documents = response.documents().iter();
        documents.map(|document| Inspection::of(document).to_json()).collect::<Vec<_>>()
    });
    or_throw(inspected).map(|documents| output::text(documents.into()))
}

/// What an answer to the request would tell.
#[wasm_bindgen]
pub fn explain(request: &str, document: &[u8]) -> Result<String, JsValue> {
    let explained = || {
        let request = Request::from_json(request.as_bytes())?;
        let response = DeviceResponse::parse(document)?;
        Ok(output::text(explanation_json(&request.explain(response.document(request.doc_type())?))))
    };
    or_throw(explained())
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
        let (request, transcript) =
            (Request::from_json(request.as_bytes())?, SessionTranscript::parse(transcript)?);
        let response = DeviceResponse::parse(document)?;
        options.check(response.document(request.doc_type())?, &transcript, &request).map(drop)
    };
    or_throw(checked())
}

/// What the device signs for a session, the elements of its own included that the document says it signs.
#[wasm_bindgen(js_name = deviceAuthenticationBytes)]
pub fn device_authentication(document: &[u8], doc_type: &str, transcript: &[u8]) -> Result<Vec<u8>, JsValue> {
    let bytes = || {
        let transcript = SessionTranscript::parse(transcript)?;
        let response = DeviceResponse::parse(document)?;
        let name_spaces = response.document(doc_type)?.device_signed().name_spaces();
        Ok(device_authentication_bytes(doc_type, &transcript, name_spaces))
    };
    or_throw(bytes())
}

/// The response with this signature of the device, `r || s`.
#[wasm_bindgen(js_name = withDeviceSignature)]
pub fn with_device_signature(document: &[u8], doc_type: &str, signature: &[u8]) -> Result<Vec<u8>, JsValue> {
    let signature = signature.try_into().map_err(|_| JsError::new("a signature has 64 bytes"))?;
    or_throw(DeviceResponse::with_device_signature(document, doc_type, signature))
}

fn explanation_json(explanation: &Explanation) -> serde_json::Value {
    let hidden = explanation.hidden.iter();
    let hidden = hidden.map(|(namespace, element)| json!({ "namespace": namespace, "element": element }));
    let predicates = explanation.predicates.iter().map(|(text, outcome)| match outcome {
        Ok(()) => json!({ "text": text, "holds": true }),
        Err(error) => json!({
            "text": text,
            "holds": false,
            "code": error.code().as_str(),
            "message": error.message(),
        }),
    });
    let mut json = output::learnt(&explanation.learnt);
    json["hidden"] = hidden.collect();
    json["predicates"] = predicates.collect();
    json
}

fn present_options(
    clock: Option<f64>,
    disclose_device_namespaces: bool,
    control: Control<'_>,
) -> Result<PresentOptions<'_>, Error> {
    let clock = clock.map_or(Ok(Clock::Any), clock_at)?;
    Ok(PresentOptions { clock, disclose_device_namespaces, control })
}

fn clock_at(seconds: f64) -> Result<Clock, Error> {
    // Saturating: what lies outside of the calendar stays outside.
    Timestamp::from_unix(seconds as i64).map(Clock::At).ok_or_else(|| {
        let message = "this clock shows no time between 1970 and 9999; set it, or answer any time";
        Error::new(Code::Clock, "clock", message)
    })
}

thread_local! {
    /// The function that follows this thread's work: it cannot go to another.
    static FOLLOWER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Works, calling `progress(stage, fraction)` as each stage begins, and stops where it returns false.
fn watched<T>(progress: &Function, work: impl FnOnce(Control<'_>) -> Result<T, Error>) -> Result<T, JsValue> {
    let token = CancelToken::new();
    let report = |Progress { stage, fraction }| {
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
