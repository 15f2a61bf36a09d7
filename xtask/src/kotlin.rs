//! The Kotlin package: what UniFFI writes of it, and its tests on the JVM.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apt;
use crate::mobile::{self, FOLDER};
use crate::process::{self, Error};
use crate::project::Project;

/// Builds the library for this machine, writes the Kotlin around it, and builds and tests the package.
pub fn test(project: &Project) -> Result<(), Error> {
    let has_maven =
        || process::output(project.command("mvn").arg("-v")).is_ok_and(|mvn| mvn.status.success());
    if !has_maven() {
        eprintln!("there is no Maven with a Java: installing them with apt-get");
        apt::install(project, &["maven", "openjdk-17-jdk-headless"])?;
    }
    let library = mobile::library(project)?;
    let generated = project.target().join("kotlin");
    mobile::generate(project, &library, "kotlin", &generated)?;

    let mut maven = project.command("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress", "--quiet", "--file"]);
    maven.arg(project.root().join(FOLDER).join("kotlin/pom.xml"));
    let folders = [
        ("generated", generated.as_path()),
        ("native", library.parent().unwrap_or(project.target())),
        ("testdata", &project.root().join("testdata")),
    ];
    for (name, folder) in folders {
        maven.arg(format!("-Dvelum.{name}={}", folder.display()));
    }
    process::run(maven.args(["clean", "package"]))?;
    summarise(&project.root().join(FOLDER).join("kotlin/library/target/surefire-reports"))
}

/// Prints what Surefire says of each class of tests, which Maven keeps to itself. No tests are a failure.
fn summarise(reports: &Path) -> Result<(), Error> {
    let unreadable = |_| Error::Found(format!("no reports of tests in {}", reports.display()));
    let mut files: Vec<PathBuf> =
        fs::read_dir(reports).map_err(unreadable)?.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    let lines: Vec<_> = texts.flat_map(|text| text.lines().filter_map(summary).collect::<Vec<_>>()).collect();
    if lines.is_empty() {
        return Err(Error::Found("no test in Kotlin ran".to_owned()));
    }
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// The line that counts the tests of a class, if it counts any.
fn summary(line: &str) -> Option<String> {
    let count = line.strip_prefix("Tests run: ")?.split(',').next()?;
    (count.parse() != Ok(0)).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_without_tests_is_not_counted() {
        let some = "Tests run: 9, Failures: 0, Errors: 0, Skipped: 0 -- in dev.velum.WalletTest";
        assert_eq!(summary(some).as_deref(), Some(some));
        for none in ["", "Test set: dev.velum.WalletTest", "Tests run: 0, Failures: 0"] {
            assert_eq!(summary(none), None);
        }
    }
}
