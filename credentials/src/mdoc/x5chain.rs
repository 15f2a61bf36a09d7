//! The header parameter `x5chain` (RFC 9360, label 33): the certificates that come with an issuer's
//! signature.
//!
//! Nothing signs the unprotected header that holds it. A fault in it is therefore no reason to
//! refuse a document whose signer the request names itself.

use std::fmt;

use crate::cbor::{Cursor, Major, Rules};
use crate::error::Error;
use crate::limits;
use crate::mdoc::sign1::Unprotected;

/// Why a document comes without certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum X5ChainFault {
    /// The header has no `x5chain`.
    Missing,
    /// The header has a `kid` instead.
    KeyIdentifier,
    /// The label is the text "33" or "x5chain".
    TextLabel,
    /// The `x5chain` is empty, or one of its certificates is.
    Empty,
    /// The `x5chain` is neither a byte string nor an array of byte strings.
    Type {
        /// What was found.
        found: &'static str,
    },
}

impl fmt::Display for X5ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = "the unprotected header of issuerAuth";
        match self {
            Self::Missing => write!(f, "{header} has no x5chain (label 33)"),
            Self::KeyIdentifier => {
                write!(f, "{header} has a kid (label 4) and no x5chain (label 33)")
            }
            Self::TextLabel => {
                write!(
                    f,
                    "{header} has x5chain under a text label; RFC 9360 requires the integer 33"
                )
            }
            Self::Empty => write!(f, "x5chain in {header} is empty"),
            Self::Type { found } => {
                write!(
                    f,
                    "x5chain in {header} is or holds {found}; RFC 9360 requires a byte string \
                     with a DER certificate, or an array of such byte strings"
                )
            }
        }
    }
}

/// The certificates of an unprotected header (one, or an array of them, each in DER), or the reason
/// why there are none.
///
/// # Errors
/// `too_large` above [`limits::X5CHAIN_CERTIFICATES`] or [`limits::CERTIFICATE_BYTES`].
pub(super) fn x5chain(
    header: &Unprotected<'_>,
) -> Result<Result<Vec<Vec<u8>>, X5ChainFault>, Error> {
    let Some(value) = header.x5chain else {
        return Ok(Err(match (header.has_text_label, header.has_kid) {
            (true, _) => X5ChainFault::TextLabel,
            (false, true) => X5ChainFault::KeyIdentifier,
            (false, false) => X5ChainFault::Missing,
        }));
    };
    let mut cursor = Cursor::new(value, Rules::Wire);
    let mut chain = Vec::new();
    if cursor.peek() == Some(Major::Array) {
        let mut members = cursor.array()?;
        while cursor.next(&mut members) {
            chain.push(cursor.pass()?);
        }
    } else {
        chain.push(value);
    }
    Error::check_limit("", "certificates", chain.len(), limits::X5CHAIN_CERTIFICATES)?;
    let mut certificates = Vec::new();
    for certificate in chain {
        let mut cursor = Cursor::new(certificate, Rules::Wire);
        if cursor.peek() != Some(Major::Bytes) {
            return Ok(Err(X5ChainFault::Type { found: cursor.kind() }));
        }
        let (_, der) = cursor.bytes()?;
        Error::check_limit("", "bytes of a certificate", der.len(), limits::CERTIFICATE_BYTES)?;
        certificates.push(der.to_vec());
    }
    let is_empty = certificates.is_empty() || certificates.iter().any(Vec::is_empty);
    Ok(if is_empty { Err(X5ChainFault::Empty) } else { Ok(certificates) })
}
