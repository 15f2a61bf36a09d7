//! Checks the dependencies' licences, sources and known vulnerabilities, by the rules of
//! `deny.toml`.
//!
//! Advisories come from RustSec's database in its current state, or from a copy of it: a folder
//! that contains `crates`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Error};
use crate::project::Project;
use crate::report::{Report, Verdict};
use crate::tools;

/// The database that `deny.toml` names.
const URL: &str = "https://github.com/RustSec/advisory-db";

/// The variable that tells cargo-deny, through `deny.toml`, where to keep the database.
const VARIABLE: &str = "VELUM_ADVISORIES";

/// Where a copy may be, relative to the root of the workspace.
const BESIDE: &str = "../shared/advisory-db";

/// Runs every check of the dependencies, against a copy of the database if one is given.
pub fn deny(project: &Project, report: &mut Report, database: Option<&Path>) {
    report.step("dependencies", || check_each(project, &["licenses", "bans", "sources"], |_| ()));
    report.step_with_verdict("advisories", || match database {
        Some(folder) => check_copy(project, folder, "a copy of the database"),
        None => check(project),
    });
}

/// Checks advisories against the current database. If it cannot be fetched, checks against a copy
/// beside the project. If there is no copy either, advisories are not checked. The summary then
/// says so, because a missing network is no reason to fail.
fn check(project: &Project) -> Result<Verdict, Error> {
    let live = project.target().join("advisories/live");
    create(&live)?;
    let Some(cause) = unreachable(project, &live)? else {
        check_each(project, &["advisories"], |deny| {
            deny.env(VARIABLE, &live);
        })?;
        return Ok(Verdict::Passed);
    };
    let beside = project.root().join(BESIDE);
    if beside.is_dir() {
        return check_copy(project, &beside, "a copy of the database beside the project");
    }
    Ok(Verdict::NotChecked(format!("the advisory database could not be fetched ({cause})")))
}

/// Fetches the database. Returns the cause if it cannot be fetched.
fn unreachable(project: &Project, databases: &Path) -> Result<Option<String>, Error> {
    let mut fetch = tools::DENY.command(project)?;
    fetch
        .args(["--locked", "fetch", "db"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env(VARIABLE, databases);
    let output = process::output(&mut fetch)?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(None);
    }
    eprint!("{printed}");
    match fetch_failure(&printed) {
        Some(cause) => Ok(Some(cause.into())),
        None => Err(Error::Status { command: "cargo-deny fetch db".into(), status: output.status }),
    }
}

/// Git's own words on why cargo-deny could not fetch its database. `None` if it failed for another
/// reason.
fn fetch_failure(printed: &str) -> Option<&str> {
    if !printed.contains("failed to fetch advisory database") {
        return None;
    }
    let fatal = printed.lines().find_map(|line| line.trim().strip_prefix("fatal: "));
    Some(fatal.unwrap_or("see above"))
}

/// Checks advisories against a copy, which messages call `name`.
fn check_copy(project: &Project, folder: &Path, name: &str) -> Result<Verdict, Error> {
    let folder = fs::canonicalize(folder).map_err(|error| unusable(folder, &error.to_string()))?;
    let newest = newest(&folder).map_err(|error| unusable(&folder, &error.to_string()))?;
    let newest = newest.ok_or_else(|| unusable(&folder, "it contains no advisory"))?;
    let note = format!("against {name}, whose newest advisory is of {newest}");
    eprintln!("{note}");

    // Cargo-deny accepts a database only from a git repository, so it gets one that holds the copy.
    let work = project.target().join("advisories");
    let (repository, databases) = (work.join("repository"), work.join("copy"));
    for old in [&repository, &databases] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(|source| Error::Write { path: old.clone(), source })?;
        }
    }
    create(&databases)?;
    commit(project, &folder, &repository)?;
    check_each(project, &["advisories"], |deny| {
        deny.env(VARIABLE, &databases);
        deny.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_VALUE_0", URL);
        deny.env("GIT_CONFIG_KEY_0", format!("url.file://{}.insteadOf", repository.display()));
    })?;
    Ok(Verdict::PassedWith(note))
}

