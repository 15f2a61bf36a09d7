//! From streams to data items: a strict cursor over the original bytes (RFC 8949, 3).
//!
//! A [`Tree`] is laid out for any stream that has one, right or wrong: where an item is not what its place asks for, the
//! tables filled from the tree fail a constraint or a bus. Only what has no layout at all is a [`TreeError`].

use std::collections::{BTreeMap, HashMap};

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use zeroize::Zeroize;

use crate::chips::buses;
use crate::chips::fingerprint::fingerprint;
use crate::chips::grammar::{Role, Rule, SubjectError, Text, context, path, rules, texts};
use crate::chips::streams::Streams;
use crate::field::F;
use crate::statement::Subject;

/// Bytes of a head that are read: the initial byte and an argument of up to four.
pub const HEAD_BYTES: usize = 5;

/// Streams that have no layout.
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
    /// A head that is not well formed, of indefinite length, or with a length, count or tag of eight bytes.
    #[error(
        "stream {stream}: the CBOR head at byte {offset} is reserved, of indefinite length or has an eight-byte \
         length, count or tag"
    )]
    Head {
        /// The stream.
        stream: usize,
        /// Offset of the head in the stream.
        offset: usize,
    },
    /// A text key of no bytes, in a map of the MSO or in an item.
    #[error("stream {stream}: the map key at byte {offset} is empty")]
    EmptyKey {
        /// The stream.
        stream: usize,
        /// Offset of the key in the stream.
        offset: usize,
    },
    /// More items than the CBOR table has rows for.
    #[error("too many CBOR items: the size class holds {limit}, use a larger class")]
    TooManyItems {
        /// Rows of the table.
        limit: usize,
    },
    /// More map keys of one kind than the keys table has rows for.
    #[error("too many map keys: the size class holds {limit}, use a larger class")]
    TooManyKeys {
        /// Rows of the table.
        limit: usize,
    },
    /// The subject is out of bounds.
    #[error(transparent)]
    Subject(#[from] SubjectError),
}

/// One data item: a row of the CBOR table before it is laid out in cells. Positions are those of the buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub(crate) struct Item {
    /// Position of the initial byte.
    pub(crate) position: u64,
    /// Bytes from the initial byte on, whether of the head or not.
    pub(crate) head: [u8; HEAD_BYTES],
    /// Major type.
    pub(crate) major: u8,
    /// Bytes of the argument after the initial byte.
    pub(crate) argument_bytes: u8,
    /// The argument; 0 if it has eight bytes.
    pub(crate) argument: u64,
    /// Position after the last byte.
    pub(crate) end: u64,
    /// Whether items follow as children.
    pub(crate) has_child: bool,
    /// Position of the parent, or the stream's root.
    pub(crate) parent: u64,
    /// Path of the parent.
    pub(crate) parent_path: u64,
    /// Children of the parent still to come, this one included.
    pub(crate) remaining: u64,
    /// Whether a sibling follows.
    pub(crate) more: bool,
    /// Context among the siblings.
    pub(crate) context: u64,
    /// Path by the grammar.
    pub(crate) path: u64,
    /// Role by the grammar.
    #[zeroize(skip)]
    pub(crate) role: Role,
    /// What the role speaks of; of a key, the text it is or [`context::OTHER`].
    pub(crate) detail: u64,
    /// Context of the next sibling.
    pub(crate) next: u64,
    /// Whether the item is the text of number `detail`.
    pub(crate) claims: bool,
    /// Canonical form of the fingerprint of a text key that is not asked for, of the value of a label, or of the
    /// inverse of a digest's context; else 0.
    pub(crate) auxiliary: u64,
}

impl Item {
    /// Position after the head.
    pub(crate) fn content(&self) -> u64 {
        self.position + 1 + u64::from(self.argument_bytes)
    }

    /// Number of children by the head.
    fn children(&self) -> u64 {
        match self.major {
            4 => self.argument,
            5 => 2 * self.argument,
            _ => u64::from(self.has_child),
        }
    }

    /// Whether the row shows that it is none of the keys asked for.
    pub(crate) fn is_other_key(&self) -> bool {
        match self.role {
            Role::TextKey => !self.claims && self.major == 3,
            Role::LabelKey => !self.claims && self.major <= 1,
            _ => false,
        }
    }
}

/// The data items of all streams in the order of their positions, and where the expected texts are. Zeroised when
/// dropped.
pub struct Tree {
    pub(crate) items: Vec<Item>,
    pub(crate) texts: BTreeMap<u64, u64>,
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.items.zeroize();
    }
}

