//! Builds and serves the page in `demo-web/`, and tests it in browsers. This module knows the
//! page's npm scripts, and nothing of what the page does.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, ExitCode};

use crate::aggregation;
use crate::checks::Slow;
use crate::chromium;
use crate::engines;
use crate::process::{self, Error};
use crate::project::Project;
use crate::web::{self, Modules};

const FOLDER: &str = "demo-web";

/// The variable that tells tests where to put screenshots.
const ARTEFACTS_VARIABLE: &str = "VELUM_ARTEFACTS";

/// Builds the page and the package that it uses, then serves the page until it is interrupted.
pub fn serve(project: &Project, port: u16, isolation: bool) -> Result<ExitCode, Error> {
    web::build(project, Modules::ALL)?;
    build(project)?;
    let mut server = command(project, "node");
    server.args(["server.mjs", "--port", &port.to_string()]);
    if !isolation {
        server.arg("--no-isolation");
    }
    let code = process::status(&mut server)?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Builds the page into `demo-web/dist`, with the package in its current build.
fn build(project: &Project) -> Result<(), Error> {
    install(project)?;
    process::run(&mut npm(project, ["run", "build"]))
}

/// Builds the page and goes through one story in it.
pub fn test_story(project: &Project, modules: Modules) -> Result<(), Error> {
    build(project)?;
    let mut test = npm_test(project, "test:story")?;
    process::run(test.env(web::BUILDS_VARIABLE, modules.builds()))
}

/// Checks, builds and tests the page with a package of which these modules were built. Questions
/// and answers are exchanged between the page and the command, in the build that tests in Rust use.
/// Presentations are sent to a running market.
pub fn test(project: &Project, modules: Modules, slow: Slow) -> Result<(), Error> {
    build(project)?;
    process::run(&mut npm(project, ["run", "check"]))?;
    let command = web::command_of_tests(project)?;
    let mut test = npm_test(project, "test")?;
    test.env(web::COMMAND_VARIABLE, command).env(web::BUILDS_VARIABLE, modules.builds());
    test.envs(slow.variables().iter().copied());
    test.env(web::MARKET_VARIABLE, aggregation::build_checked(project, aggregation::MARKET)?);
    process::run(engines::tell(project, &mut test)?)
}

/// A script of the page's tests. Screenshots are put into `demo-web` in the target folder.
fn npm_test(project: &Project, script: &str) -> Result<Command, Error> {
    let mut test = npm(project, ["run", script]);
    test.env(chromium::VARIABLE, chromium::find(project)?);
    test.env(ARTEFACTS_VARIABLE, project.target().join(FOLDER));
    Ok(test)
}

/// Installs the packages from npm if the lock file has changed since the last installation.
fn install(project: &Project) -> Result<(), Error> {
    let folder = project.root().join(FOLDER);
    let (lock, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.installed.json"));
    if fs::read(&lock).ok().is_some_and(|lock| fs::read(&installed).ok() == Some(lock)) {
        return Ok(());
    }
    process::run(&mut npm(project, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::copy(&lock, &installed).map(drop).map_err(|source| Error::Write { path: installed, source })
}

fn npm<const N: usize>(project: &Project, args: [&str; N]) -> Command {
    let mut npm = command(project, "npm");
    npm.args(args);
    npm
}

fn command(project: &Project, program: impl AsRef<OsStr>) -> Command {
    let mut command = project.command(program);
    command.current_dir(project.root().join(FOLDER));
    command
}
