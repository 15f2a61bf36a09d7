//! What documents hold, as data.

use std::time::SystemTime;

use velum_credentials::{self as credentials, BrokenDocument, DeviceAuth, Outcome};

use crate::error::Problem;
use crate::facts::{ElementName, SizeClass, Value, system_time};

/// A document of a response.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // There are few at a time, and records cross to other languages unboxed.
pub enum Inspection {
    /// A document that can be read.
    Readable {
        /// What the document holds.
        document: InspectedDocument,
    },
    /// A document that cannot be read. The other documents of the same response can still be used.
    Unreadable {
        /// The docType that the envelope states, if it can be read.
        doc_type: Option<String>,
        /// Why the document cannot be read.
        problem: Problem,
    },
}

/// What a document holds, and the results of the checks that need nothing but the document. Whether
/// to trust the document depends on a request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InspectedDocument {
    /// The docType.
    pub doc_type: String,
    /// The size of the MSO in bytes, including the tag 24 wrapping.
    pub mso_bytes: u32,
    /// The smallest size class that the MSO fits into. Null if it fits into none.
    pub size_class: Option<SizeClass>,
    /// The time at which the issuer signed the document.
    pub signed: SystemTime,
    /// The time from which the document is valid.
    pub valid_from: SystemTime,
    /// The time until which the document is valid.
    pub valid_until: SystemTime,
    /// The signer, according to the certificate that the document carries. Null if there is no
    /// certificate.
    pub signer: Option<DocumentSigner>,
    /// The key that the document was issued to, as an uncompressed SEC 1 point.
    pub device_key: Vec<u8>,
    /// How the device has authenticated.
    pub device_authentication: DeviceAuthentication,
    /// The CBOR of the elements that the device signed itself. Null if it signed none.
    pub device_namespaces: Option<Vec<u8>>,
    /// The elements of the document.
    pub elements: Vec<Element>,
    /// Whether the MSO refers to a revocation status. The status is not checked.
    pub has_status: bool,
    /// The checks of the document.
    pub checks: Vec<Check>,
    /// Whether an answer can be proven from the document.
    pub provability: Provability,
}

/// The signer of a document, according to its certificate. Whether to trust the signer depends on a
/// request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DocumentSigner {
    /// The signer's key as an uncompressed SEC 1 point. Null if the certificate cannot be read.
    pub public_key: Option<Vec<u8>>,
    /// `notBefore` of the certificate. Null if the certificate cannot be read.
    pub not_before: Option<SystemTime>,
    /// `notAfter` of the certificate. Null if the certificate cannot be read.
    pub not_after: Option<SystemTime>,
    /// Why no IACA root could vouch for the certificate under ISO 18013-5 Annex B. Null if a root
    /// could.
    pub profile_fault: Option<String>,
}

/// How a device has authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceAuthentication {
    /// With a signature, which is checked against the transcript of its session.
    Signature,
    /// With a MAC, which only the reader of that session can check.
    Mac,
    /// Not yet. The document is as its issuer handed it out.
    Missing,
    /// With something that cannot be read.
    Unreadable,
}

/// An element of a document.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Element {
    /// The name of the element.
    pub name: ElementName,
    /// The value of the element.
    pub value: Value,
    /// The digestID.
    pub digest_id: u32,
    /// The size of the item in bytes, including the tag 24 wrapping.
    pub item_bytes: u32,
    /// Why nothing can be proven about the element in any size class. Null if something can be
    /// proven.
    pub unprovable: Option<String>,
}

/// A check and its result.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Check {
    /// `doc_type`, `issuer_signature`, `digests` or `device_signature`.
    pub name: String,
    /// The result.
    pub outcome: CheckOutcome,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CheckOutcome {
    /// The check passed.
    Passed {
        /// What this means (English).
        meaning: String,
    },
    /// The check failed.
    Failed {
        /// Why it failed.
        problem: Problem,
    },
    /// The check needs more than the document alone.
    NotChecked {
        /// Why it was not checked (English).
        why: String,
    },
}

/// Whether an answer can be proven from a document, for a request that trusts its issuer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Provability {
    /// An answer can be proven.
    Provable {
        /// The smallest size class. Null if this version of the bindings does not know the class.
        size_class: Option<SizeClass>,
        /// Why the device must sign first. Null if it need not.
        device_must_sign: Option<Problem>,
        /// The elements about which nothing can be proven.
        except: Vec<ElementName>,
    },
    /// No answer can be proven.
    NotProvable {
        /// Why not.
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

/// The number as `u32`. All callers count bytes below a limit of 2^20.
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
