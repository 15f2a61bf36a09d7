//! The rules: which items may stand where.

use super::{state, strings, text};
use crate::chips::buses::{date, field};
use crate::class::SizeClass;
use crate::value::ValueKind;

/// Kinds of items: the major type (RFC 8949, 3.1), at its place in the initial byte, and whether
/// the argument has eight bytes.
pub(crate) mod kind {
    /// An unsigned integer.
    pub(crate) const UNSIGNED: u64 = 0 << 5;
    /// A negative integer.
    pub(crate) const NEGATIVE: u64 = 1 << 5;
    /// A byte string.
    pub(crate) const BYTES: u64 = 2 << 5;
    /// A text string.
    pub(crate) const TEXT: u64 = 3 << 5;
    /// An array.
    pub(crate) const ARRAY: u64 = 4 << 5;
    /// A map.
    pub(crate) const MAP: u64 = 5 << 5;
    /// A tag.
    pub(crate) const TAG: u64 = 6 << 5;
    /// A simple value or a floating-point number.
    pub(crate) const SIMPLE: u64 = 7 << 5;
    /// Added if the argument has eight bytes and is not read. Only numbers may have such an
    /// argument.
    pub(crate) const LONG: u64 = 1 << 4;

    /// Every kind.
    pub(crate) const ALL: [u64; 11] = [
        UNSIGNED,
        UNSIGNED + LONG,
        NEGATIVE,
        NEGATIVE + LONG,
        BYTES,
        TEXT,
        ARRAY,
        MAP,
        TAG,
        SIMPLE,
        SIMPLE + LONG,
    ];
}

/// Where an item ends, and how many children it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Ends with its head.
    Head,
    /// Ends as many bytes behind its head as the argument says.
    String,
    /// Has as many children as the argument says, and ends where the last one ends.
    Array,
    /// Has twice as many children as the argument says, and ends where the last one ends.
    Map,
    /// Has one child, and ends where the child ends.
    Tag,
    /// A string that holds one child.
    Embedded,
}

impl Shape {
    /// Shape of an item whose content is of no interest.
    const fn of(kind: u64) -> Self {
        match kind {
            kind::BYTES | kind::TEXT => Self::String,
            kind::ARRAY => Self::Array,
            kind::MAP => Self::Map,
            kind::TAG => Self::Tag,
            _ => Self::Head,
        }
    }

    /// Whether children may follow.
    #[cfg(test)]
    pub(crate) const fn has_children(self) -> bool {
        !matches!(self, Self::Head | Self::String)
    }

    /// Number of children under a head with this argument.
    pub(crate) const fn children(self, argument: u64) -> u64 {
        match self {
            Self::Head | Self::String => 0,
            Self::Array => argument,
            Self::Map => 2 * argument,
            Self::Tag | Self::Embedded => 1,
        }
    }

    /// The shape as the CBOR table encodes it. The first number is the number of children per unit
    /// of the argument, or 0 for a single child. The second number is 1 if the argument gives the
    /// end, -1 if the head is the end, and 0 if the last child's end is the end. Without children
    /// both numbers are equal, so their product is 1. With children the product is 0.
    pub(crate) const fn code(self) -> [i8; 2] {
        match self {
            Self::Head => [-1, -1],
            Self::String => [1, 1],
            Self::Array => [1, 0],
            Self::Map => [2, 0],
            Self::Tag => [0, 0],
            Self::Embedded => [0, 1],
        }
    }
}

/// What other tables learn of an item, under its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing.
    None,
    /// The position behind the item's head, and its argument.
    Head,
    /// The item's position, and its length in bytes.
    Item,
    /// The position behind the item's head, and the argument of the digestID before it. The item is
    /// a byte string of 32 bytes.
    Digest,
}

impl Finding {
    /// The finding as the CBOR table encodes it. The first number is 1 if the item itself is found,
    /// and the second is 1 if the item before it is found. Both are 1 if nothing is found.
    pub(crate) const fn code(self) -> [i8; 2] {
        match self {
            Self::None => [1, 1],
            Self::Head => [0, 0],
            Self::Item => [1, 0],
            Self::Digest => [0, 1],
        }
    }
}

/// What an item of a given kind is in a given state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// State that the item stands in.
    pub state: u64,
    /// Kind of the item.
    pub kind: u64,
    /// Number of the item: the state of its first child, and the number under which other tables
    /// know it.
    pub number: u64,
    /// State of the next sibling.
    pub next: u64,
    /// Shape of the item.
    pub shape: Shape,
    /// What other tables learn of the item.
    pub finding: Finding,
}

impl Rule {
    /// An item of which other tables learn nothing.
    pub(in crate::chips) const fn inner(state: u64, kind: u64, number: u64, next: u64) -> Self {
        Self { state, kind, number, next, shape: Shape::of(kind), finding: Finding::None }
    }

    /// An item whose head is found.
    const fn found(state: u64, kind: u64, number: u64, next: u64) -> Self {
        Self { finding: Finding::Head, ..Self::inner(state, kind, number, next) }
    }

