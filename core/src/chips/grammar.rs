//! The grammar of the hashed streams: every path of interest and every string expected on the way, in one place.
//!
//! A *path* numbers a kind of place in a document and a *context* tells the children of one item apart: of a map, a
//! key has the context [`context::FIRST`] and a value the context that its key stands for; of an array, an element
//! has its index. The [`Rule`] for (path of the parent, context) gives the path of the child and its [`Role`]. What no
//! rule names cannot occur; [`path::ANY`] is where anything may be.
//!
//! Stream 0 is the `Sig_structure` of a `COSE_Sign1` (RFC 9052, 4.4) over the tag-24 `MobileSecurityObject` (ISO/IEC
//! 18013-5, 9.1.2.4), the others are tag-24 `IssuerSignedItem`s (9.1.2.5). This module knows no table.

use p3_field::PrimeCharacteristicRing;

use crate::chips::buses::{date, field};
use crate::chips::fingerprint::fingerprint;
use crate::class::SizeClass;
use crate::field::F;
use crate::statement::Subject;

/// Longest docType, namespace and element identifier, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 64;

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

/// Paths.
pub mod path {
    /// Parent of the streams' root items; a root's context is its stream.
    pub const ROOT: u64 = 0;
    /// Anywhere below an item whose content is of no interest.
    pub const ANY: u64 = 1;
    /// The `Sig_structure` array.
    pub const SIG_STRUCTURE: u64 = 2;
    /// Its payload, a byte string that holds the tag-24 MSO.
    pub const PAYLOAD: u64 = 3;
    /// Tag 24 around the MSO.
    pub const MSO_TAG: u64 = 4;
    /// The byte string that holds the MSO.
    pub const MSO_BYTES: u64 = 5;
    /// The MSO map.
    pub const MSO: u64 = 6;
    /// `valueDigests`.
    pub const VALUE_DIGESTS: u64 = 7;
    /// `deviceKeyInfo`.
    pub const DEVICE_KEY_INFO: u64 = 8;
    /// `deviceKeyInfo.deviceKey`, a COSE_Key.
    pub const DEVICE_KEY: u64 = 9;
    /// `validityInfo`.
    pub const VALIDITY_INFO: u64 = 10;

    /// `valueDigests` of the asked namespace of this index.
    pub const fn namespace(index: usize) -> u64 {
        16 + index as u64
    }

    /// Tag 24 around the item in `slot`.
    pub const fn item_tag(slot: usize) -> u64 {
        32 + slot as u64
    }

    /// The byte string that holds the item in `slot`.
    pub const fn item_bytes(slot: usize) -> u64 {
        48 + slot as u64
    }

    /// The item map in `slot`.
    pub const fn item(slot: usize) -> u64 {
        64 + slot as u64
    }
}

/// Contexts. That of a value whose key is an expected text is the text's number (from 16 on).
pub mod context {
    /// Of a key of a map, of the first element of an array, of the content of a tag or of an embedding byte string.
    pub const FIRST: u64 = 0;
    /// Of a value whose key is none of those asked for.
    pub const OTHER: u64 = 14;
    /// Stands in rules for any value whose key is a digestID: its context is [`DIGEST_ID`] plus the digestID.
    pub const DIGEST: u64 = 15;
    /// See [`DIGEST`].
    pub const DIGEST_ID: u64 = 1 << 32;
}

/// Numbers of the expected strings.
pub mod text {
    /// Head of the `Sig_structure` array.
    pub const SIG_STRUCTURE: u64 = 16;
    /// `"Signature1"`.
    pub const SIGNATURE_1: u64 = 17;
    /// The protected header `{1: -7}` in its byte string.
    pub const PROTECTED: u64 = 18;
    /// The empty external data.
    pub const EXTERNAL_AAD: u64 = 19;
    /// Head of tag 24 around the MSO.
    pub const MSO_TAG: u64 = 20;

