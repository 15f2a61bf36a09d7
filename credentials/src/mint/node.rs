//! CBOR as a tree that can be edited and written in forms that no encoder would choose.
//!
//! Hostile documents need duplicate keys, heads longer than necessary, indefinite lengths and bytes
//! that are not CBOR at all. CBOR libraries rightly do not write these. Well-formed values use the
//! same tree.

use crate::cbor::{Major, write_head};

/// A data item (RFC 8949).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Bytes that are written unchanged, whether or not they are CBOR.
    Raw(Vec<u8>),
    /// An array of definite length.
    Array(Vec<Node>),
    /// A map.
    Map(Map),
    /// A tagged item.
    Tag(u64, Box<Node>),
    /// A byte string whose content is the encoding of another item, under tag 24 (`bstr .cbor`).
    Embedded(Box<Node>),
}

/// How the head of a map is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A definite length in the shortest head.
    #[default]
    Shortest,
    /// A definite length in a head with an eight-byte argument.
    Long,
    /// An indefinite length, ended by a break.
    Indefinite,
}

/// Pairs in the order in which they are written. Keys may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// Keys and values.
    pub entries: Vec<(Node, Node)>,
    /// The form of the head.
    pub form: Form,
}

const INDEFINITE_MAP: u8 = 0xbf;
const BREAK: u8 = 0xff;

/// Tags of RFC 8949 (0, 24) and RFC 8943 (1004).
const TDATE: u64 = 0;
const EMBEDDED_CBOR: u64 = 24;
const FULL_DATE: u64 = 1004;

impl Node {
    /// `null`
    #[must_use]
    pub fn null() -> Self {
        Self::Raw(vec![0xf6])
    }

    /// `true` or `false`
    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self::Raw(vec![if value { 0xf5 } else { 0xf4 }])
    }

    /// An integer, in the shortest head.
    #[must_use]
    pub fn int(value: i64) -> Self {
        Self::Raw(match u64::try_from(value) {
            Ok(value) => head(Major::Unsigned, value),
            Err(_) => head(Major::Negative, !value as u64),
        })
    }

    /// An unsigned integer in a head with an eight-byte argument, however small it is.
    #[must_use]
    pub fn long_uint(value: u64) -> Self {
        Self::Raw(long_head(Major::Unsigned, value))
    }

    /// A byte string.
    #[must_use]
    pub fn bytes(value: &[u8]) -> Self {
        Self::Raw([&head(Major::Bytes, value.len() as u64), value].concat())
    }

    /// A text string.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::Raw([&head(Major::Text, value.len() as u64), value.as_bytes()].concat())
    }

    /// A text string in a head with an eight-byte argument, however short it is.
    #[must_use]
    pub fn long_text(value: &str) -> Self {
        Self::Raw([&long_head(Major::Text, value.len() as u64), value.as_bytes()].concat())
    }

    /// `tdate`: a time as text under tag 0. The text is not checked.
    #[must_use]
    pub fn tdate(text: &str) -> Self {
        Self::Tag(TDATE, Box::new(Self::text(text)))
    }

    /// `full-date`: a date as text under tag 1004 (RFC 8943). The text is not checked.
    #[must_use]
    pub fn full_date(text: &str) -> Self {
        Self::Tag(FULL_DATE, Box::new(Self::text(text)))
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Raw(bytes) => bytes.clone(),
            Self::Array(items) => {
                let mut out = head(Major::Array, items.len() as u64);
                items.iter().for_each(|item| out.extend(item.encode()));
                out
            }
            Self::Map(map) => map.encode(),
            Self::Tag(tag, item) => [head(Major::Tag, *tag), item.encode()].concat(),
            Self::Embedded(item) => {
                [head(Major::Tag, EMBEDDED_CBOR), Self::bytes(&item.encode()).encode()].concat()
            }
        }
    }
}

impl From<&str> for Node {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::int(value)
    }
}

impl From<Map> for Node {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl<K: Into<Node>, V: Into<Node>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let entries = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { entries, form: Form::Shortest }
    }
}

