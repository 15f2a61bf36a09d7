//! The value of an element as the record holds it: what its encoding means, whatever heads it was
//! written with.
//!
//! In CBOR (RFC 8949, 3), the head of a number or of a string can have several lengths. The record
//! holds the tag, the kind, the argument and the content of a scalar. A predicate therefore matches
//! the value under any of its heads, and no presentation reveals which head the issuer used. This
//! module reads heads and knows nothing of maps, arrays and items.

/// A date and time up to its seconds (RFC 3339). `d` stands for a digit.
pub(crate) const DATE_TIME: &[u8] = b"dddd-dd-ddTdd:dd:dd";

/// Largest number of digits in a fraction of a second.
pub(crate) const MAX_FRACTION_DIGITS: usize = 9;

/// The offset that may stand in place of a `Z`.
pub(crate) const OFFSET: &[u8; 6] = b"+00:00";

/// Tag of a tdate (RFC 8949, 3.4.1).
pub(crate) const TAG_DATE_TIME: u32 = 0;

/// Major types: the three highest bits of an initial byte.
mod major {
    pub(super) const UNSIGNED: u8 = 0;
    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const TAG: u8 = 6;
}

/// The kind of a value. The record holds it as a number, whose lowest bit is 1 if the value has
/// content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum ValueKind {
    /// An unsigned integer below 2^32, which is the argument.
    Unsigned = 0,
    /// The encoding itself, whose length in bytes is the argument: an array, a map, a float, a
    /// simple value, an integer of another size, or a tag over one of these or over another tag.
    Encoded = 1,
    /// The negative integer -1 minus the argument, which is below 2^32.
    Negative = 2,
    /// A byte string. The argument is its length in bytes.
    Bytes = 3,
    /// Text. The argument is its length in bytes.
    Text = 5,
    /// Text under tag 0 with the form of a date and time in UTC ([`is_date_time`]).
    DateTime = 13,
}

impl ValueKind {
    /// Whether the value has content, whose length is the argument.
    pub(crate) const fn has_content(self) -> bool {
        self as u8 & 1 == 1
    }

    /// The kind as the CBOR chip finds it. The CBOR chip finds a date and time as text.
    pub(crate) const fn found(self) -> Self {
        match self {
            Self::DateTime => Self::Text,
            other => other,
        }
    }
}

/// A value as the record holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotValue<'a> {
    /// The tag of a tagged scalar.
    pub(crate) tag: Option<u32>,
    pub(crate) kind: ValueKind,
    pub(crate) argument: u32,
    /// The content: as many bytes as the argument says, or none.
    pub(crate) content: &'a [u8],
}

impl<'a> SlotValue<'a> {
    /// Reads the encoding of one whole data item. Bytes that are not one whole data item become
    /// [`ValueKind::Encoded`], and no proof can be about them.
    pub(crate) fn read(encoding: &'a [u8]) -> Self {
        let scalar = match Head::read(encoding) {
            Some((Head { major: major::TAG, argument }, tagged)) => {
                Self::scalar(tagged).map(|scalar| scalar.under(argument))
            }
            _ => Self::scalar(encoding),
        };
        scalar.unwrap_or(Self {
            tag: None,
            kind: ValueKind::Encoded,
            argument: u32::try_from(encoding.len()).unwrap_or(u32::MAX),
            content: encoding,
        })
    }

    /// Reads a number, a byte string or text that takes up the whole encoding.
    fn scalar(encoding: &'a [u8]) -> Option<Self> {
        let (Head { major, argument }, content) = Head::read(encoding)?;
        let kind = match major {
            major::UNSIGNED => ValueKind::Unsigned,
            major::NEGATIVE => ValueKind::Negative,
            major::BYTES => ValueKind::Bytes,
            major::TEXT => ValueKind::Text,
            _ => return None,
        };
        let length = if kind.has_content() { argument } else { 0 };
        (content.len() as u64 == u64::from(length)).then_some(Self {
            tag: None,
            kind,
            argument,
            content,
        })
    }

    fn under(self, tag: u32) -> Self {
        let is_date_time =
            tag == TAG_DATE_TIME && self.kind == ValueKind::Text && is_date_time(self.content);
        let kind = if is_date_time { ValueKind::DateTime } else { self.kind };
        Self { tag: Some(tag), kind, ..self }
    }