    /// A key that is asked for. Its number is the state of its value.
    const fn key(map: u64, kind: u64, number: u64) -> Self {
        Self::found(map, kind, number, number)
    }

    /// A byte string that holds one item.
    const fn embedded(state: u64, number: u64, next: u64) -> Self {
        Self { shape: Shape::Embedded, ..Self::inner(state, kind::BYTES, number, next) }
    }

    /// Any item. Its content is of no interest.
    fn any(state: u64, next: u64) -> impl Iterator<Item = Self> {
        kind::ALL.into_iter().map(move |kind| Self::inner(state, kind, state::ANY, next))
    }

    /// Whether the rule is for a key that is asked for.
    pub(crate) fn is_key(&self) -> bool {
        self.finding == Finding::Head && self.next == self.number
    }

    /// The same place with an item of another kind.
    pub(in crate::chips) const fn of_kind(self, kind: u64) -> Self {
        Self { kind, shape: Shape::of(kind), ..self }
    }
}

/// Keys that a map may have besides those asked for: the map, the kind of the key, and the number
/// under which such keys are found.
pub(crate) const OTHER_KEYS: [(u64, u64, u64); 6] = [
    (state::MSO, kind::TEXT, field::other_key(0)),
    (state::VALUE_DIGESTS, kind::TEXT, field::other_key(1)),
    (state::DEVICE_KEY_INFO, kind::TEXT, field::other_key(2)),
    (state::VALIDITY_INFO, kind::TEXT, field::other_key(3)),
    (state::DEVICE_KEY, kind::UNSIGNED, field::other_key(4)),
    (state::DEVICE_KEY, kind::NEGATIVE, field::other_key(5)),
];

/// The rules of a class. They cover every slot and namespace that a request might use.
pub(crate) fn rules(class: &SizeClass) -> Vec<Rule> {
    let mut rules = sig_structure_rules();
    rules.extend(mso_rules());
    rules.extend(other_key_rules());
    (0..class.slots).for_each(|index| rules.extend(namespace_rules(index)));
    (0..class.slots).for_each(|slot| rules.extend(item_rules(slot)));
    rules
}

fn sig_structure_rules() -> Vec<Rule> {
    use state::{EXTERNAL_AAD, MSO, MSO_BYTES, PAYLOAD, PROTECTED, SIGNED, root};
    let sig_structure = text::SIG_STRUCTURE;
    let mut rules = vec![
        Rule::found(root(0), kind::ARRAY, sig_structure, root(0)),
        Rule::found(sig_structure, kind::TEXT, text::SIGNATURE_1, PROTECTED),
        Rule::found(PROTECTED, kind::BYTES, text::PROTECTED, EXTERNAL_AAD),
        Rule::found(EXTERNAL_AAD, kind::BYTES, text::EXTERNAL_AAD, SIGNED),
        Rule::embedded(SIGNED, PAYLOAD, sig_structure),
        Rule::found(PAYLOAD, kind::TAG, text::MSO_TAG, PAYLOAD),
        Rule::embedded(text::MSO_TAG, MSO_BYTES, text::MSO_TAG),
        Rule::inner(MSO_BYTES, kind::MAP, MSO, MSO_BYTES),
    ];
    rules.extend(Rule::any(state::ANY, state::ANY));
    rules
}

fn mso_rules() -> Vec<Rule> {
    use state::{DEVICE_KEY, DEVICE_KEY_INFO, MSO, VALIDITY_INFO, VALUE_DIGESTS};
    let mut rules = vec![
        Rule::found(text::VERSION, kind::TEXT, text::VERSION_VALUE, MSO),
        Rule::found(text::DIGEST_ALGORITHM, kind::TEXT, text::DIGEST_ALGORITHM_VALUE, MSO),
        Rule::found(text::DOC_TYPE, kind::TEXT, text::DOC_TYPE_VALUE, MSO),
        Rule::inner(text::VALUE_DIGESTS, kind::MAP, VALUE_DIGESTS, MSO),
        Rule::inner(text::DEVICE_KEY_INFO, kind::MAP, DEVICE_KEY_INFO, MSO),
        Rule::inner(text::VALIDITY_INFO, kind::MAP, VALIDITY_INFO, MSO),
        Rule::inner(text::DEVICE_KEY, kind::MAP, DEVICE_KEY, DEVICE_KEY_INFO),
        Rule::found(text::KTY, kind::UNSIGNED, text::KTY_VALUE, DEVICE_KEY),
        Rule::found(text::CRV, kind::UNSIGNED, text::CRV_VALUE, DEVICE_KEY),
        Rule::found(text::X, kind::BYTES, field::DEVICE_KEY_X, DEVICE_KEY),
        Rule::found(text::Y, kind::BYTES, field::DEVICE_KEY_Y, DEVICE_KEY),
    ];
    rules.extend(strings::TEXT_KEYS.map(|(map, number, _)| Rule::key(map, kind::TEXT, number)));
    rules.extend(strings::LABELS.map(|(number, label)| {
        let kind = if label < 0 { kind::NEGATIVE } else { kind::UNSIGNED };
        Rule::key(DEVICE_KEY, kind, number)
    }));
    let dates = [
        (text::SIGNED, date::SIGNED),
        (text::VALID_FROM, date::VALID_FROM),
        (text::VALID_UNTIL, date::VALID_UNTIL),
    ];
    for (key, date) in dates {
        let tag = text::date_tag(date);
        rules.push(Rule::found(key, kind::TAG, tag, VALIDITY_INFO));
        rules.push(Rule::found(tag, kind::TEXT, text::date(date), tag));
    }
    rules
}

