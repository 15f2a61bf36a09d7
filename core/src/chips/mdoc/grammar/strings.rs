//! The strings that the grammar expects, and the keys that no other key may equal.

use p3_field::PrimeCharacteristicRing;
use velum_stark::field::F;

use crate::chips::buses::date;
use crate::chips::common::fingerprint::fingerprint;
use crate::chips::mdoc::grammar::{state, text};
use crate::statement::Subject;

/// Longest docType, namespace and element identifier, in bytes of UTF-8.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// Fewest bytes of an item's `random` (ISO/IEC 18013-5, 9.1.2.5).
pub(crate) const MIN_RANDOM_BYTES: u8 = 16;

/// Bytes of the head of a text string of up to [`MAX_NAME_BYTES`].
const MAX_NAME_HEAD: usize = 2;

/// A subject that has no grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A name is too long.
    #[error("{what} has {length} bytes, and at most {MAX_NAME_BYTES} are supported")]
    NameTooLong {
        /// Which name.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// No element is asked for.
    #[error("no element is asked for: ask for at least one")]
    NoElements,
    /// More elements are asked for than the class has slots.
    #[error(
        "{elements} elements are asked for, and size class {class} holds {slots}: ask for fewer or use a larger class"
    )]
    TooManyElements {
        /// Elements asked for.
        elements: usize,
        /// Name of the class.
        class: &'static str,
        /// Slots of the class.
        slots: usize,
    },
}

/// One byte of an expected string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// This byte.
    Byte(u8),
    /// Any ASCII digit.
    Digit,
    /// No byte, but the length of a byte string: [`MIN_RANDOM_BYTES`] or more. Stands alone, for the string's content.
    Length,
}

/// An expected string: the encoding of a data item, or of its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its number in [`text`].
    pub number: u64,
    /// Most symbols that any subject of the class gives it.
    pub capacity: usize,
    /// Its symbols: none if it is not in use.
    pub symbols: Vec<Symbol>,
    /// The date it is, as numbered on [`DATE`](crate::chips::buses::DATE).
    pub date: Option<u64>,
    /// Whether it is the length of a byte string.
    pub is_length: bool,
}

impl Text {
    fn fixed(number: u64, bytes: &[u8]) -> Self {
        Self::public(number, bytes.len(), bytes)
    }

    fn public(number: u64, capacity: usize, bytes: &[u8]) -> Self {
        let symbols = bytes.iter().copied().map(Symbol::Byte).collect();
        Self { number, capacity, symbols, date: None, is_length: false }
    }

    /// A name of the request, or nothing where the request has fewer.
    fn name(number: u64, name: Option<&str>) -> Self {
        let bytes = name.map(encode_text).unwrap_or_default();
        Self::public(number, MAX_NAME_HEAD + MAX_NAME_BYTES, &bytes)
    }

    /// A text of an item, which is in use where the slot is.
    fn of_slot(number: u64, bytes: &[u8], in_use: bool) -> Self {
        Self::public(number, bytes.len(), if in_use { bytes } else { &[] })
    }

    /// The `random` of an item.
    fn random(slot: usize, in_use: bool) -> Self {
        let symbols = if in_use { vec![Symbol::Length] } else { vec![] };
        Self { number: text::random_value(slot), capacity: 1, symbols, date: None, is_length: true }
    }

    /// RFC 3339 date-time in UTC without fractions, as CBOR tag 0 (ISO/IEC 18013-5, 9.1.2.4).
    fn date(date: u64) -> Self {
        const FORM: &[u8] = b"\xc0\x74dddd-dd-ddTdd:dd:ddZ";
        let symbol = |&byte: &u8| if byte == b'd' { Symbol::Digit } else { Symbol::Byte(byte) };
        Self {
            number: text::date(date),
            capacity: FORM.len(),
            symbols: FORM.iter().map(symbol).collect(),
            date: Some(date),
            is_length: false,
        }
    }

    /// Bytes and argument of the head that the text begins with. A length has no head; its argument is the least that it may be.
    pub(crate) fn head(&self) -> Option<(u64, u64)> {
        let byte = |index: usize| match self.symbols.get(index) {
            Some(&Symbol::Byte(byte)) => Some(byte),
            _ => None,
        };
        if self.is_length {
            return Some((0, MIN_RANDOM_BYTES.into()));
        }
        match byte(0)? & 31 {
            24 => Some((2, byte(1)?.into())),
            information => Some((1, information.into())),
        }
    }

    /// Whether `bytes` begins with this text. A text not in use begins nothing.
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        !self.symbols.is_empty()
            && bytes.len() >= self.symbols.len()
            && self.symbols.iter().zip(bytes).all(|(symbol, byte)| match symbol {
                Symbol::Byte(expected) => expected == byte,
                Symbol::Digit => byte.is_ascii_digit(),
                Symbol::Length => true,
            })
    }
}

/// The shortest encoding of a text string of up to 255 bytes (RFC 8949, 3.1).
fn encode_text(string: &str) -> Vec<u8> {
    let length = string.len() as u8;
    let mut bytes = if length < 24 { vec![0x60 | length] } else { vec![0x78, length] };
    bytes.extend_from_slice(string.as_bytes());
    bytes
}

