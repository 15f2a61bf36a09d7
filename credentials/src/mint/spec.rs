//! The specification of what to mint, with a JSON form.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::Value;
use crate::{Error, Timestamp};

/// What to mint. Everything that the spec does not state is drawn from `seed`, so that one spec
/// always gives the same bytes.
///
/// Unknown fields are errors. Only `seed`, `doc_type`, `validity` and `elements` are required:
///
/// ```
/// # use velum_credentials::mint::{Spec, mint};
/// let spec = Spec::from_json(
///     r#"{
///         "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
///         "doc_type": "org.iso.18013.5.1.mDL",
///         "validity": {
///             "signed": "2026-01-01T00:00:00Z",
///             "valid_from": "2026-01-01T00:00:00Z",
///             "valid_until": "2026-12-31T00:00:00Z"
///         },
///         "elements": [
///             {"namespace": "org.iso.18013.5.1", "element": "family_name", "value": "Mustermann"},
///             {"namespace": "org.iso.18013.5.1", "element": "birth_date", "value": {"full_date": "1990-02-28"}},
///             {"namespace": "org.iso.18013.5.1", "element": "portrait", "value": {"bytes": "ffd8ff"}, "disclosed": false}
///         ]
///     }"#,
/// )?;
/// assert_eq!(mint(&spec)?.document(), mint(&spec)?.document());
/// # Ok::<(), velum_credentials::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// 32 bytes in hexadecimal. Keys, salts, digestIDs, serial numbers and the transcript are drawn
    /// from them.
    pub seed: Seed,
    /// The MSO's docType.
    pub doc_type: String,
    /// The MSO's `validityInfo`.
    pub validity: Validity,
    /// The elements, in the order in which the document carries them.
    pub elements: Vec<Element>,
    /// How digestIDs are chosen for elements that do not fix their own.
    #[serde(default)]
    pub digest_ids: DigestIds,
    /// The order of keys in every `IssuerSignedItem` that does not state its own order.
    #[serde(default = "ItemKey::usual_order")]
    pub item_key_order: [ItemKey; 4],
    /// Keys that come first in the MSO, in this order. The other keys follow in the order of
    /// ISO/IEC 18013-5, 9.1.2.4.
    #[serde(default)]
    pub mso_key_order: Vec<String>,
    /// More entries of the MSO, such as `status`.
    #[serde(default)]
    pub mso_extra: BTreeMap<String, Value>,
    /// More entries of `deviceKeyInfo`, such as `keyAuthorizations`.
    #[serde(default)]
    pub device_key_info_extra: BTreeMap<String, Value>,
    /// For each namespace, the number of digests to add for elements that nobody has seen.
    #[serde(default)]
    pub decoy_digests: BTreeMap<String, usize>,
    /// Pads the MSO to this many bytes, including the tag-24 wrapping, with an entry `padding`.
    #[serde(default)]
    pub mso_bytes: Option<usize>,
    /// The device-signed elements, by namespace.
    #[serde(default)]
    pub device_namespaces: BTreeMap<String, BTreeMap<String, Value>>,
    /// The `SessionTranscript` that the device signs, in hexadecimal. It is drawn if it is absent.
    #[serde(default)]
    pub transcript: Option<String>,
    /// The certificates.
    #[serde(default)]
    pub certificates: Certificates,
    /// Keys that must not be drawn.
    #[serde(default)]
    pub keys: FixedKeys,
    /// The request that goes with the document.
    #[serde(default)]
    pub request: RequestSpec,
}

impl Spec {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// `malformed`, with line and column.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|error| Error::malformed("spec", error.to_string()))
    }
}

/// The 32 bytes from which all randomness is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seed(pub [u8; 32]);

impl TryFrom<String> for Seed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut seed = [0; 32];
        hex::decode_to_slice(text, &mut seed)
            .map_err(|error| format!("a seed must be 32 bytes in hexadecimal: {error}"))?;
        Ok(Self(seed))
    }
}

impl From<Seed> for String {
    fn from(Seed(bytes): Seed) -> Self {
        hex::encode(bytes)
    }
}

