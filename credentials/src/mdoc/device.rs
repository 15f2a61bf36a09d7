//! Device authentication (ISO/IEC 18013-5, 9.1.3): what the device signs, and for which session.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::cbor::{
    Cursor, Major, Rules, check_whole, required, set_once, write_embedded, write_head, write_text,
};
use crate::error::{Code, Error};
use crate::limits;
use crate::mdoc::cose::{SIGNATURE_BYTES, Sign1, sig_structure};
use crate::mdoc::device_elements::DeviceElements;
use crate::mdoc::form::textual;

/// `DeviceNameSpaces` without any element.
pub const EMPTY_NAME_SPACES: [u8; 1] = [0xa0];

/// A `SessionTranscript` (ISO/IEC 18013-5, 9.1.5.1), kept as the bytes that were read. The handover
/// is opaque, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTranscript {
    bytes: Vec<u8>,
}

impl SessionTranscript {
    /// Reads `[DeviceEngagementBytes / null, EReaderKeyBytes / null, Handover]`, either the plain
    /// array or `SessionTranscriptBytes`, which is the array in a byte string under tag 24.
    ///
    /// # Errors
    /// `too_large` above [`limits::TRANSCRIPT_BYTES`]; `malformed` for anything that is not an
    /// array of these three members, nested no deeper than [`limits::CBOR_DEPTH`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let transcript =
            Self::unwrapped(bytes).and_then(|inner| Self::check(inner).map(|()| inner));
        let bytes = transcript.map_err(|error| error.within("transcript"))?.to_vec();
        Ok(Self { bytes })
    }

    /// The part that a device signs: the array, without the byte string and the tag in which it may
    /// come.
    fn unwrapped(bytes: &[u8]) -> Result<&[u8], Error> {
        Error::check_limit("", "bytes", bytes.len(), limits::TRANSCRIPT_BYTES)?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        if cursor.peek() != Some(Major::Tag) {
            return Ok(bytes);
        }
        let (_, inner) = cursor.embedded()?;
        cursor.finish()?;
        Ok(inner)
    }

    fn check(bytes: &[u8]) -> Result<(), Error> {
        if let Some(text) = textual(bytes) {
            return Err(Error::malformed("", text));
        }
        check_whole(bytes, Rules::Wire)?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        let mut members = cursor.array()?;
        let mut count = 0;
        while cursor.next(&mut members) {
            match count {
                0 | 1 if cursor.null() => {}
                0 | 1 => {
                    let name = if count == 0 { "DeviceEngagementBytes" } else { "EReaderKeyBytes" };
                    cursor.embedded().map_err(|error| {
                        let message = format!(
                            "{name} is neither null nor a byte string under tag 24: {}",
                            error.message()
                        );
                        Error::malformed("", message)
                    })?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
            count += 1;
        }
        if count == 3 {
            return Ok(());
        }
        Err(Error::malformed(
            "",
            format!(
                "an array of {count} members, but a SessionTranscript has 3: \
                 DeviceEngagementBytes or null, EReaderKeyBytes or null, and the handover; give \
                 the transcript that wallet and verifier both compute"
            ),
        ))
    }

    /// The array as it was read, without the byte string and the tag in which it came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The bytes that a device signs with ES256 (SHA-256): the COSE `Sig_structure` with this detached
/// payload:
///
/// ```text
/// DeviceAuthenticationBytes =
///     #6.24(["DeviceAuthentication", SessionTranscript, DocType, DeviceNameSpacesBytes])
/// ```
///
/// `namespaces` is the CBOR map `DeviceNameSpaces`, normally [`EMPTY_NAME_SPACES`].
#[must_use]
pub fn device_authentication_bytes(
    doc_type: &str,
    transcript: &SessionTranscript,
    namespaces: &[u8],
) -> Vec<u8> {
    signed_bytes(doc_type, transcript, namespaces, SignatureAlgorithm::Es256)
}

fn signed_bytes(
    doc_type: &str,
    transcript: &SessionTranscript,
    namespaces: &[u8],
    algorithm: SignatureAlgorithm,
) -> Vec<u8> {
    sig_structure(algorithm, &payload_bytes(doc_type, transcript, namespaces))
}

/// `DeviceAuthenticationBytes`.
fn payload_bytes(doc_type: &str, transcript: &SessionTranscript, namespaces: &[u8]) -> Vec<u8> {
    const CONTEXT: &str = "DeviceAuthentication";
    let mut authentication = Vec::new();
    write_head(&mut authentication, Major::Array, 4);
    write_text(&mut authentication, CONTEXT);
    authentication.extend_from_slice(&transcript.bytes);
    write_text(&mut authentication, doc_type);
    write_embedded(&mut authentication, namespaces);
    let mut payload = Vec::new();
    write_embedded(&mut payload, &authentication);
    payload
}

/// SHA-256 of the bytes that a device signs, which is the message digest of the device signature.
/// For ES256 it is the hash of [`device_authentication_bytes`]. For ESP256 the protected header in
/// those bytes names ESP256.
#[must_use]
pub fn device_authentication_digest(
    doc_type: &str,
    transcript: &SessionTranscript,
    namespaces: &[u8],
    algorithm: SignatureAlgorithm,
) -> [u8; 32] {
    Sha256::digest(signed_bytes(doc_type, transcript, namespaces, algorithm)).into()
}

/// How the device authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceAuth {
    /// `deviceSignature`: its algorithm, and `r || s`.
    Signature(SignatureAlgorithm, [u8; SIGNATURE_BYTES]),
    /// `deviceMac`, which only the reader of that session can check.
    Mac,
    /// The device has not signed yet. The document is in the form in which its issuer handed it
    /// out.
    Missing,
    /// The authentication cannot be read, for this reason.
    Unreadable(Error),
}

/// `DeviceSigned` (ISO/IEC 18013-5, 8.3.2.1.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSigned {
    namespaces: Vec<u8>,
    auth: DeviceAuth,
    /// The payload of `deviceSignature`, if it is not detached as it should be.
    attached: Attached,
}

