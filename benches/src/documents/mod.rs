//! Real documents of many issuers, in `testdata/documents`: which of them can be proven, and why
//! the others cannot.
//!
//! The documents were not chosen by whether they pass. `sources.json` says where each comes from,
//! and `verdicts.json` what was found about it.

mod counts;
mod proof;
mod verdict;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use counts::{Counts, table};
pub use proof::{Proven, Workbench};
pub use verdict::{Judged, Verdict};

/// What may go wrong here: a file is missing, or is not what it should be.
pub type Failure = Box<dyn std::error::Error>;

/// A file and where it comes from.
#[derive(Debug, Deserialize)]
pub struct Source {
    /// The name of the file in `files`, without `.cbor`.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// The length in bytes.
    pub bytes: usize,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// The SPDX identifier of the repository's licence.
    pub licence: String,
    /// The docType of each document in the file.
    pub doc_types: Vec<String>,
    /// The signer of each document in the file.
    pub signers: Vec<Signer>,
    /// Whether another reader found that the issuer's signature verifies and that every item has
    /// its digest. `None` if the file comes without a key.
    pub intact: Option<bool>,
    /// The `SessionTranscript` that the device signed, in hexadecimal, if the repository states it.
    #[serde(default)]
    pub session_transcript: Option<String>,
}

/// Who signed a document, according to the certificate that came with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Signer {
    /// The common name, or the whole subject if there is none. Null without a certificate.
    pub subject: Option<String>,
    /// SHA-256 of the certificate in hexadecimal. Null without a certificate.
    pub certificate_sha256: Option<String>,
}

impl Signer {
    /// The name, on one line.
    #[must_use]
    pub fn name(&self) -> &str {
        self.subject.as_deref().unwrap_or("no certificate")
    }
}

/// What was found about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name of the file.
    pub name: String,
    /// The verdict on each document in the file, or on the file if no document can be read.
    pub documents: Vec<Judged>,
}

impl Finding {
    /// Whether every document of the file can be proven.
    #[must_use]
    pub fn is_provable(&self) -> bool {
        self.documents.iter().all(|document| matches!(document.verdict, Verdict::Provable { .. }))
    }

    /// Why the first document that was refused cannot be proven, if there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.documents.iter().find_map(|document| match &document.verdict {
            Verdict::Refused { reason, .. } => Some(reason.as_str()),
            Verdict::Provable { .. } => None,
        })
    }

    /// Whether two findings are the same, apart from the words of the reasons.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let agree =
            |(a, b): (&Judged, &Judged)| a.doc_type == b.doc_type && a.verdict.agrees(&b.verdict);
        self.name == other.name
            && self.documents.len() == other.documents.len()
            && self.documents.iter().zip(&other.documents).all(agree)
    }
}

/// The folder of documents in a checkout of the project.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder in the workspace with this root.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join("testdata/documents").join(name)
    }

    /// Every file, in the order of the names.
    ///
    /// # Errors
    /// `sources.json` cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Failure> {
        json(&self.path("sources.json"))
    }

    /// The findings that were last recorded. Empty if none were ever recorded.
    ///
    /// # Errors
    /// `verdicts.json` exists and cannot be read.
    pub fn recorded(&self) -> Result<Vec<Finding>, Failure> {
        let path = self.path("verdicts.json");
        if path.exists() { json(&path) } else { Ok(Vec::new()) }
    }

    /// The bytes of a file, which must be those that were collected.
    ///
    /// # Errors
    /// The bytes cannot be read, or are not those that were collected.
    pub fn bytes(&self, source: &Source) -> Result<Vec<u8>, Failure> {
        let path = self.path("files").join(format!("{}.cbor", source.name));
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if bytes.len() == source.bytes && hex::encode(Sha256::digest(&bytes)) == source.sha256 {
            return Ok(bytes);
        }
        Err(format!("{}: length or hash differs from sources.json", path.display()).into())
    }

    /// The names of the files that exist, without `.cbor`.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path("files"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.push(name.strip_suffix(".cbor").unwrap_or(&name).to_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Judges a file now. A recorded reason that a person put in words is kept if its code and
    /// place are still the same.
    ///
    /// # Errors
    /// The errors of [`Self::bytes`].
    pub fn judge(&self, source: &Source, recorded: &[Finding]) -> Result<Finding, Failure> {
        let documents = verdict::judge(&self.bytes(source)?);
        let mut finding = Finding { name: source.name.clone(), documents };
        if let Some(before) = recorded.iter().find(|before| before.agrees(&finding)) {
            finding = before.clone();
        }
        Ok(finding)
    }

    /// Records the findings.
    ///
    /// # Errors
    /// `verdicts.json` cannot be written.
    pub fn record(&self, findings: &[Finding]) -> Result<(), Failure> {
        let mut text = String::from("[\n");
        for (index, finding) in findings.iter().enumerate() {
            let comma = if index + 1 < findings.len() { "," } else { "" };
            writeln!(text, "{}{comma}", serde_json::to_string(finding)?)?;
        }
        text.push_str("]\n");
        Ok(fs::write(self.path("verdicts.json"), text)?)
    }

    /// The page that shows the counts.
    ///
    /// # Errors
    /// The page cannot be read.
    pub fn page(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.page_path())?)
    }

    /// Writes that page.
    ///
    /// # Errors
    /// The page cannot be written.
    pub fn write_page(&self, text: &str) -> Result<(), Failure> {
        Ok(fs::write(self.page_path(), text)?)
    }

    fn page_path(&self) -> PathBuf {
        self.root.join("docs/documents.md")
    }
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Failure> {
    let read = || -> Result<T, Failure> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    read().map_err(|error| format!("{}: {error}", path.display()).into())
}
