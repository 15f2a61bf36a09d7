//! Generates the UniFFI bindings of the Kotlin packages, and tests the packages on the JVM.

use std::fs;
use std::path::{Path, PathBuf};

use crate::aggregation;
use crate::apt;
use crate::mobile::{self, FOLDER};
use crate::process::{self, Error};
use crate::project::Project;
use crate::web::{self, Modules};

/// The modules that have tests, relative to the root of the workspace.
const TESTED: [&str; 4] = [
    "demo-android",
    "bindings-mobile/kotlin/library",
    "bindings-mobile/kotlin/multipaz-adapter",
    "bindings-mobile/kotlin/receipt",
];

/// Builds the libraries for this machine, generates the Kotlin bindings, and builds and tests the
/// packages.
pub fn test(project: &Project) -> Result<(), Error> {
    let has_maven =
        || process::output(project.command("mvn").arg("-v")).is_ok_and(|mvn| mvn.status.success());
    if !has_maven() {
        eprintln!("Maven or Java is missing: installing both with apt-get");
        apt::install(project, &["maven", "openjdk-17-jdk-headless"])?;
    }
    let (library, receipt) = (mobile::library(project)?, mobile::receipt_library(project)?);
    let (command, market) = (
        web::command_of_tests(project)?,
        aggregation::build_checked(project, aggregation::MARKET)?,
    );
    web::build(project, Modules::ONE)?;
    let generated = project.target().join("kotlin");
    mobile::generate(project, &library, "kotlin", &generated)?;
    let generated_receipt = project.target().join("kotlin-receipt");
    mobile::generate(project, &receipt, "kotlin", &generated_receipt)?;

    let mut maven = project.command("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress", "--quiet", "--file"]);
    maven.arg(project.root().join(FOLDER).join("kotlin/pom.xml"));
    let paths = [
        ("generated", generated.as_path()),
        ("generated.receipt", generated_receipt.as_path()),
        ("native", library.file.parent().unwrap_or(project.target())),
        ("testdata", &project.root().join("testdata")),
        ("command", &command),
        ("market", &market),
        ("package", &project.root().join(web::COMMAND)),
    ];
    for (name, path) in paths {
        maven.arg(format!("-Dvelum.{name}={}", path.display()));
    }
    process::run(maven.args(["clean", "package"]))?;
    TESTED.iter().try_for_each(|module| {
        summarise(&project.root().join(module).join("target/surefire-reports"))
    })
}

/// Prints Surefire's summary of each test class, which Maven does not print, and the names of
/// skipped tests. Fails if no test ran.
fn summarise(reports: &Path) -> Result<(), Error> {
    let unreadable =
        |_| Error::Found(format!("there are no test reports in {}", reports.display()));
    let mut files: Vec<PathBuf> = fs::read_dir(reports)
        .map_err(unreadable)?
        .filter_map(|file| Some(file.ok()?.path()))
        .collect();
    files.sort();
    let of = |wanted: &'static str| {
        let files =
            files.iter().filter(move |file| file.extension().is_some_and(|found| found == wanted));
        files.filter_map(|file| fs::read_to_string(file).ok())
    };
    let lines: Vec<_> =
        of("txt").flat_map(|text| text.lines().filter_map(summary).collect::<Vec<_>>()).collect();
    if lines.is_empty() {
        return Err(Error::Found(format!(
            "no Kotlin test ran: the reports in {} count none",
            reports.display()
        )));
    }
    lines.iter().for_each(|line| process::print(line));
    of("xml")
        .flat_map(|report| skipped(&report))
        .for_each(|test| process::print(&format!("skipped: {test}")));
    Ok(())
}

/// The tests that an XML report of Surefire lists as skipped.
fn skipped(report: &str) -> Vec<String> {
    let tests = report.split("<testcase ").skip(1);
    let name = |test: &str| {
        test.contains("<skipped")
            .then(|| test.split_once("name=\"")?.1.split('"').next().map(str::to_owned))?
    };
    tests.filter_map(name).collect()
}

/// The line that counts the tests of a class, unless it counts none.
fn summary(line: &str) -> Option<String> {
    let count = line.strip_prefix("Tests run: ")?.split(',').next()?;
    (count.parse() != Ok(0)).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_tests_are_named() {
        let report = r#"<testsuite name="s"><testcase name="a full disk" classname="c" time="0">
            <skipped message="only root"/></testcase><testcase name="runs" classname="c" time="1"/></testsuite>"#;
        assert_eq!(skipped(report), ["a full disk"]);
    }

    #[test]
    fn a_class_without_tests_is_not_counted() {
        let some = "Tests run: 9, Failures: 0, Errors: 0, Skipped: 0 -- in dev.velum.WalletTest";
        assert_eq!(summary(some).as_deref(), Some(some));
        for none in ["", "Test set: dev.velum.WalletTest", "Tests run: 0, Failures: 0"] {
            assert_eq!(summary(none), None);
        }
    }
}
