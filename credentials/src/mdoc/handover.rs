//! How a session begins, and the `SessionTranscript` that follows from it.
//!
//! The wallet and the verifier each build the transcript from what they know themselves. The
//! transcript binds an answer to one session. A verifier that takes the transcript, or a nonce or
//! an origin in it, from the wallet accepts answers that were given to others.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::cbor::{
    Cursor, Major, Rules, check_whole, write_bytes, write_embedded, write_head, write_text,
};
use crate::error::Error;
use crate::mdoc::device::SessionTranscript;

/// Length in bytes of a JWK thumbprint, which is a SHA-256 hash.
pub const THUMBPRINT_BYTES: usize = 32;

/// CBOR `null`.
const NULL: u8 = 0xf6;

/// What each kind of session begins with. Texts are used exactly as they stand in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handover<'a> {
    /// `OpenID4VPHandover`: a request through a redirect or a link (OpenID4VP 1.0, B.2.6.1).
    OpenId4Vp {
        /// The parameter `client_id`, including its prefix if it has one:
        /// `x509_san_dns:verifier.example`.
        client_id: &'a str,
        /// The parameter `nonce`.
        nonce: &'a str,
        /// The thumbprint of the verifier's key to which the answer is encrypted
        /// ([`jwk_thumbprint`]). `None` if the answer is not encrypted.
        jwk_thumbprint: Option<[u8; THUMBPRINT_BYTES]>,
        /// The parameter `response_uri`, or `redirect_uri` if the response mode uses that
        /// parameter.
        response_uri: &'a str,
    },
    /// `OpenID4VPDCAPIHandover`: a request through the Digital Credentials API (OpenID4VP 1.0,
    /// B.2.6.2).
    OpenId4VpDcApi {
        /// The verifier's origin, as the platform reports it: `https://verifier.example`, without
        /// `origin:` in front.
        origin: &'a str,
        /// The parameter `nonce`.
        nonce: &'a str,
        /// The thumbprint of the verifier's key to which the answer is encrypted (`dc_api.jwt`).
        /// `None` for `dc_api`.
        jwk_thumbprint: Option<[u8; THUMBPRINT_BYTES]>,
    },
    /// `OID4VPHandover` of the OpenID4VP drafts (ISO/IEC TS 18013-7, B.4.4).
    OpenId4VpAnnexB {
        /// The parameter `client_id`.
        client_id: &'a str,
        /// The parameter `response_uri`.
        response_uri: &'a str,
        /// The parameter `nonce`.
        nonce: &'a str,
        /// The nonce that the wallet generated: the header `apu` of the encrypted answer, decoded.
        mdoc_generated_nonce: &'a str,
    },
    /// `DCAPIHandover`: a request in the protocol `org-iso-mdoc` through the Digital Credentials
    /// API (ISO/IEC TS 18013-7, Annex C).
    DcApi {
        /// `encryptionInfo` of the request, as base64url text without padding.
        encryption_info: &'a str,
        /// The verifier's origin, as the platform reports it.
        origin: &'a str,
    },
    /// `QRHandover`: the wallet showed a QR code (ISO/IEC 18013-5, 9.1.5.1).
    Qr {
        /// The `DeviceEngagement` of the QR code, or `DeviceEngagementBytes`.
        device_engagement: &'a [u8],
        /// The reader's ephemeral `COSE_Key`, or `EReaderKeyBytes`.
        e_reader_key: &'a [u8],
    },
    /// `NFCHandover`: the wallet was held to the reader (ISO/IEC 18013-5, 9.1.5.1).
    Nfc {
        /// The `DeviceEngagement` of the Handover Select message, or `DeviceEngagementBytes`.
        device_engagement: &'a [u8],
        /// The reader's ephemeral `COSE_Key`, or `EReaderKeyBytes`.
        e_reader_key: &'a [u8],
        /// The Handover Select message.
        select: &'a [u8],
        /// The Handover Request message of a negotiated handover. `None` for a static handover.
        request: Option<&'a [u8]>,
    },
}

impl Handover<'_> {
    /// The `SessionTranscript` of a session that begins in this way.
    ///
    /// # Errors
    /// `malformed` for an empty nonce, an invalid origin, `encryption_info` that is not base64url,
    /// and input that should be CBOR and is not; `too_large` if the transcript is larger than
    /// [`limits::TRANSCRIPT_BYTES`](crate::limits::TRANSCRIPT_BYTES).
    pub fn session_transcript(&self) -> Result<SessionTranscript, Error> {
        let mut transcript = Vec::new();
        write_head(&mut transcript, Major::Array, 3);
        let (device_engagement, e_reader_key) = self.in_person();
        write_embedded_or_null(&mut transcript, device_engagement, "device_engagement")?;
        write_embedded_or_null(&mut transcript, e_reader_key, "e_reader_key")?;
        self.write(&mut transcript)?;
        SessionTranscript::parse(&transcript)
    }

    /// `DeviceEngagement` and `EReaderKey`, if the wallet and the reader are near each other.
    fn in_person(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        match *self {
            Self::Qr { device_engagement, e_reader_key }
            | Self::Nfc { device_engagement, e_reader_key, .. } => {
                (Some(device_engagement), Some(e_reader_key))
            }
            _ => (None, None),
        }
    }

    /// The third member of the transcript.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        match *self {
            Self::OpenId4Vp { client_id, nonce, jwk_thumbprint, response_uri } => {
                check_nonce(nonce)?;
                let mut info = array_of_texts(4, &[client_id, nonce]);
                write_bytes_or_null(&mut info, jwk_thumbprint.as_ref().map(<[u8; _]>::as_slice));
                write_text(&mut info, response_uri);
                write_identified(out, "OpenID4VPHandover", &info);
            }
            Self::OpenId4VpDcApi { origin, nonce, jwk_thumbprint } => {
                check_origin(origin)?;
                check_nonce(nonce)?;
                let mut info = array_of_texts(3, &[origin, nonce]);
                write_bytes_or_null(&mut info, jwk_thumbprint.as_ref().map(<[u8; _]>::as_slice));
                write_identified(out, "OpenID4VPDCAPIHandover", &info);
            }
            Self::OpenId4VpAnnexB { client_id, response_uri, nonce, mdoc_generated_nonce } => {
                check_nonce(nonce)?;
                let hash = |text| Sha256::digest(array_of_texts(2, &[text, mdoc_generated_nonce]));
                write_head(out, Major::Array, 3);
                write_bytes(out, &hash(client_id));
                write_bytes(out, &hash(response_uri));
                write_text(out, nonce);
            }
            Self::DcApi { encryption_info, origin } => {
                check_encryption_info(encryption_info)?;
                check_origin(origin)?;
                write_identified(out, "dcapi", &array_of_texts(2, &[encryption_info, origin]));
            }
            Self::Qr { .. } => out.push(NULL),
            Self::Nfc { select, request, .. } => {
                write_head(out, Major::Array, 2);
                write_bytes(out, select);
                write_bytes_or_null(out, request);
            }
        }
        Ok(())
    }
}

