//! COSE_Sign1 (RFC 9052, section 4.2) as four members, before anybody asks what they mean.

use coset::cbor::Value;

use crate::cbor::{Cursor, Major, Members, Rules};
use crate::error::Error;
use crate::mdoc::x5chain::X5CHAIN;

/// The four members of a COSE_Sign1 as they stand.
///
/// Not read by `coset`, which refuses unprotected headers of other types than the registered ones: nobody looks into them here, and
/// issuers fill them in their own ways (a text as `kid`, say).
pub(crate) struct Parts<'a> {
    pub(crate) protected: &'a [u8],
    pub(crate) unprotected: Vec<(Value, Value)>,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) signature: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Reads a COSE_Sign1, under its tag or not.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        const SIGN1: u64 = 18;
        let mut cursor = Cursor::new(bytes, Rules::Wire);
        if cursor.peek() == Some(Major::Tag) {
            cursor.tag(SIGN1).map_err(not_sign1)?;
        }
        let mut members = cursor.array().map_err(not_sign1)?;
        let member = |cursor: &mut Cursor<'a>, members: &mut Members, name: &str| {
            if cursor.next(members) {
                return Ok(());
            }
            Err(Error::malformed("", format!("a COSE_Sign1 has four members; {name} is missing")))
        };
        member(&mut cursor, &mut members, "the protected header")?;
        let protected = string(&mut cursor, "protected", "the protected header")?;
        member(&mut cursor, &mut members, "the unprotected header")?;
        let unprotected = unprotected(&mut cursor).map_err(|e| e.within("unprotected"))?;
        member(&mut cursor, &mut members, "the payload")?;
        let payload = if cursor.null() { None } else { Some(string(&mut cursor, "payload", "the payload")?) };
        member(&mut cursor, &mut members, "the signature")?;
        let signature = string(&mut cursor, "signature", "the signature")?;
        if cursor.next(&mut members) {
            return Err(Error::malformed("", "a COSE_Sign1 has four members, and this has more"));
        }
        cursor.finish()?;
        Ok(Self { protected, unprotected, payload, signature })
    }
}

fn not_sign1(error: Error) -> Error {
    Error::malformed("", format!("not a COSE_Sign1 structure: {}", error.message()))
}

/// A byte string, which each member but the unprotected header is.
fn string<'a>(cursor: &mut Cursor<'a>, place: &str, name: &str) -> Result<&'a [u8], Error> {
    cursor.bytes().map(|(_, bytes)| bytes).map_err(|error| {
        let message = format!(
            "{name} is no byte string (RFC 9052, section 4.2): {}; the signer must wrap it in one",
            error.message()
        );
        Error::malformed(place, message)
    })
}

/// The labels of an unprotected header and their values. Libraries write `null` for an empty one.
fn unprotected(cursor: &mut Cursor<'_>) -> Result<Vec<(Value, Value)>, Error> {
    let mut header = Vec::new();
    if cursor.null() {
        return Ok(header);
    }
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let (label, value) = (cursor.pass()?, cursor.pass()?);
        // What cannot be told as a value is none that counts.
        let (Ok(label), Ok(value)) = (ciborium::from_reader(label), ciborium::from_reader(value)) else {
            continue;
        };
        if label == Value::from(X5CHAIN) && header.iter().any(|(found, _)| *found == label) {
            return Err(Error::malformed("x5chain", "the header occurs twice"));
        }
        header.push((label, value));
    }
    Ok(header)
}
