//! What a document holds, and the checks that need nothing but the document.
//!
//! Trust, time and session belong to a request and a transcript. For these, the inspection reports
//! what the document states.

use serde_json::{Value as Json, json};
use velum_core::class::{CLASSES, SizeClass};

use crate::error::{Code, Error};
use crate::mdoc::device::DeviceAuth;
use crate::mdoc::issuer_signed::NameSpace;
use crate::mdoc::response::{BrokenDocument, DeviceResponse, Document};
use crate::x509::{CertificateFault, SignerCertificate, verify_chain};

/// Length in bytes of the longest item that fits a size class.
const LARGEST_ITEM: usize = {
    let (mut largest, mut index) = (0, 0);
    while index < CLASSES.len() {
        if CLASSES[index].max_item_bytes > largest {
            largest = CLASSES[index].max_item_bytes;
        }
        index += 1;
    }
    largest
};

/// A document with the outcomes of its checks.
pub struct Inspection<'a> {
    /// The document.
    pub document: &'a Document,
    /// What the document's own certificate says, if the document carries one.
    pub signer: Option<Result<SignerCertificate, CertificateFault>>,
    /// The checks of the docType, the issuer's signature, the digests and the device's signature.
    pub checks: [Check; 4],
}

/// A check and its outcome.
pub struct Check {
    /// The name in JSON.
    pub name: &'static str,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of a check.
pub enum Outcome {
    /// The check passed. The text says what that means.
    Passed(&'static str),
    /// The check failed.
    Failed(Error),
    /// The check needs more than the document. The text says why.
    NotChecked(String),
}

/// Whether an answer can be proven from a document, as far as this is the same for every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provable {
    /// The smallest size class that the document's MSO fits.
    pub size_class: SizeClass,
    /// The reason why the document's device must sign first, if it must.
    pub device_must_sign: Option<Error>,
    /// The elements, by namespace and identifier, about which no proof is possible.
    pub but: Vec<(String, String)>,
}

impl Provable {
    /// The answer in one line, which begins with a verb.
    #[must_use]
    pub fn sentence(provable: &Result<Self, Error>) -> String {
        match provable {
            Err(error) => format!("cannot be proven: {} ({})", error.message(), error.code()),
            Ok(Self { size_class, device_must_sign, but }) => {
                let first = match device_must_sign {
                    Some(error) => {
                        format!(" once its device has signed the session ({})", error.code())
                    }
                    None => String::new(),
                };
                let but: Vec<_> =
                    but.iter().map(|(_, element)| element.escape_debug().to_string()).collect();
                let but = if but.is_empty() {
                    but.concat()
                } else {
                    format!(", except for {}", but.join(", "))
                };
                format!("can be proven{first}: size class {} or larger{but}", size_class.name)
            }
        }
    }
}

impl BrokenDocument {
    /// A member of `documents` in the output of `velum inspect --json`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let error = json!({
            "code": self.fault.code().as_str(),
            "message": self.fault.message(),
            "where": self.fault.place(),
        });
        json!({ "doc_type": self.doc_type, "provable": Json::Null, "error": error })
    }
}

impl DeviceResponse {
    /// Inspects every document, in order. A document that cannot be read is returned with the
    /// reason.
    ///
    /// # Errors
    /// The fault of the only document, if there is only one and it cannot be read.
    pub fn inspect(&self) -> Result<Vec<Result<Inspection<'_>, &BrokenDocument>>, Error> {
        if let ([], [broken]) = (self.documents(), self.broken()) {
            return Err(broken.fault.clone());
        }
        let mut inspections: Vec<_> =
            self.documents().iter().map(|it| Ok(Inspection::of(it))).collect();
        for broken in self.broken() {
            // The broken documents come in ascending order, so that each one finds all documents
            // before it in place.
            inspections.insert(broken.index.min(inspections.len()), Err(broken));
        }
        Ok(inspections)
    }
}

