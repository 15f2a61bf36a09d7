//! What an answer to a request would reveal to its verifier, for the holder to see before
//! consenting.

use std::fmt;

use serde_json::json;
use velum_core::class::SizeClass;

use super::Request;
use crate::algorithm::SignatureAlgorithm;
use crate::date::Timestamp;
use crate::error::Error;
use crate::predicate::{Condition, Literal, Predicate};
use crate::trust::{Issuer, Profile, TrustedIssuer};
use crate::value::Value;

/// One thing that a verifier learns.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Learnt {
    /// That a predicate holds. The value is present if it is disclosed.
    Predicate(Predicate, Option<Value>),
    /// Who issued the document.
    Issuer {
        /// The signer's key in hexadecimal. If no issuer of the request vouches for the explained
        /// document, it is a description in words.
        issuer: String,
        /// The `commonName` of the signer's certificate, if the key is known by a certificate.
        name: Option<String>,
    },
    /// The rules by which the issuer's certificates were checked. They do not include revocation.
    Profile(Profile),
    /// The type of the document.
    DocType(String),
    /// That the document is valid at this time.
    ValidAt(Timestamp),
    /// The public size class of the proof.
    SizeClass(SizeClass),
    /// The algorithm by which the device signed.
    DeviceAlgorithm(SignatureAlgorithm),
    /// What the device signed besides the session: the CBOR of `DeviceNameSpaces`, in clear. It is
    /// not proven that the issuer allows the device to sign these elements.
    DeviceNamespaces(Vec<u8>),
}

impl Learnt {
    /// The member of `learnt` in the output of `velum verify --json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Predicate(Predicate { namespace, element, condition }, None) => {
                json!({ "namespace": namespace, "element": element, "predicate": condition.to_json() })
            }
            Self::Predicate(Predicate { namespace, element, condition }, Some(value)) => json!({
                "namespace": namespace,
                "element": element,
                "predicate": condition.to_json(),
                "value": value.to_json(),
            }),
            Self::Issuer { issuer, name: None } => json!({ "issuer": issuer }),
            Self::Issuer { issuer, name: Some(name) } => {
                json!({ "issuer": issuer, "issuer_name": name })
            }
            Self::Profile(profile) => {
                json!({ "profile": profile.name(), "revocation_checked": false })
            }
            Self::DocType(doc_type) => json!({ "doc_type": doc_type }),
            Self::ValidAt(time) => json!({ "valid_at": time.to_string() }),
            Self::SizeClass(class) => json!({ "size_class": class.name }),
            Self::DeviceAlgorithm(algorithm) => {
                json!({ "device_algorithm": algorithm.to_string() })
            }
            Self::DeviceNamespaces(cbor) => {
                json!({ "device_namespaces": hex::encode(cbor), "authorisation_proven": false })
            }
        }
    }
}

impl fmt::Display for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicate(predicate, None) => predicate.fmt(f),
            Self::Predicate(predicate, Some(value)) => write!(f, "{predicate}: {value}"),
            Self::Issuer { issuer, name: None } => write!(f, "the issuer: {issuer}"),
            Self::Issuer { issuer, name: Some(name) } => {
                write!(
                    f,
                    "the issuer: {name:?} according to its certificate, with the key {issuer}"
                )
            }
            Self::Profile(profile) => write!(
                f,
                "that the issuer's certificates follow profile {:?}; whether one of them was \
                 revoked is not checked",
                profile.name()
            ),
            Self::DocType(doc_type) => write!(f, "the type of the document: {doc_type}"),
            Self::ValidAt(time) => write!(f, "that the document is valid at {time}"),
            Self::SizeClass(class) => write!(f, "that the document fits size class {}", class.name),
            Self::DeviceAlgorithm(algorithm) => write!(f, "that the device signs with {algorithm}"),
            Self::DeviceNamespaces(cbor) => {
                write!(
                    f,
                    "what the device signed itself, which proves that the device says so, not \
                     that the issuer allows it: CBOR {}",
                    hex::encode(cbor)
                )
            }
        }
    }
}

