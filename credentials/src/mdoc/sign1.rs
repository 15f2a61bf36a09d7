//! COSE_Sign1 (RFC 9052, section 4.2) as its four members, whose meaning is not examined here.

use crate::cbor::{Cursor, Major, Members, Rules, set_once};
use crate::error::Error;

/// The four members of a COSE_Sign1 as they are written.
pub(crate) struct Parts<'a> {
    pub(crate) protected: &'a [u8],
    pub(crate) unprotected: Unprotected<'a>,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) signature: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Reads a COSE_Sign1, with or without its tag.
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
        let payload = if cursor.nothing() {
            None
        } else {
            Some(string(&mut cursor, "payload", "the payload")?)
        };
        member(&mut cursor, &mut members, "the signature")?;
        let signature = string(&mut cursor, "signature", "the signature")?;
        if cursor.next(&mut members) {
            return Err(Error::malformed(
                "",
                "a COSE_Sign1 has four members, but this one has more",
            ));
        }
        cursor.finish()?;
        Ok(Self { protected, unprotected, payload, signature })
    }
}

fn not_sign1(error: Error) -> Error {
    Error::malformed("", format!("not a COSE_Sign1 structure: {}", error.message()))
}

/// Reads a byte string. Every member except the unprotected header is one.
fn string<'a>(cursor: &mut Cursor<'a>, place: &str, name: &str) -> Result<&'a [u8], Error> {
    cursor.bytes().map(|(_, bytes)| bytes).map_err(|error| {
        let message = format!(
            "{name} is not a byte string (RFC 9052, section 4.2): {}; the signer must wrap it in \
             a byte string",
            error.message()
        );
        Error::malformed(place, message)
    })
}

/// The part of an unprotected header that matters. Its other members are ignored, because issuers
/// fill them in their own ways (for example with a text as `kid`).
#[derive(Default)]
pub(crate) struct Unprotected<'a> {
    /// The CBOR of `x5chain`.
    pub(crate) x5chain: Option<&'a [u8]>,
    /// Whether there is a `kid`.
    pub(crate) has_kid: bool,
    /// Whether `x5chain` has a text as its label.
    pub(crate) has_text_label: bool,
}

/// Reads the unprotected header. Some libraries write `null` for an empty header.
fn unprotected<'a>(cursor: &mut Cursor<'a>) -> Result<Unprotected<'a>, Error> {
    let mut header = Unprotected::default();
    if cursor.nothing() {
        return Ok(header);
    }
    let mut members = cursor.map()?;
    while cursor.next(&mut members) {
        let mut label = Cursor::new(cursor.pass()?, Rules::Wire);
        let value = cursor.pass()?;
        match label.clone().integer() {
            Ok(X5CHAIN) => {
                set_once(&mut header.x5chain, "x5chain (33)", value)
                    .map_err(|e| e.within("x5chain"))?;
            }
            Ok(KID) => header.has_kid = true,
            Ok(_) => {}
            Err(_) => header.has_text_label |= matches!(label.text(), Ok((_, "33" | "x5chain"))),
        }
    }
    Ok(header)
}

/// Label of `x5chain` (RFC 9360).
pub(super) const X5CHAIN: i128 = 33;
/// Label of `kid`.
const KID: i128 = 4;
