//! Writes `docs/test-all.md`, which says when each slow suite was last run whole, and with what
//! result.

use std::env::consts::{ARCH, OS};
use std::thread::available_parallelism;

use crate::process::{self, Error};
use crate::project::Project;
use crate::report::Report;

const FOLDER: &str = "docs";
const FILE: &str = "docs/test-all.md";
const UNKNOWN: &str = "unknown";

/// One line of the table: step, result, why, time, date and commit.
type Line = [String; 6];

/// Writes down how the steps of a whole run ended. The lines of steps that were not wanted stay as
/// they are.
pub fn write(project: &Project, report: &Report, is_whole: bool) -> Result<(), Error> {
    let path = project.root().join(FILE);
    let date = first_line(project, "date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
    let commit = commit(project);
    let before =
        if is_whole { String::new() } else { std::fs::read_to_string(&path).unwrap_or_default() };
    let new = report.endings().map(|[step, result, why, time]| {
        [step, result, cell(&why), time, date.clone(), commit.clone()]
    });
    let text = page(&machine(), &merged(lines(&before), new));
    std::fs::create_dir_all(project.root().join(FOLDER))
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|source| Error::Write { path, source })
}

fn page(machine: &str, lines: &[Line]) -> String {
    let failed = lines.iter().any(|[_, result, ..]| result == "FAILED");
    let result = if failed { "FAILED" } else { "passed" };
    let table: String = lines.iter().map(|line| format!("| {} |\n", line.join(" | "))).collect();
    format!(
        "# The last whole run of the tests\n\n\
        Written by `./x test --all`, which runs in full the slow suites that `./x ci` bounds. A step that was run\n\
        again by itself, with `--step`, has a later date and commit than the others.\n\n\
        - Machine: {machine}\n- Result: {result}\n\n\
        | Step | Result | | Time | Date | Commit |\n|---|---|---|---|---|---|\n{table}"
    )
}

/// The lines of a page's table.
fn lines(page: &str) -> Vec<Line> {
    let table = page.lines().skip_while(|line| !line.starts_with("|---"));
    let cells = |line: &str| -> Option<Line> {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        line.split(" | ").map(str::to_owned).collect::<Vec<_>>().try_into().ok()
    };
    table.filter_map(cells).collect()
}

/// The old lines, with the new line of each step in the place of its old one. Steps without an old
/// line come last.
fn merged(mut lines: Vec<Line>, new: impl Iterator<Item = Line>) -> Vec<Line> {
    for line in new {
        match lines.iter_mut().find(|old| old[0] == line[0]) {
            Some(old) => *old = line,
            None => lines.push(line),
        }
    }
    lines
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").lines().collect::<Vec<_>>().join(" ")
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

    #[test]
    fn the_page_tells_when_what_and_how_it_ended() {
        let page = page("linux x86_64", &[line("tests", "passed", "0123456789ab")]);
        for found in [
            "- Machine: linux x86_64",
            "- Result: passed",
            "| tests | passed |  | 1.0 s | 2026-01-02 | 0123456789ab |",
        ] {
            assert!(page.lines().any(|line| line == found), "{page}");
        }
    }

    #[test]
    fn a_step_that_is_run_again_replaces_its_line() {
        let first = [line("tests", "passed", "0123"), line("page", "FAILED", "0123")];
        let page_before = page("linux", &first);
        assert!(page_before.contains("- Result: FAILED\n"));
        let again = [line("page", "passed", "4567"), line("other", "passed", "4567")];
        let after = merged(lines(&page_before), again.clone().into_iter());
        let [page_again, other] = again;
        assert_eq!(after, [first[0].clone(), page_again, other]);
        assert!(page("linux", &after).contains("- Result: passed\n"));
        assert_eq!(merged(lines(""), after.clone().into_iter()), after);
    }

    #[test]
    fn no_text_breaks_the_table() {
        assert_eq!(cell("a | b\nc"), "a \\| b c");
    }

    fn line(step: &str, result: &str, commit: &str) -> Line {
        [step, result, "", "1.0 s", "2026-01-02", commit].map(str::to_owned)
    }
}
