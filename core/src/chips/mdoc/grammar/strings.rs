//! The strings that the grammar expects, and the keys that no other key may equal.

use p3_field::PrimeCharacteristicRing;
use velum_stark::field::F;

use crate::chips::buses::{date, field};
use crate::chips::common::fingerprint::fingerprint;
use crate::chips::mdoc::grammar::{state, text};
use crate::statement::Subject;
use crate::value::{DATE_TIME, MAX_FRACTION_DIGITS, OFFSET, TAG_DATE_TIME};

/// The longest docType, namespace and element identifier, in bytes of UTF-8.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// Tag of a byte string that holds CBOR (RFC 8949, 3.4.5.1).
const TAG_ENCODED_CBOR: usize = 24;

/// The fewest bytes of an item's `random` (ISO/IEC 18013-5, 9.1.2.5).
pub(crate) const MIN_RANDOM_BYTES: u8 = 16;

/// Reasons why a subject has no grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A name is too long.
    #[error("{what} has {length} bytes, but at most {MAX_NAME_BYTES} are supported")]
    NameTooLong {
        /// Which name.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// No element is asked for.
    #[error("the request asks for no element: ask for at least one")]
    NoElements,
    /// More elements are asked for than the class has slots.
    #[error(
        "the request asks for {elements} elements, but size class {class} holds {slots}: ask for \
         fewer or use a larger class"
    )]
    TooManyElements {
        /// Number of elements asked for.
        elements: usize,
        /// Name of the class.
        class: &'static str,
        /// Number of slots of the class.
        slots: usize,
    },
}

/// What stands at one place of an expected string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// This byte.
    Byte(u8),
    /// These bytes.
    Word([u8; WORD_BYTES]),
    /// Any ASCII digit.
    Digit,
    /// A point. It may be absent, and then no [`FractionDigit`](Self::FractionDigit) follows.
    Point,
    /// A digit behind a [`Point`](Self::Point). Every digit but the first may be absent, and then
    /// all digits behind it are absent too.
    FractionDigit,
    /// The first four bytes of `+00:00`, or nothing if the date ends in `Z`.
    OffsetHour,
    /// The last two bytes of `+00:00`, or nothing if the date ends in `Z`.
    OffsetMinute,
    /// A `Z`, or nothing if the date ends in `+00:00`.
    Zulu,
    /// Not a byte: it says whether the string before it is claimed to be there.
    Claim,
    /// The algorithm of a signature, which is a negative integer in COSE: ES256 or ESP256.
    Algorithm,
    /// Not a byte: the length of a byte string, which is [`MIN_RANDOM_BYTES`] or more. It is the
    /// only symbol of its text and stands for the string's content.
    Length,
}

/// Number of bytes in a [`Symbol::Word`].
pub(crate) const WORD_BYTES: usize = 4;

impl Symbol {
    /// Number of bytes between this symbol's place and that of the next one, if nothing is left
    /// out.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Word(_) => WORD_BYTES,
            _ => 1,
        }
    }
}

/// The encodings of ES256 (RFC 9053, 2.1) and of ESP256 (RFC 9864, 2.1). Over P-256 both are the
/// same algorithm.
pub(crate) const ALGORITHMS: [u8; 2] = [0x26, 0x28];

/// What part of a text depends on the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varies {
    /// Nothing.
    Never,
    /// Whether the text is in use. It is in use if this slot is.
    WithSlot(usize),
    /// Everything but the capacity, because the text is a name of the request.
    Name,
}

/// An expected data item: its argument and, for a string, its content. The rule of the item fixes
/// its kind. The head may be longer than necessary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its number in [`text`].
    pub number: u64,
    /// The largest number of rows that any subject of the class needs for the text. It is at least
    /// one.
    pub capacity: usize,
    /// Whether the subject uses it.
    pub in_use: bool,
    /// How it differs from subject to subject.
    pub varies: Varies,
    /// The argument of the head. For a [`Symbol::Length`] it is the smallest argument. For a date
    /// it is the argument of a date without a fraction that ends in `+00:00`.
    pub argument: u64,
    /// The content. It is empty if the item is not a string, or if it is a name that is not in use.
    pub symbols: Vec<Symbol>,
    /// Which date the text is, numbered as on [`DATE`](crate::chips::buses::DATE).
    pub date: Option<u64>,
}

