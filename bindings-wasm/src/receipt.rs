//! What receipts claim, and what accompanies presentations that are handed to others. A separate
//! module, in the workspace in `aggregation/`, verifies what aggregates show.

use velum_credentials::aggregate::{Receipt, Submission, may_hand_off};
use velum_credentials::{Error, Presentation, Request, SessionTranscript};
use velum_wallet::{Challenge, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;

/// Reads what a receipt claims in answer to a request in a session. The claim is true if an
/// aggregate counts its statement.
///
/// Returns the hash by which an aggregate knows the statement, 32 bytes, followed by what is
/// learnt, as data and in words: `{ "facts": [...], "learnt": [...] }`.
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

/// Puts a presentation together with what it answers, so that others can fold it. The caller must
/// ask [`kept_back`] first. The proofs of the presentation are not verified.
///
/// Returns the following bytes, one after the other, because a list of them would take more code:
///
/// - the hash by which an aggregate will know the statement, 32 bytes,
/// - the id of the size class, one byte,
/// - what is handed over.
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

/// Why a presentation that answers a request is for its verifier alone, in words, one reason a
/// line. Empty if the presentation may be handed to others.
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
