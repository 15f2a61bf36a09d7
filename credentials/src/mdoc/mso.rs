//! The mobile security object (ISO/IEC 18013-5, 9.1.2.4), which the issuer signs.
//!
//! It is read from the COSE payload as it stands, including the tag-24 wrapping, because a proof is
//! about those bytes.

use std::fmt;
use std::ops::RangeInclusive;

use p256::EncodedPoint;
use p256::ecdsa::VerifyingKey;
use zeroize::Zeroizing;

use crate::cbor::{Cursor, Field, Major, Rules, Span, required, set_once};
use crate::date::Timestamp;
use crate::error::Error;
use crate::limits;
use crate::mdoc::device_elements::KeyAuthorizations;

/// Length of a SHA-256 digest in bytes.
pub const DIGEST_BYTES: usize = 32;

/// `ValidityInfo`. Both ends of the validity are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValidityInfo {
    /// When the MSO was signed.
    pub signed: Timestamp,
    /// The first second of validity.
    pub valid_from: Timestamp,
    /// The last second of validity.
    pub valid_until: Timestamp,
}

/// The digests of one namespace, and where the namespace's name and map lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSpaceLayout {
    /// The namespace.
    pub name: String,
    /// The namespace's key and value in `valueDigests`.
    pub field: Field,
    /// The namespace's digests, in the order of the document.
    pub digests: Vec<DigestLayout>,
}

/// One entry of `valueDigests[namespace]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestLayout {
    /// The digestID.
    pub digest_id: u32,
    /// The entry's key and its 32-byte value.
    pub field: Field,
}

/// Where every field of the MSO lies. Offsets count from the first byte of the tag-24 wrapping
/// (`d8`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MsoLayout {
    /// The MSO map itself.
    pub map: Span,
    /// `version`.
    pub version: Field,
    /// `digestAlgorithm`.
    pub digest_algorithm: Field,
    /// `docType`.
    pub doc_type: Field,
    /// `valueDigests`.
    pub value_digests: Field,
    /// The namespaces of `valueDigests` in the order of the document.
    pub namespaces: Vec<NameSpaceLayout>,
    /// `deviceKeyInfo`.
    pub device_key_info: Field,
    /// `deviceKeyInfo.deviceKey`.
    pub device_key: Field,
    /// `kty` (1) of the device key.
    pub key_type: Field,
    /// `crv` (-1) of the device key.
    pub curve: Field,
    /// `x` (-2) of the device key.
    pub x: Field,
    /// `y` (-3) of the device key.
    pub y: Field,
    /// `validityInfo`.
    pub validity_info: Field,
    /// `validityInfo.signed`. The value starts at its tag, and its content is the characters.
    pub signed: Field,
    /// `validityInfo.validFrom`, in the same way.
    pub valid_from: Field,
    /// `validityInfo.validUntil`, in the same way.
    pub valid_until: Field,
}

impl MsoLayout {
    /// The entry of a digestID in a namespace.
    #[must_use]
    pub fn digest(&self, namespace: &str, digest_id: u32) -> Option<&DigestLayout> {
        let namespace = self.namespaces.iter().find(|candidate| candidate.name == namespace)?;
        namespace.digests.iter().find(|digest| digest.digest_id == digest_id)
    }
}

/// A parsed MSO together with its bytes. The bytes are erased when the MSO is dropped.
#[derive(Clone)]
pub struct MobileSecurityObject {
    payload: Zeroizing<Vec<u8>>,
    doc_type: String,
    device_key: VerifyingKey,
    key_authorizations: Option<KeyAuthorizations>,
    validity: ValidityInfo,
    has_status: bool,
    layout: MsoLayout,
}

impl MobileSecurityObject {
    /// Reads `MobileSecurityObjectBytes`, the payload of `issuerAuth`: tag 24 around one map.
    ///
    /// # Errors
    /// `too_large` above [`limits::MSO_BYTES`]. `malformed` for anything that a proof cannot be
    /// about: indefinite lengths, duplicate or missing keys, nesting deeper than
    /// [`limits::CBOR_DEPTH`], trailing bytes, another version or digest algorithm, dates in a form
    /// that [`Timestamp::from_tdate`] does not accept, and device keys that are not uncompressed
    /// P-256 points.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        Error::check_limit("", "bytes of an MSO", payload.len(), limits::MSO_BYTES)?;
        let mut cursor = Cursor::new(payload, Rules::Hashed);
        open(&mut cursor, "the MSO (MobileSecurityObjectBytes)")?;
        let map = cursor.clone().skip()?;

