//! `velum inspect`: what a document holds, and which checks pass that need nothing but the document.
//!
//! Trust, time and session belong to a request and a transcript: of these it says what the document states.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;
use velum_credentials::x509::{CertificateFault, SignerCertificate, verify_chain};
use velum_credentials::{Code, DeviceAuth, DeviceResponse, Document, Error, NameSpace, Value, limits};

use crate::failure::Failure;
use crate::files;
use crate::report::Report;

/// Bytes of a value that are shown to people; scripts get it whole.
const SHOWN: usize = 60;

#[derive(clap::Args)]
pub struct Arguments {
    /// The document, a CBOR DeviceResponse
    #[arg(long, value_name = "F")]
    document: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let response = DeviceResponse::parse(&files::read(&arguments.document, limits::RESPONSE_BYTES)?)?;
    let documents: Vec<_> = response.documents().iter().map(Inspected::new).collect();
    if documents.is_empty() {
        return Err(Error::new(Code::Malformed, "documents", "the response holds no document").into());
    }
    let passed = documents.iter().flat_map(|document| &document.checks).all(|check| !check.failed());
    let json: Vec<_> = documents.iter().map(Inspected::to_json).collect();
    let json = json!({ "passed": passed, "documents": json });
    let text = documents.iter().map(Inspected::to_text).collect::<Vec<_>>().join("\n");
    Ok(if passed { Report::done(json, text) } else { Report::refused(json, text) })
}

/// One document with the outcome of its checks.
struct Inspected<'a> {
    document: &'a Document,
    signer: Option<Result<SignerCertificate, CertificateFault>>,
    checks: [Check; 4],
}

struct Check {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Passed(&'static str),
    Failed(Error),
    NotChecked(&'static str),
}

impl Check {
    fn new(name: &'static str, result: Result<(), Error>, meaning: &'static str) -> Self {
        let outcome = match result {
            Ok(()) => Outcome::Passed(meaning),
            Err(error) => Outcome::Failed(error),
        };
        Self { name, outcome }
    }

    fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    fn to_json(&self) -> serde_json::Value {
        match &self.outcome {
            Outcome::Passed(meaning) => json!({ "check": self.name, "result": "passed", "message": meaning }),
            Outcome::NotChecked(why) => {
                json!({ "check": self.name, "result": "not_checked", "message": why })
            }
            Outcome::Failed(error) => json!({
                "check": self.name,
                "result": "failed",
                "code": error.code().as_str(),
                "message": error.message(),
                "where": error.where_(),
            }),
        }
    }
}

impl<'a> Inspected<'a> {
    fn new(document: &'a Document) -> Self {
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

    /// Why the signer's certificate could not be trusted through any IACA root, if so.
    fn profile_fault(&self) -> Option<String> {
        let signed = self.document.mso().validity().signed;
        let no_roots: [&[u8]; 0] = [];
        // Without roots, lack of a root is what is left when the profile is kept.
        match verify_chain(self.document.issuer_signed().x5chain(), &no_roots, signed, signed) {
            Ok(_) => None,
            Err(error) if error.fault == CertificateFault::IssuerUntrusted => None,
            Err(error) => Some(error.fault.to_string()),
        }
    }

    fn to_json(&self) -> serde_json::Value {
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
                None => serde_json::Value::Null,
            },
            "device_key": hex::encode(mso.device_key().to_encoded_point(false)),
            "device_auth": match device_signed.auth() {
                DeviceAuth::Signature(_) => "signature",
                _ => "mac",
            },
            "device_namespaces": device_signed.has_name_spaces().then(|| hex::encode(device_signed.name_spaces())),
            "namespaces": self.document.issuer_signed().name_spaces().iter().map(namespace_json).collect::<Vec<_>>(),
            "checks": self.checks.iter().map(Check::to_json).collect::<Vec<_>>(),
        })
    }

