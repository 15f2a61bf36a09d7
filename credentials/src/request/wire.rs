//! The JSON and CBOR forms of a request.
//!
//! Both have the same members and values (CBOR as RFC 8949, section 6.2, converts JSON). What is written is normal:
//! members in a fixed order, keys as uncompressed lower-case hexadecimal, certificates as PEM with line feeds, so that
//! equal requests have equal bytes. Unknown members are errors.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use x509_cert::der::pem::{self, LineEnding};

use super::Request;
use crate::cbor::{Rules, check_whole};
use crate::date::Date;
use crate::error::Error;
use crate::limits;
use crate::predicate::{Condition, Literal, Predicate};
use crate::trust::{Issuer, Profile};
use crate::x509::{self, InvalidOid};

impl Request {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// `too_large` above [`limits::REQUEST_BYTES`], `malformed` with line and column or with the member, and as
    /// [`Request::new`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_length(json)?;
        let form: RequestForm =
            serde_json::from_slice(json).map_err(|error| Error::malformed("request", error.to_string()))?;
        form.try_into()
    }

    /// Reads the CBOR form.
    ///
    /// # Errors
    /// As [`Self::from_json`], with byte offsets.
    pub fn from_cbor(cbor: &[u8]) -> Result<Self, Error> {
        check_length(cbor)?;
        check_whole(cbor, Rules::Wire).map_err(|error| error.within("request"))?;
        let form: RequestForm =
            ciborium::from_reader(cbor).map_err(|error| Error::malformed("request", error.to_string()))?;
        form.try_into()
    }

    /// The JSON form, indented.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&RequestForm::from(self)).expect("every member has a JSON form")
    }

    /// The CBOR form. Equal requests give equal bytes.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut cbor = Vec::new();
        ciborium::into_writer(&RequestForm::from(self), &mut cbor).expect("every member has a CBOR form");
        cbor
    }
}

fn check_length(bytes: &[u8]) -> Result<(), Error> {
    Error::check_limit("request", "bytes", bytes.len(), limits::REQUEST_BYTES)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    doc_type: String,
    now: String,
    issuers: Vec<IssuerForm>,
    predicates: Vec<PredicateForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    device_namespaces: Vec<String>,
}

/// Exactly one of key and certificate is present; the rest belongs to a certificate.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sec1_hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x509_pem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_eku: Option<String>,
}

/// One condition: exactly one of the optional members is present.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PredicateForm {
    namespace: String,
    element: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age_at_least: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equals: Option<LiteralForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date_after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disclose: Option<bool>,
}

impl From<&Request> for RequestForm {
    fn from(request: &Request) -> Self {
        Self {
            doc_type: request.doc_type.clone(),
            now: request.now.to_string(),
            issuers: request.issuers.iter().map(IssuerForm::from).collect(),
            predicates: request.predicates.iter().map(PredicateForm::from).collect(),
            device_namespaces: request.device_namespaces.clone(),
        }
    }
}

impl TryFrom<RequestForm> for Request {
    type Error = Error;

    fn try_from(form: RequestForm) -> Result<Self, Error> {
        let now = form.now.parse().map_err(|error| Error::malformed("request.now", format!("{error}")))?;
        let default = Profile::of_doc_type(&form.doc_type);
        let issuer = |(index, form): (usize, IssuerForm)| {
            form.read(default).map_err(|error| error.within(&format!("request.issuers[{index}]")))
        };
        let predicate = |(index, form): (usize, PredicateForm)| {
            Predicate::try_from(form).map_err(|error| error.within(&format!("request.predicates[{index}]")))
        };
        let issuers = form.issuers.into_iter().enumerate().map(issuer).collect::<Result<_, _>>()?;
        let predicates = form.predicates.into_iter().enumerate().map(predicate).collect::<Result<_, _>>()?;
        Self::new(form.doc_type, now, issuers, predicates)?.with_device_namespaces(form.device_namespaces)
    }
}

impl From<&Issuer> for IssuerForm {
    fn from(issuer: &Issuer) -> Self {
        // A root's profile is written even where it goes without saying, so that the bytes say what is meant.
        let mut form =
            Self { profile: issuer.profile().map(|profile| profile.name().to_owned()), ..Self::default() };
        if let Some(Profile::Pki { require_eku }) = issuer.profile() {
            form.require_eku = require_eku.map(|oid| oid.to_string());
        }
        match issuer {
            Issuer::Key(key) => form.sec1_hex = Some(hex::encode(key.to_encoded_point(false))),
            Issuer::Signer { der, .. } | Issuer::Root { der, .. } => {
                let pem = pem::encode_string("CERTIFICATE", LineEnding::LF, der);
                form.x509_pem = Some(pem.expect("the label is valid PEM"));
            }
        }
        form
    }
}

impl IssuerForm {
    /// The issuer; `default` is the profile of a root that states none.
    fn read(self, default: Option<Profile>) -> Result<Issuer, Error> {
        let profile = self.profile()?;
        match (self.sec1_hex, self.x509_pem) {
            (Some(text), None) => {
                if profile.is_some() {
                    return Err(Error::malformed(
                        "profile",
                        "a key is trusted as it is; leave the profile out",
                    ));
                }
                key(&text).map_err(|error| error.within("sec1_hex"))
            }
            (None, Some(text)) => certificate(&text, profile, default),
            _ => Err(Error::malformed("", "give exactly one of sec1_hex and x509_pem")),
        }
    }

