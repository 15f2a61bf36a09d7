//! `IssuerSignedItem` (ISO/IEC 18013-5, 8.3.2.1.2.2): one element with its salt. The MSO holds its
//! digest.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cbor::{Cursor, Field, Rules, Span, required, set_once};
use crate::error::Error;
use crate::limits;
use crate::mdoc::mso::{DIGEST_BYTES, digest_id, open};
use crate::value::Value;

/// Where the fields of an item lie. Offsets count from the first byte of the tag-24 wrapping
/// (`d8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemLayout {
    /// The item map itself.
    pub map: Span,
    /// `digestID`. The number is in the head of the value.
    pub digest_id: Field,
    /// `random`.
    pub random: Field,
    /// `elementIdentifier`.
    pub element_identifier: Field,
    /// `elementValue`. The content of a tagged value lies behind the innermost head.
    pub element_value: Field,
}

/// A parsed item together with its bytes. The bytes are erased when the item is dropped.
#[derive(Clone)]
pub struct IssuerSignedItem {
    bytes: Zeroizing<Vec<u8>>,
    digest_id: u32,
    element_identifier: String,
    value: Value,
    layout: ItemLayout,
}

impl IssuerSignedItem {
    /// Reads `IssuerSignedItemBytes`: tag 24 around one map of exactly four keys, in any order.
    ///
    /// # Errors
    /// `malformed` for anything else, for indefinite lengths, duplicate keys, nesting deeper than
    /// [`limits::CBOR_DEPTH`], trailing bytes, a `random` shorter than [`limits::RANDOM_MIN_BYTES`]
    /// or a digestID of 2^32 or more; `too_large` for an identifier longer than
    /// [`limits::NAME_BYTES`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes, Rules::Hashed);
        open(&mut cursor, "an item (IssuerSignedItemBytes)")?;
        let map = cursor.clone().skip()?;

        let (mut id, mut random, mut identifier, mut element_value) = (None, None, None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            let (key, name) = cursor.text_key()?;
            match name {
                Some("digestID") => {
                    let (value, number) =
                        digest_id(&mut cursor).map_err(|e| e.within("digestID"))?;
                    set_once(&mut id, "digestID", (Field { key, value }, number))?;
                }
                Some("random") => {
                    let (value, salt) = cursor.bytes().map_err(|e| e.within("random"))?;
                    if salt.len() < limits::RANDOM_MIN_BYTES {
                        let message = format!(
                            "{} bytes; the issuer must draw at least 16 (ISO 18013-5, 9.1.2.5)",
                            salt.len()
                        );
                        return Err(Error::malformed("random", message));
                    }
                    set_once(&mut random, "random", Field { key, value })?;
                }
                Some("elementIdentifier") => {
                    let (value, name) = cursor.name().map_err(|e| e.within("elementIdentifier"))?;
                    set_once(&mut identifier, "elementIdentifier", (Field { key, value }, name))?;
                }
                Some("elementValue") => {
                    let value = cursor.skip().map_err(|e| e.within("elementValue"))?;
                    set_once(&mut element_value, "elementValue", Field { key, value })?;
                }
                other => {
                    let key =
                        other.map_or("that is not text".to_owned(), |name| format!("{name:?}"));
                    let message = format!(
                        "an IssuerSignedItem must not have a key {key}; the issuer must leave it \
                         out"
                    );
                    return Err(Error::malformed("", message));
                }
            }
        }
        cursor.finish()?;

        let (digest_id_field, digest_id) = required(id, "digestID")?;
        let (element_identifier_field, identifier) = required(identifier, "elementIdentifier")?;
        let element_value = required(element_value, "elementValue")?;
        let layout = ItemLayout {
            map,
            digest_id: digest_id_field,
            random: required(random, "random")?,
            element_identifier: element_identifier_field,
            element_value,
        };
        Ok(Self {
            digest_id,
            element_identifier: identifier.to_owned(),
            value: Value::parse(bytes.get(element_value.value.whole()).unwrap_or_default())?,
            bytes: Zeroizing::new(bytes.to_vec()),
            layout,
        })
    }

    /// The original bytes including the tag-24 wrapping. The digest covers these bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digestID.
    #[must_use]
    pub fn digest_id(&self) -> u32 {
        self.digest_id
    }

    /// The name of the element.
    #[must_use]
    pub fn element_identifier(&self) -> &str {
        &self.element_identifier
    }

    /// The CBOR of the value of the element.
    #[must_use]
    pub fn element_value(&self) -> &[u8] {
        self.bytes.get(self.layout.element_value.value.whole()).unwrap_or_default()
    }

    /// The value of the element.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where the fields lie in [`Self::bytes`].
    #[must_use]
    pub fn layout(&self) -> &ItemLayout {
        &self.layout
    }

    /// SHA-256 of [`Self::bytes`].
    #[must_use]
    pub fn digest(&self) -> [u8; DIGEST_BYTES] {
        Sha256::digest(&self.bytes).into()
    }
}

impl fmt::Debug for IssuerSignedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerSignedItem")
            .field("element_identifier", &self.element_identifier)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
