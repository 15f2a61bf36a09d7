//! The header parameter `x5chain` (RFC 9360, label 33): the certificates that come with an issuer's signature.
//!
//! Nothing signs the unprotected header that it stands in, so what is wrong with it is no reason to refuse a document whose signer
//! a request names itself.

use std::fmt;

use coset::cbor::Value;

use crate::error::Error;
use crate::limits;

/// Label of `x5chain`.
pub(super) const X5CHAIN: i64 = 33;
/// Label of `kid`.
const KID: i64 = 4;

/// Why a document comes without certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum X5ChainFault {
    /// The header has none.
    Missing,
    /// The header has a `kid` in its place.
    KeyIdentifier,
    /// Its label is the text "33" or "x5chain".
    TextLabel,
    /// It is empty, or a certificate in it is.
    Empty,
    /// It is neither a byte string nor an array of these.
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
            Self::KeyIdentifier => write!(f, "{header} has a kid (label 4) and no x5chain (label 33)"),
            Self::TextLabel => {
                write!(f, "{header} has x5chain under a text label; RFC 9360 has the integer 33")
            }
            Self::Empty => write!(f, "x5chain in {header} is empty"),
            Self::Type { found } => {
                write!(
                    f,
                    "x5chain in {header} is or holds {found}; RFC 9360 has a byte string with a DER certificate, or an array of these"
                )
            }
        }
    }
}

/// The certificates of an unprotected header: one, or an array of them, each DER. Or why there are none.
///
/// # Errors
/// `too_large` above [`limits::X5CHAIN_CERTIFICATES`] and [`limits::CERTIFICATE_BYTES`].
pub(super) fn x5chain(header: &[(Value, Value)]) -> Result<Result<Vec<Vec<u8>>, X5ChainFault>, Error> {
    let of = |label: i64| header.iter().find(|(key, _)| *key == Value::from(label)).map(|(_, value)| value);
    let Some(value) = of(X5CHAIN) else {
        let is_text = |(key, _): &(Value, Value)| matches!(key.as_text(), Some("33" | "x5chain"));
        return Ok(Err(match header.iter().any(is_text) {
            true => X5ChainFault::TextLabel,
            false if of(KID).is_some() => X5ChainFault::KeyIdentifier,
            false => X5ChainFault::Missing,
        }));
    };
    let chain = match value {
        Value::Array(chain) => chain.as_slice(),
        single => std::slice::from_ref(single),
    };
    Error::check_limit("", "certificates", chain.len(), limits::X5CHAIN_CERTIFICATES)?;
    let mut certificates = Vec::new();
    for certificate in chain {
        let Some(der) = certificate.as_bytes() else {
            return Ok(Err(X5ChainFault::Type { found: type_name(certificate) }));
        };
        Error::check_limit("", "bytes of a certificate", der.len(), limits::CERTIFICATE_BYTES)?;
        certificates.push(der.clone());
    }
    let is_empty = certificates.is_empty() || certificates.iter().any(Vec::is_empty);
    Ok(if is_empty { Err(X5ChainFault::Empty) } else { Ok(certificates) })
}

/// The type of a data item in words.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "an integer",
        Value::Bytes(_) => "a byte string",
        Value::Float(_) => "a floating-point number",
        Value::Text(_) => "text",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
        Value::Tag(..) => "a tag",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
        _ => "something else",
    }
}
