//! A cursor over CBOR (RFC 8949) that works on the original bytes only.
//!
//! Hashed structures must be read from the same bytes that are hashed, and a proof needs the offset
//! of every field. The cursor therefore copies nothing. It bounds nesting by
//! [`limits::CBOR_DEPTH`](crate::limits::CBOR_DEPTH) and reads under one of the sets of [`Rules`].
//! It does not know what any structure means.

mod pass;

use std::ops::Range;

use crate::error::Error;
use crate::limits;

/// How strictly to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// For the envelope, which is not hashed: indefinite lengths and long heads are allowed.
    Wire,
    /// For structures that an issuer hashed and a circuit reads: definite lengths, heads of any
    /// length, unique keys.
    Hashed,
    /// For structures that have one encoding: definite lengths, shortest heads, unique keys.
    Shortest,
}

/// The major types of RFC 8949, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

/// Where one data item lies. Its head starts at `head`, and its content is `content..end`.
///
/// For a tagged item, `head` is the head of the tag, and `content` lies behind the innermost head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte of the item's head, including tags.
    pub head: usize,
    /// Offset behind the last byte of the head.
    pub content: usize,
    /// Offset behind the item.
    pub end: usize,
}

impl Span {
    /// The bytes behind the head.
    #[must_use]
    pub fn content(&self) -> Range<usize> {
        self.content..self.end
    }

    /// The whole item.
    #[must_use]
    pub fn whole(&self) -> Range<usize> {
        self.head..self.end
    }
}

/// A key of a map, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The key.
    pub key: Span,
    /// The value.
    pub value: Span,
}

/// The head of one data item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) major: Major,
    /// `None` for an indefinite length.
    pub(crate) argument: Option<u64>,
    pub(crate) offset: usize,
}

impl Head {
    fn definite(self) -> Result<u64, Error> {
        self.argument.ok_or_else(|| error_at(self.offset, "indefinite length; use a definite one"))
    }
}

/// Reads data items one after another.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    position: usize,
    rules: Rules,
}

const BREAK: u8 = 0xff;

impl<'a> Cursor<'a> {
    pub(crate) fn new(input: &'a [u8], rules: Rules) -> Self {
        Self { input, position: 0, rules }
    }

