//! Session transcripts, built from what sessions began with.

use velum_credentials::{Error, Handover, THUMBPRINT_BYTES};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::failure::or_throw;

fn built(session: Handover<'_>) -> Result<Vec<u8>, JsValue> {
    or_throw(session.session_transcript().map(|transcript| transcript.bytes().to_vec()))
}

/// The thumbprint of a key, which is a JWK as JSON.
fn thumbprint(jwk: Option<String>) -> Result<Option<[u8; THUMBPRINT_BYTES]>, JsValue> {
    let thumbprint =
        |jwk: String| -> Result<_, Error> { velum_credentials::jwk_thumbprint(jwk.as_bytes()) };
    or_throw(jwk.map(thumbprint).transpose())
}

/// See [`Handover::OpenId4Vp`].
#[wasm_bindgen(js_name = openId4Vp)]
pub fn open_id4vp(
    client_id: &str,
    nonce: &str,
    jwk: Option<String>,
    response_uri: &str,
) -> Result<Vec<u8>, JsValue> {
    built(Handover::OpenId4Vp { client_id, nonce, jwk_thumbprint: thumbprint(jwk)?, response_uri })
}

/// See [`Handover::OpenId4VpDcApi`].
#[wasm_bindgen(js_name = openId4VpDcApi)]
pub fn open_id4vp_dc_api(
    origin: &str,
    nonce: &str,
    jwk: Option<String>,
) -> Result<Vec<u8>, JsValue> {
    built(Handover::OpenId4VpDcApi { origin, nonce, jwk_thumbprint: thumbprint(jwk)? })
}

/// See [`Handover::OpenId4VpAnnexB`].
#[wasm_bindgen(js_name = openId4VpAnnexB)]
pub fn open_id4vp_annex_b(
    client_id: &str,
    response_uri: &str,
    nonce: &str,
    mdoc_generated_nonce: &str,
) -> Result<Vec<u8>, JsValue> {
    built(Handover::OpenId4VpAnnexB { client_id, response_uri, nonce, mdoc_generated_nonce })
}

/// See [`Handover::DcApi`].
#[wasm_bindgen(js_name = dcApi)]
pub fn dc_api(encryption_info: &str, origin: &str) -> Result<Vec<u8>, JsValue> {
    built(Handover::DcApi { encryption_info, origin })
}

/// See [`Handover::Qr`].
#[wasm_bindgen]
pub fn qr(device_engagement: &[u8], e_reader_key: &[u8]) -> Result<Vec<u8>, JsValue> {
    built(Handover::Qr { device_engagement, e_reader_key })
}

/// See [`Handover::Nfc`].
#[wasm_bindgen]
pub fn nfc(
    device_engagement: &[u8],
    e_reader_key: &[u8],
    select: &[u8],
    request: Option<Vec<u8>>,
) -> Result<Vec<u8>, JsValue> {
    built(Handover::Nfc { device_engagement, e_reader_key, select, request: request.as_deref() })
}
