//! Recognises what a file contains that holds, or should hold, a document: a structure of ISO/IEC
//! 18013-5, or text in its place.

use crate::cbor::{Cursor, Major, Rules};
use crate::error::Error;

/// The structure in which a document comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// `DeviceResponse`, the answer of a wallet.
    DeviceResponse,
    /// A single `Document`.
    Document,
    /// A single `IssuerSigned`, as OpenID4VCI issues it and wallets store it. Only its MSO states
    /// the docType.
    IssuerSigned,
}

impl Form {
    /// The name of the structure in ISO/IEC 18013-5.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceResponse => "DeviceResponse",
            Self::Document => "Document",
            Self::IssuerSigned => "IssuerSigned",
        }
    }

    /// The structure that begins here, which must be a map with the members of one of the
    /// structures.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Error> {
        if let Some(message) = textual(bytes) {
            return Err(Error::malformed("", message));
        }
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        cursor.pass()?;
        cursor.finish()?;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        if cursor.peek() != Some(Major::Map) {
            let error =
                cursor.map().err().map(|error| error.message().to_owned()).unwrap_or_default();
            let message =
                format!("neither a DeviceResponse nor a Document nor an IssuerSigned: {error}");
            return Err(Error::malformed("", message));
        }
        let mut form = Self::DeviceResponse;
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("issuerAuth") => form = Self::IssuerSigned,
                Some("issuerSigned") => form = Self::Document,
                _ => {}
            }
            cursor.pass()?;
        }
        Ok(form)
    }
}

/// Describes a text that stands where CBOR is expected, and says how to obtain CBOR from it. No
/// CBOR map, array or tag is taken for such a text.
pub(crate) fn textual(bytes: &[u8]) -> Option<String> {
    const LONG_ENOUGH: usize = 16;
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let solid = |allowed: fn(u8) -> bool| {
        let mut characters = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
        text.len() >= LONG_ENOUGH && characters.all(allowed)
    };
    if text.starts_with(['{', '[', '"']) {
        let vp_token = "JSON with a vp_token (OpenID4VP), not CBOR: decode the string in the \
                        vp_token from base64url and give the decoded bytes";
        let other = "JSON, not CBOR: if a string in it is a document in base64url, decode that \
                     string and give the decoded bytes";
        return Some(if text.contains("\"vp_token\"") { vp_token } else { other }.to_owned());
    }
    if text.starts_with("-----BEGIN") {
        return Some("PEM, not CBOR: give the document itself".to_owned());
    }
    if text.starts_with("eyJ") && text.contains('.') {
        return Some(
            "a JSON Web Token or SD-JWT, not an ISO 18013-5 document: give an mdoc".to_owned(),
        );
    }
    if solid(|byte| byte.is_ascii_hexdigit()) {
        return Some(
            "hexadecimal text, not CBOR: decode it first, for example with `xxd -r -p`".to_owned(),
        );
    }
    if solid(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=')) {
        return Some(
            "base64url text (such as a string in a vp_token), not CBOR: decode it first, for \
             example with `basenc --base64url -d`"
                .to_owned(),
        );
    }
    if solid(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')) {
        return Some(
            "base64 text, not CBOR: decode it first, for example with `base64 -d`".to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_called_what_they_are() {
        for (text, expected) in [
            ("a367646f63547970656f6f72672e69736f2e", "hexadecimal"),
            ("0xa367646f63547970656f6f72672e69736f", "hexadecimal"),
            (" A367646F63547970656F6F7267\n2E69736F2E\n", "hexadecimal"),
            ("o2d2ZXJzaW9uYzEuMGlkb2N1bWVudHOB", "base64url"),
            ("o2d2ZXJzaW9uYzEuMGlkb2N1bWVudHOB_-==", "base64url"),
            ("o2d2ZXJzaW9uYzEuMGlkb2N1bWVudHOB+/==", "base64 "),
            ("{\"vp_token\": {\"a\": [\"o2d2\"]}}", "vp_token"),
            ("\"o2d2ZXJzaW9uYzEuMGlkb2N1bWVudHOB\"", "JSON"),
            ("[1]", "JSON"),
            ("-----BEGIN CERTIFICATE-----", "PEM"),
            ("eyJhbGciOiJFUzI1NiJ9.e30.c2ln~", "SD-JWT"),
        ] {
            let message = textual(text.as_bytes()).unwrap();
            assert!(message.contains(expected), "{text}: {message}");
            assert_eq!(Form::of(text.as_bytes()).unwrap_err().message(), message);
        }
        for bytes in [
            &b""[..],
            b"\x80",
            b"\xa0",
            b"\xd8\x18\x40",
            b"short",
            b"two words and a comma, no document",
        ] {
            assert_eq!(textual(bytes), None);
        }
    }

    #[test]
    fn forms_are_told_by_their_members() {
        for (bytes, form) in [
            (&b"\xa0"[..], Form::DeviceResponse),
            (b"\xa1\x69documents\x80", Form::DeviceResponse),
            (b"\xa2\x00\x00\x6cissuerSigned\xa1\x6aissuerAuth\x00", Form::Document),
            (b"\xbf\x6aissuerAuth\x00\xff", Form::IssuerSigned),
        ] {
            assert_eq!(Form::of(bytes).unwrap(), form);
        }
        for (bytes, why) in [
            (&b""[..], "the input ends"),
            (b"\x80", "neither a DeviceResponse nor"),
            (b"\xd8\x18\x41\xa0", "found a tag"),
            (b"\xa0\x00", "bytes follow"),
        ] {
            let error = Form::of(bytes).unwrap_err();
            assert!(error.message().contains(why), "{error}");
        }
    }
}
