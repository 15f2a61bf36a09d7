//! What documents hold, as data.

use std::time::SystemTime;

use velum_credentials::{self as credentials, BrokenDocument, DeviceAuth, Outcome};

use crate::error::Problem;
use crate::facts::{ElementName, SizeClass, Value, system_time};

/// A document of a response.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // A few at a time, and records cross to other languages unboxed.
pub enum Inspection {
    /// One that can be read.
    Readable {
        /// What it holds.
        document: InspectedDocument,
    },
    /// One that cannot be read. It keeps nobody from using another of the same response.
    Unreadable {
        /// The docType that its envelope states, where that can be read.
        doc_type: Option<String>,
        /// Why it cannot be read.
        problem: Problem,
    },
}

/// What a document holds, and which checks pass that need nothing but the document. Trust is up to a request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InspectedDocument {
    /// The docType.
    pub doc_type: String,
    /// Bytes of the MSO, tag-24 wrapping included.
    pub mso_bytes: u32,
    /// The smallest size class that the MSO fits; null above all.
    pub size_class: Option<SizeClass>,
    /// When its issuer signed it.
    pub signed: SystemTime,
    /// From when it is valid.
    pub valid_from: SystemTime,
    /// Until when it is valid.
    pub valid_until: SystemTime,
    /// The signer, by the certificate that the document carries; null without one.
    pub signer: Option<DocumentSigner>,
    /// The key that it was issued to: an uncompressed SEC 1 point.
    pub device_key: Vec<u8>,
    /// How its device has authenticated.
    pub device_authentication: DeviceAuthentication,
    /// The CBOR of the elements that the device signed itself; null where it signed none.
    pub device_namespaces: Option<Vec<u8>>,
    /// The elements.
    pub elements: Vec<Element>,
    /// Whether the MSO refers to a status that tells of revocation, which is not checked.
    pub has_status: bool,
    /// The checks.
    pub checks: Vec<Check>,
    /// Whether an answer can be proven from it.
    pub provability: Provability,
}

/// Who signed a document, as its certificate says. Whether to trust it is up to a request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DocumentSigner {
    /// The key, an uncompressed SEC 1 point; null where the certificate cannot be read.
    pub public_key: Option<Vec<u8>>,
    /// `notBefore` of the certificate; null where it cannot be read.
    pub not_before: Option<SystemTime>,
    /// `notAfter` of the certificate; null where it cannot be read.
    pub not_after: Option<SystemTime>,
    /// Why no IACA root could vouch for it by ISO 18013-5 Annex B; null where one could.
    pub profile_fault: Option<String>,
}

/// How a device has authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceAuthentication {
    /// By a signature, which is checked against the transcript of its session.
    Signature,
    /// By a MAC, which only the reader of that session can check.
    Mac,
    /// Not yet: the document is as its issuer handed it out.
    Missing,
    /// By something that cannot be read.
    Unreadable,
}

/// An element of a document.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Element {
    /// Its name.
    pub name: ElementName,
    /// Its value.
    pub value: Value,
    /// The digestID.
    pub digest_id: u32,
    /// Bytes of the item, tag-24 wrapping included.
    pub item_bytes: u32,
    /// Why nothing can be proven about it whatever the size class; null where something can.
    pub unprovable: Option<String>,
}

/// A check, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Check {
    /// `doc_type`, `issuer_signature`, `digests` or `device_signature`.
    pub name: String,
    /// How it came out.
    pub outcome: CheckOutcome,
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CheckOutcome {
    /// It passed.
    Passed {
        /// What that means (English).
        meaning: String,
    },
    /// It failed.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// A document alone does not suffice for it.
    NotChecked {
        /// Why not (English).
        why: String,
    },
}

/// Whether an answer can be proven from a document, to a request that trusts its issuer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Provability {
    /// It can.
    Provable {
        /// The smallest size class; null for one that this version of the bindings does not know.
        size_class: Option<SizeClass>,
        /// Why its device must sign first, if it must.
        device_must_sign: Option<Problem>,
        /// The elements about which nothing can be proven.
        except: Vec<ElementName>,
    },
    /// It cannot.
    NotProvable {
        /// Why.
        problem: Problem,
    },
}