    /// Key `version`.
    pub const VERSION: u64 = 21;
    /// Key `digestAlgorithm`.
    pub const DIGEST_ALGORITHM: u64 = 22;
    /// Key `docType`.
    pub const DOC_TYPE: u64 = 23;
    /// Key `valueDigests`.
    pub const VALUE_DIGESTS: u64 = 24;
    /// Key `deviceKeyInfo`.
    pub const DEVICE_KEY_INFO: u64 = 25;
    /// Key `validityInfo`.
    pub const VALIDITY_INFO: u64 = 26;
    /// Key `deviceKey`.
    pub const DEVICE_KEY: u64 = 27;
    /// Key `signed`.
    pub const SIGNED: u64 = 28;
    /// Key `validFrom`.
    pub const VALID_FROM: u64 = 29;
    /// Key `validUntil`.
    pub const VALID_UNTIL: u64 = 30;
    /// COSE_Key label 1, `kty`.
    pub const KTY: u64 = 31;
    /// COSE_Key label -1, `crv`.
    pub const CRV: u64 = 32;
    /// COSE_Key label -2, `x`.
    pub const X: u64 = 33;
    /// COSE_Key label -3, `y`.
    pub const Y: u64 = 34;

    /// `"1.0"`.
    pub const VERSION_VALUE: u64 = 35;
    /// `"SHA-256"`.
    pub const DIGEST_ALGORITHM_VALUE: u64 = 36;
    /// The asked docType.
    pub const DOC_TYPE_VALUE: u64 = 37;
    /// `2`, EC2.
    pub const KTY_VALUE: u64 = 38;
    /// `1`, P-256.
    pub const CRV_VALUE: u64 = 39;

    /// A `tdate` of form `YYYY-MM-DDTHH:MM:SSZ`, numbered as on [`DATE`](crate::chips::buses::DATE).
    pub const fn date(date: u64) -> u64 {
        40 + date
    }

    /// Key: the asked namespace of this index.
    pub const fn namespace(index: usize) -> u64 {
        48 + index as u64
    }

    /// Head of tag 24 around the item in `slot`.
    pub const fn item_tag(slot: usize) -> u64 {
        64 + 8 * slot as u64
    }

    /// Head of the map of four entries in `slot`.
    pub const fn item_map(slot: usize) -> u64 {
        item_tag(slot) + 1
    }

    /// Key `digestID` in `slot`.
    pub const fn digest_id(slot: usize) -> u64 {
        item_tag(slot) + 2
    }

    /// Key `random` in `slot`.
    pub const fn random(slot: usize) -> u64 {
        item_tag(slot) + 3
    }

    /// Key `elementIdentifier` in `slot`.
    pub const fn element_identifier(slot: usize) -> u64 {
        item_tag(slot) + 4
    }

    /// Key `elementValue` in `slot`.
    pub const fn element_value(slot: usize) -> u64 {
        item_tag(slot) + 5
    }

    /// The asked element identifier of `slot`.
    pub const fn element(slot: usize) -> u64 {
        item_tag(slot) + 6
    }
}

/// What an item at a path must be, and what becomes of it. The discriminants are fixed cells of the CBOR chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Anything.
    Any = 0,
    /// A key of a map whose asked keys are text strings.
    TextKey = 1,
    /// A key of a map whose asked keys are integers.
    LabelKey = 2,
    /// A key of a namespace: an unsigned integer below 2^31.
    DigestKey = 3,
    /// Begins with the encoding that text number `argument` stands for.
    Text = 4,
    /// A map.
    Map = 5,
    /// A byte string whose content is one data item.
    Embedded = 6,
    /// A digest of namespace `argument`: a byte string of 32 bytes.
    Digest = 7,
    /// A coordinate that goes to field `argument`: a byte string of 32 bytes.
    Coordinate = 8,
    /// A digestID that goes to field `argument`: an unsigned integer below 2^31.
    DigestId = 9,
    /// A byte string of 16 bytes or more.
    Random = 10,
    /// Any one item, whose place goes to field `argument`.
    Value = 11,
}

/// Number of roles besides [`Role::Any`].
pub const ROLES: usize = 11;

/// What stands at `context` below an item at path `parent`. No two rules agree in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Path of the parent.
    pub parent: u64,
    /// Context among the parent's children.
    pub context: u64,
    /// Path of the child.
    pub path: u64,
    /// What the child must be.
    pub role: Role,
    /// Number that the role speaks of, else 0.
    pub argument: u64,
    /// Context of the next sibling; 0 where the role is a key, whose content tells.
    pub next: u64,
}

impl Rule {
    /// A rule to a child whose own children are of no interest, and whose next sibling is a key, if any.
    const fn leaf(parent: u64, context: u64, role: Role, argument: u64) -> Self {
        Self { parent, context, path: path::ANY, role, argument, next: context::FIRST }
    }

