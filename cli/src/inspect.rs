//! `velum inspect`: prints an [`Inspection`] as text or as JSON.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;
use velum_credentials::{
    BrokenDocument, Code, DeviceResponse, Error, Form, Inspection, Outcome, Provable, Value,
};
use velum_wallet::json::documents;

use crate::failure::Failure;
use crate::inputs;
use crate::report::Report;

/// Length of a value as shown to people. Scripts get the whole value.
const SHOWN: usize = 60;

#[derive(clap::Args)]
pub struct Arguments {
    /// The document: a CBOR DeviceResponse, Document or IssuerSigned
    #[arg(long, value_name = "F")]
    document: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let response = DeviceResponse::parse(&inputs::document(&arguments.document)?)?;
    let inspections = response.inspect()?;
    if inspections.is_empty() {
        return Err(Error::new(
            Code::Malformed,
            "documents",
            "the response holds no document; give a response that holds one",
        )
        .into());
    }
    let passed = inspections.iter().all(|it| it.as_ref().is_ok_and(Inspection::passed));
    let json = json!({
        "form": response.form().name(),
        "passed": passed,
        "documents": documents(&inspections),
    });
    let text = |it: &Result<Inspection<'_>, &BrokenDocument>| match it {
        Ok(inspection) => to_text(inspection, response.form()),
        Err(broken) => broken_text(broken),
    };
    let text = inspections.iter().map(text).collect::<Vec<_>>().join("\n");
    Ok(if passed { Report::done(json, text) } else { Report::refused(json, text) })
}

/// The text for a document that cannot be read.
fn broken_text(broken: &BrokenDocument) -> String {
    let doc_type = broken.doc_type.as_deref().unwrap_or("a document of unknown type");
    let fault = &broken.fault;
    format!(
        "{} (documents[{}])\n    cannot be proven: {} ({}, {})\n",
        printable(doc_type),
        broken.index,
        fault.message(),
        fault.code(),
        printable(fault.place()),
    )
}

fn to_text(inspection: &Inspection<'_>, form: Form) -> String {
    let document = inspection.document;
    let mut rows = Rows::default();
    let mso = document.mso();
    let validity = mso.validity();
    let place = if document.place().is_empty() { form.name() } else { document.place() };
    rows.heading(format!("{} ({place})", printable(document.doc_type())));
    rows.row(["signed", &validity.signed.to_string()]);
    rows.row(["valid", &format!("{} to {}", validity.valid_from, validity.valid_until)]);
    let digests: usize =
        mso.layout().namespaces.iter().map(|namespace| namespace.digests.len()).sum();
    let class = match document.size_class(&[]) {
        Ok(class) => format!("size class {} or larger", class.name),
        Err(_) => "too large for every size class".to_owned(),
    };
    rows.row(["MSO", &format!("{} bytes, digests of {digests} items, {class}", mso.bytes().len())]);
    if mso.has_status() {
        rows.row([
            "status",
            "revocation status present, not checked: the issuer says where to look it up",
        ]);
    }
    match &inspection.signer {
        None => rows.row(["signer", "no certificate"]),
        Some(Err(fault)) => rows.row(["signer", &format!("its certificate gives no key: {fault}")]),
        Some(Ok(signer)) => {
            rows.row(["signer", &hex::encode(signer.public_key.to_encoded_point(false))]);
            rows.row([
                "",
                &format!("certificate valid {} to {}", signer.not_before, signer.not_after),
            ]);
            match inspection.profile_fault() {
                Some(fault) => rows.row(["", &format!("can be trusted by key only: {fault}")]),
                None => rows.row(["", "can be trusted by key or through its IACA root"]),
            }
        }
    }
    rows.row(["device key", &hex::encode(mso.device_key().to_encoded_point(false))]);
    if document.device_signed().has_namespaces() {
        rows.row(["device signed", &hex::encode(document.device_signed().namespaces())]);
    }
    for namespace in document.issuer_signed().namespaces() {
        rows.heading(format!("  {}", printable(namespace.name())));
        for item in namespace.items() {
            rows.row([&printable(item.element_identifier()), &shown(item.value())]);
        }
        for item in namespace.opaque_items() {
            let why = format!("CBOR that cannot be proven: {}", item.fault().message());
            rows.row([&shortened(&printable(item.element_identifier())), &why]);
        }
    }
    rows.heading("  Checks".to_owned());
    for check in &inspection.checks {
        let outcome = match &check.outcome {
            Outcome::Passed(meaning) => format!("passed       {meaning}"),
            Outcome::NotChecked(why) => format!("not checked  {why}"),
            Outcome::Failed(error) => {
                format!("FAILED       {} ({})", error.message(), error.code())
            }
        };
        rows.row([check.name, &outcome]);
    }
    let sentence = Provable::sentence(&inspection.provable());
    format!("{}\n  This document {sentence}\n", rows.finish())
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => shortened(&format!("{text:?}")),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::FullDate(date) => date.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Other(cbor) => {
            format!("CBOR, {} bytes: {}", cbor.len(), shortened(&hex::encode(cbor)))
        }
        _ => "a value of another type".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text from a document, with every character escaped that could move a terminal's cursor or change
/// its text direction.
fn printable(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// Headings, and rows of a label and a text. The texts of all rows are aligned.
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
        let width = self
            .0
            .iter()
            .filter_map(|(label, _)| label.as_ref())
            .map(|label| label.chars().count())
            .max();
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