/// The SHA-256 thumbprint of a public key given as a JWK (RFC 7638). Members that are not part of
/// the key, such as `kid`, are ignored.
///
/// # Errors
/// `malformed` for input that is not the JSON object of an elliptic-curve, octet or RSA key.
pub fn jwk_thumbprint(jwk: &[u8]) -> Result<[u8; THUMBPRINT_BYTES], Error> {
    let malformed = |message: String| Error::malformed("jwk", message);
    let jwk: Map<String, Value> = serde_json::from_slice(jwk)
        .map_err(|_| malformed("not a JSON object; give a JWK".to_owned()))?;
    let text = |name: &str| match jwk.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        _ => Err(malformed(format!(
            "the member `{name}` is missing or is not text; give the whole public key"
        ))),
    };
    // The members that RFC 7638, section 3.2, and RFC 8037, section 2, require, in the order of
    // their names.
    let required: &[&str] = match text("kty")? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return Err(malformed("`kty` must be EC, OKP or RSA".to_owned())),
    };
    let mut canonical = Map::new();
    for name in required {
        canonical.insert((*name).to_owned(), Value::String(text(name)?.to_owned()));
    }
    Ok(Sha256::digest(Value::Object(canonical).to_string()).into())
}

/// `[identifier, SHA-256 of the info]`.
fn write_identified(out: &mut Vec<u8>, identifier: &str, info: &[u8]) {
    write_head(out, Major::Array, 2);
    write_text(out, identifier);
    write_bytes(out, &Sha256::digest(info));
}

/// An array of `count` members that begins with these texts.
fn array_of_texts(count: u64, texts: &[&str]) -> Vec<u8> {
    let mut array = Vec::new();
    write_head(&mut array, Major::Array, count);
    for text in texts {
        write_text(&mut array, text);
    }
    array
}

fn write_bytes_or_null(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => write_bytes(out, bytes),
        None => out.push(NULL),
    }
}

/// Writes a structure in a byte string under tag 24. Input that already has this wrapping keeps it,
/// because both sides hash the bytes that were sent.
fn write_embedded_or_null(
    out: &mut Vec<u8>,
    structure: Option<&[u8]>,
    place: &str,
) -> Result<(), Error> {
    let Some(structure) = structure else {
        out.push(NULL);
        return Ok(());
    };
    let not_a_map = |_| {
        let message = "neither a CBOR map nor a byte string under tag 24 that holds a CBOR map; \
                       give the bytes that were sent";
        Error::malformed(place, message)
    };
    let mut cursor = Cursor::new(structure, Rules::Wire);
    if cursor.peek() == Some(Major::Tag) {
        check_whole(structure, Rules::Wire).map_err(not_a_map)?;
        let (_, inner) = cursor.embedded().map_err(not_a_map)?;
        check_map(inner).map_err(not_a_map)?;
        out.extend_from_slice(structure);
    } else {
        check_map(structure).map_err(not_a_map)?;
        write_embedded(out, structure);
    }
    Ok(())
}

fn check_map(bytes: &[u8]) -> Result<(), Error> {
    check_whole(bytes, Rules::Wire)?;
    Cursor::new(bytes, Rules::Wire).map().map(drop)
}

fn check_nonce(nonce: &str) -> Result<(), Error> {
    if nonce.is_empty() {
        return Err(Error::malformed(
            "nonce",
            "empty; give the nonce that the verifier drew for this session",
        ));
    }
    Ok(())
}

/// The origin of a website consists of scheme, host and port (RFC 6454, 6.2). Origins of apps have
/// their own forms.
fn check_origin(origin: &str) -> Result<(), Error> {
    let message = if origin.is_empty() {
        "empty; give the verifier's origin, such as https://verifier.example"
    } else if origin.starts_with("origin:") {
        "begins with `origin:`; give the origin without this prefix (OpenID4VP 1.0, B.2.6.2)"
    } else if web_host(origin)
        .is_some_and(|host| host.is_empty() || host.contains(['/', '?', '#', '@']))
    {
        "not an origin; give only scheme, host and port, such as https://verifier.example"
    } else {
        return Ok(());
    };
    Err(Error::malformed("origin", message))
}

fn web_host(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

fn check_encryption_info(text: &str) -> Result<(), Error> {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(is_base64url) {
        return Ok(());
    }
    let message =
        "not base64url without padding; give `encryptionInfo` exactly as it is in the request";
    Err(Error::malformed("encryption_info", message))
}
