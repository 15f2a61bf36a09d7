//! Values of elements, as predicates see them.
//!
//! A proof is about the encoding itself, [`IssuerSignedItem::element_value`](crate::IssuerSignedItem::element_value),
//! in which the shortest heads make type and content unique.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{Cursor, Major, Rules};
use crate::date::{Date, Timestamp};
use crate::error::Error;

/// The value of an element. Text and other bytes are erased when it is dropped; `Debug` shows the type only.
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
    /// A tdate (CBOR tag 0) in whole seconds UTC.
    DateTime(Timestamp),
    /// The CBOR of anything else: byte strings, arrays, maps, floats, null, dates in other forms.
    Other(Vec<u8>),
}

impl Value {
    /// Reads one whole element value.
    pub(crate) fn parse(cbor: &[u8]) -> Result<Self, Error> {
        const TDATE: u64 = 0;
        const FULL_DATE: u64 = 1004;
        let mut cursor = Cursor::new(cbor, Rules::Hashed);
        let value = match cursor.peek() {
            Some(Major::Text) => Self::Text(cursor.text()?.1.to_owned()),
            Some(Major::Unsigned | Major::Negative) => Self::Integer(cursor.integer()?),
            Some(Major::Simple) => match cbor {
                [0xf4] => Self::Bool(false),
                [0xf5] => Self::Bool(true),
                _ => Self::Other(cbor.to_vec()),
            },
            Some(Major::Tag) => {
                let tag = cursor.head()?.argument;
                let text = cursor.text().ok().map(|(_, text)| text);
                match (tag, text) {
                    (Some(TDATE), Some(text)) => text.parse().ok().map(Self::DateTime),
                    (Some(FULL_DATE), Some(text)) => text.parse().ok().map(Self::FullDate),
                    _ => None,
                }
                .unwrap_or_else(|| Self::Other(cbor.to_vec()))
            }
            _ => Self::Other(cbor.to_vec()),
        };
        Ok(value)
    }

    /// The day that a date predicate is about: a full-date, the UTC date of a tdate, or text `YYYY-MM-DD`.
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

/// The value in words, for consent screens and disclosures. This shows it.
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
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", value("63446f65")), "text");
    }
}