    fn to_text(&self) -> String {
        let mut rows = Rows::default();
        let mso = self.document.mso();
        let validity = mso.validity();
        rows.heading(format!("{} ({})", printable(self.document.doc_type()), self.document.place()));
        rows.row(["signed", &validity.signed.to_string()]);
        rows.row(["valid", &format!("{} to {}", validity.valid_from, validity.valid_until)]);
        let digests: usize = mso.layout().name_spaces.iter().map(|name_space| name_space.digests.len()).sum();
        let class = match self.document.size_class(&[]) {
            Ok(class) => format!("size class {} or larger", class.name),
            Err(_) => "too large for every size class".to_owned(),
        };
        rows.row(["MSO", &format!("{} bytes, digests of {digests} items, {class}", mso.bytes().len())]);
        match &self.signer {
            None => rows.row(["signer", "no certificate"]),
            Some(Err(fault)) => rows.row(["signer", &format!("its certificate gives no key: {fault}")]),
            Some(Ok(signer)) => {
                rows.row(["signer", &hex::encode(signer.public_key.to_encoded_point(false))]);
                rows.row(["", &format!("certificate valid {} to {}", signer.not_before, signer.not_after)]);
                match self.profile_fault() {
                    Some(fault) => rows.row(["", &format!("can be trusted by key only: {fault}")]),
                    None => rows.row(["", "can be trusted by key or through its IACA root"]),
                }
            }
        }
        rows.row(["device key", &hex::encode(mso.device_key().to_encoded_point(false))]);
        if self.document.device_signed().has_name_spaces() {
            rows.row(["device signed", &hex::encode(self.document.device_signed().name_spaces())]);
        }
        for name_space in self.document.issuer_signed().name_spaces() {
            rows.heading(format!("  {}", printable(name_space.name())));
            for item in name_space.items() {
                rows.row([&printable(item.element_identifier()), &shown(item.value())]);
            }
        }
        rows.heading("  Checks".to_owned());
        for check in &self.checks {
            let outcome = match &check.outcome {
                Outcome::Passed(meaning) => format!("passed       {meaning}"),
                Outcome::NotChecked(why) => format!("not checked  {why}"),
                Outcome::Failed(error) => format!("FAILED       {} ({})", error.message(), error.code()),
            };
            rows.row([check.name, &outcome]);
        }
        rows.finish()
    }
}

/// Under the key of the document's own certificate: whether to trust it is up to a request.
fn issuer_signature(
    document: &Document,
    signer: Option<&Result<SignerCertificate, CertificateFault>>,
) -> Check {
    const NAME: &str = "issuer_signature";
    const MEANING: &str = "by the key of the document's own certificate; trusting it is up to a request";
    match signer {
        Some(Ok(signer)) => Check::new(NAME, document.check_issuer_signature(&signer.public_key), MEANING),
        Some(Err(fault)) => {
            let message = format!("the signer's certificate gives no key: {fault}");
            let place = format!("{}.issuerSigned.issuerAuth.x5chain", document.place());
            Check { name: NAME, outcome: Outcome::Failed(Error::new(Code::IssuerSignature, place, message)) }
        }
        None => Check { name: NAME, outcome: Outcome::NotChecked("the document carries no certificate") },
    }
}

fn device_authentication(document: &Document) -> Check {
    let outcome = match document.device_signed().signature() {
        Ok(_) => Outcome::NotChecked("a signature over a session, which needs the transcript"),
        Err(error) => Outcome::Failed(error),
    };
    Check { name: "device_signature", outcome }
}

fn namespace_json(name_space: &NameSpace) -> serde_json::Value {
    let elements: Vec<_> = name_space
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
    json!({ "namespace": name_space.name(), "elements": elements })
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => shortened(&format!("{text:?}")),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::FullDate(date) => date.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Other(cbor) => format!("CBOR, {} bytes: {}", cbor.len(), shortened(&hex::encode(cbor))),
        _ => "a value of another type".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text from a document, with whatever could move a terminal's cursor or turn its direction escaped.
fn printable(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// Headings, and rows of a label and a text whose texts are aligned.
#[derive(Default)]
struct Rows(Vec<(Option<String>, String)>);

impl Rows {
    fn heading(&mut self, text: String) {
        self.0.push((None, text));
    }

    fn row(&mut self, [label, text]: [&str; 2]) {
        self.0.push((Some(label.to_owned()), text.to_owned()));
    }

    fn finish(self) -> String {
        let width =
            self.0.iter().filter_map(|(label, _)| label.as_ref()).map(|label| label.chars().count()).max();
        let width = width.unwrap_or_default();
        let mut out = String::new();
        for (index, (label, text)) in self.0.iter().enumerate() {
            let line = match label {
                Some(label) => format!("    {label:width$}  {text}"),
                None if index == 0 => text.clone(),
                None => format!("\n{text}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}
