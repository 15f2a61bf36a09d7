//! The JSON and CBOR forms of a request.
//!
//! Both forms have the same members and values; the CBOR follows the conversion of RFC 8949,
//! section 6.2. The output is in normal form: members in a fixed order, times in whole seconds,
//! keys as uncompressed lower-case hexadecimal, and certificates as PEM with line feeds. Equal
//! requests therefore have equal bytes. Unknown members are errors.

use serde::Serialize;
use serde::ser::Serializer;
use x509_cert::der::pem::{self, LineEnding};

use super::Request;
use crate::cbor::{Rules, check_whole};
use crate::date::{Date, InvalidDate, Timestamp};
use crate::error::Error;
use crate::limits;
use crate::members::{Members, Node};
use crate::predicate::{Condition, Literal, Predicate};
use crate::trust::{Issuer, Profile};
use crate::x509::{self, InvalidOid};

impl Request {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// `too_large` above [`limits::REQUEST_BYTES`]; `malformed` with line and column or with the
    /// member; the errors of [`Request::new`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_length(json)?;
        let parts = Node::from_json(json).and_then(Parts::read);
        parts.map_err(|error| error.within("request"))?.request()
    }

    /// Reads the CBOR form.
    ///
    /// # Errors
    /// The errors of [`Self::from_json`], with byte offsets.
    pub fn from_cbor(cbor: &[u8]) -> Result<Self, Error> {
        check_length(cbor)?;
        let node = check_whole(cbor, Rules::Wire).and_then(|()| Node::from_cbor(cbor));
        node.and_then(Parts::read).map_err(|error| error.within("request"))?.request()
    }

    /// The JSON form, with indentation.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&RequestForm::from(self))
            .expect("every member has a JSON form")
    }

    /// The CBOR form. Equal requests give equal bytes.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut cbor = Vec::new();
        ciborium::into_writer(&RequestForm::from(self), &mut cbor)
            .expect("every member has a CBOR form");
        cbor
    }
}

fn check_length(bytes: &[u8]) -> Result<(), Error> {
    Error::check_limit("request", "bytes", bytes.len(), limits::REQUEST_BYTES)
}

#[derive(Serialize)]
struct RequestForm {
    doc_type: String,
    now: String,
    issuers: Vec<IssuerForm>,
    predicates: Vec<PredicateForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    device_namespaces: Vec<String>,
}

/// Exactly one of key and certificate is present. The other members belong to a certificate.
#[derive(Default, Serialize)]
struct IssuerForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    sec1_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509_pem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    require_eku: Option<String>,
}

/// One condition. Exactly one of the optional members is present.
#[derive(Default, Serialize)]
struct PredicateForm {
    namespace: String,
    element: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_at_least: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equals: Option<LiteralForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// The members of a request. Each member by itself is well formed.
struct Parts {
    doc_type: String,
    now: Timestamp,
    issuers: Vec<Issuer>,
    predicates: Vec<Predicate>,
    device_namespaces: Vec<String>,
}

impl Parts {
    fn read(node: Node) -> Result<Self, Error> {
        let mut members =
            node.members(&["doc_type", "now", "issuers", "predicates", "device_namespaces"])?;
        let doc_type = members.required("doc_type", Node::text)?;
        let default = Profile::of_doc_type(&doc_type);
        let now = members.required("now", read_time)?;
        let issuers = members.required("issuers", |issuers| {
            Members::each(issuers, |issuer| IssuerForm::of(issuer)?.read(default))
        })?;
        let predicates = members
            .required("predicates", |predicates| Members::each(predicates, read_predicate))?;
        let device_namespaces =
            members.optional("device_namespaces", |names| Members::each(names, Node::text))?;
        Ok(Self {
            doc_type,
            now,
            issuers,
            predicates,
            device_namespaces: device_namespaces.unwrap_or_default(),
        })
    }

    fn request(self) -> Result<Request, Error> {
        let Self { doc_type, now, issuers, predicates, device_namespaces } = self;
        Request::new(doc_type, now, issuers, predicates)?.with_device_namespaces(device_namespaces)
    }
}

/// The whole seconds of a time. JavaScript also writes milliseconds.
fn read_time(node: Node) -> Result<Timestamp, Error> {
    Timestamp::from_tdate(&node.text()?).map_err(|error| Error::malformed("", error.to_string()))
}

impl From<&Issuer> for IssuerForm {
    fn from(issuer: &Issuer) -> Self {
        // The profile of a root is always written, even if it is the default, so that the bytes say
        // what is meant.
        let mut form = Self {
            profile: issuer.profile().map(|profile| profile.name().to_owned()),
            ..Self::default()
        };
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
    fn of(node: Node) -> Result<Self, Error> {
        let mut members = node.members(&["sec1_hex", "x509_pem", "profile", "require_eku"])?;
        Ok(Self {
            sec1_hex: members.optional("sec1_hex", Node::text)?,
            x509_pem: members.optional("x509_pem", Node::text)?,
            profile: members.optional("profile", Node::text)?,
            require_eku: members.optional("require_eku", Node::text)?,
        })
    }

    /// The issuer. `default` is the profile of a root that states none.
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
                let oid = oid.parse().map_err(|error: InvalidOid| {
                    Error::malformed("require_eku", error.to_string())
                })?;
                Ok(Some(Profile::Pki { require_eku: Some(oid) }))
            }
            (_, Some(_)) => {
                Err(Error::malformed("require_eku", "only profile \"pki\" supports require_eku"))
            }
            (profile, None) => Ok(profile),
        }
    }
}