    /// A rule to a child with a path of its own.
    const fn inner(parent: u64, context: u64, role: Role, argument: u64, path: u64) -> Self {
        Self { parent, context, path, role, argument, next: context::FIRST }
    }

    const fn followed_by(mut self, next: u64) -> Self {
        self.next = next;
        self
    }
}

/// The rules of a class: those of every slot and namespace that a request might use.
pub fn rules(class: &SizeClass) -> Vec<Rule> {
    let mut rules = sig_structure_rules();
    rules.extend(mso_rules());
    for index in 0..class.slots {
        let namespace = path::namespace(index);
        rules.extend([
            Rule::inner(path::VALUE_DIGESTS, text::namespace(index), Role::Map, 0, namespace),
            Rule::leaf(namespace, context::FIRST, Role::DigestKey, 0),
            Rule::leaf(namespace, context::DIGEST, Role::Digest, index as u64),
        ]);
    }
    (0..class.slots).for_each(|slot| rules.extend(item_rules(slot)));
    rules
}

fn sig_structure_rules() -> Vec<Rule> {
    use Role::*;
    let sig_structure = path::SIG_STRUCTURE;
    vec![
        Rule::leaf(path::ANY, context::FIRST, Any, 0),
        Rule::inner(path::ROOT, 0, Text, text::SIG_STRUCTURE, sig_structure),
        Rule::leaf(sig_structure, 0, Text, text::SIGNATURE_1).followed_by(1),
        Rule::leaf(sig_structure, 1, Text, text::PROTECTED).followed_by(2),
        Rule::leaf(sig_structure, 2, Text, text::EXTERNAL_AAD).followed_by(3),
        Rule::inner(sig_structure, 3, Embedded, 0, path::PAYLOAD),
        Rule::inner(path::PAYLOAD, context::FIRST, Text, text::MSO_TAG, path::MSO_TAG),
        Rule::inner(path::MSO_TAG, context::FIRST, Embedded, 0, path::MSO_BYTES),
        Rule::inner(path::MSO_BYTES, context::FIRST, Map, 0, path::MSO),
    ]
}

fn mso_rules() -> Vec<Rule> {
    use Role::*;
    use path::{DEVICE_KEY, DEVICE_KEY_INFO, MSO, VALIDITY_INFO, VALUE_DIGESTS};
    let mut rules = vec![
        Rule::leaf(MSO, text::VERSION, Text, text::VERSION_VALUE),
        Rule::leaf(MSO, text::DIGEST_ALGORITHM, Text, text::DIGEST_ALGORITHM_VALUE),
        Rule::leaf(MSO, text::DOC_TYPE, Text, text::DOC_TYPE_VALUE),
        Rule::inner(MSO, text::VALUE_DIGESTS, Map, 0, VALUE_DIGESTS),
        Rule::inner(MSO, text::DEVICE_KEY_INFO, Map, 0, DEVICE_KEY_INFO),
        Rule::inner(MSO, text::VALIDITY_INFO, Map, 0, VALIDITY_INFO),
        Rule::inner(DEVICE_KEY_INFO, text::DEVICE_KEY, Map, 0, DEVICE_KEY),
        Rule::leaf(DEVICE_KEY, context::FIRST, LabelKey, 0),
        Rule::leaf(DEVICE_KEY, context::OTHER, Any, 0),
        Rule::leaf(DEVICE_KEY, text::KTY, Text, text::KTY_VALUE),
        Rule::leaf(DEVICE_KEY, text::CRV, Text, text::CRV_VALUE),
        Rule::leaf(DEVICE_KEY, text::X, Coordinate, field::DEVICE_KEY_X),
        Rule::leaf(DEVICE_KEY, text::Y, Coordinate, field::DEVICE_KEY_Y),
        Rule::leaf(VALIDITY_INFO, text::SIGNED, Text, text::date(date::SIGNED)),
        Rule::leaf(VALIDITY_INFO, text::VALID_FROM, Text, text::date(date::VALID_FROM)),
        Rule::leaf(VALIDITY_INFO, text::VALID_UNTIL, Text, text::date(date::VALID_UNTIL)),
    ];
    for map in [MSO, VALUE_DIGESTS, DEVICE_KEY_INFO, VALIDITY_INFO] {
        rules.push(Rule::leaf(map, context::FIRST, TextKey, 0));
        rules.push(Rule::leaf(map, context::OTHER, Any, 0));
    }
    rules
}

