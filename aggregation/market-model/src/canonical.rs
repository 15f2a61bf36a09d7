//! The one form, by RFC 8785, of the JSON that messages consist of: objects, lists, texts, truth
//! values, and integers from 0 to 2^53 - 1.
//!
//! Members are ordered by their names, nothing is spaced, and integers are plain digits. Names are
//! ASCII, so that ordering them by bytes is the order of RFC 8785. Numbers with a fraction, an
//! exponent or a sign are refused. So are `null` and repeated members.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::ModelError;
use crate::quantity::LIMIT;

/// The most bytes of a message as JSON. The longest messages are matches and settlements, which
/// name each job of a lot.
pub const MOST_BYTES: usize = 256 * 1024;

enum Value {
    Flag(bool),
    Integer(u64),
    Text(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

/// The canonical JSON of a value.
///
/// # Errors
/// Returns [`ModelError::Malformed`] for a value that has no canonical form, because it contains
/// fractions, signs or `null`.
pub fn text<T: Serialize>(kind: &'static str, value: &T) -> Result<String, ModelError> {
    let malformed =
        |error: serde_json::Error| ModelError::Malformed { kind, error: error.to_string() };
    let json = serde_json::to_string(value).map_err(malformed)?;
    Ok(serde_json::from_str::<Value>(&json).map_err(malformed)?.to_string())
}

/// Reads what was sent. Spaces and the order of members are free. Everything else has one form,
/// which is checked by writing the value again and comparing.
///
/// # Errors
/// Returns [`ModelError::TooLong`], [`ModelError::Malformed`] or [`ModelError::Form`].
pub fn read<T: Serialize + DeserializeOwned>(
    kind: &'static str,
    json: &[u8],
) -> Result<T, ModelError> {
    if json.len() > MOST_BYTES {
        return Err(ModelError::TooLong { kind, length: json.len(), most: MOST_BYTES });
    }
    let malformed =
        |error: serde_json::Error| ModelError::Malformed { kind, error: error.to_string() };
    // The typed value is read from the bytes as they came, so that errors have their line and
    // column.
    let value = serde_json::from_slice(json).map_err(malformed)?;
    let sent = serde_json::from_slice::<Value>(json).map_err(malformed)?.to_string();
    let canonical = text(kind, &value)?;
    if sent == canonical { Ok(value) } else { Err(ModelError::Form { kind, canonical }) }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Integer(integer) => integer.fmt(f),
            Self::Text(text) => quoted(text, f),
            Self::List(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    value.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (place, (name, value)) in members.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    quoted(name, f)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A text in quotes. serde_json escapes the same characters as RFC 8785, and in the same way.
fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an object, a list, a text, true, false, or an integer from 0 to 2^53 - 1 in plain digits",
        )
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E: serde::de::Error>(self, integer: u64) -> Result<Value, E> {
        if integer < LIMIT {
            Ok(Value::Integer(integer))
        } else {
            Err(E::custom(format_args!("{integer} is not below 2^53")))
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if !name.is_ascii() {
                return Err(A::Error::custom(format_args!("the member {name:?} is unknown")));
            }
            let value = map.next_value()?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the member {name:?} occurs twice")));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> Result<String, String> {
        serde_json::from_str::<Value>(json)
            .map(|value| value.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn members_are_sorted_and_nothing_is_spaced() {
        let json = "{ \"b\" : [ true, \"\\u000a\\u000f\\u20ac\\/\\\"\" ], \"a\" : 9007199254740991, \"B\": {} }";
        assert_eq!(
            canonical(json).unwrap(),
            "{\"B\":{},\"a\":9007199254740991,\"b\":[true,\"\\n\\u000f\u{20ac}/\\\"\"]}"
        );
    }

    #[test]
    fn what_has_more_than_one_form_is_refused() {
        assert_eq!(canonical("[0,1]").unwrap(), "[0,1]");
        for json in [
            "1.0",
            "1e3",
            "-0",
            "-1",
            "01",
            "9007199254740992",
            "null",
            "{\"a\":1,\"a\":1}",
            "{\"é\":1}",
        ] {
            assert!(canonical(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_message_of_the_greatest_length_is_read_and_a_longer_one_is_not() {
        let padded = |length: usize| format!("1{}", " ".repeat(length - 1));
        assert_eq!(read::<u64>("number", padded(MOST_BYTES).as_bytes()), Ok(1));
        assert_eq!(
            read::<u64>("number", padded(MOST_BYTES + 1).as_bytes()),
            Err(ModelError::TooLong { kind: "number", length: MOST_BYTES + 1, most: MOST_BYTES })
        );
    }
}
