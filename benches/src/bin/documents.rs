//! Judges every real document, and proves a sample of them or all. `./x documents` runs it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use lexopt::prelude::*;
use velum_bench::documents::{Counts, Failure, Finding, Folder, Proven, Source, Workbench, table};

const USAGE: &str = "\
Usage: documents [--root FOLDER] [--all] [--update]
--root FOLDER  the root of the project (default: the current folder)
--all          prove every file that can be proven, instead of one of each repository
--update       prove nothing; record the findings in testdata/documents/verdicts.json, and their
               counts in docs/documents.md";

#[derive(Default)]
struct Options {
    root: PathBuf,
    all: bool,
    update: bool,
}

/// Exit status: 0 if every finding is as recorded, if enough documents can be proven, and if their
/// proofs succeeded. Otherwise 1.
fn main() -> Result<ExitCode, Failure> {
    let options = parse().map_err(|error| format!("{error}\n{USAGE}"))?;
    let folder = Folder::of(&options.root);
    let (sources, recorded) = (folder.sources()?, folder.recorded()?);
    let findings: Vec<Finding> =
        sources.iter().map(|source| folder.judge(source, &recorded)).collect::<Result<_, _>>()?;
    println!("{}", table(&sources, &findings));
    let counts = Counts::new(&sources, &findings);
    if options.update {
        folder.record(&findings)?;
        folder.write_page(&counts.put_into(&folder.page()?)?)?;
        print!("{counts}");
        return Ok(ExitCode::SUCCESS);
    }
    let changed = changed(&recorded, &findings);
    let asked = sample(&sources, &findings, options.all);
    let (credential, presentation, failed) = prove(&folder, &asked);

    print!("{counts}");
    println!(
        "tried to prove {} files: {credential} credential proofs without a presentation, \
         {presentation} presentations that were verified, {} failures",
        asked.len(),
        failed.len()
    );
    for name in &changed {
        println!("differs from the recorded finding: {name}");
    }
    for fault in &failed {
        println!("proof failed: {fault}");
    }
    if !counts.suffice() {
        println!("too few of the intact files can be proven");
    }
    let good = counts.suffice() && changed.is_empty() && failed.is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse() -> Result<Options, lexopt::Error> {
    let mut options = Options { root: ".".into(), ..Options::default() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("root") => options.root = parser.value()?.into(),
            Long("all") => options.all = true,
            Long("update") => options.update = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

/// The names of the files whose finding differs from the recorded one, or has no recorded one.
fn changed(recorded: &[Finding], findings: &[Finding]) -> Vec<String> {
    let gone = recorded
        .iter()
        .filter(|before| !findings.iter().any(|finding| finding.name == before.name));
    let other = findings.iter().filter(|finding| !recorded.contains(finding));
    other.chain(gone).map(|finding| finding.name.clone()).collect()
}

/// The files to prove: all that can be proven, or one of each repository. The one is the first file
/// whose session is known, if there is such a file.
fn sample<'a>(sources: &'a [Source], findings: &[Finding], all: bool) -> Vec<&'a Source> {
    let provable = sources.iter().zip(findings).filter(|(_, finding)| finding.is_provable());
    let mut asked: Vec<_> = provable.map(|(source, _)| source).collect();
    if !all {
        let mut seen = BTreeSet::new();
        asked.sort_by_key(|source| source.session_transcript.is_none());
        asked.retain(|source| seen.insert(&source.repository));
        asked.sort_by_key(|source| &source.name);
    }
    asked
}

/// Proves these files. Returns the number of proofs of each kind, and the failures.
fn prove(folder: &Folder, asked: &[&Source]) -> (usize, usize, Vec<String>) {
    let (start, workbench) = (Instant::now(), Workbench::default());
    let (mut credential, mut presentation, mut failed) = (0, 0, Vec::new());
    for (index, source) in asked.iter().enumerate() {
        let outcome = match workbench.prove(folder, source) {
            Ok(proven) => {
                credential += proven.iter().filter(|it| **it == Proven::Credential).count();
                presentation += proven.iter().filter(|it| **it == Proven::Presentation).count();
                proven.iter().map(|it| it.name()).collect::<Vec<_>>().join("; ")
            }
            Err(error) => {
                failed.push(format!("{}: {error}", source.name));
                format!("FAILED: {error}")
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("{seconds:7.1} s  {} of {}  {}: {outcome}", index + 1, asked.len(), source.name);
    }
    (credential, presentation, failed)
}
