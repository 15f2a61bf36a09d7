//! Values of elements, as predicates see them.
//!
//! A proof is about what
//! [`IssuerSignedItem::element_value`](crate::IssuerSignedItem::element_value) encodes. For
//! numbers, bytes and text, with or without a tag, the heads that the issuer wrote do not matter.
//! For any other value, the proof is about the encoding itself.

use std::fmt;

use velum_core::value::normalised;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::cbor::{Cursor, Major, Rules};
use crate::date::{Date, Timestamp};
use crate::error::Error;

/// The value of an element. Text and other bytes are erased when the value is dropped. `Debug`
/// shows only the type.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Text.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// Any integer that CBOR's major types 0 and 1 hold: -2^64 to 2^64 - 1.
    Integer(i128),
    /// A full-date (CBOR tag 1004).
    FullDate(Date),
    /// A tdate (CBOR tag 0) in UTC, without the fraction of its seconds.
    DateTime(Timestamp),
    /// The CBOR of anything else: byte strings, arrays, maps, floats, null, and dates in other
    /// forms. Scalars have the shortest heads.
    Other(Vec<u8>),
}

impl Value {
    /// Reads the value of an element, which must be one whole data item.
    pub(crate) fn parse(cbor: &[u8]) -> Result<Self, Error> {
        let normalised = Zeroizing::new(normalised(cbor));
        let cbor = normalised.as_slice();
        let mut cursor = Cursor::new(cbor, Rules::Hashed);
        let value = match cursor.peek() {
            Some(Major::Text) => Self::Text(cursor.text()?.1.to_owned()),
            Some(Major::Unsigned | Major::Negative) => Self::Integer(cursor.integer()?),
            Some(Major::Simple) => match cbor {
                [0xf4] => Self::Bool(false),
                [0xf5] => Self::Bool(true),
                _ => Self::Other(cbor.to_vec()),
            },
            Some(Major::Tag) => match Self::tagged_text(cbor) {
                Some((Self::TDATE, text)) => Timestamp::from_tdate(text).ok().map(Self::DateTime),
                Some((Self::FULL_DATE, text)) => text.parse().ok().map(Self::FullDate),
                _ => None,
            }
            .unwrap_or_else(|| Self::Other(cbor.to_vec())),
            _ => Self::Other(cbor.to_vec()),
        };
        Ok(value)
    }

    /// The type of the value in words. It is more specific than the output of [`fmt::Debug`] for
    /// values that are plain CBOR there.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::FullDate(_) => "a full-date (CBOR tag 1004)",
            Self::DateTime(_) => "a date and time (tdate, CBOR tag 0)",
            Self::Other(cbor) => match (Cursor::new(cbor, Rules::Wire).peek(), cbor.first()) {
                (Some(Major::Bytes), _) => "a byte string",
                (Some(Major::Array), _) => "an array",
                (Some(Major::Map), _) => "a map",
                (Some(Major::Tag), _) => match Self::tagged_text(cbor) {
                    Some((Self::FULL_DATE, _)) => "a full-date (CBOR tag 1004)",
                    Some((Self::TDATE, _)) => "a date and time (tdate, CBOR tag 0)",
                    _ => "a value under a CBOR tag",
                },
                (_, Some(0xf6)) => "null",
                (_, Some(0xf9..=0xfb)) => "a floating-point number",
                _ => "a simple value",
            },
        }
    }

    /// The reason why [`date`](Self::date) returns none. Of the value itself, the text reveals only
    /// its type and which part keeps it from being a day of the calendar.
    pub(crate) fn date_fault(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Text(text) => match Date::fault(text) {
                Some(fault) => format!("text that is not a calendar date: {fault}"),
                None => "text that is not of the form YYYY-MM-DD".to_owned(),
            },
            Self::Other(cbor) => match Self::tagged_text(cbor) {
                Some((tag @ (Self::FULL_DATE | Self::TDATE), text)) => {
                    let day = text.get(..Date::TEXT_BYTES).unwrap_or(text);
                    match Date::fault(day) {
                        Some(fault) => format!("{kind} that is not a calendar date: {fault}"),
                        None if tag == Self::TDATE => {
                            format!(
                                "{kind} that is not of the form YYYY-MM-DDTHH:MM:SS, optionally a \
                                 fraction, then Z or +00:00"
                            )
                        }
                        None => format!("{kind} that is not of the form YYYY-MM-DD"),
                    }
                }
                _ if self.has_birth_date() => format!(
                    "{kind} (as ISO/IEC 23220-2 writes a birth date that may be approximate: \
                     birth_date, approximate_mask), and no proof can be about a date inside a map"
                ),
                _ => format!("{kind}, not a date"),
            },
            _ => format!("{kind}, not a date"),
        }
    }

    /// Whether this is a map with the key of a birth date.
    fn has_birth_date(&self) -> bool {
        let find = |cbor: &[u8]| {
            let mut cursor = Cursor::new(cbor, Rules::Wire);
            let mut members = cursor.map()?;
            while cursor.next(&mut members) {
                if cursor.text_key()?.1 == Some("birth_date") {
                    return Ok::<_, Error>(true);
                }
                cursor.pass()?;
            }
            Ok(false)
        };
        matches!(self, Self::Other(cbor) if find(cbor) == Ok(true))
    }

    const TDATE: u64 = 0;
    const FULL_DATE: u64 = 1004;

    /// A text under a tag, and the tag.
    fn tagged_text(cbor: &[u8]) -> Option<(u64, &str)> {
        let mut cursor = Cursor::new(cbor, Rules::Wire);
        (cursor.peek() == Some(Major::Tag)).then_some(())?;
        let tag = cursor.head().ok()?.argument?;
        cursor.text().ok().map(|(_, text)| (tag, text))
    }

    /// The day that a date predicate is about: a full-date, the UTC date of a tdate, or text of the
    /// form `YYYY-MM-DD`.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::FullDate(date) => Some(*date),
            Self::DateTime(time) => Some(time.date()),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) | Self::Integer(_) | Self::Other(_) => None,
        }
    }
}