        let (mut version, mut digest_algorithm, mut doc_type) = (None, None, None);
        let (mut value_digests, mut device_key_info, mut validity_info) = (None, None, None);
        let mut has_status = false;
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let (key, name) = cursor.text_key()?;
            match name {
                Some("version") => {
                    let field =
                        exactly(&mut cursor, key, "1.0").map_err(|e| e.within("version"))?;
                    set_once(&mut version, "version", field)?;
                }
                Some("digestAlgorithm") => {
                    let field = exactly(&mut cursor, key, "SHA-256")
                        .map_err(|e| e.within("digestAlgorithm"))?;
                    set_once(&mut digest_algorithm, "digestAlgorithm", field)?;
                }
                Some("docType") => {
                    let (value, name) = cursor.text().map_err(|e| e.within("docType"))?;
                    set_once(&mut doc_type, "docType", (Field { key, value }, name))?;
                }
                Some("valueDigests") => {
                    let found = value_digests_field(&mut cursor, key)
                        .map_err(|e| e.within("valueDigests"))?;
                    set_once(&mut value_digests, "valueDigests", found)?;
                }
                Some("deviceKeyInfo") => {
                    let found = DeviceKeyInfo::read(&mut cursor, key)
                        .map_err(|e| e.within("deviceKeyInfo"))?;
                    set_once(&mut device_key_info, "deviceKeyInfo", found)?;
                }
                Some("validityInfo") => {
                    let found = validity_info_field(&mut cursor, key)
                        .map_err(|e| e.within("validityInfo"))?;
                    set_once(&mut validity_info, "validityInfo", found)?;
                }
                _ => {
                    has_status |= name == Some("status");
                    cursor.skip()?;
                }
            }
        }
        cursor.finish()?;

        let (doc_type_field, doc_type) = required(doc_type, "docType")?;
        let (value_digests, namespaces) = required(value_digests, "valueDigests")?;
        let device = required(device_key_info, "deviceKeyInfo")?;
        let (validity_info, validity) = required(validity_info, "validityInfo")?;
        let [(signed, signed_at), (valid_from, from), (valid_until, until)] = validity;
        Ok(Self {
            payload: Zeroizing::new(payload.to_vec()),
            doc_type: doc_type.to_owned(),
            device_key: device.public_key,
            key_authorizations: device.authorizations,
            validity: ValidityInfo { signed: signed_at, valid_from: from, valid_until: until },
            has_status,
            layout: MsoLayout {
                map,
                version: required(version, "version")?,
                digest_algorithm: required(digest_algorithm, "digestAlgorithm")?,
                doc_type: doc_type_field,
                value_digests,
                namespaces,
                device_key_info: device.info,
                device_key: device.key,
                key_type: device.key_type,
                curve: device.curve,
                x: device.x,
                y: device.y,
                validity_info,
                signed,
                valid_from,
                valid_until,
            },
        })
    }

    /// The original bytes including the tag-24 wrapping. They are the COSE payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.payload
    }

    /// The docType.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The device's public key.
    #[must_use]
    pub fn device_key(&self) -> &VerifyingKey {
        &self.device_key
    }

    /// What the issuer allows the device to sign itself, if anything.
    #[must_use]
    pub fn key_authorizations(&self) -> Option<&KeyAuthorizations> {
        self.key_authorizations.as_ref()
    }

    /// The validity.
    #[must_use]
    pub fn validity(&self) -> &ValidityInfo {
        &self.validity
    }

    /// Whether the issuer says where to look up whether it revoked the document: the entry `status`
    /// (draft-ietf-oauth-status-list; ISO/IEC 18013-5, second edition). This crate does not look it
    /// up, and no proof is about it.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.has_status
    }

    /// Where every field lies in [`Self::bytes`].
    #[must_use]
    pub fn layout(&self) -> &MsoLayout {
        &self.layout
    }

    /// The digest at `valueDigests[namespace][digest_id]`.
    #[must_use]
    pub fn digest(&self, namespace: &str, digest_id: u32) -> Option<&[u8; DIGEST_BYTES]> {
        let field = self.layout.digest(namespace, digest_id)?.field;
        self.payload.get(field.value.content())?.try_into().ok()
    }
}

impl fmt::Debug for MobileSecurityObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MobileSecurityObject")
            .field("doc_type", &self.doc_type)
            .finish_non_exhaustive()
    }
}

/// Enters what the issuer hashes: encoded CBOR in a byte string under tag 24.
pub(crate) fn open(cursor: &mut Cursor<'_>, what: &str) -> Result<(), Error> {
    if cursor.peek().is_none_or(|found| found == Major::Tag) {
        return cursor.open_embedded();
    }
    cursor.open_embedded().map_err(|error| {
        let message = format!(
            "{}; the issuer must put {what} into a byte string under tag 24",
            error.message()
        );
        Error::malformed("", message)
    })
}

