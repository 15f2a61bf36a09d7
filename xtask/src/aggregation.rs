//! Builds and tests the workspace in `aggregation/`. It has a lock file of its own, and builds into
//! the same folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt;
use crate::checks::Slow;
use crate::market_api;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};
use crate::report::Report;

/// The folder of the workspace.
const FOLDER: &str = "aggregation";

/// The program that `velum` runs.
pub const PROGRAM: &str = "velum-aggregation";

/// The program that runs markets.
pub const MARKET: &str = "velum-market";

/// Where the system's packages install PostgreSQL servers.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Where they install libraries, in a folder for each processor.
const LIBRARIES: &str = "/usr/lib";

/// Where they install the program that sets up networks.
const IP: [&str; 2] = ["/usr/sbin/ip", "/usr/bin/ip"];

/// Packages with tests that take minutes: leaves with their witnesses, all circuits made anew, real
/// documents of every class.
const SLOW_TESTS: [&str; 5] = [
    "velum-recursion",
    "velum-aggregate-circuits",
    "velum-aggregator",
    "velum-aggregation",
    "velum-market-worker",
];

/// Builds the program in release mode and for any processor. Its libraries do not build with the
/// compiler flags of new processors.
pub fn build(project: &Project) -> Result<(), Error> {
    process::run(&mut build_of(project, PROGRAM, PROGRAM))
}

/// Builds the program of markets in the same way.
pub fn build_market(project: &Project) -> Result<(), Error> {
    process::run(&mut build_of(project, "velum-market-cli", MARKET))
}

/// Cargo, set up to build a program of the workspace in this way.
pub fn build_of(project: &Project, package: &str, program: &str) -> Command {
    cargo(project, ["build", "--locked", "--release", "--package", package, "--bin", program])
}

/// Builds a program with the checks that tests have, such as overflow checks, and returns its path.
/// The build covers the whole workspace and includes a test. Libraries then have the same features
/// as for the tests, and are not compiled again.
pub fn build_checked(project: &Project, program: &str) -> Result<PathBuf, Error> {
    let build = ["build", "--locked", "--workspace", "--test", "commands", "--bin", program];
    process::run(&mut cargo(project, build))?;
    Ok(project.target().join("debug").join(program))
}

/// The folder of the program.
pub fn folder(project: &Project) -> PathBuf {
    project.program(Cpu::Any, PROGRAM).with_file_name("")
}

/// Runs everything that must pass in this workspace.
pub fn ci(project: &Project, report: &mut Report, slow: Slow) {
    report.step("aggregation: format", || {
        process::run(&mut cargo(project, ["fmt", "--all", "--check"]))
    });
    report.step("aggregation: clippy", || {
        let mut clippy = cargo(project, ["clippy", "--locked", "--workspace", "--all-targets"]);
        process::run(clippy.args(["--", "-D", "warnings"]))
    });
    report.step("aggregation: tests", || {
        install_packages(project)?;
        let mut test = cargo(project, ["test", "--locked", "--workspace", "--no-fail-fast"]);
        process::run(test.envs(slow.variables().iter().copied()))
    });
    report.step("aggregation: API fuzzed", || market_api::run(project, slow));
    if slow == Slow::Whole {
        report.step("aggregation: slow tests", || {
            let mut test = cargo(project, ["test", "--locked", "--release"]);
            for package in SLOW_TESTS {
                test.args(["--package", package]);
            }
            process::run(test.args(["--", "--ignored", "--skip", "write_pins", "--nocapture"]))
        });
    }
}

/// Installs the packages that tests of markets need. These tests start their own PostgreSQL,
/// programs whose clocks are wrong, and a network.
fn install_packages(project: &Project) -> Result<(), Error> {
    let mut libraries = std::fs::read_dir(LIBRARIES).into_iter().flatten().flatten();
    let has_faketime = libraries.any(|folder| folder.path().join("faketime").is_dir());
    let has_ip = IP.iter().any(|program| Path::new(program).is_file());
    let needed = [
        ("postgresql", Path::new(POSTGRES).is_dir()),
        ("libfaketime", has_faketime),
        ("iproute2", has_ip),
    ];
    let missing: Vec<_> =
        needed.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { apt::install(project, &missing) }
}

/// Cargo in this workspace.
pub fn cargo<const N: usize>(project: &Project, args: [&str; N]) -> Command {
    let mut cargo = project.cargo(args);
    cargo.current_dir(project.root().join(FOLDER)).env("CARGO_TARGET_DIR", project.target());
    // The libraries of this workspace do not build with the flags of new processors.
    cargo.env_remove("RUSTFLAGS");
    cargo
}