/// Keys of the MSO's maps that every document has: map, text number, key.
pub(super) const TEXT_KEYS: [(u64, u64, &str); 10] = [
    (state::MSO, text::VERSION, "version"),
    (state::MSO, text::DIGEST_ALGORITHM, "digestAlgorithm"),
    (state::MSO, text::DOC_TYPE, "docType"),
    (state::MSO, text::VALUE_DIGESTS, "valueDigests"),
    (state::MSO, text::DEVICE_KEY_INFO, "deviceKeyInfo"),
    (state::MSO, text::VALIDITY_INFO, "validityInfo"),
    (state::DEVICE_KEY_INFO, text::DEVICE_KEY, "deviceKey"),
    (state::VALIDITY_INFO, text::SIGNED, "signed"),
    (state::VALIDITY_INFO, text::VALID_FROM, "validFrom"),
    (state::VALIDITY_INFO, text::VALID_UNTIL, "validUntil"),
];

/// Labels of `deviceKey` (RFC 9053, 7.1.1): text number, label, encoding.
pub(super) const LABELS: [(u64, i32, u8); 4] =
    [(text::KTY, 1, 0x01), (text::CRV, -1, 0x20), (text::X, -2, 0x21), (text::Y, -3, 0x22)];

/// Every text of the subject's class in the order of their numbers, those that the subject does not use without symbols.
///
/// # Errors
///
/// See [`SubjectError`].
pub(crate) fn texts(subject: &Subject) -> Result<Vec<Text>, SubjectError> {
    check(subject)?;
    let mut texts = vec![
        Text::fixed(text::SIG_STRUCTURE, &[0x84]),
        Text::fixed(text::SIGNATURE_1, b"\x6aSignature1"),
        Text::fixed(text::PROTECTED, &[0x43, 0xa1, 0x01, 0x26]),
        Text::fixed(text::EXTERNAL_AAD, &[0x40]),
        Text::fixed(text::MSO_TAG, &[0xd8, 0x18]),
        Text::fixed(text::VERSION_VALUE, &encode_text("1.0")),
        Text::fixed(text::DIGEST_ALGORITHM_VALUE, &encode_text("SHA-256")),
        Text::name(text::DOC_TYPE_VALUE, Some(&subject.doc_type)),
        Text::fixed(text::KTY_VALUE, &[0x02]),
        Text::fixed(text::CRV_VALUE, &[0x01]),
    ];
    texts.extend(TEXT_KEYS.iter().map(|(_, number, key)| Text::fixed(*number, &encode_text(key))));
    texts.extend(LABELS.iter().map(|&(number, _, encoding)| Text::fixed(number, &[encoding])));
    texts.extend([date::SIGNED, date::VALID_FROM, date::VALID_UNTIL].map(Text::date));
    let namespaces = subject.namespaces();
    for slot in 0..subject.class.slots {
        let element = subject.elements.get(slot).map(|element| element.element.as_str());
        let in_use = element.is_some();
        texts.push(Text::name(text::namespace(slot), namespaces.get(slot).copied()));
        texts.extend([
            Text::of_slot(text::item_tag(slot), &[0xd8, 0x18], in_use),
            Text::of_slot(text::item_map(slot), &[0xa4], in_use),
            Text::of_slot(text::digest_id(slot), &encode_text("digestID"), in_use),
            Text::of_slot(text::random(slot), &encode_text("random"), in_use),
            Text::of_slot(text::element_identifier(slot), &encode_text("elementIdentifier"), in_use),
            Text::of_slot(text::element_value(slot), &encode_text("elementValue"), in_use),
            Text::name(text::element(slot), element),
            Text::random(slot, in_use),
        ]);
    }
    texts.sort_by_key(|text| text.number);
    Ok(texts)
}

fn check(subject: &Subject) -> Result<(), SubjectError> {
    let (elements, class) = (subject.elements.len(), subject.class);
    if elements == 0 {
        return Err(SubjectError::NoElements);
    }
    if elements > class.slots {
        return Err(SubjectError::TooManyElements { elements, class: class.name, slots: class.slots });
    }
    let names = std::iter::once(("the docType", &subject.doc_type)).chain(
        subject
            .elements
            .iter()
            .flat_map(|name| [("a namespace", &name.namespace), ("an element identifier", &name.element)]),
    );
    for (what, name) in names {
        if name.len() > MAX_NAME_BYTES {
            return Err(SubjectError::NameTooLong { what, length: name.len() });
        }
    }
    Ok(())
}

/// Codes of the keys that every document has in a map of the MSO: fingerprints of text keys, labels as they are. The namespaces
/// asked for are not among them.
pub(crate) fn fixed_keys(map: u64) -> Vec<F> {
    if map == state::DEVICE_KEY {
        return LABELS.iter().map(|&(_, label, _)| F::from_i32(label)).collect();
    }
    let keys = TEXT_KEYS.iter().filter(|(parent, _, _)| *parent == map);
    keys.map(|(_, _, key)| fingerprint(key.as_bytes())).collect()
}
