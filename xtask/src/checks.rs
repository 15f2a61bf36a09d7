//! The checks that make up `test`, `lint` and `deny`. All of them run, whether or not one before failed.

use crate::demo_web;
use crate::mutants;
use crate::process::{self, Error};
use crate::project::Project;
use crate::report::{Report, Verdict};
use crate::tools;
use crate::web;

/// Rules that an ordinary run switches off.
const MUTANTS_SAMPLED: usize = 8;

/// Everything. `all` runs the slow suites whole, which tests learn from `VELUM_TEST_ALL=1`.
pub fn test(project: &Project, report: &mut Report, all: bool) {
    tools::install(project, report);
    lint(project, report);
    report.step("tests", || {
        let profile = if all { "all" } else { "ci" };
        let mut nextest = tools::NEXTEST.command(project)?;
        nextest.args(["nextest", "run", "--workspace", "--locked", "--profile", profile]);
        if all {
            nextest.env("VELUM_TEST_ALL", "1");
        }
        process::run(&mut nextest)
    });
    report.step("soundness mutants", || mutants::run(project, (!all).then_some(MUTANTS_SAMPLED)));
    report.step("documentation tests", || {
        process::run(&mut project.cargo(["test", "--doc", "--workspace", "--locked"]))
    });
    report.step("documentation", || {
        let mut doc = project.cargo(["doc", "--no-deps", "--workspace", "--locked"]);
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    report.step("npm package", || web::test(project));
    report.step("page in a browser", || demo_web::test(project));
    deny(project, report);
}

/// Formatting and clippy, the verifier's half of the core (which builds without the prover) on its own as well.
pub fn lint(project: &Project, report: &mut Report) {
    report.step("format", || process::run(&mut project.cargo(["fmt", "--all", "--check"])));
    report.step("clippy", || {
        let mut clippy = project.cargo(["clippy", "--workspace", "--all-targets", "--locked"]);
        process::run(clippy.args(["--", "-D", "warnings"]))
    });
    report.step("verifier alone", || {
        let mut clippy = project.cargo(["clippy", "--package", "velum-core", "--no-default-features"]);
        process::run(clippy.args(["--locked", "--", "-D", "warnings"]))
    });
}

/// The dependencies' licences, origins and known vulnerabilities, by the rules of `deny.toml`.
pub fn deny(project: &Project, report: &mut Report) {
    report.step("dependencies", || {
        let mut deny = tools::DENY.command(project)?;
        process::run(deny.args(["--locked", "check", "licenses", "bans", "sources"]))
    });
    report.step_with_verdict("advisories", || {
        if let Some(reason) = advisories_unreachable(project)? {
            return Ok(Verdict::NotChecked(reason));
        }
        let mut deny = tools::DENY.command(project)?;
        process::run(deny.args(["--locked", "check", "advisories"]))?;
        Ok(Verdict::Passed)
    });
}

/// Fetches the advisory database, and says why where it cannot be had: advisories are not checked then, which is
/// for the summary to say and no reason to fail without a network.
fn advisories_unreachable(project: &Project) -> Result<Option<String>, Error> {
    let mut fetch = tools::DENY.command(project)?;
    fetch.args(["--locked", "fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    let output = process::output(&mut fetch)?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(None);
    }
    eprint!("{printed}");
    match fetch_failure(&printed) {
        Some(cause) => Ok(Some(format!("the advisory database could not be fetched ({cause})"))),
        None => Err(Error::Status { command: "cargo-deny fetch db".into(), status: output.status }),
    }
}

/// Git's own words on why cargo-deny could not fetch its database; none where it failed for another reason.
fn fetch_failure(printed: &str) -> Option<&str> {
    if !printed.contains("failed to fetch advisory database") {
        return None;
    }
    let fatal = printed.lines().find_map(|line| line.trim().strip_prefix("fatal: "));
    Some(fatal.unwrap_or("see above"))
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
        assert_eq!(fetch_failure("[ERROR] failed to validate configuration file deny.toml\n"), None);
        assert_eq!(fetch_failure(""), None);
    }
}
