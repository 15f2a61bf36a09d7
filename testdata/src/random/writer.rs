//! Writes CBOR (RFC 8949) with heads of any width.

use super::choices::Choices;

/// Major types (RFC 8949, 3.1).
pub(super) mod major {
    pub(crate) const UNSIGNED: u8 = 0;
    pub(crate) const NEGATIVE: u8 = 1;
    pub(crate) const BYTES: u8 = 2;
    pub(crate) const TEXT: u8 = 3;
    pub(crate) const ARRAY: u8 = 4;
    pub(crate) const MAP: u8 = 5;
    pub(crate) const TAG: u8 = 6;
    pub(crate) const SIMPLE: u8 = 7;
}

/// The width of heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heads {
    /// As short as possible.
    Shortest,
    /// With an argument of this many bytes, if that is enough.
    Bytes(u8),
    /// A width that is chosen for each head.
    Mixed,
}

/// The head of an item with at least this many bytes of argument.
fn head(major: u8, argument: u64, least: u8) -> Vec<u8> {
    let needed = match argument {
        0..24 => 0,
        24..0x100 => 1,
        0x100..0x1_0000 => 2,
        0x1_0000..0x1_0000_0000 => 4,
        _ => 8,
    };
    let width = least.max(needed);
    if width == 0 {
        return vec![major << 5 | argument as u8];
    }
    let mut bytes = vec![major << 5 | (24 + width.ilog2() as u8)];
    bytes.extend_from_slice(&argument.to_be_bytes()[8 - usize::from(width)..]);
    bytes
}

/// Writes items from choices.
pub(super) struct Writer<'a> {
    pub(super) choices: &'a mut Choices,
    pub(super) heads: Heads,
    /// Whether some lengths are indefinite.
    pub(super) indefinite: bool,
}