impl Tree {
    /// Reads the streams, each of one item, by the grammar of `subject`: stream 0 is the `Sig_structure`, the others
    /// are the tag-24 items of the slots in use.
    ///
    /// # Errors
    ///
    /// Where a stream has no layout, see [`TreeError`]. That the items are those asked for is not checked.
    pub fn parse(subject: &Subject, streams: &Streams) -> Result<Self, TreeError> {
        let mut parser = Parser::new(subject, streams)?;
        (0..=subject.elements.len()).try_for_each(|stream| parser.stream(stream))?;
        Ok(parser.tree)
    }

    /// Position of the first byte of an expected text, if it was found.
    pub(crate) fn text_start(&self, text: u64) -> Option<u64> {
        self.texts.get(&text).copied()
    }

    /// `(namespace, digestID, position)` of every digest in a namespace asked for.
    pub(crate) fn digest_entries(&self) -> Vec<[F; 3]> {
        let digests = self.items.iter().filter(|item| item.role == Role::Digest);
        let entry = |item: &Item| {
            let digest_id = F::from_u64(item.context) - F::from_u64(context::DIGEST_ID);
            [F::from_u64(item.detail), digest_id, F::from_u64(item.content())]
        };
        digests.map(entry).collect()
    }

    /// What the tree tells of a field: its two values on [`FIELD`](buses::FIELD), if it was found.
    pub fn field(&self, number: u64) -> Option<[u64; 2]> {
        self.items.iter().filter(|item| item.detail == number).find_map(|item| match item.role {
            Role::Coordinate => Some([item.content(), 32]),
            Role::DigestId => Some([item.argument, 0]),
            Role::Value => Some([item.position, item.end - item.position]),
            _ => None,
        })
    }

    /// Position of the digest with this digestID in a namespace asked for, if it was found.
    pub fn digest_position(&self, namespace: usize, digest_id: u64) -> Option<u64> {
        let wanted = [F::from_usize(namespace), F::from_u64(digest_id)];
        let entry = self.digest_entries().into_iter().find(|entry| entry[..2] == wanted)?;
        Some(entry[2].as_canonical_u64())
    }

    /// Map and code of every key that is not asked for.
    pub(crate) fn other_keys(&self) -> Vec<(u64, F)> {
        let others = self.items.iter().filter(|item| item.is_other_key());
        others.map(|item| (item.parent_path, F::from_u64(item.auxiliary))).collect()
    }

    /// Positions from which the table looks up fingerprints.
    pub fn fingerprint_starts(&self) -> Vec<usize> {
        let texts = self.items.iter().filter(|item| item.role == Role::TextKey && item.is_other_key());
        texts.map(|item| item.content() as usize).collect()
    }
}

/// What a label is told apart by: the number it is; of what is no integer, the argument.
fn label_code(item: &Item) -> F {
    let argument = F::from_u64(item.argument);
    if item.major == 1 { -argument - F::ONE } else { argument }
}

/// A container whose children are being read.
struct Level {
    /// Index of its item; none for a stream's root level.
    item: Option<usize>,
    /// What the next child is told.
    parent: u64,
    parent_path: u64,
    remaining: u64,
    context: u64,
}

struct Parser<'a> {
    streams: &'a Streams,
    rules: HashMap<(u64, u64), Rule>,
    /// Texts that are keys, by their map.
    keys: Vec<(u64, Text)>,
    capacity: usize,
    tree: Tree,
}

impl<'a> Parser<'a> {
    fn new(subject: &Subject, streams: &'a Streams) -> Result<Self, TreeError> {
        let rules: HashMap<_, _> =
            rules(&subject.class).into_iter().map(|rule| ((rule.parent, rule.context), rule)).collect();
        let texts = texts(subject)?;
        let map_of =
            |text: &Text| rules.values().find(|rule| rule.context == text.number).map(|rule| rule.parent);
        let keys = texts.into_iter().filter_map(|text| Some((map_of(&text)?, text))).collect();
        let tree = Tree { items: Vec::new(), texts: BTreeMap::new() };
        Ok(Self { streams, rules, keys, capacity: super::capacity(&subject.class), tree })
    }

    /// Reads the one item that a stream should be.
    fn stream(&mut self, stream: usize) -> Result<(), TreeError> {
        let mut at = 0;
        let mut levels = vec![Level {
            item: None,
            parent: buses::root(stream),
            parent_path: path::ROOT,
            remaining: 1,
            context: stream as u64,
        }];
        while let Some(level) = levels.last() {
            let item = self.item(stream, at, level)?;
            let index = self.tree.items.len();
            if index == self.capacity {
                return Err(TreeError::TooManyItems { limit: self.capacity });
            }
            self.tree.items.push(item);
            if item.has_child {
                at = self.offset(stream, item.content());
                levels.push(Level {
                    item: Some(index),
                    parent: item.position,
                    parent_path: item.path,
                    remaining: item.children(),
                    context: context::FIRST,
                });
            } else {
                at = self.close(stream, index, &mut levels);
            }
        }
        Ok(())
    }

