//! Installs packages of the system, if it has `apt-get`.

use std::env;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::process::{self, Error};
use crate::project::Project;

/// The path of a program. It is the program that a variable names or, failing that, the first of
/// these names that is on PATH. If none is, a package is installed first.
pub fn program(
    project: &Project,
    variable: &str,
    names: &[&str],
    package: &str,
) -> Result<PathBuf, Error> {
    if let Some(asked) = env::var_os(variable) {
        return Ok(asked.into());
    }
    if let Some(found) = on_path(names) {
        return Ok(found);
    }
    eprintln!("there is no {}: installing {package} with apt-get", names.join(" or "));
    install(project, &[package])?;
    let missing = || {
        Error::Found(format!("there is no {}: install it, or set {variable}", names.join(" or ")))
    };
    on_path(names).ok_or_else(missing)
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// Held while packages are installed: apt-get refuses to run twice at once.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs packages.
pub fn install(project: &Project, packages: &[&str]) -> Result<(), Error> {
    const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];
    let as_root = as_root(project).ok_or_else(|| {
        let install = [&INSTALL, packages].concat().join(" ");
        Error::Found(format!(
            "packages are missing: run `sudo apt-get update && sudo apt-get {install}`"
        ))
    })?;
    let apt_get = |args: &[&str]| {
        let mut words = as_root.iter().chain(&["apt-get"]).chain(args);
        let mut command = project.command(words.next().unwrap_or(&"apt-get"));
        process::run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    apt_get(&["update"])?;
    apt_get(&[&INSTALL, packages].concat())
}

/// What to put before a command so that it runs as root without a question. `None` if nothing does.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_is_on_the_path_counts() {
        let found = on_path(&["velum-no-such-program", "sh"]).expect("every system has a shell");
        assert!(found.ends_with("sh"), "{}", found.display());
        assert_eq!(on_path(&["velum-no-such-program"]), None);
    }
}
