//! Values of elements as a spec writes them.

use serde::{Deserialize, Serialize};

use super::node::{Map, Node};
use crate::{Date, Error, Timestamp};

/// A CBOR value in JSON. Text, booleans, integers and arrays are written directly. The other types
/// are objects with one key:
///
/// * `{"full_date": "1990-01-01"}` is tag 1004.
/// * `{"tdate": "2024-01-01T00:00:00Z"}` is tag 0.
/// * `{"bytes": "00ff"}` is a byte string in hexadecimal.
/// * `{"map": [["key", 1]]}` is a map in the given order.
/// * `{"cbor": "f6"}` is any encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected text, a boolean, an integer, an array, or an object with one key of full_date, tdate, bytes, map, cbor"
)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// Any other type.
    Typed(Typed),
}

/// The types that JSON lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typed {
    /// Tag 1004 and `YYYY-MM-DD`.
    FullDate(String),
    /// Tag 0 and `YYYY-MM-DDTHH:MM:SSZ`.
    Tdate(String),
    /// A byte string, in hexadecimal.
    Bytes(String),
    /// A map of pairs, in order.
    Map(Vec<(Value, Value)>),
    /// The encoding of one data item in hexadecimal, which is copied unchanged.
    Cbor(String),
}

impl Value {
    /// The value as CBOR.
    ///
    /// # Errors
    /// `malformed` for a date that is not in the calendar and for text that is not hexadecimal.
    pub fn to_node(&self) -> Result<Node, Error> {
        Ok(match self {
            Self::Bool(value) => Node::bool(*value),
            Self::Int(value) => Node::int(*value),
            Self::Text(text) => Node::text(text),
            Self::Array(items) => {
                Node::Array(items.iter().map(Self::to_node).collect::<Result<_, _>>()?)
            }
            Self::Typed(Typed::FullDate(text)) => {
                text.parse::<Date>()
                    .map_err(|error| Error::malformed("full_date", error.to_string()))?;
                Node::full_date(text)
            }
            Self::Typed(Typed::Tdate(text)) => {
                text.parse::<Timestamp>()
                    .map_err(|error| Error::malformed("tdate", error.to_string()))?;
                Node::tdate(text)
            }
            Self::Typed(Typed::Bytes(text)) => Node::bytes(&from_hex("bytes", text)?),
            Self::Typed(Typed::Map(pairs)) => {
                let pairs = pairs.iter().map(|(key, value)| Ok((key.to_node()?, value.to_node()?)));
                Node::Map(pairs.collect::<Result<Vec<_>, Error>>()?.into_iter().collect::<Map>())
            }
            Self::Typed(Typed::Cbor(text)) => Node::Raw(from_hex("cbor", text)?),
        })
    }
}

pub(super) fn from_hex(place: &str, text: &str) -> Result<Vec<u8>, Error> {
    hex::decode(text).map_err(|error| Error::malformed(place, format!("not hexadecimal: {error}")))
}
