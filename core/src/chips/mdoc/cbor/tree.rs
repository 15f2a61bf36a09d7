//! From streams to data items: a strict cursor over the original bytes (RFC 8949, 3).
//!
//! A [`Tree`] is laid out for every stream that has a layout, whether the stream is right or wrong.
//! If an item is not what its place asks for, the tables that are filled from the tree fail a
//! constraint or a bus. Only a stream without any layout is a [`TreeError`].

use std::collections::{BTreeMap, HashMap};

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use velum_stark::field::F;
use zeroize::Zeroize;

use super::CAPACITY;
use super::head::Head;
use crate::chips::buses::{field, root};
use crate::chips::common::fingerprint::fingerprint;
use crate::chips::common::streams::Streams;
use crate::chips::mdoc::grammar::{
    Finding, OTHER_KEYS, Rule, Shape, SubjectError, Text, is_scalar, kind, rules, state, texts,
};
use crate::statement::Subject;
use crate::value::ValueKind;

/// Reasons why streams have no layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// An item does not end within its stream.
    #[error("stream {stream}: the CBOR data item at byte {offset} is cut off")]
    Truncated {
        /// The stream.
        stream: usize,
        /// Offset of the item in the stream.
        offset: usize,
    },
    /// A head is not well formed, has an indefinite length, or has a length, count or tag of 2^32
    /// or more.
    #[error(
        "stream {stream}: the CBOR head at byte {offset} is reserved, or it has an indefinite \
         length or a length, count or tag of 2^32 or more"
    )]
    Head {
        /// The stream.
        stream: usize,
        /// Offset of the head in the stream.
        offset: usize,
    },
    /// A text key is empty, in the MSO or in its map `valueDigests`, `deviceKeyInfo` or
    /// `validityInfo`.
    #[error("stream {stream}: the map key at byte {offset} is empty")]
    EmptyKey {
        /// The stream.
        stream: usize,
        /// Offset of the key in the stream.
        offset: usize,
    },
    /// The streams have more items than the CBOR table has rows.
    #[error("too many CBOR items: the table holds {limit}")]
    TooManyItems {
        /// The largest number of items.
        limit: usize,
    },
    /// The maps have more keys of one kind than the keys table has groups.
    #[error("too many map keys of one kind: the table holds {limit}")]
    TooManyKeys {
        /// The largest number of keys of that kind.
        limit: usize,
    },
    /// The subject is out of bounds.
    #[error(transparent)]
    Subject(#[from] SubjectError),
}

/// One data item: the content of a row of the CBOR table. Positions are those of the buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub(crate) struct Item {
    /// Position of the initial byte.
    pub(crate) position: u64,
    /// The initial byte.
    pub(crate) initial: u8,
    /// Kind of the item.
    pub(crate) kind: u64,
    /// Number of argument bytes behind the initial byte.
    pub(crate) length: u8,
    /// Whether the argument bytes are read.
    pub(crate) reads: bool,
    /// Whether the argument has eight bytes of which the first four are zero.
    pub(crate) is_long: bool,
    /// The argument. If it is not read, it is what the initial byte adds to the kind.
    pub(crate) argument: u64,
    /// Position behind the last byte.
    pub(crate) end: u64,
    /// Row of the parent, or the root of the stream.
    pub(crate) parent: u64,
    /// Number of the parent's children still to come, including this one.
    pub(crate) remaining: u64,
    /// State that the item stands in.
    pub(crate) state: u64,
    /// Number that the grammar gives the item.
    pub(crate) number: u64,
    /// State of the next sibling.
    pub(crate) next: u64,
    /// Shape that the grammar gives the item.
    #[zeroize(skip)]
    pub(crate) shape: Shape,
    /// What other tables learn of the item.
    #[zeroize(skip)]
    pub(crate) finding: Finding,
}

impl Item {
    /// Position behind the head.
    pub(crate) fn content(&self) -> u64 {
        self.position + 1 + u64::from(self.length)
    }

    /// Number of children that the head states.
    fn children(&self) -> u64 {
        self.shape.children(self.argument)
    }
}

