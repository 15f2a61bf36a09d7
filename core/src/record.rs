//! The record: what a credential proof commits to and a presentation proof opens.
//!
//! A record is a sequence of field elements whose layout the size class fixes ([`offset`],
//! [`slot_offset`]). Its commitment `C` is the sponge's digest of it. `docs/statement.md` describes
//! the record element by element, with test vectors. This module computes it natively and knows
//! nothing of chips.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use thiserror::Error;
use velum_stark::field::F;
use velum_stark::secret::Secret;

use crate::class::SizeClass;
use crate::digest::{Domain, PACKED_BYTES, RATE, hash, pack, permutations};
use crate::statement::{DIGEST_ELEMENTS, Digest, ElementName, PublicKey, RecordOpening, Subject};
use crate::value::SlotValue;

/// Version of the layout. It is the record's first element.
pub(crate) const RECORD_VERSION: u64 = 2;

/// Number of elements that hold a coordinate of a P-256 key: big-endian 32-bit words, the most
/// significant first.
pub(crate) const COORDINATE_WORDS: usize = 8;

/// The latest date and time, 9999-12-31T23:59:59 as `YYYYMMDDhhmmss`.
pub(crate) const MAX_DATE_TIME: u64 = 99_991_231_235_959;

/// Where each part of a record begins. What follows the slot digests depends on the class.
pub(crate) mod offset {
    use super::{COORDINATE_WORDS, DIGEST_ELEMENTS};

    /// [`RECORD_VERSION`](super::RECORD_VERSION).
    pub(crate) const VERSION: usize = 0;
    /// Identifier of the suite.
    pub(crate) const SUITE: usize = 1;
    /// Identifier of the size class.
    pub(crate) const CLASS: usize = 2;
    /// Digest of the document type.
    pub(crate) const DOC_TYPE: usize = 3;
    /// Digest of the issuer's key.
    pub(crate) const ISSUER: usize = DOC_TYPE + DIGEST_ELEMENTS;
    /// Number of slots in use.
    pub(crate) const SLOTS: usize = ISSUER + DIGEST_ELEMENTS;
    /// Words of the x coordinate of the device key.
    pub(crate) const DEVICE_KEY_X: usize = SLOTS + 1;
    /// Words of the y coordinate of the device key.
    pub(crate) const DEVICE_KEY_Y: usize = DEVICE_KEY_X + COORDINATE_WORDS;
    /// `signed`, `validFrom`, `validUntil` as `YYYYMMDDhhmmss`.
    pub(crate) const DATES: usize = DEVICE_KEY_Y + COORDINATE_WORDS;
    /// One digest for each slot of the class, zero if the slot is not in use. The record's salt
    /// follows.
    pub(crate) const SLOT_DIGESTS: usize = DATES + 3;
}

/// Where each part of a slot's message begins. The digest of the slot is the hash of this message.
pub(crate) mod slot_offset {
    use super::DIGEST_ELEMENTS;

    /// Digest of (namespace, element); zero if the slot is not in use.
    pub(crate) const NAME: usize = 0;
    /// The slot's salt.
    pub(crate) const SALT: usize = NAME + DIGEST_ELEMENTS;
    /// The value's tag plus 1, or zero if the value has no tag.
    pub(crate) const TAG: usize = SALT + DIGEST_ELEMENTS;
    /// The value's [`ValueKind`](crate::value::ValueKind).
    pub(crate) const KIND: usize = TAG + 1;
    /// The value's argument.
    pub(crate) const ARGUMENT: usize = KIND + 1;
    /// The value's content, packed; zero after its end.
    pub(crate) const CONTENT: usize = ARGUMENT + 1;
}

/// Offset of the record's salt.
pub(crate) const fn salt_offset(class: &SizeClass) -> usize {
    offset::SLOT_DIGESTS + class.slots * DIGEST_ELEMENTS
}

/// Number of elements in a record.
pub(crate) const fn record_elements(class: &SizeClass) -> usize {
    salt_offset(class) + DIGEST_ELEMENTS
}

/// Least number of bytes in an `IssuerSignedItem` besides its value: tag 24 and the head of its
/// byte string, the head of the map, the text keys `digestID`, `random`, `elementIdentifier` and
/// `elementValue`, a digestID, 16 bytes in a byte string, and a name of one byte.
const fn least_item_bytes(class: &SizeClass) -> usize {
    let string_head = if class.max_item_bytes - 4 < 256 { 2 } else { 3 };
    2 + string_head + 1 + (9 + 7 + 18 + 13) + 1 + 17 + 2
}

/// Number of elements that hold the packed content of a value.
pub(crate) const fn content_elements(class: &SizeClass) -> usize {
    (class.max_item_bytes - least_item_bytes(class)).div_ceil(PACKED_BYTES)
}

/// Longest content that a slot can hold, in bytes.
pub(crate) const fn max_content_bytes(class: &SizeClass) -> usize {
    content_elements(class) * PACKED_BYTES
}

