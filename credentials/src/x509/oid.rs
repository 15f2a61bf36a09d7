//! Object identifiers in dotted form.

use std::fmt;
use std::str::FromStr;

use x509_cert::der::asn1::ObjectIdentifier;

/// An object identifier, for example of an extended key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oid(pub(super) ObjectIdentifier);

/// The error for a text that is not an object identifier in dotted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an object identifier in dotted form, such as 1.0.18013.5.1.2")]
pub struct InvalidOid;

impl FromStr for Oid {
    type Err = InvalidOid;

    fn from_str(text: &str) -> Result<Self, InvalidOid> {
        let oid = ObjectIdentifier::new(text).map_err(|_| InvalidOid)?;
        // Each identifier has only one accepted text, so that equal requests have equal bytes.
        if oid.to_string() == text { Ok(Self(oid)) } else { Err(InvalidOid) }
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_forms_are_read_and_written() {
        for text in ["1.0.18013.5.1.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"] {
            assert_eq!(text.parse::<Oid>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.",
            ".1",
            "1..2",
            "1.2.x",
            "1.2.03",
            " 1.2.3",
            "3.1.1",
            "1.40.1",
            "serverAuth",
        ] {
            assert_eq!(text.parse::<Oid>(), Err(InvalidOid), "{text:?}");
        }
    }
}