fn item_rules(slot: usize) -> Vec<Rule> {
    use Role::*;
    let (tag, bytes, item) = (path::item_tag(slot), path::item_bytes(slot), path::item(slot));
    vec![
        Rule::inner(path::ROOT, 1 + slot as u64, Text, text::item_tag(slot), tag),
        Rule::inner(tag, context::FIRST, Embedded, 0, bytes),
        Rule::inner(bytes, context::FIRST, Text, text::item_map(slot), item),
        Rule::leaf(item, context::FIRST, TextKey, 0),
        Rule::leaf(item, text::digest_id(slot), DigestId, field::digest_id(slot)),
        Rule::leaf(item, text::random(slot), Random, 0),
        Rule::leaf(item, text::element_identifier(slot), Text, text::element(slot)),
        Rule::leaf(item, text::element_value(slot), Value, field::element_value(slot)),
    ]
}

/// One byte of an expected string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// This byte.
    Byte(u8),
    /// Any ASCII digit.
    Digit,
}

/// An expected string: the encoding of a data item, or of its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its number in [`text`].
    pub number: u64,
    /// Most symbols that any subject of the class gives it.
    pub capacity: usize,
    /// Its symbols: none if it is not in use.
    pub symbols: Vec<Symbol>,
    /// The date it is, as numbered on [`DATE`](crate::chips::buses::DATE).
    pub date: Option<u64>,
}

impl Text {
    fn fixed(number: u64, bytes: &[u8]) -> Self {
        Self::public(number, bytes.len(), bytes)
    }