    /// Ends the item at `index` and every container it is the last child of; returns the offset to go on from.
    fn close(&mut self, stream: usize, mut index: usize, levels: &mut Vec<Level>) -> usize {
        while let Some(level) = levels.last_mut() {
            let item = self.tree.items[index];
            if item.more {
                (level.remaining, level.context) = (level.remaining - 1, item.next);
                return self.offset(stream, item.end);
            }
            let parent = level.item;
            levels.pop();
            let Some(parent) = parent else { break };
            let container = &mut self.tree.items[parent];
            if container.role != Role::Embedded {
                container.end = item.end;
            }
            index = parent;
        }
        0
    }

    fn offset(&self, stream: usize, position: u64) -> usize {
        (position as usize).saturating_sub(self.streams.class().stream_start(stream))
    }

    /// The item at offset `at` of a stream; a container's end is set when its last child is read.
    fn item(&mut self, stream: usize, at: usize, level: &Level) -> Result<Item, TreeError> {
        let truncated = TreeError::Truncated { stream, offset: at };
        let bytes = self.streams.message(stream).get(at..).filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or(truncated.clone())?;
        let position = self.streams.class().stream_start(stream) + at;
        let head = std::array::from_fn(|i| self.streams.byte(position + i));
        let (major, information) = (head[0] >> 5, head[0] & 31);
        let argument_bytes = match information {
            0..24 => 0,
            24..27 => 1 << (information - 24),
            27 if matches!(major, 0 | 1 | 7) => 8,
            _ => return Err(TreeError::Head { stream, offset: at }),
        };
        let argument = match argument_bytes {
            0 => u64::from(information),
            8 => 0,
            length => {
                head[1..=usize::from(length)].iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
            }
        };
        let content_bytes = if matches!(major, 2 | 3) { argument } else { 0 };
        if bytes.len() as u64 <= u64::from(argument_bytes) + content_bytes {
            return Err(truncated);
        }
        let (rule, claimed) = self.rule(level, bytes);
        let role = rule.role;
        let position = position as u64;
        let mut item = Item {
            position,
            head,
            major,
            argument_bytes,
            argument,
            end: position + 1 + u64::from(argument_bytes) + content_bytes,
            has_child: match major {
                2 => role == Role::Embedded,
                4 | 5 => argument != 0,
                major => major == 6,
            },
            parent: level.parent,
            parent_path: level.parent_path,
            remaining: level.remaining,
            more: level.remaining > 1,
            context: level.context,
            path: rule.path,
            role,
            detail: rule.argument,
            next: rule.next,
            claims: false,
            auxiliary: 0,
        };
        if role == Role::TextKey && major == 3 && argument == 0 {
            return Err(TreeError::EmptyKey { stream, offset: at });
        }
        self.read_key(&mut item, claimed, &bytes[usize::from(argument_bytes) + 1..]);
        Ok(item)
    }

    /// The rule for the next item of a level, and which text that may be a key it begins with.
    fn rule(&self, level: &Level, bytes: &[u8]) -> (Rule, Option<u64>) {
        let context = if level.context >= context::DIGEST_ID { context::DIGEST } else { level.context };
        let any = self.rules[&(path::ANY, context::FIRST)];
        let rule = self.rules.get(&(level.parent_path, context)).copied().unwrap_or(any);
        let free = |text: &Text| !self.tree.texts.contains_key(&text.number);
        let mut keys = self.keys.iter().filter(|(map, text)| *map == level.parent_path && free(text));
        let key = keys.find(|(_, text)| text.begins(bytes));
        (rule, key.map(|(_, text)| text.number))
    }

    /// Completes what depends on the item being a key, a text or a digest; `content` begins after its head.
    fn read_key(&mut self, item: &mut Item, claimed: Option<u64>, content: &[u8]) {
        match item.role {
            Role::TextKey | Role::LabelKey => {
                item.claims = claimed.is_some();
                item.detail = claimed.unwrap_or(context::OTHER);
                item.next = item.detail;
                if item.role == Role::LabelKey {
                    item.auxiliary = label_code(item).as_canonical_u64();
                } else if item.is_other_key() {
                    let key = &content[..item.argument as usize];
                    item.auxiliary = fingerprint(key).as_canonical_u64();
                }
            }
            Role::DigestKey => item.next = item.argument.wrapping_add(context::DIGEST_ID),
            Role::Text => item.claims = true,
            Role::Digest => {
                let inverse = F::from_u64(item.context).try_inverse();
                item.auxiliary = inverse.unwrap_or_default().as_canonical_u64();
            }
            _ => {}
        }
        if item.claims {
            self.tree.texts.entry(item.detail).or_insert(item.position);
        }
    }
}
