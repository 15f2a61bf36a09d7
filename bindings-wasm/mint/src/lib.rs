//! Mints test credentials, for the entry `@velum/prover/testing`. Minting takes milliseconds.

use js_sys::JSON;
use velum_credentials::Error;
use velum_credentials::mint::{Spec, mint as mint_spec};
use velum_wallet::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A minted document and what belongs to it.
#[wasm_bindgen(getter_with_clone)]
pub struct Minted {
    /// The `DeviceResponse`.
    pub document: Vec<u8>,
    /// The `SessionTranscript` that the device signed.
    pub transcript: Vec<u8>,
    /// A request that trusts the root, as JSON.
    pub request: String,
    /// The IACA root, as PEM.
    pub iaca: String,
    /// The document signer's certificate, as PEM.
    #[wasm_bindgen(js_name = documentSigner)]
    pub document_signer: String,
    /// The device's private key, as PKCS#8 PEM, unless only its public key was given.
    #[wasm_bindgen(js_name = deviceKey)]
    pub device_key: Option<String>,
}

/// Mints the document of a spec. The spec is JSON, as `docs/cli.md` describes it.
#[wasm_bindgen]
pub fn mint(spec: &str) -> Result<Minted, JsValue> {
    minted(spec).map_err(|error| {
        let text = json::error(&error).to_string();
        JSON::parse(&text).unwrap_or_else(|_| JsValue::from(text))
    })
}

fn minted(spec: &str) -> Result<Minted, Error> {
    let minted = mint_spec(&Spec::from_json(spec)?)?;
    let files = minted.files()?;
    let text = |wanted: &str| {
        let file = files.iter().find(|(name, _)| *name == wanted);
        file.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
    };
    Ok(Minted {
        document: minted.document(),
        transcript: minted.transcript.clone(),
        request: minted.request.clone(),
        iaca: text("iaca.pem").unwrap_or_default(),
        document_signer: text("ds.pem").unwrap_or_default(),
        device_key: text("device.key"),
    })
}