/// Reads a text value that must be `wanted`.
fn exactly(cursor: &mut Cursor<'_>, key: Span, wanted: &str) -> Result<Field, Error> {
    let (value, text) = cursor.text()?;
    if text == wanted {
        return Ok(Field { key, value });
    }
    Err(Error::malformed(
        "",
        format!(
            "the issuer wrote {text:?}, but only {wanted:?} is supported; the issuer must issue a \
             document with {wanted:?}"
        ),
    ))
}

/// `valueDigests`: namespace -> digestID -> 32 bytes.
fn value_digests_field(
    cursor: &mut Cursor<'_>,
    key: Span,
) -> Result<(Field, Vec<NameSpaceLayout>), Error> {
    let field = Field { key, value: cursor.clone().skip()? };
    let mut namespaces = Vec::new();
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (key, name) = cursor.text()?;
        if name.is_empty() {
            return Err(Error::malformed(
                "",
                "the name of a namespace is empty, which no proof supports; the issuer must name \
                 the namespace",
            ));
        }
        let value = cursor.clone().skip()?;
        let digests = digests(cursor).map_err(|e| e.within(&format!("[{name:?}]")))?;
        namespaces.push(NameSpaceLayout {
            name: name.to_owned(),
            field: Field { key, value },
            digests,
        });
    }
    Ok((field, namespaces))
}

fn digests(cursor: &mut Cursor<'_>) -> Result<Vec<DigestLayout>, Error> {
    let mut digests = Vec::new();
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (key, digest_id) = digest_id(cursor)?;
        let (value, digest) = cursor.bytes()?;
        if digest.len() != DIGEST_BYTES {
            let length = digest.len();
            let message = format!(
                "a digest of {length} bytes; only SHA-256 digests of 32 bytes are supported, so \
                 the issuer must use SHA-256"
            );
            return Err(Error::malformed(format!("[{digest_id}]"), message));
        }
        digests.push(DigestLayout { digest_id, field: Field { key, value } });
    }
    Ok(digests)
}

/// A digestID: an unsigned integer below 2^32.
pub(crate) fn digest_id(cursor: &mut Cursor<'_>) -> Result<(Span, u32), Error> {
    let (span, number) = cursor.unsigned()?;
    match u32::try_from(number) {
        Ok(id) => Ok((span, id)),
        Err(_) => Err(Error::malformed("", format!("digestID {number} is not below 2^32"))),
    }
}

/// `DeviceKeyInfo` with the COSE_Key of the device (RFC 9053, section 7.1.1).
struct DeviceKeyInfo {
    info: Field,
    key: Field,
    key_type: Field,
    curve: Field,
    x: Field,
    y: Field,
    public_key: VerifyingKey,
    authorizations: Option<KeyAuthorizations>,
}

impl DeviceKeyInfo {
    fn read(cursor: &mut Cursor<'_>, key: Span) -> Result<Self, Error> {
        let info = Field { key, value: cursor.clone().skip()? };
        let (mut device_key, mut authorizations) = (None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let (key, name) = cursor.text_key()?;
            match name {
                Some(name @ "deviceKey") => {
                    let found = Self::read_key(cursor, info, key).map_err(|e| e.within(name))?;
                    set_once(&mut device_key, name, found)?;
                }
                Some(name @ "keyAuthorizations") => {
                    let found = KeyAuthorizations::read(cursor).map_err(|e| e.within(name))?;
                    set_once(&mut authorizations, name, found)?;
                }
                _ => {
                    cursor.skip()?;
                }
            }
        }
        Ok(Self { authorizations, ..required(device_key, "deviceKey")? })
    }

    fn read_key(cursor: &mut Cursor<'_>, info: Field, key: Span) -> Result<Self, Error> {
        const KTY: i128 = 1;
        const CRV: i128 = -1;
        const X: i128 = -2;
        const Y: i128 = -3;
        let key = Field { key, value: cursor.clone().skip()? };
        let (mut key_type, mut curve, mut x, mut y) = (None, None, None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let label = cursor.clone().integer().ok();
            let label_span = cursor.skip()?;
            if let Some(label) = label
                && !LABELS.contains(&label)
            {
                let message =
                    format!("label {label}; a proof supports only labels from -2^32 to 2^32 - 1");
                return Err(Error::malformed("", message));
            }
            match label {
                Some(KTY) => set_once(
                    &mut key_type,
                    "kty (1)",
                    number(cursor, label_span, "kty", 2, &KEY_TYPES)?,
                )?,
                Some(CRV) => set_once(
                    &mut curve,
                    "crv (-1)",
                    number(cursor, label_span, "crv", 1, &CURVES)?,
                )?,
                Some(X) => set_once(&mut x, "x (-2)", coordinate(cursor, label_span)?)?,
                Some(Y) => set_once(&mut y, "y (-3)", coordinate(cursor, label_span)?)?,
                _ => {
                    cursor.skip()?;
                }
            }
        }
        let ((x, x_bytes), (y, y_bytes)) = (required(x, "x (-2)")?, required(y, "y (-3)")?);
        let point = EncodedPoint::from_affine_coordinates(&x_bytes.into(), &y_bytes.into(), false);
        let public_key = VerifyingKey::from_encoded_point(&point).map_err(|_| {
            Error::malformed(
                "",
                "the point is not on P-256; the issuer must write a key that the device has",
            )
        })?;
        let (key_type, curve) = (required(key_type, "kty (1)")?, required(curve, "crv (-1)")?);
        Ok(Self { info, key, key_type, curve, x, y, public_key, authorizations: None })
    }
}

