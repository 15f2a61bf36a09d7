//! The cargo subcommands that the checks use: their versions, and how they are installed.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Error};
use crate::project::Project;
use crate::report::Report;

pub struct Tool {
    name: &'static str,
    version: &'static str,
}

/// The toolchain that builds the standard library for the web, and the fuzzers. Stable versions of
/// Rust cannot.
pub const NIGHTLY: &str = "nightly-2026-05-20";

pub const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

pub const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

/// Builds tools without optimisation, because they run for seconds and take minutes to build from
/// source.
pub const QUICK_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Installs every missing tool, with one step for each.
pub fn install(project: &Project, report: &mut Report) {
    report.step("tool: cargo-deny", || DENY.command(project).map(drop));
}

/// Installs [`NIGHTLY`] with a component, if either is missing.
pub fn install_nightly(project: &Project, component: &str) -> Result<(), Error> {
    let rustup = || project.command("rustup");
    let installed = ["component", "list", "--installed", "--toolchain", NIGHTLY];
    let installed = process::output(rustup().args(installed))?;
    let mut components = std::str::from_utf8(&installed.stdout).unwrap_or_default().lines();
    if installed.status.success() && components.any(|it| it.starts_with(component)) {
        return Ok(());
    }
    let install = ["toolchain", "install", NIGHTLY, "--no-self-update", "--profile", "minimal"];
    process::run(rustup().args(install).args(["--component", component]))
}

/// Nextest, if it is installed. It runs tests faster than cargo itself. Any version will do.
pub fn nextest(project: &Project) -> Option<Command> {
    const NAME: &str = "cargo-nextest";
    let output = process::output(project.command(NAME).arg("--version")).ok()?;
    version(NAME, &String::from_utf8_lossy(&output.stdout))?;
    Some(project.command(NAME))
}

impl Tool {
    /// The tool in its pinned version: the one on PATH or, failing that, the one in the target
    /// folder. If that is missing too, it is installed there first.
    pub fn command(&self, project: &Project) -> Result<Command, Error> {
        let folder = project.target().join("tools");
        let own = folder.join("bin").join(self.name);
        for program in [PathBuf::from(self.name), own.clone()] {
            if self.is_pinned_version(&mut project.command(&program)) {
                return Ok(project.command(program));
            }
        }

        eprintln!("{} {} is missing: building it in {}", self.name, self.version, folder.display());
        let build = folder.join("build");
        let mut install = project.cargo(["install", "--locked"]);
        install.arg(format!("{}@{}", self.name, self.version));
        install.arg("--root").arg(&folder).arg("--target-dir").arg(&build).envs(QUICK_BUILD);
        process::run(&mut install)?;
        std::fs::remove_dir_all(&build).map_err(|source| Error::Write { path: build, source })?;
        Ok(project.command(own))
    }

    fn is_pinned_version(&self, command: &mut Command) -> bool {
        let output = process::output(command.arg("--version"));
        output.is_ok_and(|output| {
            version(self.name, &String::from_utf8_lossy(&output.stdout)) == Some(self.version)
        })
    }
}

/// The version in the output of `NAME --version`: the word after the name, on the first line.
fn version<'a>(name: &str, printed: &'a str) -> Option<&'a str> {
    let mut words = printed.lines().next()?.split_whitespace();
    (words.next()? == name).then(|| words.next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_tools_print() {
        let nextest = "cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\n";
        assert_eq!(version("cargo-nextest", nextest), Some("0.9.143"));
        assert_eq!(version("cargo-deny", "cargo-deny 0.20.2\n"), Some("0.20.2"));
        assert_eq!(version("cargo-deny", nextest), None);
        assert_eq!(version("cargo-deny", "cargo-deny"), None);
        assert_eq!(version("cargo-deny", ""), None);
    }

    #[test]
    fn another_version_is_not_taken_for_the_pinned_one() {
        let echo = |line: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", r#"printf '%s\n' "$0""#, line]);
            command
        };
        assert!(DENY.is_pinned_version(&mut echo(&format!("cargo-deny {}", DENY.version))));
        assert!(!DENY.is_pinned_version(&mut echo("cargo-deny 0.1.0")));
        assert!(!DENY.is_pinned_version(&mut Command::new("velum-no-such-program")));
    }
}