impl DeviceSigned {
    /// The `DeviceSigned` of a device that has not signed.
    pub(crate) fn missing() -> Self {
        Self { namespaces: EMPTY_NAME_SPACES.to_vec(), auth: DeviceAuth::Missing, attached: None }
    }

    /// The `DeviceSigned` of a device whose part cannot be read.
    pub(crate) fn unreadable(fault: Error) -> Self {
        Self {
            namespaces: EMPTY_NAME_SPACES.to_vec(),
            auth: DeviceAuth::Unreadable(fault.within("deviceSigned")),
            attached: None,
        }
    }

    /// Reads the map. Also returns where the value of `deviceAuth` lies in the cursor's input; this
    /// value alone may be unreadable. An empty map belongs to a device that has not signed, and has
    /// no such place.
    pub(crate) fn read(
        cursor: &mut Cursor<'_>,
    ) -> Result<(Self, Option<std::ops::Range<usize>>), Error> {
        let (mut namespaces, mut auth) = (None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("nameSpaces") => {
                    let bytes = device_namespaces(cursor).map_err(|e| e.within("nameSpaces"))?;
                    set_once(&mut namespaces, "nameSpaces", bytes)?;
                }
                Some("deviceAuth") => {
                    let (start, mut inner) = (cursor.position(), cursor.clone());
                    cursor.pass()?;
                    let found = device_auth(&mut inner).unwrap_or_else(|fault| {
                        let fault = fault.within("deviceAuth").within("deviceSigned");
                        (DeviceAuth::Unreadable(fault), None)
                    });
                    set_once(&mut auth, "deviceAuth", (found, start..cursor.position()))?;
                }
                _ => {
                    cursor.pass()?;
                }
            }
        }
        let is_empty =
            namespaces.as_deref().is_none_or(|namespaces| namespaces == EMPTY_NAME_SPACES);
        if is_empty && auth.as_ref().is_none_or(|((auth, _), _)| *auth == DeviceAuth::Missing) {
            return Ok((Self::missing(), None));
        }
        let namespaces = required(namespaces, "nameSpaces")?;
        let ((auth, attached), range) = required(auth, "deviceAuth")?;
        Ok((Self { namespaces, auth, attached }, Some(range)))
    }

    /// The CBOR of the `DeviceNameSpaces` map, at most [`limits::DEVICE_NAMESPACES_BYTES`] long. It
    /// is an empty map if it cannot be read.
    #[must_use]
    pub fn namespaces(&self) -> &[u8] {
        &self.namespaces
    }

    /// Whether the device signed any element of its own.
    #[must_use]
    pub fn has_namespaces(&self) -> bool {
        self.namespaces != EMPTY_NAME_SPACES
    }

    /// Whether the payload that came with the device's signature belongs to this session. The
    /// answer is yes if no payload came.
    pub(crate) fn payload_is_of(&self, doc_type: &str, transcript: &SessionTranscript) -> bool {
        let of_session = || payload_bytes(doc_type, transcript, &self.namespaces);
        self.attached.as_ref().is_none_or(|attached| **attached == of_session())
    }

    /// How the device authenticated.
    #[must_use]
    pub fn auth(&self) -> &DeviceAuth {
        &self.auth
    }

    /// The device signature, `r || s`, and its algorithm.
    ///
    /// # Errors
    /// `device_mac_unsupported` for a MAC; `device_signature_missing` if there is nothing; the
    /// fault of what cannot be read: `malformed`, or `too_large` for elements of the device above
    /// [`limits::DEVICE_NAMESPACES_BYTES`].
    pub fn signature(&self) -> Result<(SignatureAlgorithm, &[u8; SIGNATURE_BYTES]), Error> {
        match &self.auth {
            DeviceAuth::Signature(algorithm, signature) => Ok((*algorithm, signature)),
            DeviceAuth::Unreadable(fault) => Err(fault.clone()),
            DeviceAuth::Mac => Err(Error::new(
                Code::DeviceMacUnsupported,
                "deviceSigned.deviceAuth",
                "the device authenticated by MAC, which only its reader can check; \
                 have the device sign, or replace deviceAuth with `velum sign`",
            )),
            DeviceAuth::Missing => Err(Error::new(
                Code::DeviceSignatureMissing,
                "deviceSigned",
                "the device has not signed the session: the document is in the form that its \
                 issuer handed out; have the device sign the DeviceAuthentication bytes and attach \
                 the signature, or sign with a test key using `velum sign`",
            )),
        }
    }
}