impl From<&BrokenDocument> for Inspection {
    fn from(broken: &BrokenDocument) -> Self {
        Self::Unreadable { doc_type: broken.doc_type.clone(), problem: (&broken.fault).into() }
    }
}

impl From<&credentials::Inspection<'_>> for Inspection {
    fn from(inspection: &credentials::Inspection<'_>) -> Self {
        let document = inspection.document;
        let (mso, device) = (document.mso(), document.device_signed());
        let validity = mso.validity();
        let document = InspectedDocument {
            doc_type: document.doc_type().to_owned(),
            mso_bytes: count(mso.bytes().len()),
            size_class: document.size_class(&[]).ok().and_then(SizeClass::of),
            signed: system_time(validity.signed),
            valid_from: system_time(validity.valid_from),
            valid_until: system_time(validity.valid_until),
            signer: signer(inspection),
            device_key: mso.device_key().to_encoded_point(false).as_bytes().to_vec(),
            device_authentication: match device.auth() {
                DeviceAuth::Signature(..) => DeviceAuthentication::Signature,
                DeviceAuth::Mac => DeviceAuthentication::Mac,
                DeviceAuth::Missing => DeviceAuthentication::Missing,
                _ => DeviceAuthentication::Unreadable,
            },
            device_namespaces: device.has_namespaces().then(|| device.namespaces().to_vec()),
            elements: document.issuer_signed().namespaces().iter().flat_map(elements).collect(),
            has_status: mso.has_status(),
            checks: inspection.checks.iter().map(Check::from).collect(),
            provability: Provability::of(inspection),
        };
        Self::Readable { document }
    }
}

fn signer(inspection: &credentials::Inspection<'_>) -> Option<DocumentSigner> {
    let signer = inspection.signer.as_ref()?;
    Some(match signer {
        Ok(signer) => DocumentSigner {
            public_key: Some(signer.public_key.to_encoded_point(false).as_bytes().to_vec()),
            not_before: Some(system_time(signer.not_before)),
            not_after: Some(system_time(signer.not_after)),
            profile_fault: inspection.profile_fault(),
        },
        Err(fault) => DocumentSigner {
            public_key: None,
            not_before: None,
            not_after: None,
            profile_fault: Some(fault.to_string()),
        },
    })
}

/// The elements in the order of the document.
fn elements(namespace: &credentials::NameSpace) -> Vec<Element> {
    let name = |element: &str| ElementName {
        namespace: namespace.name().to_owned(),
        element: element.to_owned(),
    };
    let readable = namespace.items().iter().map(|item| Element {
        name: name(item.element_identifier()),
        value: item.value().into(),
        digest_id: item.digest_id(),
        item_bytes: count(item.bytes().len()),
        unprovable: None,
    });
    let mut elements: Vec<_> = readable.collect();
    for item in namespace.opaque_items() {
        let element = Element {
            name: name(item.element_identifier()),
            value: Value::Cbor { cbor: item.element_value().to_vec() },
            digest_id: item.digest_id(),
            item_bytes: count(item.bytes().len()),
            unprovable: Some(item.fault().message().to_owned()),
        };
        elements.insert(item.index().min(elements.len()), element);
    }
    elements
}

/// Of bytes that a limit of 2^20 was put on.
fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl From<&credentials::Check> for Check {
    fn from(check: &credentials::Check) -> Self {
        let outcome = match &check.outcome {
            Outcome::Passed(meaning) => CheckOutcome::Passed { meaning: (*meaning).to_owned() },
            Outcome::Failed(error) => CheckOutcome::Failed { problem: error.into() },
            Outcome::NotChecked(why) => CheckOutcome::NotChecked { why: why.clone() },
        };
        Self { name: check.name.to_owned(), outcome }
    }
}

impl Provability {
    fn of(inspection: &credentials::Inspection<'_>) -> Self {
        match inspection.provable() {
            Err(error) => Self::NotProvable { problem: (&error).into() },
            Ok(provable) => Self::Provable {
                size_class: SizeClass::of(provable.size_class),
                device_must_sign: provable.device_must_sign.as_ref().map(Problem::from),
                except: provable
                    .but
                    .into_iter()
                    .map(|(namespace, element)| ElementName { namespace, element })
                    .collect(),
            },
        }
    }
}