impl Writer<'_> {
    /// Writes a head.
    pub(super) fn head(&mut self, major: u8, argument: u64) -> Vec<u8> {
        let least = match self.heads {
            Heads::Shortest => 0,
            Heads::Bytes(width) => width,
            Heads::Mixed => *self.choices.pick(&[0, 0, 0, 1, 2, 4, 8]),
        };
        head(major, argument, least)
    }

    pub(super) fn unsigned(&mut self, number: u64) -> Vec<u8> {
        self.head(major::UNSIGNED, number)
    }

    /// Writes the integer -1 minus `argument`.
    pub(super) fn negative(&mut self, argument: u64) -> Vec<u8> {
        self.head(major::NEGATIVE, argument)
    }

    /// Writes an integer from -2^63 to 2^63 - 1.
    pub(super) fn integer(&mut self, number: i64) -> Vec<u8> {
        if number < 0 { self.negative((-1 - number) as u64) } else { self.unsigned(number as u64) }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.string(major::BYTES, bytes)
    }

    pub(super) fn text(&mut self, text: &str) -> Vec<u8> {
        self.string(major::TEXT, text.as_bytes())
    }

    fn string(&mut self, major: u8, bytes: &[u8]) -> Vec<u8> {
        if self.indefinite && self.choices.once_in(40) {
            let (first, second) = bytes.split_at(self.choices.below(bytes.len() + 1));
            let chunks = [first, second]
                .map(|chunk| [self.head(major, chunk.len() as u64), chunk.to_vec()].concat());
            return [vec![major << 5 | 31], chunks.concat(), vec![0xff]].concat();
        }
        [self.head(major, bytes.len() as u64), bytes.to_vec()].concat()
    }

    pub(super) fn tag(&mut self, tag: u64, content: &[u8]) -> Vec<u8> {
        [self.head(major::TAG, tag), content.to_vec()].concat()
    }

    pub(super) fn array(&mut self, items: &[Vec<u8>]) -> Vec<u8> {
        self.container(major::ARRAY, items.len(), &items.concat())
    }

    /// Writes a map of keys and values.
    pub(super) fn map(&mut self, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let content: Vec<_> =
            entries.iter().flat_map(|(key, value)| [key.as_slice(), value]).collect();
        self.container(major::MAP, entries.len(), &content.concat())
    }

    fn container(&mut self, major: u8, count: usize, content: &[u8]) -> Vec<u8> {
        if self.indefinite && self.choices.once_in(40) {
            return [&[major << 5 | 31], content, &[0xff]].concat();
        }
        [&self.head(major, count as u64), content].concat()
    }

    /// Writes encoded CBOR in a byte string (RFC 8949, 3.4.5.1).
    pub(super) fn embedded(&mut self, content: &[u8]) -> Vec<u8> {
        let string = self.bytes(content);
        self.tag(24, &string)
    }

    /// Writes any item, nested at most this deep.
    pub(super) fn any(&mut self, depth: usize) -> Vec<u8> {
        let kinds = if depth > 0 { 14 } else { 9 };
        match self.choices.below(kinds) {
            0 => {
                let text = *self.choices.pick(&[
                    "",
                    "a",
                    "Mustermann",
                    "2004-02-29",
                    "docType",
                    "1.0",
                    "\u{20ac}\u{e9}",
                ]);
                self.text(text)
            }
            1 => vec![major::SIMPLE << 5 | *self.choices.pick(&[20, 21, 22, 23, 0, 19])],
            2 => {
                let number =
                    *self.choices.pick(&[0, 1, 23, 24, 255, 256, 65_535, 65_536, u32::MAX.into()]);
                self.unsigned(number)
            }
            3 => {
                let argument = *self.choices.pick(&[0, 1, 2, 24, 256, 65_536, u32::MAX.into()]);
                self.negative(argument)
            }
            4 => {
                let length = self.choices.below(20);
                let bytes = self.choices.bytes(length);
                self.bytes(&bytes)
            }
            5 => {
                let (tag, text) = *self.choices.pick(&[
                    (1004, "1971-09-01"),
                    (0, "2019-10-20T08:00:00Z"),
                    (0, "2019-10-20T08:00:00.25+00:00"),
                    (1004, "2000"),
                    (u32::MAX.into(), ""),
                ]);
                let text = self.text(text);
                self.tag(tag, &text)
            }
            6 => {
                let number = *self.choices.pick(&[1 << 32, u64::MAX, 1 << 63]);
                if self.choices.below(2) == 0 {
                    self.unsigned(number)
                } else {
                    self.negative(number)
                }
            }
            7 => {
                let width = *self.choices.pick(&[2, 4, 8]);
                let float = self.choices.bytes(width);
                [vec![0xf8 + width.ilog2() as u8], float].concat()
            }
            8 => vec![0xf8, *self.choices.pick(&[32, 255, 100, 32, 255, 100, 31])],
            9 | 10 => {
                let items: Vec<_> =
                    (0..self.choices.below(4)).map(|_| self.any(depth - 1)).collect();
                self.array(&items)
            }
            11 => {
                let entry = |writer: &mut Self| (writer.any(depth - 1), writer.any(depth - 1));
                let entries: Vec<_> = (0..self.choices.below(3)).map(|_| entry(self)).collect();
                self.map(&entries)
            }
            12 => {
                let tag = *self.choices.pick(&[24, 2, 55_799, 0, 1 << 32]);
                let content = self.any(depth - 1);
                self.tag(tag, &content)
            }
            _ => {
                let content = self.any(0);
                (0..self.choices.below(10)).fold(content, |content, _| self.array(&[content]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_the_width_asked_for() {
        for (argument, least, expected) in [
            (1_u64, 0, &b"\x01"[..]),
            (1, 1, b"\x18\x01"),
            (1, 8, b"\x1b\0\0\0\0\0\0\0\x01"),
            (24, 0, b"\x18\x18"),
            (256, 1, b"\x19\x01\0"),
            (1 << 32, 2, b"\x1b\0\0\0\x01\0\0\0\0"),
        ] {
            assert_eq!(head(major::UNSIGNED, argument, least), expected);
        }
        assert_eq!(head(major::TAG, 24, 0), b"\xd8\x18");
    }
}