    fn profile(&self) -> Result<Option<Profile>, Error> {
        let profile = self.profile.as_deref().map(|name| {
            let unknown = || Error::malformed("profile", "neither \"iso18013-5\" nor \"pki\"");
            Profile::by_name(name).ok_or_else(unknown)
        });
        match (profile.transpose()?, &self.require_eku) {
            (Some(Profile::Pki { .. }), Some(oid)) => {
                let oid = oid
                    .parse()
                    .map_err(|error: InvalidOid| Error::malformed("require_eku", error.to_string()))?;
                Ok(Some(Profile::Pki { require_eku: Some(oid) }))
            }
            (_, Some(_)) => Err(Error::malformed("require_eku", "only profile \"pki\" takes it")),
            (profile, None) => Ok(profile),
        }
    }
}

fn key(text: &str) -> Result<Issuer, Error> {
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Error::malformed("", "a PEM certificate, which belongs into x509_pem"));
    }
    let bytes = hex::decode(text).map_err(|error| {
        let message = format!(
            "not hexadecimal ({error}); give the SEC 1 point of a P-256 key, 65 bytes that begin with 04, as 130 hexadecimal digits"
        );
        Error::malformed("", message)
    })?;
    Issuer::from_sec1(&bytes)
}

fn certificate(text: &str, profile: Option<Profile>, default: Option<Profile>) -> Result<Issuer, Error> {
    const PLACE: &str = "x509_pem";
    let certificates = x509::read_pem(text).map_err(|e| Error::malformed(PLACE, e.to_string()))?;
    let [der] = <[Vec<u8>; 1]>::try_from(certificates)
        .map_err(|_| Error::malformed(PLACE, "several certificates; give each its own entry"))?;
    Error::check_limit(PLACE, "bytes of a certificate", der.len(), limits::CERTIFICATE_BYTES)?;
    let is_root = x509::is_ca(&der).map_err(|fault| Error::malformed(PLACE, fault.to_string()))?;
    let profile = if is_root { profile.or(default) } else { profile };
    // What is wrong with the profile is told at the profile.
    Issuer::from_der(der, profile).map_err(|error| match error.place() {
        "" => error.within(PLACE),
        _ => error,
    })
}

impl From<&Predicate> for PredicateForm {
    fn from(predicate: &Predicate) -> Self {
        let mut form = Self {
            namespace: predicate.namespace.clone(),
            element: predicate.element.clone(),
            ..Self::default()
        };
        match &predicate.condition {
            Condition::AgeAtLeast(age) => form.age_at_least = Some(*age),
            Condition::Equals(literal) => form.equals = Some(LiteralForm(literal.clone())),
            Condition::DateBefore(date) => form.date_before = Some(date.to_string()),
            Condition::DateAfter(date) => form.date_after = Some(date.to_string()),
            Condition::Disclose => form.disclose = Some(true),
        }
        form
    }
}

impl TryFrom<PredicateForm> for Predicate {
    type Error = Error;

    fn try_from(form: PredicateForm) -> Result<Self, Error> {
        let date = |member: &str, text: String| {
            text.parse::<Date>().map_err(|error| Error::malformed(member, error.to_string()))
        };
        let mut conditions = Vec::new();
        conditions.extend(form.age_at_least.map(Condition::AgeAtLeast));
        conditions.extend(form.equals.map(|LiteralForm(literal)| Condition::Equals(literal)));
        if let Some(text) = form.date_before {
            conditions.push(Condition::DateBefore(date("date_before", text)?));
        }
        if let Some(text) = form.date_after {
            conditions.push(Condition::DateAfter(date("date_after", text)?));
        }
        match form.disclose {
            Some(true) => conditions.push(Condition::Disclose),
            Some(false) => {
                return Err(Error::malformed("disclose", "can only be true; remove the predicate"));
            }
            None => {}
        }
        let [condition] = <[Condition; 1]>::try_from(conditions).map_err(|found| {
            let message = format!(
                "{} conditions; give exactly one of age_at_least, equals, date_before, date_after, disclose",
                found.len()
            );
            Error::malformed("", message)
        })?;
        Ok(Self { namespace: form.namespace, element: form.element, condition })
    }
}

/// Text, a boolean or an integer stands for itself; a full-date is `{"full_date": "YYYY-MM-DD"}`.
struct LiteralForm(Literal);

impl Serialize for LiteralForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Literal::Text(text) => serializer.serialize_str(text),
            Literal::Bool(value) => serializer.serialize_bool(*value),
            Literal::Integer(number) => serializer.serialize_i64(*number),
            Literal::FullDate(date) => FullDateForm { full_date: date.to_string() }.serialize(serializer),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullDateForm {
    full_date: String,
}

impl<'de> Deserialize<'de> for LiteralForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LiteralVisitor).map(Self)
    }
}

struct LiteralVisitor;

impl<'de> Visitor<'de> for LiteralVisitor {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a boolean, an integer of 64 bits with sign, or {\"full_date\": \"YYYY-MM-DD\"}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal::Text(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Literal, E> {
        Ok(Literal::Integer(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Literal, E> {
        i64::try_from(number)
            .map(Literal::Integer)
            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Literal, A::Error> {
        let form = FullDateForm::deserialize(de::value::MapAccessDeserializer::new(map))?;
        form.full_date.parse().map(Literal::FullDate).map_err(de::Error::custom)
    }
}
