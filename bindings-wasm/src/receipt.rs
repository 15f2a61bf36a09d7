//! What receipts claim, and what presentations are handed to others with. What aggregates show is verified by a module of its own, of the workspace in `aggregation/`.

use velum_credentials::aggregate::{Receipt, Submission, may_hand_off};
use velum_credentials::{Error, Presentation, Request, SessionTranscript};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;

/// Reads what a receipt claims in answer to a request in a session, which is true if an aggregate counts its statement: the hash that an aggregate knows the statement by,
/// 32 bytes, then what is learnt, `{ "facts": [...], "learnt": [...] }`, as data and in words.
#[wasm_bindgen(js_name = receiptClaim)]
pub fn receipt_claim(receipt: &[u8], transcript: &[u8], request: &str) -> Result<Vec<u8>, JsValue> {
    or_throw(claim(receipt, transcript, request))
}

fn claim(receipt: &[u8], transcript: &[u8], request: &str) -> Result<Vec<u8>, Error> {
    let challenge = Challenge::new(Request::from_json(request.as_bytes())?, transcript)?;
    let claim = challenge.claim(&Receipt::from_bytes(receipt)?.presentation)?;
    let mut out = claim.hash()?.to_vec();
    out.extend(json::javascript(json::verified(&claim.proven())).into_bytes());
    Ok(out)
}

/// Puts a presentation together with what it answers, for others to fold: whoever calls asks [`kept_back`] before. Its proofs are not verified. Gives the hash that an
/// aggregate will know the statement by, 32 bytes, then the id of the size class, one byte, then what is handed over: a list of these would take more code.
#[wasm_bindgen]
pub fn submission(
    presentation: &[u8],
    transcript: &[u8],
    request: &str,
) -> Result<Vec<u8>, JsValue> {
    or_throw(submitted(presentation, transcript, request))
}

fn submitted(presentation: &[u8], transcript: &[u8], request: &str) -> Result<Vec<u8>, Error> {
    let read = Presentation::from_bytes(presentation)?;
    let request = Request::from_json(request.as_bytes())?;
    let transcript = SessionTranscript::parse(transcript)?;
    let submission = Submission { transcript, request, presentation: read };
    let mut out = submission.claim()?.hash()?.to_vec();
    out.push(submission.presentation.size_class().id);
    out.extend(submission.with_presentation(presentation));
    Ok(out)
}

/// Why a presentation that answers a request is for its verifier alone, in words, a line each; nothing, where it may be handed to others.
#[wasm_bindgen(js_name = keptBack)]
pub fn kept_back(request: &str) -> Result<String, JsValue> {
    let request = or_throw(Request::from_json(request.as_bytes()))?;
    let mut lines = String::new();
    for reason in may_hand_off(&request).err().unwrap_or_default() {
        lines += &reason.to_string();
        lines.push('\n');
    }
    Ok(lines)
}