/// Rules for the keys of the MSO's maps that are not asked for, and for what stands behind them.
/// Labels of 2^32 or more are not read, so they have no rule.
fn other_key_rules() -> Vec<Rule> {
    let found =
        OTHER_KEYS.map(|(map, kind, number)| Rule::found(map, kind, number, state::other(map)));
    let mut rules = found.to_vec();
    for map in [
        state::MSO,
        state::VALUE_DIGESTS,
        state::DEVICE_KEY_INFO,
        state::DEVICE_KEY,
        state::VALIDITY_INFO,
    ] {
        let is_compared = |kind: u64| {
            OTHER_KEYS.iter().any(|other| (other.0, other.1) == (map, kind & !kind::LONG))
        };
        let unlike = kind::ALL.into_iter().filter(|&kind| !is_compared(kind));
        rules.extend(unlike.map(|kind| Rule::inner(map, kind, state::ANY, state::other(map))));
        rules.extend(Rule::any(state::other(map), map));
    }
    rules
}

fn namespace_rules(index: usize) -> Vec<Rule> {
    let (name, namespace, digest) =
        (text::namespace(index), state::namespace(index), state::digest(index));
    let found = Rule::found(digest, kind::BYTES, field::digest(index), namespace);
    vec![
        Rule::key(state::VALUE_DIGESTS, kind::TEXT, name),
        Rule::inner(name, kind::MAP, namespace, state::VALUE_DIGESTS),
        Rule::inner(namespace, kind::UNSIGNED, state::ANY, digest),
        Rule { finding: Finding::Digest, ..found },
    ]
}

fn item_rules(slot: usize) -> Vec<Rule> {
    let (root, tag, bytes) = (state::root(1 + slot), text::item_tag(slot), state::item_bytes(slot));
    let item = text::item_map(slot);
    let keys = [text::digest_id, text::random, text::element_identifier, text::element_value];
    let mut rules = vec![
        Rule::found(root, kind::TAG, tag, root),
        Rule::embedded(tag, bytes, tag),
        Rule::found(bytes, kind::MAP, item, bytes),
        Rule::found(text::digest_id(slot), kind::UNSIGNED, field::digest_id(slot), item),
        Rule::found(text::random(slot), kind::BYTES, text::random_value(slot), item),
        Rule::found(text::element_identifier(slot), kind::TEXT, text::element(slot), item),
    ];
    rules.extend(keys.map(|key| Rule::key(item, kind::TEXT, key(slot))));
    rules.extend(value_rules(slot, item));
    rules
}

/// Rules for an `elementValue`. A scalar is found by its head. This also holds for a scalar under a
/// tag, and then the tag is found as well. Any other item is found whole. What stands under a tag
/// may be found whole in any case.
fn value_rules(slot: usize, item: u64) -> Vec<Rule> {
    let (value, tag) = (text::element_value(slot), field::value_tag(slot));
    let scalars = |state, next| {
        SCALARS
            .map(|(kind, found)| Rule::found(state, kind, field::element_value(slot, found), next))
    };
    let encoded = field::element_value(slot, ValueKind::Encoded);
    let whole = kind::ALL.into_iter().filter(|kind| !is_scalar(*kind)).map(|kind| {
        let found = Rule::found(value, kind, encoded, item);
        Rule { finding: Finding::Item, ..found }
    });
    let mut rules: Vec<_> = whole.collect();
    rules.extend(Rule::any(encoded, encoded));
    rules.extend(scalars(value, item));
    rules.push(Rule::found(value, kind::TAG, tag, item));
    rules.extend(scalars(tag, tag));
    rules
}

/// Kinds of items that are found by their heads, and what they are as values.
const SCALARS: [(u64, ValueKind); 4] = [
    (kind::UNSIGNED, ValueKind::Unsigned),
    (kind::NEGATIVE, ValueKind::Negative),
    (kind::BYTES, ValueKind::Bytes),
    (kind::TEXT, ValueKind::Text),
];

/// Whether an item of this kind is a scalar, so that it is found by its head also under a tag.
pub(crate) fn is_scalar(kind: u64) -> bool {
    SCALARS.iter().any(|(scalar, _)| *scalar == kind)
}