    /// Returns an error unless everything was read.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.position == self.input.len() {
            return Ok(());
        }
        Err(error_at(self.position, "bytes follow the end of the structure; remove them"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let rest = self.input.get(self.position..).unwrap_or_default();
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        let taken =
            taken.ok_or_else(|| error_at(self.position, "the input ends within a data item"))?;
        self.position += taken.len();
        Ok(taken)
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.get(self.position).copied()
    }

    /// The major type of the next item. The item is not read.
    pub(crate) fn peek(&self) -> Option<Major> {
        self.peek_byte().map(major)
    }

    /// The offset at which the next item begins.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Reads one head.
    pub(crate) fn head(&mut self) -> Result<Head, Error> {
        let offset = self.position;
        let &[initial] = self.take(1)? else { return Err(error_at(offset, "the input ends")) };
        let major = major(initial);
        let argument = match initial & 0x1f {
            small @ 0..=23 => Some(u64::from(small)),
            info @ 24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                let argument = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
                self.check_argument(offset, major, info, argument)?;
                if self.rules != Rules::Wire && major == Major::Tag && argument > u32::MAX.into() {
                    let message = format!(
                        "tag {argument}; a proof supports only tags below 2^32: choose another tag"
                    );
                    return Err(error_at(offset, message));
                }
                Some(argument)
            }
            31 if matches!(major, Major::Bytes | Major::Text | Major::Array | Major::Map) => {
                if self.rules == Rules::Wire {
                    return Ok(Head { major, argument: None, offset });
                }
                return Err(error_at(
                    offset,
                    "indefinite length; encode the structure with definite lengths",
                ));
            }
            _ => return Err(error_at(offset, "not a CBOR head (RFC 8949, section 3)")),
        };
        Ok(Head { major, argument, offset })
    }

    /// Checks that the head has the shortest form (RFC 8949, section 4.2.1), if the rules require
    /// it. Floats keep their width. Simple values below 32 have no long form.
    fn check_argument(
        &self,
        offset: usize,
        major: Major,
        info: u8,
        argument: u64,
    ) -> Result<(), Error> {
        let shortest = match (major, info) {
            (Major::Simple, 24) if argument < 32 => {
                return Err(error_at(offset, "not a CBOR simple value (RFC 8949, section 3.3)"));
            }
            (Major::Simple, _) => true,
            (_, 24) => argument >= 24,
            (_, 25) => argument > 0xff,
            (_, 26) => argument > 0xffff,
            _ => argument > 0xffff_ffff,
        };
        if shortest || self.rules != Rules::Shortest {
            return Ok(());
        }
        Err(error_at(offset, "a head longer than needed; encode heads in their shortest form"))
    }

    /// Reads the head of an item of the wanted type.
    fn expect(&mut self, wanted: Major) -> Result<Head, Error> {
        let head = self.head()?;
        if head.major == wanted {
            return Ok(head);
        }
        Err(error_at(
            head.offset,
            format!("expected {}, found {}", wanted.name(), self.found(head)),
        ))
    }

    /// The type of the next item in words.
    pub(crate) fn kind(&self) -> &'static str {
        self.clone().head().map_or("nothing", |head| self.found(head))
    }

    /// The type of the item that begins with a head already read, in words.
    fn found(&self, head: Head) -> &'static str {
        match (head.major, self.input.get(head.offset)) {
            (Major::Simple, Some(0xf4 | 0xf5)) => "a boolean",
            (Major::Simple, Some(0xf6)) => "null",
            (Major::Simple, Some(0xf9..=0xfb)) => "a floating-point number",
            (major, _) => major.name(),
        }
    }

    fn string(&mut self, wanted: Major) -> Result<(Span, &'a [u8]), Error> {
        let head = self.expect(wanted)?;
        let content = self.position;
        let bytes = self.take(head.definite()?)?;
        Ok((Span { head: head.offset, content, end: self.position }, bytes))
    }

    pub(crate) fn bytes(&mut self) -> Result<(Span, &'a [u8]), Error> {
        self.string(Major::Bytes)
    }

    pub(crate) fn text(&mut self) -> Result<(Span, &'a str), Error> {
        let (span, bytes) = self.string(Major::Text)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| error_at(span.head, "text that is not UTF-8"))?;
        Ok((span, text))
    }

    /// A docType, namespace or identifier: text of 1 to 64 bytes.
    pub(crate) fn name(&mut self) -> Result<(Span, &'a str), Error> {
        let (span, name) = self.text()?;
        check_name("", name)?;
        Ok((span, name))
    }

    pub(crate) fn unsigned(&mut self) -> Result<(Span, u64), Error> {
        let head = self.expect(Major::Unsigned)?;
        let value = head.definite()?;
        Ok((Span { head: head.offset, content: self.position, end: self.position }, value))
    }

    /// An integer of either sign.
    pub(crate) fn integer(&mut self) -> Result<i128, Error> {
        let head = self.head()?;
        let argument = i128::from(head.definite()?);
        match head.major {
            Major::Unsigned => Ok(argument),
            Major::Negative => Ok(-1 - argument),
            _ => Err(error_at(
                head.offset,
                format!("expected an integer, found {}", self.found(head)),
            )),
        }
    }

    /// Reads the head of the wanted tag. The tagged item follows.
    pub(crate) fn tag(&mut self, wanted: u64) -> Result<Head, Error> {
        let head = self.head()?;
        let found = match (head.major, head.argument) {
            (Major::Tag, Some(tag)) if tag == wanted => return Ok(head),
            (Major::Tag, Some(tag)) => format!("tag {tag}"),
            _ => self.found(head).to_owned(),
        };
        Err(error_at(head.offset, format!("expected CBOR tag {wanted}, found {found}")))
    }

    /// Enters encoded CBOR in a byte string (tag 24) that fills the input, so that offsets are
    /// counted from the tag. The item inside is checked as a whole before it is read.
    pub(crate) fn open_embedded(&mut self) -> Result<(), Error> {
        self.tag(24)?;
        let length = self.expect(Major::Bytes)?.definite()?;
        let rest = self.input.len().saturating_sub(self.position);
        if usize::try_from(length) != Ok(rest) {
            return Err(error_at(
                self.position,
                format!(
                    "a byte string of {length} bytes, but {rest} bytes follow its head; it must \
                     end where the input ends"
                ),
            ));
        }
        let mut ahead = self.clone();
        ahead.skip()?;
        ahead.finish()
    }

    /// Reads encoded CBOR in a byte string (tag 24). Returns the span of the whole item, including
    /// the tag, and the inner bytes.
    pub(crate) fn embedded(&mut self) -> Result<(Span, &'a [u8]), Error> {
        let tag = self.tag(24)?;
        let (inner, bytes) = self.bytes()?;
        Ok((Span { head: tag.offset, ..inner }, bytes))
    }

    /// Reads `null`, if it is next.
    pub(crate) fn null(&mut self) -> bool {
        const NULL: u8 = 0xf6;
        let found = self.peek_byte() == Some(NULL);
        self.position += usize::from(found);
        found
    }

    /// Reads a value that means "nothing" in an envelope, if it is next: `null`, or `undefined` as
    /// JavaScript encoders write it.
    pub(crate) fn nothing(&mut self) -> bool {
        const UNDEFINED: u8 = 0xf7;
        let undefined = self.peek_byte() == Some(UNDEFINED);
        self.position += usize::from(undefined);
        undefined || self.null()
    }

    /// Reads a map key: its span and, if the key is text, the text. In structures that an issuer
    /// hashed, an empty text is an error.
    pub(crate) fn text_key(&mut self) -> Result<(Span, Option<&'a str>), Error> {
        if self.peek() == Some(Major::Text) {
            let (span, text) = self.text()?;
            if text.is_empty() && self.rules != Rules::Wire {
                return Err(error_at(
                    span.head,
                    "a map key is empty text, which no proof supports; the issuer must name the \
                     key",
                ));
            }
            return Ok((span, Some(text)));
        }
        self.skip().map(|span| (span, None))
    }

    /// Starts an array.
    pub(crate) fn array(&mut self) -> Result<Members, Error> {
        self.expect(Major::Array).map(|head| Members { left: head.argument })
    }

    /// Starts a map. Each member is a key and a value.
    pub(crate) fn map(&mut self) -> Result<Members, Error> {
        self.expect(Major::Map).map(|head| Members { left: head.argument })
    }

    /// Whether another member of the array or map follows. Reads the break that ends an indefinite
    /// length.
    pub(crate) fn next(&mut self, members: &mut Members) -> bool {
        match &mut members.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None if self.peek_byte() == Some(BREAK) => {
                self.position += 1;
                false
            }
            None => true,
        }
    }

    /// Reads one whole item of any type and returns its span. The item must be well formed, within
    /// the allowed depth, and have unique keys.
    pub(crate) fn skip(&mut self) -> Result<Span, Error> {
        self.skip_within(limits::CBOR_DEPTH)
    }

    fn skip_within(&mut self, depth: usize) -> Result<Span, Error> {
        let head = self.head()?;
        let content = self.position;
        let inner = |offset| {
            depth.checked_sub(1).ok_or_else(|| {
                error_at(offset, format!("nested deeper than {} levels", limits::CBOR_DEPTH))
            })
        };
        let mut span = Span { head: head.offset, content, end: content };
        match head.major {
            Major::Unsigned | Major::Negative | Major::Simple => {}
            Major::Bytes => {
                self.take(head.definite()?)?;
            }
            Major::Text => {
                let bytes = self.take(head.definite()?)?;
                std::str::from_utf8(bytes)
                    .map_err(|_| error_at(head.offset, "text that is not UTF-8"))?;
            }
            Major::Tag => span.content = self.skip_within(inner(head.offset)?)?.content,
            Major::Array => {
                let (depth, mut members) = (inner(head.offset)?, Members { left: head.argument });
                while self.next(&mut members) {
                    self.skip_within(depth)?;
                }
            }
            Major::Map => {
                let (depth, mut members) = (inner(head.offset)?, Members { left: head.argument });
                let mut keys = Vec::new();
                while self.next(&mut members) {
                    let key = self.skip_within(depth)?;
                    keys.push(self.shortest(key)?);
                    self.skip_within(depth)?;
                }
                keys.sort_unstable();
                if keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                    return Err(error_at(head.offset, "a map holds the same key twice"));
                }
            }
        }
        span.end = self.position;
        Ok(span)
    }

    /// The encoding, with shortest heads and definite lengths, of an item that was read. Equal
    /// items have equal encodings.
    fn shortest(&self, item: Span) -> Result<Vec<u8>, Error> {
        let input = self.input.get(..item.end).unwrap_or_default();
        let mut cursor = Cursor { input, position: item.head, rules: self.rules };
        let mut out = Vec::with_capacity(item.end - item.head);
        cursor.copy_shortest(&mut out)?;
        Ok(out)
    }

    /// Reads one item, whose nesting has been bounded before, and writes it with shortest heads and
    /// definite lengths.
    fn copy_shortest(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let head = self.head()?;
        match (head.major, head.argument) {
            // The width is part of a float.
            (Major::Simple, _) => out
                .extend_from_slice(self.input.get(head.offset..self.position).unwrap_or_default()),
            (major @ (Major::Bytes | Major::Text), _) => {
                let length = head.definite()?;
                write_head(out, major, length);
                out.extend_from_slice(self.take(length)?);
            }
            (major @ (Major::Array | Major::Map), left) => {
                let (mut members, mut count, mut content) = (Members { left }, 0, Vec::new());
                while self.next(&mut members) {
                    count += 1;
                    self.copy_shortest(&mut content)?;
                    if major == Major::Map {
                        self.copy_shortest(&mut content)?;
                    }
                }
                write_head(out, major, count);
                out.extend_from_slice(&content);
            }
            (major, _) => {
                write_head(out, major, head.definite()?);
                if major == Major::Tag {
                    self.copy_shortest(out)?;
                }
            }
        }
        Ok(())
    }
}

