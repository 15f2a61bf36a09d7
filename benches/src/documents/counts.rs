//! The counts as people see them: a row for each document, and how many files can be proven.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use super::{Failure, Finding, Judged, Signer, Source, Verdict};

/// The generated part of the page lies between these lines.
const BEGIN: &str = "<!-- Written by `./x documents --update`. -->";
const END: &str = "<!-- End of what `./x documents --update` writes. -->";

/// How many of a hundred intact files must be provable.
const REQUIRED_PER_CENT: usize = 85;

/// How many files there are, and the findings about them.
pub struct Counts {
    /// Number of all files.
    pub files: usize,
    /// Number of files of which every document can be proven.
    pub provable: usize,
    /// Number of files that another reader found to be as an issuer signed them, whether or not
    /// they can be proven.
    pub intact: usize,
    repositories: usize,
    /// Number of distinct certificates of signers.
    signers: usize,
    /// Number of these certificates that signed a document that can be proven.
    provable_signers: usize,
    /// Number of documents by size class, in the order of the names of the classes.
    classes: BTreeMap<String, usize>,
    /// For each reason why files cannot be proven: the number of files, and their signers.
    reasons: BTreeMap<String, (usize, BTreeSet<String>)>,
    /// For each name of a signer: certificates, files, files that can be proven, and reasons.
    by_signer: BTreeMap<String, OfSigner>,
}

#[derive(Default)]
struct OfSigner {
    certificates: BTreeSet<Option<String>>,
    files: usize,
    provable: usize,
    reasons: BTreeSet<String>,
}

impl Counts {
    /// Counts the findings of the sources. Both slices are in the same order.
    #[must_use]
    pub fn new(sources: &[Source], findings: &[Finding]) -> Self {
        let repositories: BTreeSet<_> = sources.iter().map(|source| &source.repository).collect();
        let mut counts = Self {
            files: sources.len(),
            provable: findings.iter().filter(|finding| finding.is_provable()).count(),
            intact: sources.iter().filter(|source| source.intact == Some(true)).count(),
            repositories: repositories.len(),
            signers: 0,
            provable_signers: 0,
            classes: BTreeMap::new(),
            reasons: BTreeMap::new(),
            by_signer: BTreeMap::new(),
        };
        let (mut signers, mut provable_signers) = (BTreeSet::new(), BTreeSet::new());
        for (source, finding) in sources.iter().zip(findings) {
            let names: BTreeSet<String> =
                source.signers.iter().map(|it| it.name().to_owned()).collect();
            signers.extend(source.signers.iter().filter_map(|it| it.certificate_sha256.as_deref()));
            for (document, signer) in with_signers(source, finding) {
                if let Verdict::Provable { size_class, .. } = &document.verdict {
                    *counts.classes.entry(size_class.clone()).or_default() += 1;
                    provable_signers.extend(signer.and_then(|it| it.certificate_sha256.as_deref()));
                }
            }
            for name in &names {
                let of_signer = counts.by_signer.entry(name.clone()).or_default();
                let certificates = source.signers.iter().filter(|it| it.name() == name);
                of_signer.certificates.extend(certificates.map(|it| it.certificate_sha256.clone()));
                of_signer.files += 1;
                of_signer.provable += usize::from(finding.is_provable());
                of_signer.reasons.extend(finding.reason().map(str::to_owned));
            }
            if let Some(reason) = finding.reason() {
                let (files, of) = counts.reasons.entry(reason.to_owned()).or_default();
                *files += 1;
                of.extend(names);
            }
        }
        (counts.signers, counts.provable_signers) = (signers.len(), provable_signers.len());
        counts
    }

    /// Whether enough of the files can be proven that are as their issuers signed them.
    #[must_use]
    pub fn suffice(&self) -> bool {
        self.provable * 100 >= self.intact * REQUIRED_PER_CENT
    }

    fn per_cent_of(&self, files: usize) -> String {
        let thousandths = (self.provable * 1_000).checked_div(files).unwrap_or_default();
        format!("{}.{} %", thousandths / 10, thousandths % 10)
    }