/// A key that is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub(crate) struct OtherKey {
    /// Number of the key's sort.
    pub(crate) number: u64,
    /// Position behind the head.
    pub(crate) start: u64,
    /// The argument.
    pub(crate) argument: u64,
    /// Canonical form of what tells the key from other keys of its map: the fingerprint of a text,
    /// or a label as it is.
    pub(crate) code: u64,
}

/// The data items of all streams in the order of their positions, the places of the expected texts,
/// and the keys that are not asked for. Zeroised when dropped.
pub(crate) struct Tree {
    pub(crate) items: Vec<Item>,
    pub(crate) texts: BTreeMap<u64, u64>,
    pub(crate) other_keys: Vec<OtherKey>,
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.items.zeroize();
        self.other_keys.zeroize();
    }
}

impl Tree {
    /// Reads the streams by the grammar of `subject`. Each stream is one item. Stream 0 is the
    /// `Sig_structure`, and the others are the tag-24 items of the slots in use.
    ///
    /// The function does not check that the items are those asked for.
    ///
    /// # Errors
    ///
    /// [`TreeError`] if a stream has no layout.
    pub(crate) fn parse(subject: &Subject, streams: &Streams) -> Result<Self, TreeError> {
        let mut parser = Parser::new(subject, streams)?;
        (0..=subject.elements.len()).try_for_each(|stream| parser.stream(stream))?;
        Ok(parser.tree)
    }

    /// Position behind the head of an expected text, if the text was found.
    pub(crate) fn text_start(&self, text: u64) -> Option<u64> {
        self.texts.get(&text).copied()
    }

    /// `[namespace, digestID, position]` of every digest in a namespace asked for.
    pub(crate) fn digest_entries(&self) -> Vec<[F; 3]> {
        let digests =
            (0..self.items.len()).filter(|&row| self.items[row].finding == Finding::Digest);
        let entry = |row| {
            let [position, digest_id] = self.found(row);
            let namespace = F::from_u64(self.items[row].number) - F::from_u64(field::digest(0));
            [namespace, F::from_u64(digest_id), F::from_u64(position)]
        };
        digests.map(entry).collect()
    }

    /// The two values that the finding of a row carries.
    fn found(&self, row: usize) -> [u64; 2] {
        let item = &self.items[row];
        match item.finding {
            Finding::None | Finding::Head => [item.content(), item.argument],
            Finding::Item => [item.position, item.end.wrapping_sub(item.position)],
            Finding::Digest => {
                let above = row.checked_sub(1).and_then(|above| self.items.get(above));
                [item.content(), above.map_or(0, |key| key.argument)]
            }
        }
    }

    /// The two values of a text or field on [`FIELD`](crate::chips::buses::FIELD), if it was found.
    pub(crate) fn field(&self, number: u64) -> Option<[u64; 2]> {
        let is_found = |item: &Item| item.number == number && item.finding != Finding::None;
        self.items.iter().position(is_found).map(|row| self.found(row))
    }

    /// The `elementValue` of a slot, if it was found: the position behind its tag if it is a tagged
    /// scalar, and its two values on [`FIELD`](crate::chips::buses::FIELD).
    pub(crate) fn value(&self, slot: usize, kind: ValueKind) -> Option<(Option<u64>, [u64; 2])> {
        let value = self.field(field::element_value(slot, kind.found()))?;
        Some((self.field(field::value_tag(slot)).map(|[position, _]| position), value))
    }

    /// Position of the digest with this digestID in an asked namespace, if it was found.
    pub(crate) fn digest_position(&self, namespace: usize, digest_id: u64) -> Option<u64> {
        let is_entry = |row: usize| {
            let item = &self.items[row];
            item.finding == Finding::Digest && item.number == field::digest(namespace)
        };
        let mut entries =
            (0..self.items.len()).filter(|&row| is_entry(row)).map(|row| self.found(row));
        entries.find(|entry| entry[1] == digest_id).map(|[position, _]| position)
    }