    fn public(number: u64, capacity: usize, bytes: &[u8]) -> Self {
        let symbols = bytes.iter().copied().map(Symbol::Byte).collect();
        Self { number, capacity, symbols, date: None }
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

    /// RFC 3339 date-time in UTC without fractions, as CBOR tag 0 (ISO/IEC 18013-5, 9.1.2.4).
    fn date(date: u64) -> Self {
        const FORM: &[u8] = b"\xc0\x74dddd-dd-ddTdd:dd:ddZ";
        let symbol = |&byte: &u8| if byte == b'd' { Symbol::Digit } else { Symbol::Byte(byte) };
        Self {
            number: text::date(date),
            capacity: FORM.len(),
            symbols: FORM.iter().map(symbol).collect(),
            date: Some(date),
        }
    }

    /// Whether `bytes` begins with this text. A text not in use begins nothing.
    pub fn begins(&self, bytes: &[u8]) -> bool {
        !self.symbols.is_empty()
            && bytes.len() >= self.symbols.len()
            && self.symbols.iter().zip(bytes).all(|(symbol, byte)| match symbol {
                Symbol::Byte(expected) => expected == byte,
                Symbol::Digit => byte.is_ascii_digit(),
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
const TEXT_KEYS: [(u64, u64, &str); 10] = [
    (path::MSO, text::VERSION, "version"),
    (path::MSO, text::DIGEST_ALGORITHM, "digestAlgorithm"),
    (path::MSO, text::DOC_TYPE, "docType"),
    (path::MSO, text::VALUE_DIGESTS, "valueDigests"),
    (path::MSO, text::DEVICE_KEY_INFO, "deviceKeyInfo"),
    (path::MSO, text::VALIDITY_INFO, "validityInfo"),
    (path::DEVICE_KEY_INFO, text::DEVICE_KEY, "deviceKey"),
    (path::VALIDITY_INFO, text::SIGNED, "signed"),
    (path::VALIDITY_INFO, text::VALID_FROM, "validFrom"),
    (path::VALIDITY_INFO, text::VALID_UNTIL, "validUntil"),
];

/// Labels of `deviceKey` (RFC 9053, 7.1.1): text number, label, encoding.
const LABELS: [(u64, i32, u8); 4] =
    [(text::KTY, 1, 0x01), (text::CRV, -1, 0x20), (text::X, -2, 0x21), (text::Y, -3, 0x22)];

/// Every text of the subject's class in the order of their numbers, those that the subject does not use without symbols.
///
/// # Errors
///
/// See [`SubjectError`].
pub fn texts(subject: &Subject) -> Result<Vec<Text>, SubjectError> {
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

/// Maps in which no key but those asked for may be one of these, in the order of their paths. Item maps are not
/// among them: all their four keys are asked for.
pub const MAPS: [u64; 5] =
    [path::MSO, path::VALUE_DIGESTS, path::DEVICE_KEY_INFO, path::DEVICE_KEY, path::VALIDITY_INFO];

/// Codes of the keys that every document has in one of [`MAPS`]: fingerprints of text keys, labels as they are. The namespaces asked for are not among them.
pub fn fixed_keys(map: u64) -> Vec<F> {
    if map == path::DEVICE_KEY {
        return LABELS.iter().map(|&(_, label, _)| F::from_i32(label)).collect();
    }
    let keys = TEXT_KEYS.iter().filter(|(parent, _, _)| *parent == map);
    keys.map(|(_, _, key)| fingerprint(key.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CLASSES, LARGE, STANDARD};
    use crate::statement::{ElementName, PublicKey};

    fn subject(class: SizeClass, elements: usize, name_bytes: usize) -> Subject {
        let name = |i: usize| "n".repeat(name_bytes - 1) + &i.to_string();
        Subject {
            suite: crate::suite::Suite::Direct,
            class,
            doc_type: "d".repeat(name_bytes),
            issuer: PublicKey { x: [0; 32], y: [0; 32] },
            elements: (0..elements).map(|i| ElementName { namespace: name(i), element: name(i) }).collect(),
        }
    }

    #[test]
    fn no_two_rules_compete() {
        for class in CLASSES {
            let mut keys: Vec<_> = rules(&class).iter().map(|rule| (rule.parent, rule.context)).collect();
            let count = keys.len();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), count);
        }
    }

    #[test]
    fn every_path_but_any_is_led_to_by_one_rule() {
        for class in CLASSES {
            let rules = rules(&class);
            for rule in rules.iter().filter(|rule| rule.parent != path::ROOT && rule.parent != path::ANY) {
                assert_eq!(rules.iter().filter(|other| other.path == rule.parent).count(), 1, "{rule:?}");
            }
        }
    }

    #[test]
    fn every_text_is_asked_for_by_one_rule() {
        for class in CLASSES {
            let rules = rules(&class);
            for text in texts(&subject(class, 1, 8)).unwrap() {
                let as_key = rules.iter().filter(|rule| rule.context == text.number).count();
                let as_value = rules
                    .iter()
                    .filter(|rule| rule.role == Role::Text && rule.argument == text.number)
                    .count();
                assert_eq!(as_key + as_value, 1, "text {}", text.number);
            }
        }
    }

    #[test]
    fn capacities_do_not_depend_on_the_subject() {
        for class in CLASSES {
            let shape = |subject: &Subject| -> Vec<_> {
                let texts = texts(subject).unwrap();
                texts.iter().map(|text| (text.number, text.capacity, text.date)).collect()
            };
            assert_eq!(shape(&subject(class, 1, 1)), shape(&subject(class, class.slots, 64)));
            for text in texts(&subject(class, class.slots, 64)).unwrap() {
                assert_eq!(text.symbols.len(), text.capacity);
            }
        }
    }

    #[test]
    fn limits_hold_at_and_one_over() {
        assert!(texts(&subject(STANDARD, 4, 64)).is_ok());
        assert_eq!(texts(&subject(LARGE, 0, 64)), Err(SubjectError::NoElements));
        let too_many = SubjectError::TooManyElements { elements: 9, class: "large", slots: 8 };
        assert_eq!(texts(&subject(LARGE, 9, 64)), Err(too_many));
        let too_long = SubjectError::NameTooLong { what: "the docType", length: 65 };
        assert_eq!(texts(&subject(LARGE, 1, 65)), Err(too_long));
    }

    #[test]
    fn texts_follow_their_standards() {
        let texts = texts(&subject(STANDARD, 1, 30)).unwrap();
        let find = |number| texts.iter().find(|text| text.number == number).unwrap();
        assert!(find(text::date(date::SIGNED)).begins(b"\xc0\x742024-09-30T13:50:00Z"));
        assert!(!find(text::date(date::SIGNED)).begins(b"\xc0\x742024-09-30T13:50:0+Z"));
        assert!(find(text::DOC_TYPE).begins(b"\x67docType"));
        assert!(find(text::DOC_TYPE_VALUE).begins(&[&[0x78, 30][..], &[b'd'; 30]].concat()));
        assert!(!find(text::namespace(1)).begins(b"anything"));
    }
}
