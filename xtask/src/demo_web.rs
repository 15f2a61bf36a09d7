//! The page in `demo-web/`: built, served, and tested in a browser. Knows its npm scripts and where Chromium comes from,
//! and nothing of what the page does.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::process::{self, Error};
use crate::project::Project;
use crate::web;

const FOLDER: &str = "demo-web";

/// What Chromium is called, by distribution. The tests look for the same names.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Where the tests are told to look for Chromium, and where to put screenshots.
const CHROMIUM_VARIABLE: &str = "VELUM_CHROMIUM";
const ARTEFACTS_VARIABLE: &str = "VELUM_ARTEFACTS";

/// Builds the page and the package that it uses, then serves it until it is interrupted.
pub fn serve(project: &Project, port: u16, isolation: bool) -> Result<ExitCode, Error> {
    build(project)?;
    let mut server = command(project, "node");
    server.args(["server.mjs", "--port", &port.to_string()]);
    if !isolation {
        server.arg("--no-isolation");
    }
    let code = process::status(&mut server)?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Builds `@velum/prover` and the page, into `demo-web/dist`.
fn build(project: &Project) -> Result<(), Error> {
    web::build(project)?;
    install(project)?;
    process::run(&mut npm(project, ["run", "build"]))
}

/// Checks, builds and tests the page. Screenshots go to `demo-web` in the target folder.
pub fn test(project: &Project) -> Result<(), Error> {
    build(project)?;
    process::run(&mut npm(project, ["run", "check"]))?;
    let chromium = chromium(project)?;
    let mut test = npm(project, ["test"]);
    test.env(CHROMIUM_VARIABLE, chromium).env(ARTEFACTS_VARIABLE, project.target().join(FOLDER));
    process::run(&mut test)
}

/// Installs what comes from npm, where the lock file has changed since.
fn install(project: &Project) -> Result<(), Error> {
    let folder = project.root().join(FOLDER);
    let (lock, installed) = (folder.join("package-lock.json"), folder.join("node_modules/.installed.json"));
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

/// The Chromium of the system, installed with `apt-get` where there is none.
fn chromium(project: &Project) -> Result<PathBuf, Error> {
    if let Some(asked) = env::var_os(CHROMIUM_VARIABLE) {
        return Ok(asked.into());
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    const INSTALL: [&str; 4] = ["install", "--yes", "--no-install-recommends", "chromium"];
    let missing = || {
        let install = INSTALL.join(" ");
        Error::Found(format!(
            "there is no Chromium: run `sudo apt-get update && sudo apt-get {install}`, or set {CHROMIUM_VARIABLE}"
        ))
    };
    eprintln!("there is no Chromium: installing it with apt-get");
    let as_root = as_root(project).ok_or_else(missing)?;
    let apt_get = |args: &[&str]| {
        let mut words = as_root.iter().chain(&["apt-get"]).chain(args);
        let mut command = project.command(words.next().unwrap_or(&"apt-get"));
        process::run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt_get(&["update"])?;
    apt_get(&INSTALL)?;
    on_path().ok_or_else(missing)
}

fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    CHROMIUM
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// What to put before a command so that it runs as root without a question, if anything does.
fn as_root(project: &Project) -> Option<&'static [&'static str]> {
    let id = process::output(project.command("id").arg("-u")).ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    let sudo = process::output(project.command("sudo").args(["-n", "true"])).ok()?;
    sudo.status.success().then_some(&["sudo"])
}