impl<'a> Inspection<'a> {
    /// Inspects a document.
    #[must_use]
    pub fn of(document: &'a Document) -> Self {
        let leaf = document.issuer_signed().x5chain().first();
        let signer = leaf.map(|der| SignerCertificate::from_der(der));
        let checks = [
            Check::new(
                "doc_type",
                document.check_doc_type(document.doc_type()),
                "envelope and MSO state the same docType",
            ),
            issuer_signature(document, signer.as_ref()),
            Check::new("digests", document.check_digests(), "every item has its digest in the MSO"),
            device_authentication(document),
        ];
        Self { document, signer, checks }
    }

    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| !matches!(check.outcome, Outcome::Failed(_)))
    }

    /// Whether an answer can be proven from the document, for a request that trusts its issuer.
    ///
    /// # Errors
    /// The first check that fails; `too_large` if the MSO fits no size class; `element_missing` if
    /// no proof can be about any element.
    pub fn provable(&self) -> Result<Provable, Error> {
        let device_must_sign = device_fault(self.document);
        for check in &self.checks {
            match &check.outcome {
                Outcome::Failed(error) if Some(error) != device_must_sign.as_ref() => {
                    return Err(error.clone());
                }
                _ => {}
            }
        }
        let size_class = self.document.size_class(&[])?;
        let (mut but, mut all) = (Vec::new(), 0);
        for namespace in self.document.issuer_signed().namespaces() {
            all += namespace.items().len() + namespace.opaque_items().len();
            let too_long =
                namespace.items().iter().filter(|item| item.bytes().len() > LARGEST_ITEM);
            let names = too_long.map(|item| item.element_identifier());
            let opaque = namespace.opaque_items().iter().map(|item| item.element_identifier());
            but.extend(
                names.chain(opaque).map(|name| (namespace.name().to_owned(), name.to_owned())),
            );
        }
        if but.len() == all {
            let message = if all == 0 {
                "the document shows no elements; have the wallet show the elements that are asked \
                 for"
            } else {
                "no proof can be about any element that the document shows; have the wallet show \
                 other elements"
            };
            let error = Error::new(Code::ElementMissing, "issuerSigned.nameSpaces", message);
            return Err(error.within(self.document.place()));
        }
        Ok(Provable { size_class, device_must_sign, but })
    }

    /// Why no IACA root could make the signer's certificate trusted, if that is so.
    #[must_use]
    pub fn profile_fault(&self) -> Option<String> {
        let signed = self.document.mso().validity().signed;
        let no_roots: [&[u8]; 0] = [];
        // Without roots, the missing root is the only fault left if the certificate follows the
        // profile.
        match verify_chain(self.document.issuer_signed().x5chain(), &no_roots, signed, signed) {
            Ok(_) => None,
            Err(error) if error.fault == CertificateFault::IssuerUntrusted => None,
            Err(error) => Some(error.fault.to_string()),
        }
    }

    /// A member of `documents` in the output of `velum inspect --json`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mso = self.document.mso();
        let validity = mso.validity();
        let device_signed = self.document.device_signed();
        json!({
            "doc_type": self.document.doc_type(),
            "mso_bytes": mso.bytes().len(),
            "size_class": self.document.size_class(&[]).ok().map(|class| class.name),
            "validity": {
                "signed": validity.signed.to_string(),
                "valid_from": validity.valid_from.to_string(),
                "valid_until": validity.valid_until.to_string(),
            },
            "document_signer": match &self.signer {
                Some(Ok(signer)) => json!({
                    "sec1_hex": hex::encode(signer.public_key.to_encoded_point(false)),
                    "not_before": signer.not_before.to_string(),
                    "not_after": signer.not_after.to_string(),
                    "annex_b_fault": self.profile_fault(),
                }),
                Some(Err(fault)) => json!({ "annex_b_fault": fault.to_string() }),
                None => Json::Null,
            },
            "device_key": hex::encode(mso.device_key().to_encoded_point(false)),
            "device_auth": match device_signed.auth() {
                DeviceAuth::Signature(..) => "signature",
                DeviceAuth::Mac => "mac",
                DeviceAuth::Missing => "missing",
                DeviceAuth::Unreadable(_) => "unreadable",
            },
            "device_namespaces": device_signed.has_namespaces().then(|| hex::encode(device_signed.namespaces())),
            "namespaces": self.document.issuer_signed().namespaces().iter().map(namespace_json).collect::<Vec<_>>(),
            "status": mso.has_status().then_some("not_checked"),
            "checks": self.checks.iter().map(Check::to_json).collect::<Vec<_>>(),
            "provable": provable_json(&self.provable()),
        })
    }
}