impl ZeroizeOnDrop for Value {}

impl Drop for Value {
    fn drop(&mut self) {
        match self {
            Self::Text(text) => text.zeroize(),
            Self::Integer(n) => n.zeroize(),
            Self::Other(cbor) => cbor.zeroize(),
            Self::Bool(_) | Self::FullDate(_) | Self::DateTime(_) => {}
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "text",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::FullDate(_) => "a full-date",
            Self::DateTime(_) => "a tdate",
            Self::Other(_) => "CBOR",
        })
    }
}

/// The value in words, for consent screens and disclosures. The output reveals the value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::FullDate(date) => write!(f, "{date}"),
            Self::DateTime(time) => write!(f, "{time}"),
            Self::Other(cbor) => write!(f, "CBOR {}", hex::encode(cbor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(hex: &str) -> Value {
        Value::parse(&hex::decode(hex).unwrap()).unwrap()
    }

    #[test]
    fn every_type_is_told_apart() {
        let date = "2024-03-15".parse().unwrap();
        let time = "2024-03-15T12:00:00Z".parse().unwrap();
        for (hex, expected) in [
            ("60", Value::Text(String::new())),
            ("63446f65", Value::Text("Doe".to_owned())),
            ("f4", Value::Bool(false)),
            ("f5", Value::Bool(true)),
            ("18af", Value::Integer(175)),
            ("1bffffffffffffffff", Value::Integer((1 << 64) - 1)),
            ("3bffffffffffffffff", Value::Integer(-(1 << 64))),
            ("d903ec6a323032342d30332d3135", Value::FullDate(date)),
            ("c074323032342d30332d31355431323a30303a30305a", Value::DateTime(time)),
            ("c0781b323032342d30332d31355431323a30303a30302e352b30303a3030", Value::DateTime(time)),
            ("7803446f65", Value::Text("Doe".to_owned())),
            ("1b0000000000000012", Value::Integer(18)),
            ("390000", Value::Integer(-1)),
            ("d903ec780a323032342d30332d3135", Value::FullDate(date)),
            ("5900024142", Value::Other(vec![0x42, 0x41, 0x42])),
        ] {
            assert_eq!(value(hex), expected, "{hex}");
        }
    }

    #[test]
    fn everything_else_keeps_its_cbor() {
        for hex in [
            "f6",
            "f7",
            "e0",
            "f93c00",
            "40",
            "80",
            "a0",
            "c11a66000000",
            "d903ec6a323032332d30322d3239",
            "d903ec00",
            "c06a323032342d30332d3135",
            "c0d903ec6a323032342d30332d3135",
            "d9d9f763446f65",
        ] {
            assert_eq!(value(hex), Value::Other(hex::decode(hex).unwrap()), "{hex}");
            assert_eq!(value(hex).date(), None);
        }
    }

    #[test]
    fn dates_come_from_three_types() {
        let date = Some("2024-03-15".parse().unwrap());
        assert_eq!(value("d903ec6a323032342d30332d3135").date(), date);
        assert_eq!(value("6a323032342d30332d3135").date(), date);
        assert_eq!(value("c074323032342d30332d31355432333a35393a35395a").date(), date);
        assert_eq!(value("7474323032342d30332d31355432333a35393a3539").date(), None);
        assert_eq!(value("00").date(), None);
    }

    #[test]
    fn why_a_value_is_no_date_is_told_without_the_value() {
        for (hex, why) in [
            ("00", "an integer, not a date"),
            ("f5", "a boolean"),
            ("f6", "null"),
            ("f93c00", "a floating-point number"),
            ("40", "a byte string"),
            ("80", "an array"),
            ("a0", "a map, not a date"),
            ("a16a62697274685f6461746500", "ISO/IEC 23220-2"),
            ("63446f65", "not of the form YYYY-MM-DD"),
            ("6a323030362d30302d3030", "its month and day are 00"),
            ("d903ec6a323030362d30302d3031", "its month is 00"),
            ("d903ec6a323030362d31332d3031", "above 12"),
            ("d903ec6a323030362d30312d3030", "its day is 00"),
            ("d903ec6a323032332d30322d3239", "its month does not have that day"),
            ("d903ec6430303031", "(CBOR tag 1004) that is not of the form YYYY-MM-DD"),
            ("c074323032332d30322d32395431323a30303a30305a", "its month does not have that day"),
            ("c06a323032342d30332d3135", "not of the form YYYY-MM-DDTHH:MM:SS"),
            (
                "c07819323032342d30332d31355431323a30303a30302b30313a3030",
                "not of the form YYYY-MM-DDTHH:MM:SS",
            ),
            ("c11a66000000", "a value under a CBOR tag, not a date"),
        ] {
            let value = value(hex);
            let fault = value.date_fault();
            assert!(value.date().is_none() && fault.contains(why), "{hex}: {fault}");
            assert!(
                !fault.contains("2006") && !fault.contains("2023") && !fault.contains("Doe"),
                "{fault}"
            );
        }
    }

    #[test]
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", value("63446f65")), "text");
    }
}
