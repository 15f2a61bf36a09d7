//! What receipts claim. What their aggregates show of it is verified by a module of its own, of the workspace in `aggregation/`.

use velum_credentials::aggregate::Receipt;
use velum_credentials::{Error, Request};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;

/// What the presentation of a receipt claims, which is true if an aggregate counts its statement.
#[wasm_bindgen(getter_with_clone)]
pub struct ReceiptClaim {
    /// The hash that an aggregate knows the statement by, 32 bytes.
    pub statement: Vec<u8>,
    /// What is learnt then: `{ "facts": [...], "learnt": [...] }`, as data and in words.
    pub learnt: String,
}

/// Reads what a receipt claims in answer to a request in a session.
#[wasm_bindgen(js_name = receiptClaim)]
pub fn receipt_claim(receipt: &[u8], transcript: &[u8], request: &str) -> Result<ReceiptClaim, JsValue> {
    or_throw(claim(receipt, transcript, request))
}

fn claim(receipt: &[u8], transcript: &[u8], request: &str) -> Result<ReceiptClaim, Error> {
    let challenge = Challenge::new(Request::from_json(request.as_bytes())?, transcript)?;
    let claim = challenge.claim(&Receipt::from_bytes(receipt)?.presentation)?;
    let statement = claim.hash()?.into();
    Ok(ReceiptClaim { statement, learnt: json::javascript(json::verified(&claim.proven())) })
}