/// Reads tag 24 around namespace -> (element -> value). The bytes of the inner map are kept.
fn device_namespaces(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Error> {
    let (_, bytes) = cursor.embedded()?;
    DeviceElements::parse(bytes)?;
    Ok(bytes.to_vec())
}

/// The payload of a device's signature, if it is not detached.
type Attached = Option<Zeroizing<Vec<u8>>>;

/// Reads a map of one member, `deviceSignature` or `deviceMac`. The other member may be present as
/// `null` or `undefined`. The map is empty, `null` or `undefined` if the device has not signed.
fn device_auth(cursor: &mut Cursor<'_>) -> Result<(DeviceAuth, Attached), Error> {
    if cursor.nothing() {
        return Ok((DeviceAuth::Missing, None));
    }
    let mut auth = None;
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (_, name) = cursor.text_key()?;
        let is_known = matches!(name, Some("deviceSignature" | "deviceMac"));
        if is_known && cursor.nothing() {
            continue;
        }
        let value = cursor.pass()?;
        let found = match name {
            Some("deviceSignature") => {
                let sign1 = Sign1::parse(value).map_err(|e| e.within("deviceSignature"))?;
                (DeviceAuth::Signature(sign1.algorithm, sign1.signature), sign1.payload)
            }
            Some("deviceMac") => (DeviceAuth::Mac, None),
            other => {
                let message = format!(
                    "unknown member {:?}; the wallet must write deviceSignature or deviceMac",
                    other.unwrap_or_default()
                );
                return Err(Error::malformed("", message));
            }
        };
        set_once(&mut auth, "deviceSignature or deviceMac", found)?;
    }
    Ok(auth.unwrap_or((DeviceAuth::Missing, None)))
}
