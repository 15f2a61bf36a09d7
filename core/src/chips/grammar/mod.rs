//! The grammar of the hashed streams: every path of interest and every string expected on the way, in one place.
//!
//! A *path* numbers a kind of place in a document and a *context* tells the children of one item apart: of a map, a
//! key has the context [`context::FIRST`] and a value the context that its key stands for; of an array, an element
//! has its index. The [`Rule`] for (path of the parent, context) gives the path of the child and its [`Role`]. What no
//! rule names cannot occur; [`path::ANY`] is where anything may be.
//!
//! Stream 0 is the `Sig_structure` of a `COSE_Sign1` (RFC 9052, 4.4) over the tag-24 `MobileSecurityObject` (ISO/IEC
//! 18013-5, 9.1.2.4), the others are tag-24 `IssuerSignedItem`s (9.1.2.5). This module knows no table.

mod strings;

pub use strings::{MAX_NAME_BYTES, SubjectError, Symbol, Text, fixed_keys, texts};

use crate::chips::buses::{date, field};
use crate::class::SizeClass;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CLASSES, LARGE, STANDARD};
    use crate::statement::{ElementName, PublicKey, Subject};

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
