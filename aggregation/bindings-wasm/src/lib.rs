//! What the entry `@velum/prover/receipt` of the npm package calls: a thin layer over `velum-receipt`.
//!
//! As in `bindings-wasm` of the root workspace, bytes go in as they are, requests and what is learnt are JSON text, and an error is thrown as an object with `code`,
//! `where` and `message`.

use js_sys::JSON;
use serde_json::json;
use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::aggregate::Receipt;
use velum_credentials::{Request, SessionTranscript};
use velum_receipt::{Accepted, Policy, ReceiptError};
use velum_wallet::json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

/// A verifier of receipts, of the profiles that it allows.
#[wasm_bindgen]
pub struct ReceiptVerifier {
    keys: Vec<RootKey>,
}

#[wasm_bindgen]
impl ReceiptVerifier {
    /// A verifier with the keys of every profile.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { keys: Profile::ALL.map(RootKey::pinned).into() }
    }

    /// Verifies a receipt of one of these profiles, counted for this payee if one is named, whose 32 bytes the package has checked. Gives `facts` and `learnt` as
    /// the verifier of presentations does, and `profile`, `provenBits`, `count` and the bytes of `payee`.
    pub fn verify(
        &self,
        receipt: &[u8],
        transcript: &[u8],
        request: &str,
        profiles: Vec<String>,
        payee: Option<Vec<u8>>,
    ) -> Result<String, JsValue> {
        let payee = payee.map(<[u8; 32]>::try_from).transpose();
        let payee = payee.map_err(|_| JsError::new("a payee has 32 bytes"))?;
        let is_allowed = |key: &&RootKey| profiles.iter().any(|name| name == key.profile().short_name());
        let policy = Policy { keys: self.keys.iter().filter(is_allowed).cloned().collect(), payee };
        let accepted = accepted(receipt, transcript, request, &policy).map_err(|error| thrown(&error))?;
        Ok(text(&accepted))
    }
}

impl Default for ReceiptVerifier {
    fn default() -> Self {
        Self::new()
    }
}

fn accepted(
    receipt: &[u8],
    transcript: &[u8],
    request: &str,
    policy: &Policy,
) -> Result<Accepted, ReceiptError> {
    // JavaScript's requests are JSON: what reads their other form would be fetched for nothing.
    let request = Request::from_json(request.as_bytes())?;
    let transcript = SessionTranscript::parse(transcript)?;
    velum_receipt::verify(&Receipt::from_bytes(receipt)?, &transcript, &request, policy)
}

fn text(accepted: &Accepted) -> String {
    let mut json = json::learnt(&accepted.learnt);
    json["profile"] = json!(accepted.profile.short_name());
    json["provenBits"] = json!(accepted.profile.proven_bits());
    json["count"] = json!(accepted.count);
    json["payee"] = json!(accepted.payee);
    json::javascript(json)
}

fn thrown(error: &ReceiptError) -> JsValue {
    let json = json!({ "code": error.code(), "message": error.message(), "where": error.place() });
    let text = json.to_string();
    JSON::parse(&text).unwrap_or_else(|_| JsValue::from(text))
}