fn provable_json(provable: &Result<Provable, Error>) -> Json {
    let element = |(namespace, element): &(String, String)| json!({ "namespace": namespace, "element": element });
    match provable {
        Ok(Provable { size_class, device_must_sign, but }) => json!({
            "size_class": size_class.name,
            "device_must_sign": device_must_sign.is_some(),
            "but": but.iter().map(element).collect::<Vec<_>>(),
        }),
        Err(_) => Json::Null,
    }
}

impl Check {
    fn new(name: &'static str, result: Result<(), Error>, meaning: &'static str) -> Self {
        let outcome = match result {
            Ok(()) => Outcome::Passed(meaning),
            Err(error) => Outcome::Failed(error),
        };
        Self { name, outcome }
    }

    fn to_json(&self) -> Json {
        match &self.outcome {
            Outcome::Passed(meaning) => {
                json!({ "check": self.name, "result": "passed", "message": meaning })
            }
            Outcome::NotChecked(why) => {
                json!({ "check": self.name, "result": "not_checked", "message": why })
            }
            Outcome::Failed(error) => json!({
                "check": self.name,
                "result": "failed",
                "code": error.code().as_str(),
                "message": error.message(),
                "where": error.place(),
            }),
        }
    }
}

/// Checks the signature under the key of the document's own certificate. Whether to trust that key
/// is up to a request.
fn issuer_signature(
    document: &Document,
    signer: Option<&Result<SignerCertificate, CertificateFault>>,
) -> Check {
    const NAME: &str = "issuer_signature";
    const MEANING: &str = "verifies under the key in the document's own certificate; whether to \
                           trust that key is up to a request";
    match signer {
        Some(Ok(signer)) => {
            Check::new(NAME, document.check_issuer_signature(&signer.public_key), MEANING)
        }
        Some(Err(fault)) => {
            let message = format!("the signer's certificate has no usable key: {fault}");
            let error =
                Error::new(Code::IssuerSignature, "issuerSigned.issuerAuth.x5chain", message);
            Check { name: NAME, outcome: Outcome::Failed(error.within(document.place())) }
        }
        None => {
            let why = document.issuer_signed().x5chain_fault().map_or_else(
                || "the document carries no certificate".to_owned(),
                |fault| format!("the document carries no certificate: {fault}"),
            );
            Check { name: NAME, outcome: Outcome::NotChecked(why) }
        }
    }
}

/// Why there is no signature of the device.
fn device_fault(document: &Document) -> Option<Error> {
    document.device_signed().signature().err().map(|error| error.within(document.place()))
}

fn device_authentication(document: &Document) -> Check {
    let outcome = match device_fault(document) {
        None => Outcome::NotChecked(
            "the signature covers the session; checking it needs the transcript".to_owned(),
        ),
        Some(error) if error.code() == Code::DeviceSignatureMissing => Outcome::NotChecked(
            "the device has not signed: the document is in the form that its issuer handed out"
                .to_owned(),
        ),
        Some(error) => Outcome::Failed(error),
    };
    Check { name: "device_signature", outcome }
}

fn namespace_json(namespace: &NameSpace) -> Json {
    let mut elements: Vec<_> = namespace
        .items()
        .iter()
        .map(|item| {
            json!({
                "element": item.element_identifier(),
                "value": item.value().to_json(),
                "digest_id": item.digest_id(),
                "item_bytes": item.bytes().len(),
            })
        })
        .collect();
    for item in namespace.opaque_items() {
        let element = json!({
            "element": item.element_identifier(),
            "value": { "cbor_hex": hex::encode(item.element_value()) },
            "digest_id": item.digest_id(),
            "item_bytes": item.bytes().len(),
            "unprovable": item.fault().message(),
        });
        elements.insert(item.index().min(elements.len()), element);
    }
    json!({ "namespace": namespace.name(), "elements": elements })
}