/// Number of elements in a slot's message.
pub(crate) const fn slot_elements(class: &SizeClass) -> usize {
    slot_offset::CONTENT + content_elements(class)
}

/// Number of permutations for the digest of one slot.
pub(crate) const fn slot_permutations(class: &SizeClass) -> usize {
    permutations(slot_elements(class))
}

/// Number of the first permutation of the record. The permutations of the slots come before it, in
/// order.
pub(crate) const fn first_record_permutation(class: &SizeClass) -> usize {
    class.slots * slot_permutations(class)
}

/// Number of permutations of a record and its slots.
pub(crate) const fn all_permutations(class: &SizeClass) -> usize {
    first_record_permutation(class) + permutations(record_elements(class))
}

/// Why a statement or an opening does not fit its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The subject has no elements, or more elements than the class has slots.
    #[error(
        "the request asks for {found} elements, but a proof of size class {class} has 1 to {slots}"
    )]
    Elements {
        /// Number of elements.
        found: usize,
        /// Name of the class.
        class: &'static str,
        /// Slots of the class.
        slots: usize,
    },
    /// The number of these parts is not the number of slots, or of slots in use.
    #[error("{found} {what} for {expected} slots")]
    Count {
        /// Which part.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// The content of a slot's value is too long for the class.
    #[error("the value of slot {slot} has {bytes} bytes of content, but at most {max} are allowed")]
    ValueLength {
        /// The slot.
        slot: usize,
        /// Length of its content in bytes.
        bytes: usize,
        /// Length in bytes of the longest content of the class.
        max: usize,
    },
    /// One slot is asked to have different encodings.
    #[error("the value of slot {slot} would need two different encodings")]
    Encodings {
        /// The slot.
        slot: usize,
    },
    /// A salt is not a canonical field element. The error does not show the salt itself.
    #[error("the salt is not below 2^64 - 2^32 + 1: draw it again")]
    Salt,
    /// A date and time is after 9999-12-31T23:59:59.
    #[error("{what} is not of the form YYYYMMDDhhmmss")]
    DateTime {
        /// Which date and time.
        what: &'static str,
    },
}

/// Digest of a document type.
pub(crate) fn doc_type_digest(doc_type: &str) -> Digest {
    hash(Domain::DocType, &string_elements(doc_type).collect::<Vec<_>>())
}

/// Digest of an issuer's key.
pub(crate) fn issuer_digest(key: &PublicKey) -> Digest {
    hash(Domain::Issuer, &[coordinate_words(&key.x), coordinate_words(&key.y)].concat())
}

/// Digest of a (namespace, element) pair.
pub(crate) fn name_digest(name: &ElementName) -> Digest {
    let elements: Vec<_> =
        string_elements(&name.namespace).chain(string_elements(&name.element)).collect();
    hash(Domain::Name, &elements)
}

/// The string's length in bytes, then its bytes, packed.
fn string_elements(string: &str) -> impl Iterator<Item = F> {
    std::iter::once(F::from_usize(string.len())).chain(pack(string.as_bytes()))
}

/// The big-endian words of a coordinate or hash.
pub(crate) fn coordinate_words(bytes: &[u8; 32]) -> [F; COORDINATE_WORDS] {
    std::array::from_fn(|word| {
        let bytes = bytes[4 * word..4 * word + 4].iter();
        F::from_u64(bytes.fold(0, |word, &byte| word << 8 | u64::from(byte)))
    })
}

/// Checks that the subject's elements fit its class.
pub(crate) fn check_subject(subject: &Subject) -> Result<(), RecordError> {
    let (found, class) = (subject.elements.len(), &subject.class);
    if found == 0 || found > class.slots {
        return Err(RecordError::Elements { found, class: class.name, slots: class.slots });
    }
    Ok(())
}

/// Checks that there is one of `what` for each expected slot.
pub(crate) fn check_count(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), RecordError> {
    if found == expected { Ok(()) } else { Err(RecordError::Count { what, found, expected }) }
}

/// Checks that `value` is not after the latest date and time.
pub(crate) fn check_date_time(what: &'static str, value: u64) -> Result<(), RecordError> {
    if value <= MAX_DATE_TIME { Ok(()) } else { Err(RecordError::DateTime { what }) }
}

impl RecordOpening {
    /// The commitment `C` to the record of `subject` with this opening.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the subject or the opening does not fit the class.
    pub fn commitment(&self, subject: &Subject) -> Result<Digest, RecordError> {
        Ok(RecordElements::new(subject, self)?.commitment())
    }
}

/// Where the document holds what the record contains, as positions on the buses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Positions {
    /// Position of the 32 bytes of the x coordinate of `deviceKey`.
    pub device_key_x: usize,
    /// Position of the 32 bytes of the y coordinate of `deviceKey`.
    pub device_key_y: usize,
    /// Where the `elementValue` of each used slot is.
    pub values: Vec<ValuePosition>,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ValuePosition {
    /// The position behind the value's tag, if it has one.
    pub tag: Option<usize>,
    /// The position of the first byte of the value's content or, if it has no content, the position
    /// behind its head.
    pub content: usize,
}