impl Text {
    fn new(number: u64, argument: usize, symbols: Vec<Symbol>) -> Self {
        let capacity = symbols.len().max(1);
        let (in_use, varies) = (true, Varies::Never);
        Self { number, capacity, in_use, varies, argument: argument as u64, symbols, date: None }
    }

    /// A string that is the same for every subject.
    fn string(number: u64, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks();
        let words = words.iter().copied().map(Symbol::Word);
        let symbols = words.chain(rest.iter().copied().map(Symbol::Byte)).collect();
        Self::new(number, bytes.len(), symbols)
    }

    /// An item without content, such as an integer, a tag, or the head of a map.
    fn head(number: u64, argument: usize) -> Self {
        Self::new(number, argument, Vec::new())
    }

    /// A name of the request. It is `None` if the request has fewer names.
    fn name(number: u64, name: Option<&str>) -> Self {
        let bytes = name.unwrap_or_default().as_bytes();
        let text =
            Self::new(number, bytes.len(), bytes.iter().copied().map(Symbol::Byte).collect());
        Self { capacity: MAX_NAME_BYTES, in_use: name.is_some(), varies: Varies::Name, ..text }
    }

    fn of_slot(self, slot: usize, in_use: bool) -> Self {
        Self { in_use, varies: Varies::WithSlot(slot), ..self }
    }

    /// The `random` of an item.
    fn random(slot: usize) -> Self {
        Self::new(text::random_value(slot), MIN_RANDOM_BYTES.into(), vec![Symbol::Length])
    }

    /// The protected header `{1: -7}` or `{1: -9}` (RFC 9052, 3).
    fn protected() -> Self {
        let symbols = vec![Symbol::Byte(0xa1), Symbol::Byte(0x01), Symbol::Algorithm];
        Self::new(text::PROTECTED, symbols.len(), symbols)
    }

    /// A date and time in UTC (RFC 3339), with or without a fraction of a second, `Z` or `+00:00`.
    fn date(date: u64) -> Self {
        let symbols = Self::date_symbols();
        Self { date: Some(date), ..Self::new(text::date(date), Self::LONGEST_DATE, symbols) }
    }

    /// A date and time that is the value of a slot. If the slot has no such value, any date in the
    /// document takes its place, so that the bytes that are looked up do not depend on whether the
    /// text is claimed.
    fn date_time(slot: usize) -> Self {
        let mut symbols = Self::date_symbols();
        symbols.push(Symbol::Claim);
        Self::new(field::date_time(slot), Self::LONGEST_DATE, symbols)
    }

    /// Number of bytes of a date without a fraction that ends in `+00:00`.
    const LONGEST_DATE: usize = DATE_TIME.len() + OFFSET.len();

    fn date_symbols() -> Vec<Symbol> {
        let symbol = |&byte: &u8| if byte == b'd' { Symbol::Digit } else { Symbol::Byte(byte) };
        let mut symbols: Vec<_> = DATE_TIME.iter().map(symbol).collect();
        symbols.push(Symbol::Point);
        symbols.extend([Symbol::FractionDigit; MAX_FRACTION_DIGITS]);
        symbols.extend([Symbol::OffsetHour, Symbol::OffsetMinute, Symbol::Zulu]);
        symbols
    }