/// The number of members of an array or map that are still to be read. `None` means up to the
/// break.
#[derive(Debug)]
pub(crate) struct Members {
    left: Option<u64>,
}

impl Members {
    /// The number of members that are still to be read, if it is known.
    pub(crate) fn definite(&self) -> Option<u64> {
        self.left
    }
}

impl Major {
    fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "an unsigned integer",
            Self::Negative => "a negative integer",
            Self::Bytes => "a byte string",
            Self::Text => "text",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Tag => "a tag",
            Self::Simple => "a simple value",
        }
    }
}

fn major(initial: u8) -> Major {
    match initial >> 5 {
        0 => Major::Unsigned,
        1 => Major::Negative,
        2 => Major::Bytes,
        3 => Major::Text,
        4 => Major::Array,
        5 => Major::Map,
        6 => Major::Tag,
        _ => Major::Simple,
    }
}

fn error_at(offset: usize, message: impl std::fmt::Display) -> Error {
    Error::malformed("", format!("at byte {offset}: {message}"))
}

/// Checks that a docType, namespace or element identifier has 1 to 64 bytes.
pub(crate) fn check_name(place: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::malformed(place, "the name is empty"));
    }
    Error::check_limit(place, "bytes of a name", name.len(), limits::NAME_BYTES)
}