    /// Positions at which the keys table looks up fingerprints.
    pub(crate) fn fingerprint_starts(&self) -> Vec<usize> {
        let is_text = |key: &&OtherKey| {
            OTHER_KEYS.iter().any(|&(_, kind, number)| number == key.number && kind == kind::TEXT)
        };
        self.other_keys.iter().filter(is_text).map(|key| key.start as usize).collect()
    }
}

/// The reading of an initial byte that an honest prover uses, given the bytes behind it: a head
/// with eight argument bytes is read as a small number whenever possible.
fn head_of(initial: u8, behind: &[u8]) -> Option<Head> {
    let is_small = behind.starts_with(&[0; 4]);
    Head::of(initial).find(|head| is_small || !head.is_long)
}

/// Whether an integer, a byte string or a text begins at the start of `bytes`.
fn starts_scalar(bytes: &[u8]) -> bool {
    let Some((&initial, behind)) = bytes.split_first() else { return false };
    head_of(initial, behind).is_some_and(|head| is_scalar(head.kind))
}

/// A container whose children are being read.
struct Level {
    /// Row of the container. `None` for the root level of a stream.
    row: Option<usize>,
    /// Parent, remaining count and state of the next child.
    parent: u64,
    remaining: u64,
    state: u64,
}

struct Parser<'a> {
    streams: &'a Streams,
    rules: HashMap<u64, Vec<Rule>>,
    texts: BTreeMap<u64, Text>,
    tree: Tree,
}

impl<'a> Parser<'a> {
    fn new(subject: &Subject, streams: &'a Streams) -> Result<Self, TreeError> {
        let mut by_state: HashMap<_, Vec<Rule>> = HashMap::new();
        rules(&subject.class)
            .into_iter()
            .for_each(|rule| by_state.entry(rule.state).or_default().push(rule));
        let texts = texts(subject)?.into_iter().map(|text| (text.number, text)).collect();
        let tree = Tree { items: Vec::new(), texts: BTreeMap::new(), other_keys: Vec::new() };
        Ok(Self { streams, rules: by_state, texts, tree })
    }

    /// Reads the one item that a stream should consist of.
    fn stream(&mut self, stream: usize) -> Result<(), TreeError> {
        let mut at = 0;
        let mut levels = vec![Level {
            row: None,
            parent: root(stream),
            remaining: 1,
            state: state::root(stream),
        }];
        while let Some(level) = levels.last() {
            let item = self.item(stream, at, level)?;
            let row = self.tree.items.len();
            if row == CAPACITY {
                return Err(TreeError::TooManyItems { limit: CAPACITY });
            }
            self.tree.items.push(item);
            let children = item.children();
            if children > 0 {
                at = self.offset(stream, item.content());
                levels.push(Level {
                    row: Some(row),
                    parent: row as u64,
                    remaining: children,
                    state: item.number,
                });
            } else {
                at = self.close(stream, row, &mut levels);
            }
        }
        Ok(())
    }

    /// Closes the item of `row` and every container whose last child it is. Returns the offset at
    /// which reading continues.
    fn close(&mut self, stream: usize, mut row: usize, levels: &mut Vec<Level>) -> usize {
        while let Some(level) = levels.last_mut() {
            let item = self.tree.items[row];
            if item.remaining > 1 {
                (level.remaining, level.state) = (level.remaining - 1, item.next);
                return self.offset(stream, item.end);
            }
            let parent = level.row;
            levels.pop();
            let Some(parent) = parent else { break };
            let container = &mut self.tree.items[parent];
            if container.shape != Shape::Embedded {
                container.end = item.end;
            }
            row = parent;
        }
        0
    }

    fn offset(&self, stream: usize, position: u64) -> usize {
        (position as usize).saturating_sub(self.streams.class().stream_start(stream))
    }