/// All elements that the sponges absorb. Overwritten when dropped.
#[derive(Clone)]
pub(crate) struct RecordElements {
    /// The message of each slot of the class.
    pub(crate) slots: Vec<Secret<F>>,
    /// The record.
    pub(crate) record: Secret<F>,
}

impl RecordElements {
    /// The elements of the record of `subject` with the opening `opening`.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the subject or the opening does not fit the class.
    pub(crate) fn new(subject: &Subject, opening: &RecordOpening) -> Result<Self, RecordError> {
        check_subject(subject)?;
        check_count("values", opening.values.len(), subject.elements.len())?;
        check_count("salts", opening.salts.slots.len(), subject.class.slots)?;
        for (what, date) in ["signed", "validFrom", "validUntil"].into_iter().zip(opening.dates) {
            check_date_time(what, date)?;
        }
        let slots: Vec<_> = (0..subject.class.slots)
            .map(|slot| slot_message(subject, opening, slot))
            .collect::<Result<_, _>>()?;

        let mut record = Vec::with_capacity(record_elements(&subject.class));
        record.push(F::from_u64(RECORD_VERSION));
        record.push(F::from_u8(subject.suite.id()));
        record.push(F::from_u8(subject.class.id));
        record.extend(doc_type_digest(&subject.doc_type));
        record.extend(issuer_digest(&subject.issuer));
        record.push(F::from_usize(subject.elements.len()));
        record.extend(coordinate_words(&opening.device_key_x));
        record.extend(coordinate_words(&opening.device_key_y));
        record.extend(opening.dates.map(F::from_u64));
        for (slot, message) in slots.iter().enumerate() {
            let in_use = slot < subject.elements.len();
            record.extend(if in_use { hash(Domain::Slot, message) } else { Digest::default() });
        }
        record.extend(salt(&opening.salts.record)?);
        Ok(Self { slots, record: Secret::from(record) })
    }

    /// The commitment `C`.
    pub(crate) fn commitment(&self) -> Digest {
        hash(Domain::Record, &self.record)
    }

    /// The block that each permutation absorbs, in the order of the permutations.
    pub(crate) fn blocks(&self) -> Secret<[F; RATE]> {
        let messages = || self.slots.iter().chain([&self.record]);
        // Reserve capacity up front so that reallocation leaves no copy of the secret behind.
        let mut blocks =
            Vec::with_capacity(messages().map(|message| message.len().div_ceil(RATE)).sum());
        blocks.extend(messages().flat_map(|message| message.chunks(RATE)).map(|block| {
            std::array::from_fn::<F, RATE, _>(|lane| block.get(lane).copied().unwrap_or_default())
        }));
        Secret::from(blocks)
    }
}

fn slot_message(
    subject: &Subject,
    opening: &RecordOpening,
    slot: usize,
) -> Result<Secret<F>, RecordError> {
    let class = &subject.class;
    let value = check_value(class, slot, opening.values.get(slot))?;
    let name = subject.elements.get(slot).map(name_digest);
    let mut message = Vec::with_capacity(slot_elements(class));
    message.extend(name.unwrap_or_default());
    message.extend(salt(&opening.salts.slots[slot])?);
    message.extend(value.iter().flat_map(value_elements));
    message.resize(slot_elements(class), F::ZERO);
    Ok(Secret::from(message))
}

/// The value of a slot, if it is in use.
///
/// # Errors
///
/// [`RecordError`] if its content is too long for the class.
pub(crate) fn check_value<'a>(
    class: &SizeClass,
    slot: usize,
    encoding: Option<&'a Vec<u8>>,
) -> Result<Option<SlotValue<'a>>, RecordError> {
    let (value, max) =
        (encoding.map(|encoding| SlotValue::read(encoding)), max_content_bytes(class));
    match value.map_or(0, |value| value.content.len()) {
        bytes if bytes > max => Err(RecordError::ValueLength { slot, bytes, max }),
        _ => Ok(value),
    }
}

/// The elements that a value fills in a slot's message, from [`slot_offset::TAG`] on.
pub(crate) fn value_elements(value: &SlotValue<'_>) -> impl Iterator<Item = F> {
    let tag = value.tag.map_or(0, |tag| u64::from(tag) + 1);
    let kind = F::from_u8(value.kind as u8);
    [F::from_u64(tag), kind, F::from_u32(value.argument)].into_iter().chain(pack(value.content))
}

fn salt(words: &[u64; DIGEST_ELEMENTS]) -> Result<Digest, RecordError> {
    if words.iter().any(|&word| word >= F::ORDER_U64) {
        return Err(RecordError::Salt);
    }
    Ok(words.map(F::from_u64))
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