/// Checks that `bytes` are one whole item with nothing behind it.
pub(crate) fn check_whole(bytes: &[u8], rules: Rules) -> Result<(), Error> {
    let mut cursor = Cursor::new(bytes, rules);
    cursor.skip()?;
    cursor.finish()
}

/// Stores the value of a required or optional key, which may occur at most once.
pub(crate) fn set_once<T>(slot: &mut Option<T>, key: &str, value: T) -> Result<(), Error> {
    if slot.replace(value).is_none() {
        return Ok(());
    }
    Err(Error::malformed("", format!("the key {key} occurs twice")))
}

/// The value of a required key.
pub(crate) fn required<T>(slot: Option<T>, key: &str) -> Result<T, Error> {
    slot.ok_or_else(|| Error::malformed("", format!("the key {key} is missing")))
}

/// Checks that an array has the required number of members.
pub(crate) fn counted(found: Option<u64>, members: u64) -> Result<(), Error> {
    if found == Some(members) {
        return Ok(());
    }
    Err(Error::malformed("", format!("not an array of {members} members")))
}

/// The number of members of an array that has at most `limit` members.
pub(crate) fn array_up_to(cursor: &mut Cursor<'_>, limit: usize) -> Result<usize, Error> {
    let count = cursor.array()?.definite().and_then(|count| usize::try_from(count).ok());
    let most = || Error::malformed("", format!("not an array of at most {limit} members"));
    count.filter(|&count| count <= limit).ok_or_else(most)
}