    /// Whether an item of the right kind is this text. The function answers for keys only; each key
    /// has one possible content.
    pub(crate) fn is(&self, argument: u64, content: &[u8]) -> bool {
        let mut bytes = Vec::with_capacity(content.len());
        for symbol in &self.symbols {
            match symbol {
                Symbol::Byte(byte) => bytes.push(*byte),
                Symbol::Word(word) => bytes.extend_from_slice(word),
                _ => return false,
            }
        }
        self.in_use && self.argument == argument && bytes == content
    }
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

/// Labels of `deviceKey` (RFC 9053, 7.1.1): text number and label.
pub(super) const LABELS: [(u64, i32); 4] =
    [(text::KTY, 1), (text::CRV, -1), (text::X, -2), (text::Y, -3)];

/// The argument of an integer's head (RFC 8949, 3.1).
const fn integer_argument(integer: i32) -> usize {
    let argument = if integer < 0 { -1 - integer } else { integer };
    argument as usize
}

/// Every text of the subject's class in the order of their numbers, including those that the
/// subject does not use.
///
/// # Errors
///
/// See [`SubjectError`].
pub(crate) fn texts(subject: &Subject) -> Result<Vec<Text>, SubjectError> {
    check(subject)?;
    let mut texts = vec![
        Text::head(text::SIG_STRUCTURE, 4),
        Text::string(text::SIGNATURE_1, b"Signature1"),
        Text::protected(),
        Text::head(text::EXTERNAL_AAD, 0),
        Text::head(text::MSO_TAG, TAG_ENCODED_CBOR),
        Text::string(text::VERSION_VALUE, b"1.0"),
        Text::string(text::DIGEST_ALGORITHM_VALUE, b"SHA-256"),
        Text::name(text::DOC_TYPE_VALUE, Some(&subject.doc_type)),
        Text::head(text::KTY_VALUE, 2),
        Text::head(text::CRV_VALUE, 1),
    ];
    texts.extend(TEXT_KEYS.iter().map(|(_, number, key)| Text::string(*number, key.as_bytes())));
    texts.extend(LABELS.map(|(number, label)| Text::head(number, integer_argument(label))));
    for date in [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL] {
        texts.extend([Text::head(text::date_tag(date), TAG_DATE_TIME as usize), Text::date(date)]);
    }
    let namespaces = subject.namespaces();
    for slot in 0..subject.class.slots {
        let element = subject.elements.get(slot).map(|element| element.element.as_str());
        texts.push(Text::name(text::namespace(slot), namespaces.get(slot).copied()));
        texts.push(Text::name(text::element(slot), element));
        let of_item = [
            Text::head(text::item_tag(slot), TAG_ENCODED_CBOR),
            Text::head(text::item_map(slot), 4),
            Text::string(text::digest_id(slot), b"digestID"),
            Text::string(text::random(slot), b"random"),
            Text::string(text::element_identifier(slot), b"elementIdentifier"),
            Text::string(text::element_value(slot), b"elementValue"),
            Text::random(slot),
        ];
        texts.extend(of_item.map(|text| text.of_slot(slot, element.is_some())));
        texts.push(Text::date_time(slot));
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
        return Err(SubjectError::TooManyElements {
            elements,
            class: class.name,
            slots: class.slots,
        });
    }
    let names = std::iter::once(("the docType", &subject.doc_type)).chain(
        subject.elements.iter().flat_map(|name| {
            [("a namespace", &name.namespace), ("an element identifier", &name.element)]
        }),
    );
    for (what, name) in names {
        if name.len() > MAX_NAME_BYTES {
            return Err(SubjectError::NameTooLong { what, length: name.len() });
        }
    }
    Ok(())
}

/// Codes of the keys that every document has in a map of the MSO: fingerprints of text keys, and
/// labels as they are. The asked namespaces are not included.
pub(crate) fn fixed_keys(map: u64) -> Vec<F> {
    if map == state::DEVICE_KEY {
        return LABELS.iter().map(|&(_, label)| F::from_i32(label)).collect();
    }
    let keys = TEXT_KEYS.iter().filter(|(parent, _, _)| *parent == map);
    keys.map(|(_, _, key)| fingerprint(key.as_bytes())).collect()
}
