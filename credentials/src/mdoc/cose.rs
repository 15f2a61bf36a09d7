//! COSE_Sign1 (RFC 9052, section 4.2) as ISO 18013-5 uses it: ES256, the algorithm alone in the protected header.

use coset::cbor::Value;
use coset::{CborSerializable, CoseSign1Builder, HeaderBuilder, iana};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cbor::write_bytes;
use crate::error::Error;
use crate::limits;
use crate::mdoc::sign1::Parts;

/// Bytes of an ES256 signature: `r || s`, 32 bytes each, big-endian.
pub const SIGNATURE_BYTES: usize = 64;

/// The one supported protected header: `{1: -7}`, ES256.
pub const PROTECTED_ES256: [u8; 3] = [0xa1, 0x01, 0x26];

/// What precedes the payload in every `Sig_structure` of ISO 18013-5: the array of four, `"Signature1"`, the protected
/// header in a byte string, and the empty `external_aad`.
pub const SIG_STRUCTURE_PREFIX: [u8; 17] = *b"\x84\x6aSignature1\x43\xa1\x01\x26\x40";

/// Label of `x5chain` in the unprotected header (RFC 9360).
pub(crate) const X5CHAIN: i64 = 33;

/// The parts of a COSE_Sign1 that matter here.
#[derive(Debug)]
pub(crate) struct Sign1 {
    pub(crate) x5chain: Vec<Vec<u8>>,
    pub(crate) payload: Option<Zeroizing<Vec<u8>>>,
    pub(crate) signature: [u8; SIGNATURE_BYTES],
}

impl Sign1 {
    /// Reads a COSE_Sign1, under its tag or not. Of the unprotected header only `x5chain` counts, whatever else it holds.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let sign1 = Parts::read(bytes)?;
        if sign1.protected != PROTECTED_ES256 {
            let message = "the protected header is not {1: -7}; only ES256 signatures on P-256 are supported";
            return Err(Error::malformed("protected", message));
        }
        let signature = sign1.signature.try_into().map_err(|_| {
            const DER_SEQUENCE: u8 = 0x30;
            let length = sign1.signature.len();
            let der = match sign1.signature.first() {
                Some(&DER_SEQUENCE) => ": this one looks like DER, of which the signer must make r || s",
                _ => "",
            };
            let message = format!("{length} bytes; an ES256 signature has {SIGNATURE_BYTES}{der}");
            Error::malformed("signature", message)
        })?;
        let x5chain = x5chain(sign1.unprotected).map_err(|e| e.within("x5chain"))?;
        Ok(Self {
            x5chain,
            payload: sign1.payload.map(|payload| Zeroizing::new(payload.to_vec())),
            signature,
        })
    }

    /// A COSE_Sign1 with a detached payload, as `deviceSignature` is one.
    pub(crate) fn encode_detached(signature: &[u8; SIGNATURE_BYTES]) -> Result<Vec<u8>, Error> {
        let protected = HeaderBuilder::new().algorithm(iana::Algorithm::ES256).build();
        let sign1 = CoseSign1Builder::new().protected(protected).signature(signature.to_vec()).build();
        sign1.to_vec().map_err(|error| Error::malformed("deviceSignature", error.to_string()))
    }
}

/// One certificate, or an array of them, each DER.
fn x5chain(header: Vec<(Value, Value)>) -> Result<Vec<Vec<u8>>, Error> {
    let chain = match header.into_iter().find(|(label, _)| *label == Value::from(X5CHAIN)) {
        None => return Ok(Vec::new()),
        Some((_, Value::Array(chain))) => chain,
        Some((_, single)) => vec![single],
    };
    Error::check_limit("", "certificates", chain.len(), limits::X5CHAIN_CERTIFICATES)?;
    chain
        .into_iter()
        .map(|certificate| {
            let not_bytes = |_| Error::malformed("", "not a byte string with a DER certificate");
            let der = certificate.into_bytes().map_err(not_bytes)?;
            Error::check_limit("", "bytes of a certificate", der.len(), limits::CERTIFICATE_BYTES)?;
            Ok(der)
        })
        .collect()
}

/// The `Sig_structure` that ES256 signs for a payload, attached or detached.
#[must_use]
pub fn sig_structure(payload: &[u8]) -> Vec<u8> {
    let mut bytes = SIG_STRUCTURE_PREFIX.to_vec();
    write_bytes(&mut bytes, payload);
    bytes
}

/// Whether `signature` is valid ES256 by `key` over a digest. High `s` is valid; zero and values of n or more are not.
pub(crate) fn verifies(key: &VerifyingKey, digest: &[u8; 32], signature: &[u8; SIGNATURE_BYTES]) -> bool {
    Signature::from_slice(signature).and_then(|signature| key.verify_prehash(digest, &signature)).is_ok()
}

/// Whether `signature` is valid ES256 by `key` over the `Sig_structure` of a payload.
pub(crate) fn verifies_payload(
    key: &VerifyingKey,
    payload: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    verifies(key, &Sha256::digest(sig_structure(payload)).into(), signature)
}