/// What a request would make a document reveal, and what stays hidden.
#[derive(Clone)]
pub struct Explanation {
    /// What the verifier learns if every predicate holds and nothing else is released.
    pub learnt: Vec<Learnt>,
    /// The elements of the document whose values stay hidden, as (namespace, element). These are
    /// all elements that are neither disclosed nor equal to what the request names.
    pub hidden: Vec<(String, String)>,
    /// What a verifier might believe to be checked although nothing checks it, in words. The
    /// verifier does not learn that it applies.
    pub not_checked: Vec<String>,
    /// For each predicate of the request, in words, whether it holds.
    pub predicates: Vec<(String, Result<(), Error>)>,
}

impl From<&TrustedIssuer> for Learnt {
    fn from(issuer: &TrustedIssuer) -> Self {
        let key = hex::encode(issuer.public_key.to_encoded_point(false));
        Self::Issuer { issuer: key, name: issuer.name.clone() }
    }
}

impl Request {
    /// The trusted issuers in words, for the case that none of them vouches for the document.
    pub(crate) fn issuer_in_words(&self) -> String {
        match self.issuers() {
            [Issuer::Key(key)] => hex::encode(key.to_encoded_point(false)),
            [Issuer::Root { .. }] => {
                "a document signer under the trusted root, by its certificate".to_owned()
            }
            [Issuer::Signer { .. }] => "the trusted document signer".to_owned(),
            several => {
                format!("which document signer, trusted through one of {} entries", several.len())
            }
        }
    }
}

impl Condition {
    /// The condition as the request writes it.
    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::AgeAtLeast(age) => json!({ "age_at_least": age }),
            Self::Equals(Literal::Text(text)) => json!({ "equals": text }),
            Self::Equals(Literal::Bool(value)) => json!({ "equals": value }),
            Self::Equals(Literal::Integer(number)) => json!({ "equals": number }),
            Self::Equals(Literal::FullDate(date)) => {
                json!({ "equals": { "full_date": date.to_string() } })
            }
            Self::DateBefore(date) => json!({ "date_before": date.to_string() }),
            Self::DateAfter(date) => json!({ "date_after": date.to_string() }),
            Self::Disclose => json!({ "disclose": true }),
        }
    }
}

impl Value {
    /// The value as JSON. Text, booleans and integers of 64 bits are written directly. Every other
    /// value is an object that names its type.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Bool(value) => json!(value),
            Self::Integer(n) => match (i64::try_from(*n), u64::try_from(*n)) {
                (Ok(n), _) => json!(n),
                (_, Ok(n)) => json!(n),
                _ => json!({ "integer": n.to_string() }),
            },
            Self::FullDate(date) => json!({ "full_date": date.to_string() }),
            Self::DateTime(time) => json!({ "tdate": time.to_string() }),
            Self::Other(cbor) => json!({ "cbor_hex": hex::encode(cbor) }),
        }
    }
}

impl Explanation {
    /// Whether a condition compares a date that stays hidden.
    fn compares_hidden_date(&self) -> bool {
        self.learnt.iter().any(|learnt| match learnt {
            Learnt::Predicate(Predicate { namespace, element, condition }, _) => {
                let is_it =
                    |hidden: &(String, String)| hidden.0 == *namespace && hidden.1 == *element;
                condition.is_about_date() && self.hidden.iter().any(is_it)
            }
            _ => false,
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The verifier would learn:")?;
        for learnt in &self.learnt {
            writeln!(f, "  - {learnt}")?;
        }
        writeln!(f, "It would not learn the values of:")?;
        for (namespace, element) in &self.hidden {
            // The names come from a document that nothing has checked yet.
            writeln!(f, "  - {} ({})", element.escape_debug(), namespace.escape_debug())?;
        }
        if self.compares_hidden_date() {
            // A proof does not check the calendar; it relies on the issuer for that. The holder's
            // own check below does check the calendar.
            writeln!(
                f,
                "Nor would it learn whether a date exists in the calendar, only that its month is \
                 1 to 12 and its day 1 to 31."
            )?;
        }
        for not_checked in &self.not_checked {
            writeln!(f, "Not checked: {not_checked}.")?;
        }
        writeln!(f, "On this document:")?;
        for (words, outcome) in &self.predicates {
            match outcome {
                Ok(()) => writeln!(f, "  - holds: {words}")?,
                Err(error) => writeln!(f, "  - does not hold: {words} ({})", error.code())?,
            }
        }
        Ok(())
    }
}
