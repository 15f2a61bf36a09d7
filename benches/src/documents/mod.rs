//! Real documents of many issuers, in `testdata/documents`: which of them can be proven, and why not the others.
//!
//! They were not chosen by whether they pass. Where each comes from stands in `sources.json`, what was found of it in
//! `verdicts.json`.

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

/// What may go wrong here: a file that is not there, or not what it should be.
pub type Failure = Box<dyn std::error::Error>;

/// One file and where it comes from.
#[derive(Debug, Deserialize)]
pub struct Source {
    /// Its name in `files`, without `.cbor`.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: usize,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// The SPDX identifier of the repository's licence.
    pub licence: String,
    /// The docType of each document in it.
    pub doc_types: Vec<String>,
    /// The signer of each document in it.
    pub signers: Vec<Signer>,
    /// Whether the issuer's signature verifies and every item has its digest, as another reader found; none where no key came along.
    pub intact: Option<bool>,
    /// The `SessionTranscript` that the device signed, in hexadecimal, where the repository tells it.
    #[serde(default)]
    pub session_transcript: Option<String>,
}

/// Who signed a document, by the certificate that came with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Signer {
    /// The common name, or the whole subject where there is none; null without certificate.
    pub subject: Option<String>,
    /// SHA-256 of the certificate in hexadecimal; null without one.
    pub certificate_sha256: Option<String>,
}

impl Signer {
    /// The name, on one line.
    #[must_use]
    pub fn name(&self) -> &str {
        self.subject.as_deref().unwrap_or("no certificate")
    }
}

/// What was found of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The file's name.
    pub name: String,
    /// Of each document in it; of the file where none can be read.
    pub documents: Vec<Judged>,
}

impl Finding {
    /// Whether every document of the file can be proven.
    #[must_use]
    pub fn is_provable(&self) -> bool {
        self.documents.iter().all(|document| matches!(document.verdict, Verdict::Provable { .. }))
    }

    /// Why not, if so: of the first document that cannot.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.documents.iter().find_map(|document| match &document.verdict {
            Verdict::Refused { reason, .. } => Some(reason.as_str()),
            Verdict::Provable { .. } => None,
        })
    }

    /// The same, apart from the words for the reason.
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
    /// The one in the workspace whose root this is.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join("testdata/documents").join(name)
    }

    /// Every file, in the order of names.
    ///
    /// # Errors
    /// `sources.json` cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Failure> {
        json(&self.path("sources.json"))
    }

    /// What was found of each when it was last recorded; nothing if it was never.
    ///
    /// # Errors
    /// `verdicts.json` is there and cannot be read.
    pub fn recorded(&self) -> Result<Vec<Finding>, Failure> {
        let path = self.path("verdicts.json");
        if path.exists() { json(&path) } else { Ok(Vec::new()) }
    }

    /// The bytes of a file, which are those that were collected.
    ///
    /// # Errors
    /// They cannot be read, or are others.
    pub fn bytes(&self, source: &Source) -> Result<Vec<u8>, Failure> {
        let path = self.path("files").join(format!("{}.cbor", source.name));
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if bytes.len() == source.bytes && hex::encode(Sha256::digest(&bytes)) == source.sha256 {
            return Ok(bytes);
        }
        Err(format!("{}: not the bytes that sources.json tells of", path.display()).into())
    }

    /// The names of the files that are there, without `.cbor`.
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

    /// Judges a file now. A reason that was put in words stays, where code and place are still the same.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn judge(&self, source: &Source, recorded: &[Finding]) -> Result<Finding, Failure> {
        let documents = verdict::judge(&self.bytes(source)?);
        let mut finding = Finding { name: source.name.clone(), documents };
        if let Some(before) = recorded.iter().find(|before| before.agrees(&finding)) {
            finding = before.clone();
        }
        Ok(finding)
    }

    /// Records what was found.
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

    /// The page that tells people of the counts.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn page(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.page_path())?)
    }

    /// Writes that page.
    ///
    /// # Errors
    /// It cannot be written.
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