/// A byte string of at most `limit` bytes.
pub(crate) fn bounded(cursor: &mut Cursor<'_>, limit: usize) -> Result<Vec<u8>, Error> {
    let (_, bytes) = cursor.bytes()?;
    if bytes.len() <= limit {
        return Ok(bytes.to_vec());
    }
    Err(Error::malformed("", format!("{} bytes; the limit is {limit}", bytes.len())))
}

/// A byte string of `N` bytes. Errors use this name.
pub(crate) fn fixed<const N: usize>(cursor: &mut Cursor<'_>, name: &str) -> Result<[u8; N], Error> {
    let (_, bytes) = cursor.bytes().map_err(|error| error.within(name))?;
    bytes
        .try_into()
        .map_err(|_| Error::malformed(name, format!("{} bytes instead of {N}", bytes.len())))
}

/// Appends the shortest head of a data item.
pub(crate) fn write_head(out: &mut Vec<u8>, major: Major, argument: u64) {
    let initial = (major as u8) << 5;
    let bytes = argument.to_be_bytes();
    let (info, length) = match argument {
        0..=23 => (bytes[7], 0),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(initial | info);
    out.extend_from_slice(&bytes[8 - length..]);
}

/// Appends text.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, Major::Text, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a byte string.
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, Major::Bytes, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends encoded CBOR as a byte string under tag 24.
pub(crate) fn write_embedded(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, Major::Tag, 24);
    write_bytes(out, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn skip(hex: &str, rules: Rules) -> Result<Span, Error> {
        let bytes = hex::decode(hex).unwrap();
        let mut cursor = Cursor::new(&bytes, rules);
        let span = cursor.skip()?;
        cursor.finish()?;
        Ok(span)
    }

    #[track_caller]
    fn refused(hex: &str, rules: Rules, why: &str) {
        let error = skip(hex, rules).unwrap_err();
        assert_eq!(error.code(), Code::Malformed);
        assert!(error.message().contains(why), "{hex}: {error}");
    }

    #[test]
    fn spans_lie_around_heads_and_content() {
        for (hex, content) in [
            ("00", 1),
            ("1818", 2),
            ("3903e7", 3),
            ("420102", 1),
            ("63616263", 1),
            ("83010203", 1),
            ("a10102", 1),
        ] {
            let span = skip(hex, Rules::Hashed).unwrap();
            assert_eq!(span, Span { head: 0, content, end: hex.len() / 2 }, "{hex}");
        }
        let date = skip("d903ec6a323032342d30332d3031", Rules::Hashed).unwrap();
        assert_eq!(date, Span { head: 0, content: 4, end: 14 });
        assert_eq!(skip("fa3f800000", Rules::Hashed).unwrap().end, 5);
    }

    #[test]
    fn long_heads_are_refused_where_an_encoding_is_the_only_one() {
        let long = [
            "1817",
            "1900ff",
            "1a0000ffff",
            "1b00000000ffffffff",
            "580161",
            "780161",
            "980101",
            "b8010102",
            "d80000",
        ];
        for hex in long {
            refused(hex, Rules::Shortest, "longer than needed");
            skip(hex, Rules::Hashed).unwrap();
            skip(hex, Rules::Wire).unwrap();
        }
        for hex in ["1818", "190100", "1a00010000", "1b0000000100000000", "d81800"] {
            skip(hex, Rules::Shortest).unwrap();
        }
    }

    #[test]
    fn indefinite_lengths_are_for_the_wires_arrays_and_maps_only() {
        for hex in ["9f01ff", "bf0102ff", "9fff", "9f9f00ffff"] {
            refused(hex, Rules::Hashed, "indefinite");
            skip(hex, Rules::Wire).unwrap();
        }
        for hex in ["5f4101ff", "7f6161ff"] {
            refused(hex, Rules::Hashed, "indefinite");
            refused(hex, Rules::Wire, "indefinite");
        }
        refused("bf01ff", Rules::Wire, "not a CBOR head");
    }

    #[test]
    fn reserved_heads_are_refused() {
        for hex in
            ["1c", "3d", "5e", "7c", "9d", "be", "dc", "fc", "1f", "3f", "df", "ff", "f810", "f81f"]
        {
            refused(hex, Rules::Wire, "not a CBOR");
        }
        skip("f820", Rules::Hashed).unwrap();
    }

    #[test]
    fn what_does_not_end_with_the_input_is_refused() {
        for hex in [
            "",
            "18",
            "19ff",
            "42ff",
            "62ff",
            "8201",
            "a101",
            "c0",
            "5bffffffffffffffff",
            "9bffffffffffffffff00",
        ] {
            refused(hex, Rules::Wire, "the input ends");
        }
        refused("0000", Rules::Wire, "bytes follow");
    }

    #[test]
    fn keys_are_unique_at_every_level() {
        refused("a201000100", Rules::Hashed, "twice");
        refused("82a2616100616100", Rules::Wire, "twice");
        refused("a1a24100004100000000"[..18].to_owned().as_str(), Rules::Hashed, "twice");
        skip("a2010020a0", Rules::Hashed).unwrap();
    }

    /// A key of each type in a longer encoding: numbers, strings, a tag, and containers.
    #[test]
    fn keys_are_unique_in_any_encoding() {
        for (key, again) in [
            ("01", "1801"),
            ("20", "3b0000000000000000"),
            ("6161", "780161"),
            ("4161", "59000161"),
            ("c001", "d80001"),
            ("8101", "98011801"),
            ("a10102", "b90001011802"),
            ("8101", "9f01ff"),
            ("a10102", "bf0102ff"),
        ] {
            refused(&format!("a2{key}00{again}00"), Rules::Wire, "twice");
            if !again.ends_with("ff") {
                refused(&format!("a2{key}00{again}00"), Rules::Hashed, "twice");
            }
        }
        for (key, other) in
            [("01", "20"), ("f90000", "fa00000000"), ("4161", "6161"), ("c001", "c101")]
        {
            skip(&format!("a2{key}00{other}00"), Rules::Hashed).unwrap();
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for open in ["81", "a100", "c1"] {
            let nested = |levels: usize| open.repeat(levels) + "00";
            skip(&nested(limits::CBOR_DEPTH), Rules::Hashed).unwrap();
            refused(&nested(limits::CBOR_DEPTH + 1), Rules::Hashed, "deeper than 8");
            refused(&nested(100_000), Rules::Wire, "deeper than 8");
        }
    }

    #[test]
    fn text_is_utf8() {
        refused("61ff", Rules::Wire, "UTF-8");
    }

    #[test]
    fn written_heads_are_shortest() {
        for argument in
            [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, u64::MAX]
        {
            let mut bytes = Vec::new();
            write_head(&mut bytes, Major::Unsigned, argument);
            let mut cursor = Cursor::new(&bytes, Rules::Hashed);
            assert_eq!(cursor.unsigned().unwrap().1, argument);
            cursor.finish().unwrap();
        }
    }
}