/// `validityInfo` (ISO/IEC 18013-5, 9.1.2.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// When the MSO was signed.
    #[serde(with = "time_text")]
    pub signed: Timestamp,
    /// The first moment of validity.
    #[serde(with = "time_text")]
    pub valid_from: Timestamp,
    /// The last moment of validity.
    #[serde(with = "time_text")]
    pub valid_until: Timestamp,
    /// When the issuer intends to renew the MSO.
    #[serde(default, with = "optional_time_text")]
    pub expected_update: Option<Timestamp>,
}

/// One data element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// The element's namespace.
    pub namespace: String,
    /// The element's identifier.
    pub element: String,
    /// The element's value.
    pub value: Value,
    /// Whether the document carries the element. Otherwise only its digest is in the MSO.
    #[serde(default = "yes")]
    pub disclosed: bool,
    /// The element's digestID.
    #[serde(default)]
    pub digest_id: Option<u32>,
    /// Length of the element's `random` in bytes. The standard requires 16 or more.
    #[serde(default = "Element::usual_random_bytes")]
    pub random_bytes: usize,
    /// The order of the item's keys.
    #[serde(default)]
    pub key_order: Option<[ItemKey; 4]>,
}

impl Element {
    fn usual_random_bytes() -> usize {
        32
    }
}

fn yes() -> bool {
    true
}

/// How digestIDs are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestIds {
    /// 16 random bits, distinct within a namespace.
    #[default]
    Random,
    /// 0, 1, 2 and so on in each namespace.
    Sequential,
}

/// A key of `IssuerSignedItem` (ISO/IEC 18013-5, 8.3.2.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ItemKey {
    #[serde(rename = "digestID")]
    DigestId,
    #[serde(rename = "random")]
    Random,
    #[serde(rename = "elementIdentifier")]
    ElementIdentifier,
    #[serde(rename = "elementValue")]
    ElementValue,
}

impl ItemKey {
    fn usual_order() -> [Self; 4] {
        [Self::DigestId, Self::Random, Self::ElementIdentifier, Self::ElementValue]
    }

    /// The key as the document writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DigestId => "digestID",
            Self::Random => "random",
            Self::ElementIdentifier => "elementIdentifier",
            Self::ElementValue => "elementValue",
        }
    }
}

/// The two certificates. Absent dates are chosen around the MSO's `signed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Certificates {
    /// `countryName` of both certificates.
    pub country: String,
    /// `commonName` of the IACA root.
    pub iaca_name: String,
    /// `commonName` of the document signer.
    pub document_signer_name: String,
    /// Validity of the IACA root. If absent, it is from one year before `signed` to nine years
    /// after.
    pub iaca: Option<Period>,
    /// Validity of the document signer. If absent, it is from 30 days before `signed` to 427 days
    /// after.
    pub document_signer: Option<Period>,
}

impl Default for Certificates {
    fn default() -> Self {
        Self {
            country: "UT".to_owned(),
            iaca_name: "Velum test IACA".to_owned(),
            document_signer_name: "Velum test document signer".to_owned(),
            iaca: None,
            document_signer: None,
        }
    }
}

/// From `notBefore` to `notAfter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First moment.
    #[serde(with = "time_text")]
    pub not_before: Timestamp,
    /// Last moment.
    #[serde(with = "time_text")]
    pub not_after: Timestamp,
}

/// P-256 private scalars of 32 bytes each, in hexadecimal, for test keys only. For the device, its
/// public key may be given instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FixedKeys {
    /// The key of the IACA root.
    pub iaca: Option<String>,
    /// The key of the document signer.
    pub document_signer: Option<String>,
    /// The key of the device.
    pub device: Option<String>,
    /// The public key of the device, instead of its private key: a point of P-256 by SEC 1, in
    /// hexadecimal. The document then waits for the device's signature.
    pub device_public: Option<String>,
}

/// The request that is written beside the document. It trusts the IACA root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestSpec {
    /// The verifier's time. If absent, it is `valid_from`.
    #[serde(with = "optional_time_text")]
    pub now: Option<Timestamp>,
    /// The predicates as a request writes them. If absent, they ask about the first four disclosed
    /// elements that a predicate can be about. A `birth_date` that means 18 or over asks for that
    /// age. Every other element must equal its value.
    pub predicates: Option<Vec<serde_json::Value>>,
}

mod time_text {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    pub(super) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

mod optional_time_text {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