impl Map {
    /// Appends a pair, whether or not the key is already present.
    pub fn push(&mut self, key: impl Into<Node>, value: impl Into<Node>) {
        self.entries.push((key.into(), value.into()));
    }

    /// Replaces the value of the first pair with this key, or appends the pair.
    pub fn set(&mut self, key: impl Into<Node>, value: impl Into<Node>) {
        let key = key.into();
        match self.get_mut(key.clone()) {
            Some(old) => *old = value.into(),
            None => self.push(key, value),
        }
    }

    /// The value of the first pair with this key.
    pub fn get_mut(&mut self, key: impl Into<Node>) -> Option<&mut Node> {
        let key = key.into();
        self.entries.iter_mut().find(|(candidate, _)| *candidate == key).map(|(_, value)| value)
    }

    /// The map that is the value of the first pair with this key.
    pub fn map_mut(&mut self, key: impl Into<Node>) -> Option<&mut Map> {
        match self.get_mut(key)? {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Removes every pair with this key and returns the first value.
    pub fn remove(&mut self, key: impl Into<Node>) -> Option<Node> {
        let key = key.into();
        let (removed, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|(k, _)| *k == key);
        self.entries = kept;
        let removed: Vec<_> = removed;
        removed.into_iter().next().map(|(_, value)| value)
    }

    /// Puts the pairs with these keys first, in this order. The others follow in their previous
    /// order.
    pub fn reorder<'k>(&mut self, keys: impl IntoIterator<Item = &'k str>) {
        let mut rest = std::mem::take(&mut self.entries);
        for key in keys {
            let key = Node::text(key);
            let (chosen, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(k, _)| *k == key);
            self.entries.extend(chosen);
            rest = others;
        }
        self.entries.extend(rest);
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = self.entries.len() as u64;
        let mut out = match self.form {
            Form::Shortest => head(Major::Map, length),
            Form::Long => long_head(Major::Map, length),
            Form::Indefinite => vec![INDEFINITE_MAP],
        };
        for (key, value) in &self.entries {
            out.extend(key.encode());
            out.extend(value.encode());
        }
        if self.form == Form::Indefinite {
            out.push(BREAK);
        }
        out
    }
}

fn head(major: Major, argument: u64) -> Vec<u8> {
    let mut head = Vec::new();
    write_head(&mut head, major, argument);
    head
}

fn long_head(major: Major, argument: u64) -> Vec<u8> {
    const EIGHT_BYTES: u8 = 27;
    [&[(major as u8) << 5 | EIGHT_BYTES][..], &argument.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of RFC 8949, appendix A.
    #[test]
    fn known_encodings() {
        for (node, hex) in [
            (Node::int(0), "00"),
            (Node::int(23), "17"),
            (Node::int(24), "1818"),
            (Node::int(1000), "1903e8"),
            (Node::int(1_000_000), "1a000f4240"),
            (Node::int(1_000_000_000_000), "1b000000e8d4a51000"),
            (Node::int(-1), "20"),
            (Node::int(-1000), "3903e7"),
            (Node::bool(true), "f5"),
            (Node::null(), "f6"),
            (Node::bytes(&[1, 2, 3, 4]), "4401020304"),
            (Node::text("IETF"), "6449455446"),
            (Node::tdate("2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"),
            (Node::Embedded(Box::new(Node::text("IETF"))), "d818456449455446"),
            (Node::Array(vec![Node::int(1), Node::int(2)]), "820102"),
            (Map::from_iter([("a", 1), ("b", 2)]).into(), "a2616101616202"),
            (Node::long_text("a"), "7b000000000000000161"),
        ] {
            assert_eq!(hex::encode(node.encode()), hex);
        }
    }

    #[test]
    fn maps_are_edited_in_place() {
        let mut map = Map::from_iter([("a", 1), ("b", 2), ("a", 3)]);
        map.set("b", 4);
        map.reorder(["b"]);
        assert_eq!(hex::encode(map.encode()), "a3616204616101616103");
        assert_eq!(map.remove("a"), Some(Node::int(1)));
        map.form = Form::Indefinite;
        assert_eq!(hex::encode(map.encode()), "bf616204ff");
    }
}
