//! The one error type of this crate: a fixed code, a place and a message that says what to do.

use std::fmt;

/// What went wrong, as a fixed code that scripts can match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// No issuer of the request vouches for the document.
    IssuerUntrusted,
    /// The issuer's signature over the MSO does not verify.
    IssuerSignature,
    /// The document is of another type than the one asked for.
    DocType,
    /// An item does not hash to its digest in the MSO.
    Digest,
    /// The document is not valid yet at the asked time.
    NotYetValid,
    /// The document is no longer valid at the asked time.
    Expired,
    /// The device's signature over `DeviceAuthentication` does not verify.
    DeviceSignature,
    /// The device authenticated by MAC, which only the reader of that session can check.
    DeviceMacUnsupported,
    /// A predicate of the request does not hold.
    Predicate,
    /// The document does not hold an element that the request asks for.
    ElementMissing,
    /// Input larger than a limit or than every size class.
    TooLarge,
    /// A prepared credential proof belongs to another document or request shape.
    PreparedMismatch,
    /// A prepared credential proof was used before.
    PreparedUsed,
    /// Input that does not follow its format.
    Malformed,
    /// A proof that does not verify.
    ProofInvalid,
    /// A format version that this build does not know.
    WrongVersion,
    /// The request's time is too far from the wallet's clock.
    Clock,
    /// The device signed elements of its own, which the wallet did not agree to show.
    DeviceNamespaces,
    /// The caller cancelled.
    Cancelled,
    /// A bug.
    Internal,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::IssuerUntrusted,
        Self::IssuerSignature,
        Self::DocType,
        Self::Digest,
        Self::NotYetValid,
        Self::Expired,
        Self::DeviceSignature,
        Self::DeviceMacUnsupported,
        Self::Predicate,
        Self::ElementMissing,
        Self::TooLarge,
        Self::PreparedMismatch,
        Self::PreparedUsed,
        Self::Malformed,
        Self::ProofInvalid,
        Self::WrongVersion,
        Self::Clock,
        Self::DeviceNamespaces,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The code as it is written in JSON output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuerUntrusted => "issuer_untrusted",
            Self::IssuerSignature => "issuer_signature",
            Self::DocType => "doc_type",
            Self::Digest => "digest",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::DeviceSignature => "device_signature",
            Self::DeviceMacUnsupported => "device_mac_unsupported",
            Self::Predicate => "predicate",
            Self::ElementMissing => "element_missing",
            Self::TooLarge => "too_large",
            Self::PreparedMismatch => "prepared_mismatch",
            Self::PreparedUsed => "prepared_used",
            Self::Malformed => "malformed",
            Self::ProofInvalid => "proof_invalid",
            Self::WrongVersion => "wrong_version",
            Self::Clock => "clock",
            Self::DeviceNamespaces => "device_namespaces",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
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
    pub(crate) fn check_limit(place: &str, unit: &str, count: usize, limit: usize) -> Result<(), Self> {
        if count <= limit {
            return Ok(());
        }
        Err(Self::too_large(place, format!("{count} {unit}; the limit is {limit}")))
    }

    /// Prefixes the place: an error at `issuerAuth` within `documents[0]` is at `documents[0].issuerAuth`.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.place = match self.place.as_bytes().first() {
            None => outer.to_owned(),
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
    pub fn where_(&self) -> &str {
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
        assert_eq!(error.where_(), "documents[2].x");
        assert_eq!(error.to_string(), "malformed: documents[2].x: bad");
    }
}
