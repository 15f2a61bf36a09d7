//! Reads DER structures by their members. All functions use one type of reader, because code that
//! is generic over readers is compiled for each reader type.

use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Reader, Result, SliceReader, Tag, Tagged};

/// The content of a sequence.
pub(super) fn content(sequence: AnyRef<'_>) -> Result<&[u8]> {
    sequence.tag().assert_eq(Tag::Sequence)?;
    Ok(sequence.value())
}

/// The items that follow one another in the content of a structure.
pub(super) fn members(content: &[u8]) -> Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(content)?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(AnyRef::decode(&mut reader)?);
    }
    Ok(members)
}

/// Reads all members of a sequence, one after another.
pub(super) fn read<'a, T>(
    sequence: AnyRef<'a>,
    members: impl FnOnce(&mut SliceReader<'a>) -> Result<T>,
) -> Result<T> {
    let mut reader = SliceReader::new(content(sequence)?)?;
    let value = members(&mut reader)?;
    reader.finish(value)
}
