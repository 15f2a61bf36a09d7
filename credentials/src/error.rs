//! The one error type of this crate: a fixed code, a place and a message that says what to do.

use std::fmt;

/// Declares [`Code`] from the one list of codes, so that none can be missing from [`Code::ALL`].
macro_rules! codes {
    ($($(#[$meta:meta])* $code:ident = $name:literal,)+) => {
        /// What went wrong, as a fixed code that scripts can match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* $code,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// The code as it is written in JSON output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }
        }
    };
}

codes! {
    /// No issuer of the request vouches for the document.
    IssuerUntrusted = "issuer_untrusted",
    /// The issuer's signature over the MSO does not verify.
    IssuerSignature = "issuer_signature",
    /// The document is of another type than the one asked for.
    DocType = "doc_type",
    /// An item does not hash to its digest in the MSO.
    Digest = "digest",
    /// The document is not valid yet at the asked time.
    NotYetValid = "not_yet_valid",
    /// The document is no longer valid at the asked time.
    Expired = "expired",
    /// The device's signature over `DeviceAuthentication` does not verify.
    DeviceSignature = "device_signature",
    /// The device authenticated by MAC, which only the reader of that session can check.
    DeviceMacUnsupported = "device_mac_unsupported",
    /// The document carries no signature of its device: it is as its issuer handed it out.
    DeviceSignatureMissing = "device_signature_missing",
    /// A predicate of the request does not hold.
    Predicate = "predicate",
    /// The document does not hold an element that the request asks for.
    ElementMissing = "element_missing",
    /// Input larger than a limit or than every size class.
    TooLarge = "too_large",
    /// A prepared credential proof belongs to another document or request shape.
    PreparedMismatch = "prepared_mismatch",
    /// A prepared credential proof was used before.
    PreparedUsed = "prepared_used",
    /// Input that does not follow its format.
    Malformed = "malformed",
    /// A proof that does not verify.
    ProofInvalid = "proof_invalid",
    /// A format version that this build does not know.
    WrongVersion = "wrong_version",
    /// The request's time is too far from the wallet's clock.
    Clock = "clock",
    /// The device signed elements of its own, which the wallet did not agree to show or the request does not ask for.
    DeviceNamespaces = "device_namespaces",
    /// The device signed elements of its own that its issuer does not let it sign.
    DeviceNamespacesUnauthorised = "device_namespaces_unauthorised",
    /// The device that proves failed: a graphics processor that was lost, say.
    Backend = "backend",
    /// The caller cancelled.
    Cancelled = "cancelled",
    /// A bug.
    Internal = "internal",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error with its code, its place in the input and a message. It never holds the value of an element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {place}: {message}")]
pub struct Error {
    code: Code,
    place: String,
    message: String,
}

impl Error {
    /// An error at `place`, such as `documents[0].issuerSigned.issuerAuth`. The message says what to do.
    #[must_use]
    pub fn new(code: Code, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, place: place.into(), message: message.into() }
    }

    pub(crate) fn malformed(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::Malformed, place, message)
    }

    /// A defect of this library, or a size class that it does not know.
    pub(crate) fn bug(what: &str) -> Self {
        Self::new(Code::Internal, "velum", format!("{what}; this is a bug, please report it"))
    }

    pub(crate) fn too_large(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::TooLarge, place, message)
    }

    /// That `count` of `unit` is within a limit.
    pub(crate) fn check_limit(
        place: &str,
        unit: &str,
        count: usize,
        limit: usize,
    ) -> Result<(), Self> {
        if count <= limit {
            return Ok(());
        }
        Err(Self::too_large(place, format!("{count} {unit}; the limit is {limit}")))
    }

    /// Prefixes the place: an error at `issuerAuth` within `documents[0]` is at `documents[0].issuerAuth`.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.place = match self.place.as_bytes().first() {
            None => outer.to_owned(),
            Some(_) if outer.is_empty() => self.place,
            Some(b'[') => format!("{outer}{}", self.place),
            Some(_) => format!("{outer}.{}", self.place),
        };
        self
    }

    /// The fixed code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Where in the input, as a path from the outermost structure.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong and what to do about it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_snake_case() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn places_nest() {
        let error = Error::malformed("", "bad").within("x").within("[2]").within("documents");
        assert_eq!(error.place(), "documents[2].x");
        assert_eq!(error.to_string(), "malformed: documents[2].x: bad");
    }
}
