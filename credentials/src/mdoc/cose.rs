//! COSE_Sign1 (RFC 9052, section 4.2) as ISO 18013-5 uses it: ES256, the algorithm alone in the protected header.

use coset::cbor::Value;
use coset::{AsCborValue, CborSerializable, CoseSign1Builder, HeaderBuilder, Label, iana};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cbor::{Cursor, Major, Members, Rules, write_bytes};
use crate::error::Error;
use crate::limits;

/// Bytes of an ES256 signature: `r || s`, 32 bytes each, big-endian.
pub const SIGNATURE_BYTES: usize = 64;

/// The one supported protected header: `{1: -7}`, ES256.
pub const PROTECTED_ES256: [u8; 3] = [0xa1, 0x01, 0x26];

/// What precedes the payload in every `Sig_structure` of ISO 18013-5: the array of four, `"Signature1"`, the protected
/// header in a byte string, and the empty `external_aad`.
pub const SIG_STRUCTURE_PREFIX: [u8; 17] = *b"\x84\x6aSignature1\x43\xa1\x01\x26\x40";

/// Label of `x5chain` in the unprotected header (RFC 9360).
const X5CHAIN: i64 = 33;

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

/// The four members of a COSE_Sign1 as they stand.
///
/// Not read by `coset`, which refuses unprotected headers of other types than the registered ones: nobody looks into them here, and
/// issuers fill them in their own ways (a text as `kid`, say).
struct Parts<'a> {
    protected: &'a [u8],
    unprotected: Vec<(Label, Value)>,
    payload: Option<&'a [u8]>,
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        const SIGN1: u64 = 18;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        if cursor.peek() == Some(Major::Tag) {
            cursor.tag(SIGN1).map_err(not_sign1)?;
        }
        let mut members = cursor.array().map_err(not_sign1)?;
        let member = |cursor: &mut Cursor<'a>, members: &mut Members, name: &str| {
            if cursor.next(members) {
                return Ok(());
            }
            Err(Error::malformed("", format!("a COSE_Sign1 has four members; {name} is missing")))
        };
        member(&mut cursor, &mut members, "the protected header")?;
        let protected = string(&mut cursor, "protected", "the protected header")?;
        member(&mut cursor, &mut members, "the unprotected header")?;
        let unprotected = unprotected(&mut cursor).map_err(|e| e.within("unprotected"))?;
        member(&mut cursor, &mut members, "the payload")?;
        let payload = if cursor.null() { None } else { Some(string(&mut cursor, "payload", "the payload")?) };
        member(&mut cursor, &mut members, "the signature")?;
        let signature = string(&mut cursor, "signature", "the signature")?;
        if cursor.next(&mut members) {
            return Err(Error::malformed("", "a COSE_Sign1 has four members, and this has more"));
        }
        cursor.finish()?;
        Ok(Self { protected, unprotected, payload, signature })
    }
}

fn not_sign1(error: Error) -> Error {
    Error::malformed("", format!("not a COSE_Sign1 structure: {}", error.message()))
}

/// A byte string, which each member but the unprotected header is.
fn string<'a>(cursor: &mut Cursor<'a>, place: &str, name: &str) -> Result<&'a [u8], Error> {
    cursor.bytes().map(|(_, bytes)| bytes).map_err(|error| {
        let message = format!(
            "{name} is no byte string (RFC 9052, section 4.2): {}; the signer must wrap it in one",
            error.message()
        );
        Error::malformed(place, message)
    })
}

/// The labels of an unprotected header that are numbers or text, and their values. Libraries write `null` for an empty one.
fn unprotected(cursor: &mut Cursor<'_>) -> Result<Vec<(Label, Value)>, Error> {
    let mut header = Vec::new();
    if cursor.null() {
        return Ok(header);
    }
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (label, value) = (cursor.pass()?, cursor.pass()?);
        // What cannot be told as a value is none that counts.
        let (Ok(label), Ok(value)) = (ciborium::from_reader::<Value, _>(label), ciborium::from_reader(value))
        else {
            continue;
        };
        let Ok(label) = Label::from_cbor_value(label) else { continue };
        if label == Label::Int(X5CHAIN) && header.iter().any(|(found, _)| *found == label) {
            return Err(Error::malformed("x5chain", "the header occurs twice"));
        }
        header.push((label, value));
    }
    Ok(header)
}

/// One certificate, or an array of them, each DER.
fn x5chain(rest: Vec<(Label, Value)>) -> Result<Vec<Vec<u8>>, Error> {
    let chain = match rest.into_iter().find(|(label, _)| *label == Label::Int(X5CHAIN)) {
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
