//! Items about which no proof is possible, in documents that are asked about other items. Only
//! their digests are checked.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cbor::{Cursor, Major, Rules, required, set_once};
use crate::error::Error;
use crate::mdoc::mso::{DIGEST_BYTES, digest_id};

/// An item that does not have the form that a proof needs, for example because its value has an
/// indefinite length. No request about it can be answered.
#[derive(Clone)]
pub struct OpaqueItem {
    index: usize,
    bytes: Zeroizing<Vec<u8>>,
    digest_id: u32,
    element_identifier: String,
    element_value: Zeroizing<Vec<u8>>,
    fault: Error,
}

impl OpaqueItem {
    /// Reads tag 24 around a map in any encoding that has a digestID and an identifier. `fault`
    /// says why no proof can be about the item.
    pub(crate) fn parse(index: usize, bytes: &[u8], fault: Error) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        if cursor.peek() != Some(Major::Tag) {
            return Err(fault);
        }
        let (_, inner) = cursor.embedded()?;
        cursor.finish()?;
        let mut whole = Cursor::new(inner, Rules::Wire);
        whole.pass()?;
        whole.finish()?;

        let mut cursor = Cursor::new(inner, Rules::Wire);
        let (mut id, mut identifier, mut element_value) = (None, None, None);
        let mut members = cursor.map()?;
        while cursor.next(&mut members) {
            match cursor.text_key()?.1 {
                Some("digestID") => {
                    let (_, number) = digest_id(&mut cursor).map_err(|e| e.within("digestID"))?;
                    set_once(&mut id, "digestID", number)?;
                }
                Some("elementIdentifier") => {
                    let (_, name) = cursor.text().map_err(|e| e.within("elementIdentifier"))?;
                    set_once(&mut identifier, "elementIdentifier", name.to_owned())?;
                }
                Some("elementValue") => {
                    let value = cursor.pass()?;
                    element_value.get_or_insert(value);
                }
                _ => {
                    cursor.pass()?;
                }
            }
        }
        Ok(Self {
            index,
            bytes: Zeroizing::new(bytes.to_vec()),
            digest_id: required(id, "digestID")?,
            element_identifier: required(identifier, "elementIdentifier")?,
            element_value: Zeroizing::new(element_value.unwrap_or_default().to_vec()),
            fault,
        })
    }

    /// The item's index in the array of its namespace.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
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

    /// The name of the element. It may be longer than any name that a request can contain.
    #[must_use]
    pub fn element_identifier(&self) -> &str {
        &self.element_identifier
    }

    /// The CBOR of the element's value. It is empty if there is no value.
    #[must_use]
    pub fn element_value(&self) -> &[u8] {
        &self.element_value
    }

    /// Why no proof can be about the item. The place starts at the item.
    #[must_use]
    pub fn fault(&self) -> &Error {
        &self.fault
    }

    /// SHA-256 of [`Self::bytes`].
    #[must_use]
    pub fn digest(&self) -> [u8; DIGEST_BYTES] {
        Sha256::digest(&self.bytes).into()
    }
}

impl fmt::Debug for OpaqueItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueItem")
            .field("element_identifier", &self.element_identifier)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
