//! The rules by which a root certificate vouches for the signers below it.

use crate::x509::Oid;

/// The rules for certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// ISO/IEC 18013-5 Annex B: an IACA root and its document signers.
    Iso18013_5,
    /// Path validation by RFC 5280, through intermediate certificates if there are any.
    Pki {
        /// The purpose that the `extKeyUsage` of the signer must hold, if any.
        require_eku: Option<Oid>,
    },
}

impl Profile {
    const ISO18013_5: &'static str = "iso18013-5";
    const PKI: &'static str = "pki";

    /// The profile as a request writes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Iso18013_5 => Self::ISO18013_5,
            Self::Pki { .. } => Self::PKI,
        }
    }

    /// The profile with this name, without a required purpose.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            Self::ISO18013_5 => Some(Self::Iso18013_5),
            Self::PKI => Some(Self::Pki { require_eku: None }),
            _ => None,
        }
    }

    /// The profile that the standard of a document type prescribes, if it prescribes one.
    #[must_use]
    pub fn of_doc_type(doc_type: &str) -> Option<Self> {
        (doc_type == "org.iso.18013.5.1.mDL").then_some(Self::Iso18013_5)
    }
}
