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