    /// The encoding with the shortest heads (RFC 8949, 4.2.1). A value of kind
    /// [`ValueKind::Encoded`] is returned as it was read.
    pub(crate) fn encoding(&self) -> Vec<u8> {
        let major = match self.kind {
            ValueKind::Encoded => return self.content.to_vec(),
            ValueKind::Unsigned => major::UNSIGNED,
            ValueKind::Negative => major::NEGATIVE,
            ValueKind::Bytes => major::BYTES,
            ValueKind::Text | ValueKind::DateTime => major::TEXT,
        };
        let mut encoding = Vec::with_capacity(2 * Head::MAX_BYTES + self.content.len());
        if let Some(argument) = self.tag {
            Head { major: major::TAG, argument }.write(&mut encoding);
        }
        Head { major, argument: self.argument }.write(&mut encoding);
        encoding.extend_from_slice(self.content);
        encoding
    }
}

/// Encodes a data item with the shortest heads if it is a number below 2^32, a byte string, text,
/// or one of these under a tag. Any other data item keeps its encoding. A presentation that
/// discloses a value shows it in this form.
pub fn normalised(encoding: &[u8]) -> Vec<u8> {
    SlotValue::read(encoding).encoding()
}

/// Whether text has the form of a date and time in UTC: `YYYY-MM-DDTHH:MM:SS`, an optional point
/// with 1 to 9 digits, and `Z` or `+00:00`. The digits may be any. They need not be a day of the
/// calendar.
pub(crate) fn is_date_time(text: &[u8]) -> bool {
    let Some((seconds, rest)) = text.split_at_checked(DATE_TIME.len()) else { return false };
    let is_form =
        |(byte, form): (&u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form };
    let end = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 || digits > MAX_FRACTION_DIGITS { &[] } else { &fraction[digits..] }
        }
        _ => rest,
    };
    seconds.iter().zip(DATE_TIME).all(is_form) && (end == b"Z" || end == OFFSET)
}

/// The head of a data item whose argument is below 2^32.
struct Head {
    major: u8,
    argument: u32,
}

impl Head {
    /// Number of bytes in the longest head that is written.
    const MAX_BYTES: usize = 5;

