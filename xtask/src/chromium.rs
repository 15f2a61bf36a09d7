//! Chromium, in which what is for browsers is tested.

use std::env;
use std::path::PathBuf;

use crate::process::{self, Error};
use crate::project::Project;

/// What it is called, by distribution.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Where tests are told to look for it, and where one may say so.
pub const VARIABLE: &str = "VELUM_CHROMIUM";

/// The Chromium of the system, installed with `apt-get` where there is none.
pub fn find(project: &Project) -> Result<PathBuf, Error> {
    if let Some(asked) = env::var_os(VARIABLE) {
        return Ok(asked.into());
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    const INSTALL: [&str; 4] = ["install", "--yes", "--no-install-recommends", "chromium"];
    let missing = || {
        let install = INSTALL.join(" ");
        Error::Found(format!(
            "there is no Chromium: run `sudo apt-get update && sudo apt-get {install}`, or set {VARIABLE}"
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
    NAMES
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