fn key(text: &str) -> Result<Issuer, Error> {
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Error::malformed("", "a PEM certificate; put it into x509_pem"));
    }
    let bytes = hex::decode(text).map_err(|error| {
        let message = format!(
            "not hexadecimal ({error}); give the SEC 1 point of a P-256 key, 65 bytes that begin with 04, as 130 hexadecimal digits"
        );
        Error::malformed("", message)
    })?;
    Issuer::from_sec1(&bytes)
}

fn certificate(
    text: &str,
    profile: Option<Profile>,
    default: Option<Profile>,
) -> Result<Issuer, Error> {
    const PLACE: &str = "x509_pem";
    let certificates = x509::read_pem(text).map_err(|e| Error::malformed(PLACE, e.to_string()))?;
    let [der] = <[Vec<u8>; 1]>::try_from(certificates)
        .map_err(|_| Error::malformed(PLACE, "several certificates; give each its own entry"))?;
    Error::check_limit(PLACE, "bytes of a certificate", der.len(), limits::CERTIFICATE_BYTES)?;
    let is_root = x509::is_ca(&der).map_err(|fault| Error::malformed(PLACE, fault.to_string()))?;
    let profile = if is_root { profile.or(default) } else { profile };
    // An error in the profile is reported at the profile.
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

/// Reads the member of a predicate that states its condition.
type ReadCondition = fn(Node) -> Result<Condition, Error>;

/// Every condition, by the name of its member. Messages list them in this order.
const CONDITIONS: [(&str, ReadCondition); 5] = [
    ("age_at_least", |node| read_age(&node).map(Condition::AgeAtLeast)),
    ("equals", |node| read_literal(node).map(Condition::Equals)),
    ("date_before", |node| read_date(node).map(Condition::DateBefore)),
    ("date_after", |node| read_date(node).map(Condition::DateAfter)),
    ("disclose", read_disclose),
];

fn read_predicate(node: Node) -> Result<Predicate, Error> {
    let names = CONDITIONS.map(|(name, _)| name);
    let mut members = node.members(&[&["namespace", "element"][..], &names].concat())?;
    let namespace = members.required("namespace", Node::text)?;
    let element = members.required("element", Node::text)?;
    let mut conditions = Vec::new();
    for (name, read) in CONDITIONS {
        conditions.extend(members.optional(name, read)?);
    }
    let [condition] = <[Condition; 1]>::try_from(conditions).map_err(|found| {
        let message =
            format!("{} conditions; give exactly one of {}", found.len(), names.join(", "));
        Error::malformed("", message)
    })?;
    Ok(Predicate { namespace, element, condition })
}

fn read_disclose(node: Node) -> Result<Condition, Error> {
    if node.bool()? {
        return Ok(Condition::Disclose);
    }
    Err(Error::malformed("", "must be true; to disclose nothing, remove the predicate"))
}

fn read_age(node: &Node) -> Result<u8, Error> {
    let years = if let Node::Integer(number) = node { u8::try_from(*number).ok() } else { None };
    years.ok_or_else(|| match node {
        Node::Integer(_) => Error::malformed("", "not in the range 0 to 255"),
        other => other.instead_of("a number of years"),
    })
}

fn read_date(node: Node) -> Result<Date, Error> {
    node.text()?.parse().map_err(|error: InvalidDate| Error::malformed("", error.to_string()))
}

/// Reads a literal. Text, booleans and integers stand for themselves. A full-date is
/// `{"full_date": "YYYY-MM-DD"}`.
fn read_literal(node: Node) -> Result<Literal, Error> {
    Ok(match node {
        Node::Text(text) => Literal::Text(text),
        Node::Bool(value) => Literal::Bool(value),
        Node::Integer(number) => Literal::Integer(i64::try_from(number).map_err(|_| {
            Error::malformed("", "the integer does not fit into 64 bits, including its sign")
        })?),
        Node::Object(_) => {
            Literal::FullDate(node.members(&["full_date"])?.required("full_date", read_date)?)
        }
        other => {
            return Err(
                other.instead_of("text, a boolean, an integer or {\"full_date\": \"YYYY-MM-DD\"}")
            );
        }
    })
}

/// A literal in the form that [`read_literal`] reads.
struct LiteralForm(Literal);

impl Serialize for LiteralForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Literal::Text(text) => serializer.serialize_str(text),
            Literal::Bool(value) => serializer.serialize_bool(*value),
            Literal::Integer(number) => serializer.serialize_i64(*number),
            Literal::FullDate(date) => {
                FullDateForm { full_date: date.to_string() }.serialize(serializer)
            }
        }
    }
}

#[derive(Serialize)]
struct FullDateForm {
    full_date: String,
}