/// Names in the COSE registry of key types and curves that occur in device keys.
const KEY_TYPES: [(i128, &str); 3] = [(1, "OKP"), (2, "EC2"), (3, "RSA")];
const CURVES: [(i128, &str); 10] = [
    (1, "P-256"),
    (2, "P-384"),
    (3, "P-521"),
    (6, "Ed25519"),
    (7, "Ed448"),
    (8, "secp256k1"),
    (256, "brainpoolP256r1"),
    (257, "brainpoolP320r1"),
    (258, "brainpoolP384r1"),
    (259, "brainpoolP512r1"),
];

/// Labels of a device key whose heads a proof reads. The proof shows that no label occurs twice, so
/// it cannot leave one out.
const LABELS: RangeInclusive<i128> = -(1 << 32)..=(1 << 32) - 1;

/// Reads a member of a key that must be `wanted`. `names` are the names of the member's values.
fn number(
    cursor: &mut Cursor<'_>,
    key: Span,
    member: &str,
    wanted: i128,
    names: &[(i128, &str)],
) -> Result<Field, Error> {
    let found = cursor.clone().integer().ok();
    let value = cursor.skip()?;
    if found == Some(wanted) {
        return Ok(Field { key, value });
    }
    let name = found.and_then(|found| names.iter().find(|(known, _)| *known == found));
    let found = match (found, name) {
        (Some(found), Some((_, name))) => format!("{name} ({found})"),
        (Some(found), None) => found.to_string(),
        (None, _) => "not an integer".to_owned(),
    };
    Err(Error::malformed(
        "",
        format!(
            "{member} is {found}; only device keys on P-256 (EC2 keys whose crv is 1) are supported"
        ),
    ))
}

fn coordinate(cursor: &mut Cursor<'_>, key: Span) -> Result<(Field, [u8; 32]), Error> {
    if cursor.peek() == Some(Major::Simple) {
        let message = "the coordinate is a sign bit, so the point is compressed; the issuer must \
                       write both coordinates in full";
        return Err(Error::malformed("", message));
    }
    let (value, bytes) = cursor.bytes()?;
    match bytes.try_into() {
        Ok(coordinate) => Ok((Field { key, value }, coordinate)),
        Err(_) => Err(Error::malformed(
            "",
            format!(
                "a coordinate of {} bytes instead of 32; the issuer must write all 32, with \
                 leading zeros (RFC 9053, section 7.1.1)",
                bytes.len()
            ),
        )),
    }
}

type Moment = (Field, Timestamp);

/// `validityInfo`: signed, validFrom, validUntil.
fn validity_info_field(cursor: &mut Cursor<'_>, key: Span) -> Result<(Field, [Moment; 3]), Error> {
    let field = Field { key, value: cursor.clone().skip()? };
    let (mut signed, mut from, mut until) = (None, None, None);
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (key, name) = cursor.text_key()?;
        let (slot, name) = match name {
            Some(name @ "signed") => (&mut signed, name),
            Some(name @ "validFrom") => (&mut from, name),
            Some(name @ "validUntil") => (&mut until, name),
            _ => {
                cursor.skip()?;
                continue;
            }
        };
        let (value, time) = tdate(cursor).map_err(|e| e.within(name))?;
        set_once(slot, name, (Field { key, value }, time))?;
    }
    let moments =
        [required(signed, "signed")?, required(from, "validFrom")?, required(until, "validUntil")?];
    Ok((field, moments))
}

/// Reads a `tdate`: tag 0 and a text that [`Timestamp::from_tdate`] accepts.
fn tdate(cursor: &mut Cursor<'_>) -> Result<(Span, Timestamp), Error> {
    if cursor.peek() == Some(Major::Text) {
        return Err(Error::malformed(
            "",
            "the date and time has no tag 0; the issuer must put tag 0 before the text",
        ));
    }
    let tag = cursor.tag(0)?;
    let (text, characters) = cursor.text()?;
    let time = Timestamp::from_tdate(characters)
        .map_err(|error| Error::malformed("", format!("{characters:?} is {error}")))?;
    Ok((Span { head: tag.offset, ..text }, time))
}
