//! `velum sign`: makes a device signature with a key from a file. A phone would use its hardware.

use std::path::PathBuf;

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use serde_json::json;
use velum_credentials::{
    Code, DeviceResponse, Error, SessionTranscript, device_authentication_bytes,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::report::Report;
use crate::{files, inputs};

/// Maximum length of a key file.
const KEY_BYTES: usize = 4 << 10;

#[derive(clap::Args)]
pub struct Arguments {
    /// The document: a CBOR DeviceResponse, Document or IssuerSigned
    #[arg(long, value_name = "F")]
    document: PathBuf,
    /// The CBOR SessionTranscript that the device signs
    #[arg(long, value_name = "F")]
    transcript: PathBuf,
    /// The device's P-256 key: PKCS#8 PEM, or the scalar as 64 hexadecimal digits
    #[arg(long, value_name = "F")]
    device_key: PathBuf,
    /// Where to write the signed document, a DeviceResponse
    #[arg(long, value_name = "F")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let response = inputs::document(&arguments.document)?;
    let transcript = SessionTranscript::parse(&inputs::transcript(&arguments.transcript)?)?;
    let key = device_key(&files::read(&arguments.device_key, KEY_BYTES)?)?;

    let (signed, doc_type) = sign(&response, &transcript, &key)?;
    files::write(&arguments.out, &signed)?;
    let out = arguments.out.display().to_string();
    let text = format!("Signed {doc_type} for this session: {out}");
    Ok(Report::done(json!({ "doc_type": doc_type, "out": out }), text))
}

/// Signs the document whose MSO names this key, and checks the result.
fn sign(
    response: &[u8],
    transcript: &SessionTranscript,
    key: &SigningKey,
) -> Result<(Vec<u8>, String), Error> {
    let parsed = DeviceResponse::parse(response)?;
    let ours = |document: &&velum_credentials::Document| {
        document.mso().device_key() == key.verifying_key()
    };
    let document = parsed.documents().iter().find(ours).ok_or_else(|| {
        let message =
            "no document names this device key in its MSO; give the key of the document's device";
        Error::new(Code::DeviceSignature, "documents", message)
    })?;
    let doc_type = document.doc_type();
    let namespaces = document.device_signed().namespaces();
    let signature: Signature =
        key.sign(&device_authentication_bytes(doc_type, transcript, namespaces));
    let signed =
        DeviceResponse::with_device_signature(response, doc_type, &signature.to_bytes().into())?;
    DeviceResponse::parse(&signed)?.document(doc_type)?.check_device_signature(transcript)?;
    Ok((signed, doc_type.to_owned()))
}

fn device_key(file: &[u8]) -> Result<SigningKey, Error> {
    let text = std::str::from_utf8(file).map(str::trim).unwrap_or_default();
    let key = if text.starts_with("-----BEGIN") {
        SecretKey::from_pkcs8_pem(text).ok()
    } else {
        let mut scalar = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, scalar.as_mut_slice())
            .ok()
            .and_then(|()| SecretKey::from_slice(scalar.as_slice()).ok())
    };
    key.map(SigningKey::from).ok_or_else(|| {
        let message =
            "not a P-256 private key; give PKCS#8 PEM (BEGIN PRIVATE KEY) or 64 hexadecimal digits";
        Error::new(Code::Malformed, "device_key", message)
    })
}