/// Checks the dependencies of each workspace by the rules of one file.
fn check_each(project: &Project, what: &[&str], set: impl Fn(&mut Command)) -> Result<(), Error> {
    for manifest in ["Cargo.toml", "aggregation/Cargo.toml", "fuzz/Cargo.toml"] {
        let mut deny = tools::DENY.command(project)?;
        deny.args(["--locked", "--manifest-path", manifest, "--config", "deny.toml", "check"])
            .args(what);
        set(&mut deny);
        process::run(&mut deny)?;
    }
    Ok(())
}

/// Makes a git repository with the files of a folder as its only commit.
fn commit(project: &Project, folder: &Path, repository: &Path) -> Result<(), Error> {
    let git = |args: &[&str]| -> Result<(), Error> {
        let mut git: Command = project.command("git");
        git.args([
            "-c",
            "user.name=velum",
            "-c",
            "user.email=velum@localhost",
            "-c",
            "commit.gpgsign=false",
        ]);
        process::run(git.arg("--git-dir").arg(repository).arg("--work-tree").arg(folder).args(args))
    };
    git(&["init", "--quiet", "--initial-branch", "main"])?;
    git(&["add", "--all", "--force"])?;
    git(&["commit", "--quiet", "--message", "A copy of the advisory database"])
}

/// The date of the newest advisory. `None` if there is no advisory.
fn newest(database: &Path) -> io::Result<Option<String>> {
    let mut newest = None;
    for package in fs::read_dir(database.join("crates"))? {
        let package = package?.path();
        if !package.is_dir() {
            continue;
        }
        for advisory in fs::read_dir(package)? {
            let text = fs::read_to_string(advisory?.path())?;
            newest = newest.max(date(&text).map(str::to_owned));
        }
    }
    Ok(newest)
}

/// The date of publication that an advisory states.
fn date(advisory: &str) -> Option<&str> {
    advisory.lines().find_map(|line| line.strip_prefix("date = \"")?.strip_suffix('"'))
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })
}

fn unusable(folder: &Path, why: &str) -> Error {
    let folder: PathBuf = folder.into();
    Error::Found(format!(
        "{} is not a copy of the RustSec advisory database: {why}",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_out_of_reach_is_told_from_other_failures() {
        let offline = "2026-01-01 00:00:00 [ERROR] failed to fetch database: failed to fetch advisory database \
            https://github.com/RustSec/advisory-db with cli: failed to clone: [\"clone\", \"--depth=1\"]\n\
            Cloning into '/home/a/.cargo/advisory-dbs/advisory-db'...\n\
            fatal: unable to access 'https://github.com/RustSec/advisory-db/': Could not resolve host: github.com\n";
        assert_eq!(
            fetch_failure(offline),
            Some(
                "unable to access 'https://github.com/RustSec/advisory-db/': Could not resolve host: github.com"
            )
        );
        assert_eq!(
            fetch_failure("[ERROR] failed to validate configuration file deny.toml\n"),
            None
        );
        assert_eq!(fetch_failure(""), None);
    }

    #[test]
    fn an_advisory_is_dated_by_its_own_line() {
        let advisory = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\ndate = \"2026-08-20\"\n```\n# Title\n";
        assert_eq!(date(advisory), Some("2026-08-20"));
        assert_eq!(date("# Title\nthe date = \"2026-08-20\"\n"), None);
    }

    #[test]
    fn a_folder_that_is_no_database_is_refused() {
        let project = Project::locate();
        for folder in ["docs", "no such folder"] {
            let error = check_copy(&project, &project.root().join(folder), "a copy")
                .expect_err("must be refused");
            assert!(
                error.to_string().contains("is not a copy of the RustSec advisory database"),
                "{error}"
            );
        }
    }
}