    fn sentences(&self) -> String {
        let Self { files, provable, intact, repositories, signers, provable_signers, .. } = self;
        let (of_all, of_intact) = (self.per_cent_of(*files), self.per_cent_of(*intact));
        format!(
            "{files} files from {repositories} repositories, with {signers} different signer \
             certificates: {provable} files can be proven ({of_all}), with {provable_signers} of \
             these certificates.\n{intact} of the files are as their issuers signed them, \
             according to another reader: {provable} of these can be proven ({of_intact})."
        )
    }

    /// The reasons, the most frequent first.
    fn by_frequency(&self) -> Vec<(&String, &(usize, BTreeSet<String>))> {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, (files, _))| std::cmp::Reverse(*files));
        reasons
    }

    /// The generated part of the page.
    fn markdown(&self) -> Result<String, fmt::Error> {
        let mut out = format!("{}\n\n| size class | documents |\n|---|---|\n", self.sentences());
        for (class, documents) in &self.classes {
            writeln!(out, "| `{class}` | {documents} |")?;
        }
        out.push_str("\n| cannot be proven because | files | signers |\n|---|---|---|\n");
        for (reason, (files, signers)) in self.by_frequency() {
            let signers: Vec<_> = signers.iter().map(|name| cell(name)).collect();
            writeln!(out, "| {} | {files} | {} |", cell(reason), signers.join("; "))?;
        }
        out.push_str(
            "\n| signer | certificates | files | can be proven | why the others cannot |\n\
             |---|---|---|---|---|\n",
        );
        let mut by_signer: Vec<_> = self.by_signer.iter().collect();
        by_signer.sort_by_key(|(name, _)| name.to_lowercase());
        for (name, of) in by_signer {
            let reasons: Vec<_> = of.reasons.iter().map(|reason| cell(reason)).collect();
            let certificates = of.certificates.iter().flatten().count();
            let (files, provable, reasons) = (of.files, of.provable, reasons.join("; "));
            writeln!(
                out,
                "| {} | {certificates} | {files} | {provable} | {reasons} |",
                cell(name)
            )?;
        }
        Ok(out)
    }

    /// The page with these counts in place of its own.
    ///
    /// # Errors
    /// The page has no place for the counts.
    pub fn put_into(&self, page: &str) -> Result<String, Failure> {
        let missing = || format!("docs/documents.md lacks a line {BEGIN:?} or {END:?}");
        let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
        let (_, after) = rest.split_once(END).ok_or_else(missing)?;
        Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.markdown()?))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sentences())?;
        for (class, documents) in &self.classes {
            writeln!(f, "{documents:>5}  documents of size class {class}")?;
        }
        for (reason, (files, _)) in self.by_frequency() {
            writeln!(f, "{files:>5}  files cannot be proven: {reason}")?;
        }
        Ok(())
    }
}

/// A row for each document: file, signer, docType, size class, and whether it can be proven or why
/// not.
#[must_use]
pub fn table(sources: &[Source], findings: &[Finding]) -> String {
    let mut rows =
        vec![["file", "signer", "docType", "size class", "can be proven"].map(str::to_owned)];
    for (source, finding) in sources.iter().zip(findings) {
        for (index, (document, signer)) in with_signers(source, finding).enumerate() {
            let (class, verdict) = match &document.verdict {
                Verdict::Provable { size_class, elements_left_out: 0 } => {
                    (size_class.as_str(), "yes".to_owned())
                }
                Verdict::Provable { size_class, elements_left_out } => (
                    size_class.as_str(),
                    format!("yes, but for {elements_left_out} of its elements"),
                ),
                Verdict::Refused { code, reason, .. } => ("", format!("no: {reason} ({code})")),
            };
            let signer = signer.map_or("", Signer::name);
            // A document that Velum cannot read may have a docType all the same.
            let stated = document.doc_type.as_ref().or(source.doc_types.get(index));
            let doc_type = stated.map_or("", String::as_str);
            rows.push([&source.name, signer, doc_type, class, &verdict].map(str::to_owned));
        }
    }
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
        }
        out.push_str(&row[4]);
        out.push('\n');
    }
    out
}

/// The documents of a file with their signers.
fn with_signers<'a>(
    source: &'a Source,
    finding: &'a Finding,
) -> impl Iterator<Item = (&'a Judged, Option<&'a Signer>)> {
    finding
        .documents
        .iter()
        .enumerate()
        .map(|(index, document)| (document, source.signers.get(index)))
}

/// Escapes text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
