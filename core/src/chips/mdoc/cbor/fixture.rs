//! Real documents, unchanged or altered, with the CBOR, text, keys and range tables filled from
//! them. A partner stands in for the bytes, links, record and values chips.

use ciborium::Value;
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use velum_stark::air::testing::Partner;
use velum_stark::air::{Trace, check, fill_multiplicities};
use velum_stark::field::F;
use velum_testdata::{Case, MUSTERMANN, sig_structure};

use crate::chips::buses::{
    BYTES, CBOR_OPEN, DATE, DIGEST_AT, FIELD, FINGERPRINT, STREAM_END, date, field, root,
};
use crate::chips::common::bytes::BytesChip;
use crate::chips::common::fingerprint;
use crate::chips::common::range::RangeChip;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::cbor::tree::Item;
use crate::chips::mdoc::cbor::{CborChip, Tree, TreeError};
use crate::chips::mdoc::grammar::{state, text};
use crate::chips::mdoc::keys::KeysChip;
use crate::chips::mdoc::text::TextChip;
use crate::class::{STANDARD, SizeClass};
use crate::statement::{ElementName, PublicKey, Subject};
use crate::suite::Suite;
use crate::value::{DATE_TIME, SlotValue, ValueKind};

velum_stark::chip_enum! {
    pub(crate) enum Table {
        Cbor(CborChip), Text(TextChip), Keys(KeysChip), Range(RangeChip), Bytes(BytesChip), Partner(Partner),
    }
}

/// Index of the CBOR table among the tables of a [`World`].
pub(crate) const CBOR: usize = 0;
/// Index of the text table.
pub(crate) const TEXT: usize = 1;
/// Index of the keys table.
pub(crate) const KEYS: usize = 2;

/// Number of bytes of a `Sig_structure` before the tag-24 MSO, if the MSO has 256 to 65,535 bytes.
const SIG_STRUCTURE_PREFIX: usize = 20;

/// Longest map key whose fingerprint the partner provides.
const LONGEST_KEY: u64 = 80;

/// A subject and the messages of its streams.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) subject: Subject,
    pub(crate) messages: Vec<Vec<u8>>,
}

/// Filled tables.
pub(crate) struct Tables {
    pub(crate) chips: Vec<Table>,
    pub(crate) traces: Vec<Trace>,
}

impl Tables {
    /// The rules that fail after the multiplicities are set to what the lookups ask for.
    pub(crate) fn rules(&mut self) -> Vec<String> {
        fill_multiplicities(&self.chips, &mut self.traces);
        check(&self.chips, &self.traces).rules()
    }

    pub(crate) fn partner(&mut self) -> &mut Partner {
        match self.chips.last_mut() {
            Some(Table::Partner(partner)) => partner,
            _ => unreachable!("the partner is the last table"),
        }
    }
}

impl World {
    /// The named elements of a real document, in the smallest class.
    pub(crate) fn of(case: &Case, elements: &[&str]) -> Self {
        let signed = case.issuer_signed();
        let items: Vec<_> = elements
            .iter()
            .map(|element| {
                signed.items.iter().find(|item| item.identifier == *element).expect("held")
            })
            .collect();
        let names = items.iter().map(|item| ElementName {
            namespace: item.namespace.clone(),
            element: item.identifier.clone(),
        });
        let subject = Subject {
            suite: Suite::Direct,
            class: STANDARD,
            doc_type: case.facts().doc_type,
            issuer: PublicKey { x: [0; 32], y: [0; 32] },
            elements: names.collect(),
        };
        let items = items.iter().map(|item| item.bytes.clone());
        Self { subject, messages: std::iter::once(signed.sig_structure).chain(items).collect() }
    }

    /// `birth_date` and `age_over_18` of the Mustermann document.
    pub(crate) fn mustermann() -> Self {
        Self::of(&MUSTERMANN, &["birth_date", "age_over_18"])
    }

    pub(crate) fn in_class(mut self, class: SizeClass) -> Self {
        self.subject.class = class;
        self
    }

    /// Replaces the bytes `from` in a stream, where they occur exactly once, by `to`.
    pub(crate) fn with(mut self, stream: usize, from: &[u8], to: &[u8]) -> Self {
        assert_eq!(from.len(), to.len(), "lengths around it would be wrong");
        let message = &mut self.messages[stream];
        let places: Vec<_> = (0..=message.len() - from.len())
            .filter(|&at| message[at..].starts_with(from))
            .collect();
        assert_eq!(places.len(), 1, "{from:x?} stands once");
        message[places[0]..][..to.len()].copy_from_slice(to);
        self
    }

