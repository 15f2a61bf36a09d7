//! Reads CBOR as leniently as RFC 8949 allows: heads of any width, indefinite lengths, keys that
//! occur twice, text that is not UTF-8.

/// The nesting at which the reader gives up. No document is this deep.
const MAX_DEPTH: usize = 64;

/// A data item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'a> {
    /// The encoding of the item.
    pub(super) encoding: &'a [u8],
    /// The argument of the head, if the head has one.
    pub(super) argument: Option<u64>,
    pub(super) content: Content<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Unsigned(u64),
    /// The integer -1 minus this number.
    Negative(u64),
    Bytes(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Node<'a>>),
    Map(Vec<[Node<'a>; 2]>),
    Tag(u64, Box<Node<'a>>),
    /// A simple value or floating-point number, with its whole encoding.
    Simple(&'a [u8]),
}

impl<'a> Node<'a> {
    /// Reads bytes that are exactly one item.
    pub(super) fn whole(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { input: bytes, at: 0 };
        let node = reader.node(0)?;
        (reader.at == bytes.len()).then_some(node)
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Content::Bytes(bytes) = &self.content { Some(bytes) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Content::Text(bytes) = &self.content {
            std::str::from_utf8(bytes).ok()
        } else {
            None
        }
    }

    pub(super) fn integer(&self) -> Option<i128> {
        match self.content {
            Content::Unsigned(number) => Some(number.into()),
            Content::Negative(argument) => Some(-1 - i128::from(argument)),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> Option<&[[Node<'a>; 2]]> {
        if let Content::Map(entries) = &self.content { Some(entries) } else { None }
    }

    /// The content of this tag.
    pub(super) fn tagged(&self, tag: u64) -> Option<&Node<'a>> {
        match &self.content {
            Content::Tag(found, node) if *found == tag => Some(node),
            _ => None,
        }
    }

    /// The items that this item contains.
    pub(super) fn children(&self) -> Vec<&Node<'a>> {
        match &self.content {
            Content::Array(items) => items.iter().collect(),
            Content::Map(entries) => entries.iter().flatten().collect(),
            Content::Tag(_, node) => vec![node],
            _ => Vec::new(),
        }
    }

    /// Whether both items mean the same, in whatever encoding. The order of the entries of a map
    /// does not matter.
    pub(super) fn is_same(&self, other: &Node<'_>) -> bool {
        let all = |these: &[Node<'_>], those: &[Node<'_>]| {
            these.len() == those.len()
                && these.iter().zip(those).all(|(this, that)| this.is_same(that))
        };
        match (&self.content, &other.content) {
            (Content::Unsigned(this), Content::Unsigned(that)) => this == that,
            (Content::Negative(this), Content::Negative(that)) => this == that,
            (Content::Bytes(this), Content::Bytes(that))
            | (Content::Text(this), Content::Text(that)) => this == that,
            (Content::Simple(this), Content::Simple(that)) => this == that,
            (Content::Tag(this, inner), Content::Tag(that, of_that)) => {
                this == that && inner.is_same(of_that)
            }
            (Content::Array(these), Content::Array(those)) => all(these, those),
            (Content::Map(these), Content::Map(those)) => {
                let is_in = |entry: &[Node<'_>; 2]| those.iter().any(|other| all(entry, other));
                these.len() == those.len() && these.iter().all(is_in)
            }
            _ => false,
        }
    }
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let taken = self.input.get(self.at..)?.get(..usize::try_from(length).ok()?)?;
        self.at += taken.len();
        Some(taken)
    }

    /// Reads the break that ends an indefinite length, if it comes next.
    fn is_ended(&mut self) -> Option<bool> {
        let ended = *self.input.get(self.at)? == 0xff;
        self.at += usize::from(ended);
        Some(ended)
    }

    fn node(&mut self, depth: usize) -> Option<Node<'a>> {
        if depth == MAX_DEPTH {
            return None;
        }
        let start = self.at;
        let initial = self.take(1)?[0];
        let (major, information) = (initial >> 5, initial & 0x1f);
        let width = match information {
            0..24 | 31 => 0,
            24..28 => 1_u64 << (information - 24),
            _ => return None,
        };
        let behind = self.take(width)?;
        let number = behind.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let argument = match information {
            0..24 => Some(u64::from(information)),
            31 => None,
            _ => Some(number),
        };
        let content = self.content(major, argument, depth, start)?;
        Some(Node { encoding: &self.input[start..self.at], argument, content })
    }

    fn content(
        &mut self,
        major: u8,
        argument: Option<u64>,
        depth: usize,
        start: usize,
    ) -> Option<Content<'a>> {
        Some(match major {
            0 => Content::Unsigned(argument?),
            1 => Content::Negative(argument?),
            2 => Content::Bytes(self.string(2, argument)?),
            3 => Content::Text(self.string(3, argument)?),
            4 => Content::Array(self.items(argument, depth)?),
            5 => {
                let count = match argument {
                    Some(entries) => Some(entries.checked_mul(2)?),
                    None => None,
                };
                let mut items = self.items(count, depth)?.into_iter();
                let mut entries = Vec::new();
                while let Some(key) = items.next() {
                    entries.push([key, items.next()?]);
                }
                Content::Map(entries)
            }
            6 => Content::Tag(argument?, Box::new(self.node(depth + 1)?)),
            _ => {
                argument?;
                Content::Simple(&self.input[start..self.at])
            }
        })
    }

    fn string(&mut self, major: u8, length: Option<u64>) -> Option<Vec<u8>> {
        if let Some(length) = length {
            return Some(self.take(length)?.to_vec());
        }
        let mut bytes = Vec::new();
        while !self.is_ended()? {
            let chunk = self.node(MAX_DEPTH - 1)?;
            match (major, chunk.argument, chunk.content) {
                (2, Some(_), Content::Bytes(more)) | (3, Some(_), Content::Text(more)) => {
                    bytes.extend(more)
                }
                _ => return None,
            }
        }
        Some(bytes)
    }

    fn items(&mut self, count: Option<u64>, depth: usize) -> Option<Vec<Node<'a>>> {
        let mut items = Vec::new();
        while match count {
            Some(count) => (items.len() as u64) < count,
            None => !self.is_ended()?,
        } {
            items.push(self.node(depth + 1)?);
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(bytes: &[u8]) -> Node<'_> {
        Node::whole(bytes).unwrap()
    }

    /// The examples are from RFC 8949, appendix A.
    #[test]
    fn reads_the_examples_of_the_standard() {
        assert_eq!(
            node(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff").integer(),
            Some(18_446_744_073_709_551_615)
        );
        assert_eq!(
            node(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff").integer(),
            Some(-18_446_744_073_709_551_616)
        );
        assert_eq!(node(b"\x62\xc3\xbc").text(), Some("\u{fc}"));
        assert_eq!(
            node(b"\x5f\x42\x01\x02\x43\x03\x04\x05\xff").bytes(),
            Some(&[1, 2, 3, 4, 5][..])
        );
        assert!(
            node(b"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff")
                .is_same(&node(b"\x83\x01\x82\x02\x03\x82\x04\x05"))
        );
        assert!(
            node(b"\xbf\x61a\x01\x61b\x9f\x02\x03\xff\xff")
                .is_same(&node(b"\xa2\x61b\x82\x02\x03\x61a\x01"))
        );
        assert!(node(b"\xc1\x1a\x51\x4b\x67\xb0").tagged(1).is_some());
        assert!(node(b"\x18\x18").is_same(&node(b"\x19\0\x18")));
        for bad in [
            &b""[..],
            b"\x1c",
            b"\x18",
            b"\x82\x01",
            b"\xff",
            b"\xbf\x01\xff",
            b"\x01\x01",
            b"\x5f\x61a\xff",
            b"\x3f",
        ] {
            assert_eq!(Node::whole(bad), None, "{bad:x?}");
        }
    }
}
