//! Decides whether the documents of a file can be proven, as `velum inspect` does.

use serde::{Deserialize, Serialize};
use velum_credentials::{DeviceResponse, Error, Inspection, Outcome};

/// A document and the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Its docType, if it can be read.
    pub doc_type: Option<String>,
    /// Whether it can be proven.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a document can be proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Verdict {
    /// The document can be proven, by its signer's key.
    Provable {
        /// The smallest size class that its MSO fits.
        size_class: String,
        /// The number of its elements that no proof can be about.
        elements_left_out: usize,
    },
    /// The document cannot be proven.
    Refused {
        /// The code of the error.
        code: String,
        /// What the error is about.
        r#where: String,
        /// The reason in a few words that a person chose.
        reason: String,
    },
}

impl Verdict {
    fn refused(error: &Error) -> Self {
        Self::Refused {
            code: error.code().to_string(),
            r#where: error.place().to_owned(),
            reason: error.message().to_owned(),
        }
    }

    /// Whether two verdicts are the same, apart from the words of the reason.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused { code, r#where, .. }, Self::Refused { code: c, r#where: w, .. }) => {
                code == c && r#where == w
            }
            _ => self == other,
        }
    }
}

/// The verdict on each document of a file, or on the file if no document can be read.
pub(super) fn judge(bytes: &[u8]) -> Vec<Judged> {
    let refused = |error: &Error| vec![Judged { doc_type: None, verdict: Verdict::refused(error) }];
    let response = match DeviceResponse::parse(bytes) {
        Ok(response) => response,
        Err(error) => return refused(&error),
    };
    match response.inspect() {
        Err(error) => {
            let doc_type = response.broken().first().and_then(|broken| broken.doc_type.clone());
            vec![Judged { doc_type, verdict: Verdict::refused(&error) }]
        }
        Ok(inspections) => inspections
            .iter()
            .map(|inspection| match inspection {
                Ok(inspection) => Judged {
                    doc_type: Some(inspection.document.doc_type().to_owned()),
                    verdict: of_inspection(inspection),
                },
                Err(broken) => Judged {
                    doc_type: broken.doc_type.clone(),
                    verdict: Verdict::refused(&broken.fault),
                },
            })
            .collect(),
    }
}

fn of_inspection(inspection: &Inspection<'_>) -> Verdict {
    // Without a certificate, a document does not show which key signed it.
    let unchecked = inspection.checks.iter().find_map(|check| match &check.outcome {
        Outcome::NotChecked(why) if check.name == "issuer_signature" => Some(why),
        _ => None,
    });
    match (inspection.provable(), unchecked) {
        (Err(error), _) => Verdict::refused(&error),
        (Ok(_), Some(why)) => Verdict::Refused {
            code: "not_checked".to_owned(),
            r#where: "issuerSigned.issuerAuth".to_owned(),
            reason: why.clone(),
        },
        (Ok(provable), None) => Verdict::Provable {
            size_class: provable.size_class.name.to_owned(),
            elements_left_out: provable.but.len(),
        },
    }
}
