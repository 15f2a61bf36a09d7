//! COSE_Sign1 (RFC 9052, section 4.2) as ISO/IEC 18013-5 uses it: the protected header holds only
//! the algorithm.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::algorithm::{SignatureAlgorithm, name_of};
use crate::cbor::{Cursor, Rules, write_bytes};
use crate::error::Error;
use crate::mdoc::sign1::{Parts, X5CHAIN};
use crate::mdoc::x5chain::{X5ChainFault, x5chain};

/// Length of a signature in bytes: `r || s`, 32 bytes each, big-endian.
pub const SIGNATURE_BYTES: usize = 64;

/// The parts of a COSE_Sign1 that matter here.
#[derive(Debug)]
pub(crate) struct Sign1 {
    pub(crate) algorithm: SignatureAlgorithm,
    /// The certificates, or why there are none.
    pub(crate) x5chain: Result<Vec<Vec<u8>>, X5ChainFault>,
    pub(crate) payload: Option<Zeroizing<Vec<u8>>>,
    pub(crate) signature: [u8; SIGNATURE_BYTES],
}

impl Sign1 {
    /// Reads a COSE_Sign1, with or without its tag. Nothing signs the unprotected header, so only
    /// its `x5chain` matters, whatever else it holds.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let sign1 = Parts::read(bytes)?;
        let algorithm = algorithm(sign1.protected).map_err(|e| e.within("protected"))?;
        let signature = sign1.signature.try_into().map_err(|_| {
            const DER_SEQUENCE: u8 = 0x30;
            let length = sign1.signature.len();
            let der = match sign1.signature.first() {
                Some(&DER_SEQUENCE) => {
                    "; this one looks like DER, which the signer must convert to r || s"
                }
                _ => "",
            };
            let message =
                format!("{length} bytes; an {algorithm} signature has {SIGNATURE_BYTES}{der}");
            Error::malformed("signature", message)
        })?;
        let x5chain = x5chain(&sign1.unprotected).map_err(|e| e.within("x5chain"))?;
        let payload = sign1.payload.map(|payload| Zeroizing::new(payload.to_vec()));
        Ok(Self { algorithm, x5chain, payload, signature })
    }

    /// Writes a COSE_Sign1 by ES256 with a detached payload. A `deviceSignature` has this form.
    pub(crate) fn write_detached(out: &mut Vec<u8>, signature: &[u8; SIGNATURE_BYTES]) {
        const EMPTY_HEADER_AND_NULL: [u8; 2] = [0xa0, 0xf6];
        out.push(0x84);
        write_bytes(out, &SignatureAlgorithm::Es256.protected());
        out.extend_from_slice(&EMPTY_HEADER_AND_NULL);
        write_bytes(out, signature);
    }
}

/// The algorithm of a protected header that holds nothing else. The signed bytes begin with exactly
/// these bytes, and a proof accepts no other header.
fn algorithm(header: &[u8]) -> Result<SignatureAlgorithm, Error> {
    const SUPPORTED: &str = "only ES256 (-7) and ESP256 (-9), both on P-256, are supported";
    if let Some(known) =
        SignatureAlgorithm::ALL.into_iter().find(|known| known.protected() == header)
    {
        return Ok(known);
    }
    let refused = |why: String| Err(Error::malformed("", why));
    let Ok(Protected { algorithm: Some(stated), has_x5chain }) = Protected::read(header) else {
        return refused(format!("the protected header holds no algorithm; {SUPPORTED}"));
    };
    let id = match (stated.clone().integer(), stated.clone().text()) {
        (Ok(id), _) => id,
        (_, Ok((_, name))) => {
            let name = name.escape_debug();
            return refused(format!(
                "the algorithm is the text {name}, not a number of the COSE registry; {SUPPORTED}"
            ));
        }
        _ => return refused(format!("the protected header holds no algorithm; {SUPPORTED}")),
    };
    if SignatureAlgorithm::by_id(id).is_none() {
        let name =
            name_of(id).map_or_else(|| format!("algorithm {id}"), |name| format!("{name} ({id})"));
        return refused(format!("signed with {name}; {SUPPORTED}"));
    }
    if has_x5chain {
        return refused(
            "x5chain is in the protected header; the issuer must move it to the unprotected \
             header (ISO 18013-5, 9.1.2.4)"
                .to_owned(),
        );
    }
    refused(
        "the protected header holds more than the algorithm, or is not in its shortest form; the \
         signer must write {1: -7} (ES256) or {1: -9} (ESP256) and nothing else"
            .to_owned(),
    )
}

/// The parts of an unsupported protected header that explain why it is not supported.
struct Protected<'a> {
    /// The value of `alg`, not yet read.
    algorithm: Option<Cursor<'a>>,
    has_x5chain: bool,
}

impl<'a> Protected<'a> {
    fn read(header: &'a [u8]) -> Result<Self, Error> {
        const ALG: i128 = 1;
        let mut protected = Self { algorithm: None, has_x5chain: false };
        let mut cursor = Cursor::new(header, Rules::Wire);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let label = Cursor::new(cursor.pass()?, Rules::Wire).integer().ok();
            let value = cursor.pass()?;
            match label {
                Some(ALG) => protected.algorithm = Some(Cursor::new(value, Rules::Wire)),
                Some(X5CHAIN) => protected.has_x5chain = true,
                _ => {}
            }
        }
        Ok(protected)
    }
}

/// The `Sig_structure` that is signed for a payload, attached or detached. It is an array of four:
/// `"Signature1"`, the protected header in a byte string, the empty `external_aad`, and the
/// payload.
#[must_use]
pub fn sig_structure(algorithm: SignatureAlgorithm, payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x84\x6aSignature1".to_vec();
    write_bytes(&mut bytes, &algorithm.protected());
    write_bytes(&mut bytes, &[]);
    write_bytes(&mut bytes, payload);
    bytes
}

/// Whether `signature` is valid under `key` over a digest. A high `s` is valid. Zero and values of
/// n or more are not.
pub(crate) fn verifies(
    key: &VerifyingKey,
    digest: &[u8; 32],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    Signature::from_slice(signature)
        .and_then(|signature| key.verify_prehash(digest, &signature))
        .is_ok()
}

/// Whether `signature` is valid under `key` over the `Sig_structure` of a payload.
pub(crate) fn verifies_payload(
    key: &VerifyingKey,
    algorithm: SignatureAlgorithm,
    payload: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    verifies(key, &Sha256::digest(sig_structure(algorithm, payload)).into(), signature)
}