    /// Reads a head of any length. Returns it and what follows it.
    fn read(encoding: &[u8]) -> Option<(Self, &[u8])> {
        let (&initial, rest) = encoding.split_first()?;
        let (major, information) = (initial >> 5, initial & 31);
        let length = match information {
            0..24 => return Some((Self { major, argument: information.into() }, rest)),
            24..28 => 1 << (information - 24),
            _ => return None,
        };
        let (argument, rest) = rest.split_at_checked(length)?;
        let argument = argument.iter().fold(0, |argument, &byte| argument << 8 | u64::from(byte));
        Some((Self { major, argument: u32::try_from(argument).ok()? }, rest))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.argument.to_be_bytes();
        let (information, length) = match self.argument {
            0..24 => (self.argument as u8, 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            _ => (26, 4),
        };
        out.push(self.major << 5 | information);
        out.extend_from_slice(&bytes[bytes.len() - length..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoding: &[u8]) -> (Option<u32>, ValueKind, u32, &[u8]) {
        let SlotValue { tag, kind, argument, content } = SlotValue::read(encoding);
        (tag, kind, argument, content)
    }

    #[test]
    fn heads_of_every_length_are_the_same_value() {
        let lengthened = |major: u8, argument: u64| {
            (0..4).filter_map(move |log| {
                let length = 1_usize << log;
                let head =
                    [&[major << 5 | (24 + log as u8)], &argument.to_be_bytes()[8 - length..]]
                        .concat();
                (argument >> (8 * length.min(7)) == 0 || length == 8).then_some(head)
            })
        };
        for (encoding, argument) in [
            (&b"\x12"[..], 18),
            (b"\x18\xaf", 175),
            (b"\x1a\xff\xff\xff\xff", 0xffff_ffff),
            (b"\x20", 0),
            (b"\x39\x01\x00", 256),
            (b"\x6aMustermann", 10),
            (b"\x60", 0),
            (b"\x43\x01\x02\x03", 3),
        ] {
            let major = encoding[0] >> 5;
            let value = SlotValue::read(encoding);
            assert_eq!(value.encoding(), encoding, "{encoding:x?}");
            let mut heads = 0;
            for head in lengthened(major, argument) {
                let long = [&head, value.content].concat();
                assert_eq!(SlotValue::read(&long), value, "{long:x?}");
                assert_eq!(normalised(&long), encoding);
                for tag in lengthened(major::TAG, 1004).chain([vec![0xc1], vec![0xd8, 0x01]]) {
                    let tagged = [tag, long.clone()].concat();
                    let found = SlotValue::read(&tagged);
                    assert_eq!(SlotValue { tag: None, ..found }, value, "{tagged:x?}");
                    assert!(matches!(found.tag, Some(1 | 1004)));
                }
                heads += 1;
            }
            assert!(heads > 0);
        }
    }

    #[test]
    fn what_is_no_scalar_is_its_encoding() {
        for encoding in [
            &b"\xf5"[..],
            b"\xf6",
            b"\xf9\x3c\x00",
            b"\xfb\x3f\xf0\0\0\0\0\0\0",
            b"\x80",
            b"\xa1\x01\x02",
            b"\x1b\0\0\0\x01\0\0\0\0",
            b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xc1\x1b\0\0\0\x01\0\0\0\0",
            b"\xc1\xf9\x3c\x00",
            b"\xd8\x18\x81\x01",
            b"\xc0\xd9\x03\xec\x6a2024-03-15",
            b"\xdb\0\0\0\x01\0\0\0\0\x01",
        ] {
            let (tag, kind, argument, content) = read(encoding);
            assert_eq!((tag, kind, argument), (None, ValueKind::Encoded, encoding.len() as u32));
            assert_eq!(content, encoding);
            assert_eq!(normalised(encoding), encoding);
        }
        // These bytes are not one whole data item.
        for bytes in
            [&b""[..], b"\x1c", b"\x62a", b"\x61ab", b"\x12\x00", b"\x19\x01", b"\xc0", b"\x7f\xff"]
        {
            assert_eq!(
                read(bytes),
                (None, ValueKind::Encoded, bytes.len() as u32, bytes),
                "{bytes:x?}"
            );
        }
    }

    #[test]
    fn dates_and_times_in_utc_are_told_by_their_form() {
        for text in [
            "2024-03-15T12:00:00Z",
            "2024-03-15T12:00:00+00:00",
            "2024-03-15T12:00:00.1Z",
            "2024-03-15T12:00:00.123456789+00:00",
            "9999-99-99T99:99:99Z",
        ] {
            assert!(is_date_time(text.as_bytes()), "{text}");
            let encoding = [&[0xc0, 0x78, text.len() as u8], text.as_bytes()].concat();
            let length = text.len() as u32;
            assert_eq!(read(&encoding), (Some(0), ValueKind::DateTime, length, text.as_bytes()));
            let untagged = &encoding[1..];
            assert_eq!(read(untagged), (None, ValueKind::Text, length, text.as_bytes()));
            let other_tag = [&[0xc1], untagged].concat();
            assert_eq!(read(&other_tag), (Some(1), ValueKind::Text, length, text.as_bytes()));
        }
        for text in [
            "2024-03-15",
            "2024-03-15T12:00:00",
            "2024-03-15T12:00:00z",
            "2024-03-15t12:00:00Z",
            "2024-03-15T12:00:00.Z",
            "2024-03-15T12:00:00.1234567890Z",
            "2024-03-15T12:00:00+01:00",
            "2024-03-15T12:00:00-00:00",
            "2024-03-15T12:00:00,1Z",
            "2024-03-15T12:00:0aZ",
            "2024-03-15T12:00:00ZZ",
            "2024-03-15 12:00:00Z",
        ] {
            assert!(!is_date_time(text.as_bytes()), "{text}");
            let encoding = [&[0xc0, 0x78, text.len() as u8], text.as_bytes()].concat();
            assert_eq!(SlotValue::read(&encoding).kind, ValueKind::Text);
        }
    }

    #[test]
    fn content_is_told_by_the_lowest_bit() {
        use ValueKind::*;
        for kind in [Unsigned, Encoded, Negative, Bytes, Text, DateTime] {
            assert_eq!(kind.has_content(), !matches!(kind, Unsigned | Negative));
            assert!((kind.found() as u8) < 8);
        }
    }
}