    /// Reads the item at offset `at` of a stream. The end of a container is set when its last child
    /// is read.
    fn item(&mut self, stream: usize, at: usize, level: &Level) -> Result<Item, TreeError> {
        let truncated = TreeError::Truncated { stream, offset: at };
        let bytes = self.streams.message(stream).get(at..).unwrap_or_default();
        let &[initial, ref behind @ ..] = bytes else { return Err(truncated) };
        let head = head_of(initial, behind).ok_or(TreeError::Head { stream, offset: at })?;
        let (argument_bytes, rest) =
            behind.split_at_checked(head.length.into()).ok_or(truncated.clone())?;
        let argument = if head.is_read {
            argument_bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
        } else {
            u64::from(initial) - head.kind
        };
        let is_string = matches!(head.kind, kind::BYTES | kind::TEXT);
        let string_bytes = if is_string { argument } else { 0 };
        let content = rest.get(..string_bytes as usize).ok_or(truncated)?;
        let rule = self.rule(level, head.kind, argument, content);
        let rule = if rule.kind == kind::TAG { self.rule_of_tag(rule, rest) } else { rule };
        let position = (self.streams.class().stream_start(stream) + at) as u64;
        let item = Item {
            position,
            initial,
            kind: head.kind,
            length: head.length,
            reads: head.is_read,
            is_long: head.is_long,
            argument,
            end: position + 1 + u64::from(head.length) + string_bytes,
            parent: level.parent,
            remaining: level.remaining,
            state: level.state,
            number: rule.number,
            next: rule.next,
            shape: rule.shape,
            finding: rule.finding,
        };
        if self.note(&item, content) {
            Ok(item)
        } else {
            Err(TreeError::EmptyKey { stream, offset: at })
        }
    }

    /// The rule for the next item of a level. If the item is the text of an asked key that has not
    /// occurred before, it is the rule of that key; otherwise it is the other rule of the state and
    /// kind. If there is no such rule, the item is laid out as what the state should hold, with the
    /// kind that it has.
    fn rule(&self, level: &Level, kind: u64, argument: u64, content: &[u8]) -> Rule {
        let is_asked = |rule: &&Rule| {
            let text = self.texts.get(&rule.number);
            let is_free = !self.tree.texts.contains_key(&rule.number);
            is_free && text.is_some_and(|text| text.is(argument, content))
        };
        let rules = self.rules.get(&level.state).map(Vec::as_slice).unwrap_or_default();
        let mut keys = rules.iter().filter(|rule| rule.is_key() && rule.kind == kind);
        let others = || rules.iter().filter(|rule| !rule.is_key());
        let rule = keys.find(is_asked).or_else(|| others().find(|rule| rule.kind == kind));
        let rule = rule.copied().or_else(|| others().next().map(|rule| rule.of_kind(kind)));
        rule.unwrap_or(Rule::inner(level.state, kind, state::ANY, level.state))
    }

    /// The rule for a tag. If there are two rules, a scalar behind the tag selects the rule for a
    /// tag over a scalar, and anything else selects the other.
    fn rule_of_tag(&self, rule: Rule, tagged: &[u8]) -> Rule {
        let finding = if starts_scalar(tagged) { Finding::Head } else { Finding::Item };
        let mut same = self
            .rules
            .get(&rule.state)
            .into_iter()
            .flatten()
            .filter(|other| other.kind == rule.kind);
        same.find(|other| other.finding == finding).copied().unwrap_or(rule)
    }

    /// Records the place of an expected text, or a key that is not asked for. Returns `false` if
    /// that key is an empty text.
    fn note(&mut self, item: &Item, content: &[u8]) -> bool {
        if item.finding != Finding::Head {
            return true;
        }
        if self.texts.contains_key(&item.number) {
            self.tree.texts.entry(item.number).or_insert(item.content());
        }
        let Some((_, kind, _)) = OTHER_KEYS.iter().find(|(.., number)| *number == item.number)
        else {
            return true;
        };
        let argument = F::from_u64(item.argument);
        let code = match *kind {
            kind::TEXT => fingerprint(content),
            kind::NEGATIVE => -argument - F::ONE,
            _ => argument,
        };
        let (number, start, code) = (item.number, item.content(), code.as_canonical_u64());
        self.tree.other_keys.push(OtherKey { number, start, argument: item.argument, code });
        *kind != kind::TEXT || !content.is_empty()
    }
}
