//! Remembers which steps passed at which state of the files, so that steps whose inputs cannot have
//! changed do not run again.
//!
//! A state consists of a commit from which, according to git, no file differs, the compiler's
//! version, and the variables that change what the compiler builds or what tests do. A state does
//! not include what git ignores: build outputs, and what npm installed by a lock file. It does not
//! include cargo configuration outside of the project either.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use crate::process::Error;
use crate::project::Project;
use crate::record::first_line;
use crate::report::Verdict;

/// The records are in the target folder, so that they disappear together with the build outputs.
const FOLDER: &str = "passed";

/// Runs a step unless it passed at the current state. Remembers that it passed.
pub fn skip(
    project: &Project,
    name: &'static str,
    run: impl FnOnce() -> Result<(), Error>,
) -> Result<Verdict, Error> {
    if let Some(state) = state(project)
        && let Some(date) =
            passed(&fs::read_to_string(path(project, name)).unwrap_or_default(), &state)
    {
        let note = format!("passed on {date} at this commit, and no file differs from it");
        eprintln!("{note}");
        return Ok(Verdict::Unchanged(note));
    }
    remember(project, name, run)
}

/// Runs a step and remembers that it passed.
pub fn remember(
    project: &Project,
    name: &'static str,
    run: impl FnOnce() -> Result<(), Error>,
) -> Result<Verdict, Error> {
    let before = state(project);
    run()?;
    // Files may have changed while the step ran.
    if let Some(state) = before.filter(|before| Some(before) == state(project).as_ref()) {
        let path = path(project, name);
        let date = first_line(project, "date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
        fs::create_dir_all(project.target().join(FOLDER))
            .and_then(|()| fs::write(&path, format!("{state}\n{date}\n")))
            .map_err(|source| Error::Write { path, source })?;
    }
    Ok(Verdict::Passed)
}

fn path(project: &Project, name: &str) -> PathBuf {
    project.target().join(FOLDER).join(name.replace(' ', "-"))
}

/// The state of the files. `None` if git names no commit or a file differs from it.
fn state(project: &Project) -> Option<String> {
    let commit = first_line(project, "git", &["rev-parse", "--verify", "HEAD"]);
    let changed = first_line(
        project,
        "git",
        &["status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none"],
    );
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let compiler = first_line(project, "rustc", &["--version"]);
    let mut state = format!("{commit} {compiler}");
    for (name, value) in
        variables(env::vars_os().map(|(name, value)| (lossy(&name), lossy(&value))))
    {
        state.push_str(&format!(" {name}={value:?}"));
    }
    (is_commit && changed.is_empty()).then_some(state)
}

fn lossy(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// The variables that change what is built or what tests do, in order.
fn variables(all: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    // Cargo sets these variables for the program that it runs, which is this one. They carry no
    // choice of the user.
    let is_own = |name: &str| {
        name.starts_with("CARGO_PKG_")
            || ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"].contains(&name)
    };
    let counts =
        |name: &str| ["CARGO_", "RUST", "VELUM_"].iter().any(|start| name.starts_with(start));
    all.filter(|(name, _)| counts(name) && !is_own(name)).collect()
}

/// When a step passed at this state, according to its record.
fn passed<'a>(remembered: &'a str, state: &str) -> Option<&'a str> {
    let (passed, date) = remembered.trim_end().split_once('\n')?;
    (passed == state).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_counts_as_passed_at_the_state_that_it_passed_at_alone() {
        let remembered = "0123abcd -C opt-level=1\n2026-01-02 03:04 UTC\n";
        assert_eq!(passed(remembered, "0123abcd -C opt-level=1"), Some("2026-01-02 03:04 UTC"));
        assert_eq!(passed(remembered, "0123abcd"), None);
        assert_eq!(passed(remembered, "0123abce -C opt-level=1"), None);
        assert_eq!(passed("", ""), None);
    }

    #[test]
    fn variables_that_change_builds_and_tests_are_part_of_a_state() {
        let names =
            ["RUSTFLAGS", "CARGO_PROFILE_DEV_OPT_LEVEL", "VELUM_TEST_ALL", "RUSTUP_TOOLCHAIN"];
        let others = ["HOME", "CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"];
        let all = names.iter().chain(&others).map(|name| (name.to_string(), "1".to_owned()));
        let mut names = names.to_vec();
        names.sort_unstable();
        assert_eq!(variables(all).into_keys().collect::<Vec<_>>(), names);
    }
}
