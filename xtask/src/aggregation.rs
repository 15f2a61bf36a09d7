//! The workspace in `aggregation/`, which has a lock file of its own, and builds into the same folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt;
use crate::checks::Slow;
use crate::market_api;
use crate::process::{self, Error};
use crate::project::{Cpu, Project};
use crate::report::Report;

/// Where it is.
const FOLDER: &str = "aggregation";

/// The program that `velum` runs.
pub const PROGRAM: &str = "velum-aggregation";

/// The program that runs markets.
pub const MARKET: &str = "velum-market";

/// Where the system's packages put its servers.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Where they put libraries, each processor's in a folder of its own.
const LIBRARIES: &str = "/usr/lib";

/// Where they put the program that sets up networks.
const IP: [&str; 2] = ["/usr/sbin/ip", "/usr/bin/ip"];

/// Tests that take minutes: leaves with their witnesses, all circuits anew, real documents of every class.
const SLOW_TESTS: [&str; 5] = [
    "velum-recursion",
    "velum-aggregate-circuits",
    "velum-aggregator",
    "velum-aggregation",
    "velum-market-worker",
];

/// Builds the program, in release mode and for any processor: its libraries do not build with the flags of new ones.
pub fn build(project: &Project) -> Result<(), Error> {
    process::run(&mut build_of(project, PROGRAM, PROGRAM))
}

/// Builds the program of markets likewise.
pub fn build_market(project: &Project) -> Result<(), Error> {
    process::run(&mut build_of(project, "velum-market-cli", MARKET))
}

/// Cargo, about to build a program of the workspace so.
pub fn build_of(project: &Project, package: &str, program: &str) -> Command {
    cargo(project, ["build", "--locked", "--release", "--package", package, "--bin", program])
}

/// Builds a program with the checks of tests, such as those of overflow, and says where it is. Out of the whole workspace and with a test, so that libraries have the features that they have for
/// tests, and are not compiled once more.
pub fn build_checked(project: &Project, program: &str) -> Result<PathBuf, Error> {
    let build = ["build", "--locked", "--workspace", "--test", "commands", "--bin", program];
    process::run(&mut cargo(project, build))?;
    Ok(project.target().join("debug").join(program))
}

/// The folder of the program.
pub fn folder(project: &Project) -> PathBuf {
    project.program(Cpu::Any, PROGRAM).with_file_name("")
}

/// Everything that must hold there.
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

/// Tests of markets start a PostgreSQL of their own, programs whose clocks are wrong, and a network, with the system's packages.
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
    // Its libraries do not build with the flags of new processors.
    cargo.env_remove("RUSTFLAGS");
    cargo
}
