//! Writes `docs/test-all.md`, which says when the slow suites were last run whole, and with what
//! result.

use std::env::consts::{ARCH, OS};
use std::thread::available_parallelism;

use crate::process::{self, Error};
use crate::project::Project;
use crate::report::Report;

const FOLDER: &str = "docs";
const FILE: &str = "docs/test-all.md";
const UNKNOWN: &str = "unknown";

pub fn write(project: &Project, report: &Report) -> Result<(), Error> {
    let path = project.root().join(FILE);
    let date = first_line(project, "date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
    let text = page(&date, &commit(project), &machine(), report);
    std::fs::create_dir_all(project.root().join(FOLDER))
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|source| Error::Write { path, source })
}

fn page(date: &str, commit: &str, machine: &str, report: &Report) -> String {
    let result = if report.failed() { "FAILED" } else { "passed" };
    format!(
        "# The last whole run of the tests\n\n\
        Written by `./x test --all`, which runs in full the slow suites that `./x ci` bounds.\n\n\
        - Date: {date}\n- Commit: {commit}\n- Machine: {machine}\n- Result: {result}\n\n\
        ```text\n{report}```\n"
    )
}

fn commit(project: &Project) -> String {
    let hash = first_line(project, "git", &["rev-parse", "--short=12", "HEAD"]);
    let own_page = format!(":!{FILE}");
    let changed = first_line(project, "git", &["status", "--porcelain", "--", ".", &own_page]);
    match changed.as_str() {
        "" | UNKNOWN => hash,
        _ => format!("{hash}, with changes that are not committed"),
    }
}

fn machine() -> String {
    let threads = available_parallelism().map_or(UNKNOWN.into(), |n| n.to_string());
    format!("{OS} {ARCH}, hardware threads: {threads}")
}

/// The first line that a command prints. Empty if it prints none.
pub fn first_line(project: &Project, program: &str, args: &[&str]) -> String {
    match process::output(project.command(program).args(args)) {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
        }
        _ => UNKNOWN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn the_page_tells_when_what_and_how_it_ended() {
        let mut report = Report::default();
        report.step("tests", || Ok(()));
        report.step_with_verdict("advisories", || Ok(Verdict::NotChecked("no network".into())));
        let page = page("2026-01-02 03:04 UTC", "0123456789ab", "linux x86_64", &report);
        for line in ["- Date: 2026-01-02 03:04 UTC", "- Commit: 0123456789ab", "- Result: passed"] {
            assert!(page.lines().any(|found| found == line), "{page}");
        }
        assert!(
            page.contains("\nsteps: 1 passed, 0 failed, 1 skipped; ") && page.ends_with("\n```\n"),
            "{page}"
        );
    }
}
