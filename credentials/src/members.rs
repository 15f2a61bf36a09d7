//! Reads JSON, or the CBOR that stands for it (RFC 8949, section 6.2), member by member.
//!
//! Every error names its place and uses words that fit both forms. No error repeats given text,
//! because the text may be long or secret. The only exception is the name of an unknown member.
//! This module does not know what any member means.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

/// Number of characters of an unknown name that a message repeats.
const SHOWN_NAME: usize = 64;

/// A value of any type.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i128),
    /// A number that is not an integer of 128 bits.
    Fraction,
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads JSON.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|error| {
            let why = if error.is_eof() { "it ends too early" } else { "it is malformed" };
            Error::malformed(
                "",
                format!("not JSON: {why}, at line {}, column {}", error.line(), error.column()),
            )
        })
    }

    /// Reads CBOR. The caller has checked that it is one data item of bounded depth.
    pub(crate) fn from_cbor(cbor: &[u8]) -> Result<Self, Error> {
        ciborium::from_reader(cbor).map_err(|_| {
            Error::malformed(
                "",
                "the CBOR has no JSON equivalent; use only objects, arrays, text, numbers and \
                 booleans",
            )
        })
    }

    pub(crate) fn text(self) -> Result<String, Error> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other.instead_of("text")),
        }
    }

    pub(crate) fn array(self) -> Result<Vec<Node>, Error> {
        match self {
            Self::Array(members) => Ok(members),
            other => Err(other.instead_of("an array")),
        }
    }

    pub(crate) fn bool(self) -> Result<bool, Error> {
        match self {
            Self::Bool(value) => Ok(value),
            other => Err(other.instead_of("true or false")),
        }
    }

    /// The error that something else is needed here.
    pub(crate) fn instead_of(&self, wanted: &str) -> Error {
        let found = match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Fraction => "a number that is not an integer",
            Self::Text(_) => "text",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        };
        Error::malformed("", format!("expected {wanted}, found {found}"))
    }

    /// The members of an object. It may have only these names, each at most once.
    pub(crate) fn members(self, known: &[&str]) -> Result<Members, Error> {
        let Self::Object(members) = self else { return Err(self.instead_of("an object")) };
        for (place, (name, _)) in members.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let shown: String = name.chars().take(SHOWN_NAME).collect();
                let known = known.join(", ");
                let message = format!(
                    "unknown member `{}`; the known members are {known}",
                    shown.escape_debug()
                );
                return Err(Error::malformed("", message));
            }
            if members[..place].iter().any(|(before, _)| before == name) {
                return Err(Error::malformed("", format!("the member `{name}` occurs twice")));
            }
        }
        Ok(Members(members))
    }
}

/// The members of an object.
#[derive(Debug)]
pub(crate) struct Members(Vec<(String, Node)>);

impl Members {
    /// Reads a member with `read`, if it is present and not null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Node) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(place) = self.0.iter().position(|(found, _)| found == name) else {
            return Ok(None);
        };
        match self.0.swap_remove(place).1 {
            Node::Null => Ok(None),
            node => read(node).map(Some).map_err(|error| error.within(name)),
        }
    }

    /// Reads a member that must be present with `read`.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Node) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.optional(name, read)?
            .ok_or_else(|| Error::malformed("", format!("the member `{name}` is missing")))
    }

    /// Reads each member of an array with `read`.
    pub(crate) fn each<T>(
        node: Node,
        mut read: impl FnMut(Node) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let read = |(place, node)| read(node).map_err(|error| error.within(&format!("[{place}]")));
        node.array()?.into_iter().enumerate().map(read).collect()
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(Node::Integer(number))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Node, E> {
        Ok(i128::try_from(number).map_or(Node::Fraction, Node::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Fraction)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = array.next_element()? {
            members.push(member);
        }
        Ok(Node::Array(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some((name, member)) = object.next_entry()? {
            let Node::Text(name) = name else {
                return Err(A::Error::custom("the name of a member must be text"));
            };
            members.push((name, member));
        }
        Ok(Node::Object(members))
    }
}
