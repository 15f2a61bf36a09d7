//! Packages of the system, where it has `apt-get`.

use crate::process::{self, Error};
use crate::project::Project;

/// Installs packages.
pub fn install(project: &Project, packages: &[&str]) -> Result<(), Error> {
    const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];
    let as_root = as_root(project).ok_or_else(|| {
        let install = [&INSTALL, packages].concat().join(" ");
        Error::Found(format!("run `sudo apt-get update && sudo apt-get {install}`"))
    })?;
    let apt_get = |args: &[&str]| {
        let mut words = as_root.iter().chain(&["apt-get"]).chain(args);
        let mut command = project.command(words.next().unwrap_or(&"apt-get"));
        process::run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt_get(&["update"])?;
    apt_get(&[&INSTALL, packages].concat())
}

/// What to put before a command so that it runs as root without a question, if anything does.
fn as_root(project: &Project) -> Option<&'static [&'static str]> {
    if is_root(project) {
        return Some(&[]);
    }
    let sudo = process::output(project.command("sudo").args(["-n", "true"])).ok()?;
    sudo.status.success().then_some(&["sudo"])
}

/// Whether this program runs as root.
pub fn is_root(project: &Project) -> bool {
    process::output(project.command("id").arg("-u")).is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