    /// Changes the MSO as a CBOR value.
    pub(crate) fn with_mso(mut self, change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Self {
        let payload = &self.messages[0][SIG_STRUCTURE_PREFIX..];
        let Value::Tag(24, content) = ciborium::from_reader(payload).unwrap() else {
            panic!("tag 24")
        };
        let mso = change_map(content.as_bytes().unwrap(), change);
        self.messages[0] = sig_structure(&encode(&Value::Tag(24, Box::new(Value::Bytes(mso)))));
        self
    }

    /// Changes an item as a CBOR value.
    pub(crate) fn with_item(
        mut self,
        slot: usize,
        change: impl FnOnce(&mut Vec<(Value, Value)>),
    ) -> Self {
        let Value::Tag(24, content) =
            ciborium::from_reader(self.messages[1 + slot].as_slice()).unwrap()
        else {
            panic!("tag 24")
        };
        let item = change_map(content.as_bytes().unwrap(), change);
        self.messages[1 + slot] = encode(&Value::Tag(24, Box::new(Value::Bytes(item))));
        self
    }

    /// Writes every head of the MSO and of the items with this many bytes behind the initial byte,
    /// if such a head exists.
    pub(crate) fn with_long_heads(mut self, argument_bytes: usize) -> Self {
        let lengthened = |bytes: &[u8]| {
            let Value::Tag(24, content) = ciborium::from_reader(bytes).unwrap() else {
                panic!("tag 24")
            };
            let inner: Value =
                ciborium::from_reader(content.as_bytes().unwrap().as_slice()).unwrap();
            let inner = Value::Bytes(encode_long(&inner, argument_bytes));
            encode_long(&Value::Tag(24, Box::new(inner)), argument_bytes)
        };
        let mso = lengthened(&self.messages[0][SIG_STRUCTURE_PREFIX..]);
        self.messages[0] = sig_structure(&mso);
        self.messages[1..].iter_mut().for_each(|item| *item = lengthened(item));
        self
    }

    pub(crate) fn streams(&self) -> Streams {
        let messages: Vec<_> = self.messages.iter().map(Vec::as_slice).collect();
        Streams::new(self.subject.class, &messages).unwrap()
    }

    pub(crate) fn try_tree(&self) -> Result<Tree, TreeError> {
        Tree::parse(&self.subject, &self.streams())
    }

    pub(crate) fn tree(&self) -> Tree {
        self.try_tree().unwrap()
    }

    /// The tables filled from the unchanged streams.
    pub(crate) fn tables(&self) -> Tables {
        self.tables_of(&self.tree())
    }

    /// The tables filled from a tree that may be forged. The partner provides only what the bytes
    /// really are.
    pub(crate) fn tables_of(&self, tree: &Tree) -> Tables {
        let (streams, class) = (self.streams(), self.subject.class);
        let cbor = CborChip::new(class);
        let text = TextChip::new(&self.subject).unwrap();
        let keys = KeysChip::new(&self.subject);
        let partner = self.partner(tree);
        let traces = vec![
            cbor.trace(tree),
            text.trace(tree, &streams),
            keys.trace(tree).unwrap(),
            RangeChip.trace(),
            partner.trace(),
        ];
        let chips = vec![
            Table::Cbor(cbor),
            Table::Text(text),
            Table::Keys(keys),
            Table::Range(RangeChip),
            Table::Partner(partner),
        ];
        Tables { chips, traces }
    }

    /// The tables filled from the unchanged streams. The bytes table replaces the bytes that the
    /// partner provides.
    pub(crate) fn tables_with_bytes(&self) -> Tables {
        let (tree, streams, class) = (self.tree(), self.streams(), self.subject.class);
        let mut tables = self.tables_of(&tree);
        for bytes in BytesChip::tables(class) {
            let place = tables.chips.len() - 1;
            tables.traces.insert(place, bytes.trace(&streams, &tree.fingerprint_starts()));
            tables.chips.insert(place, Table::Bytes(bytes));
        }
        let partner = tables.partner();
        partner.provided.clear();
        for stream in 0..class.streams() {
            let [block, length] =
                [streams.final_block(stream), streams.length(stream)].map(|end| end as u64);
            partner.receive(STREAM_END, &[stream as u64, block, length]);
        }
        let trace = tables.partner().trace();
        if let Some(last) = tables.traces.last_mut() {
            *last = trace;
        }
        tables
    }

    /// The rules that fail when the tables are filled from the unchanged streams.
    pub(crate) fn rules(&self) -> Vec<String> {
        self.tables().rules()
    }

    /// The rules that fail when the tables are filled from the tree after `forge` has changed it.
    pub(crate) fn rules_of(&self, forge: impl FnOnce(&mut Tree)) -> Vec<String> {
        let mut tree = self.tree();
        forge(&mut tree);
        self.tables_of(&tree).rules()
    }

    fn partner(&self, tree: &Tree) -> Partner {
        let mut partner = Partner::default();
        self.bytes(tree, &mut partner);
        for (stream, message) in self.messages.iter().enumerate() {
            let start = self.subject.class.stream_start(stream) as u64;
            let (root, state) = (root(stream), state::root(stream));
            partner.send(CBOR_OPEN, &[start, root, 1, state]);
            partner.receive(CBOR_OPEN, &[start + message.len() as u64, root, 0, state]);
        }
        self.findings(tree, &mut partner);
        partner
    }

    /// What the bytes chip provides.
    fn bytes(&self, tree: &Tree, partner: &mut Partner) {
        let streams = self.streams();
        let byte = |position: u64| u64::from(streams.byte(position as usize));
        for position in 0..self.subject.class.stream_start(self.subject.class.streams()) as u64 {
            let mut value = 0;
            for length in 1..=4 {
                value = value << 8 | byte(position + length - 1);
                if length != 3 {
                    partner.provide(BYTES, &[position, length, value]);
                }
            }
        }
        for start in tree.fingerprint_starts() {
            let (start, mut print) = (start as u64, fingerprint::START);
            for end in start + 1..start + LONGEST_KEY {
                print = fingerprint::extend(print, byte(end - 1) as u8);
                partner.provide(FINGERPRINT, &[start, end, print.as_canonical_u64()]);
            }
        }
    }

    /// What the links, record and values chips ask for: each field, date and digest once.
    fn findings(&self, tree: &Tree, partner: &mut Partner) {
        let slots = 0..self.subject.elements.len();
        let mut fields = vec![field::DEVICE_KEY_X, field::DEVICE_KEY_Y];
        fields.extend(slots.clone().map(field::digest_id));
        for number in fields {
            let [a, b] = tree.field(number).unwrap_or_default();
            partner.receive(FIELD, &[number, a, b]);
        }
        slots.clone().for_each(|slot| self.value_findings(tree, slot, partner));
        for date in [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL] {
            partner.receive(DATE, &[date, self.date(tree, date).as_canonical_u64()]);
        }
        for slot in slots {
            let namespace = self.subject.namespace_index(slot).unwrap();
            let [_, digest_id] = tree.field(field::digest_id(slot)).unwrap_or_default();
            let position = tree.digest_position(namespace, digest_id).unwrap_or_default();
            partner.send(DIGEST_AT, &[namespace as u64, digest_id, position]);
        }
    }

    /// What the values chip asks for, once per slot.
    fn value_findings(&self, tree: &Tree, slot: usize, partner: &mut Partner) {
        let encoding = self.value(tree, slot);
        let kind = SlotValue::read(&encoding).kind;
        let number = field::element_value(slot, kind.found());
        let [position, argument] = tree.field(number).unwrap_or_default();
        partner.receive(FIELD, &[number, position, argument]);
        if let Some([behind, tag]) = tree.field(field::value_tag(slot)) {
            partner.receive(FIELD, &[field::value_tag(slot), behind, tag]);
        }
        if kind == ValueKind::DateTime {
            partner.send(FIELD, &[field::date_time(slot), position, argument]);
        }
    }

    /// The encoding of the `elementValue` of a slot, if it was found.
    pub(crate) fn value(&self, tree: &Tree, slot: usize) -> Vec<u8> {
        let is_of_key = |item: &&Item| item.state == text::element_value(slot);
        let Some(item) = tree.items.iter().find(is_of_key) else { return Vec::new() };
        let streams = self.streams();
        (item.position..item.end).map(|at| streams.byte(at as usize)).collect()
    }

    /// The number of a date, read where the tree says that the date is, even if no digits stand
    /// there.
    pub(crate) fn date(&self, tree: &Tree, date: u64) -> F {
        let start = tree.text_start(text::date(date)).unwrap_or_default() as usize;
        let streams = self.streams();
        let digits = DATE_TIME.iter().enumerate().filter(|(_, form)| **form == b'd');
        let digits =
            digits.map(|(index, _)| F::from_u8(streams.byte(start + index)) - F::from_u8(b'0'));
        digits.fold(F::ZERO, |number, digit| number * F::from_u8(10) + digit)
    }
}

fn change_map(content: &[u8], change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    let mut value: Value = ciborium::from_reader(content).unwrap();
    change(value.as_map_mut().unwrap());
    encode(&value)
}

pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Encodes a value with arguments of this many bytes. Simple values keep their encoding.
fn encode_long(value: &Value, argument_bytes: usize) -> Vec<u8> {
    let encode_long = |value: &Value| encode_long(value, argument_bytes);
    let head = |major: u8, argument: u64| {
        let information = 24 + argument_bytes.ilog2() as u8;
        let mut head = vec![major << 5 | information];
        head.extend_from_slice(&argument.to_be_bytes()[8 - argument_bytes..]);
        head
    };
    match value {
        Value::Integer(integer) => {
            let integer = i128::from(*integer);
            if integer < 0 { head(1, (-1 - integer) as u64) } else { head(0, integer as u64) }
        }
        Value::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
        Value::Text(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
        Value::Array(items) => std::iter::once(head(4, items.len() as u64))
            .chain(items.iter().map(encode_long))
            .flatten()
            .collect(),
        Value::Map(entries) => {
            let entries =
                entries.iter().flat_map(|(key, value)| [encode_long(key), encode_long(value)]);
            std::iter::once(head(5, entries.clone().count() as u64 / 2))
                .chain(entries)
                .flatten()
                .collect()
        }
        Value::Tag(tag, content) => [head(6, *tag), encode_long(content)].concat(),
        simple => encode(simple),
    }
}

/// The value of a text key.
pub(crate) fn at<'a>(map: &'a mut [(Value, Value)], key: &str) -> &'a mut Value {
    &mut map.iter_mut().find(|(name, _)| name.as_text() == Some(key)).unwrap().1
}
