//! The only error type of this crate. An error has a fixed code, a place, and a message that says
//! what to do.

use std::fmt;

/// Declares [`Code`] from one list of codes, so that [`Code::ALL`] cannot miss one.
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

            /// The code as JSON output writes it.
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
    /// The document has another type than the one asked for.
    DocType = "doc_type",
    /// An item does not hash to its digest in the MSO.
    Digest = "digest",
    /// The document is not yet valid at the requested time.
    NotYetValid = "not_yet_valid",
    /// The document is no longer valid at the requested time.
    Expired = "expired",
    /// The device's signature over `DeviceAuthentication` does not verify.
    DeviceSignature = "device_signature",
    /// The device authenticated by MAC, which only the reader of that session can check.
    DeviceMacUnsupported = "device_mac_unsupported",
    /// The document carries no signature of its device. It is in the form in which its issuer
    /// handed it out.
    DeviceSignatureMissing = "device_signature_missing",
    /// A predicate of the request does not hold.
    Predicate = "predicate",
    /// The document does not hold an element that the request asks for.
    ElementMissing = "element_missing",
    /// The input is larger than a limit, or larger than every size class.
    TooLarge = "too_large",
    /// A prepared credential proof belongs to another document or request shape.
    PreparedMismatch = "prepared_mismatch",
    /// A prepared credential proof was used before.
    PreparedUsed = "prepared_used",
    /// The input does not follow its format.
    Malformed = "malformed",
    /// A proof does not verify.
    ProofInvalid = "proof_invalid",
    /// This build does not know the format version.
    WrongVersion = "wrong_version",
    /// The request's time is too far from the wallet's clock.
    Clock = "clock",
    /// The device signed elements of its own that the wallet did not agree to show or that the
    /// request does not ask for.
    DeviceNamespaces = "device_namespaces",
    /// The device signed elements of its own that its issuer does not allow it to sign.
    DeviceNamespacesUnauthorised = "device_namespaces_unauthorised",
    /// The device that computes the proof failed. For example, the GPU was lost.
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

/// An error with its code, its place in the input and a message. It never contains the value of an
/// element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {place}: {message}")]
pub struct Error {
    code: Code,
    place: String,
    message: String,
}

impl Error {
    /// An error at `place`, such as `documents[0].issuerSigned.issuerAuth`. The message says what
    /// to do.
    #[must_use]
    pub fn new(code: Code, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, place: place.into(), message: message.into() }
    }

    pub(crate) fn malformed(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::Malformed, place, message)
    }

    /// An error for a defect of this library, or for a size class that it does not know.
    pub(crate) fn bug(what: &str) -> Self {
        Self::new(Code::Internal, "velum", format!("{what}; this is a bug, please report it"))
    }

    pub(crate) fn too_large(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::TooLarge, place, message)
    }

    /// Checks that `count` of `unit` is within a limit.
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

    /// Prefixes the place. For example, an error at `issuerAuth` within `documents[0]` is at
    /// `documents[0].issuerAuth`.
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

    /// The place in the input, as a path from the outermost structure.
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
