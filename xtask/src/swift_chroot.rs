//! A Debian with Swift in a cache folder. It exists because most Linux systems have no Swift to
//! install.
//!
//! `debootstrap` installs it. Commands run in it by `chroot`, in mount and process namespaces of
//! their own, so that nothing stays mounted or running when they end.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt;
use crate::process::{self, Error};
use crate::project::Project;

const SUITE: &str = "trixie";

/// The compiler, what it links with, what the tests sign with, and what runs the npm package.
const PACKAGES: [&str; 7] = [
    "swiftlang",
    "ca-certificates",
    "libc6-dev",
    "libstdc++-14-dev",
    "binutils",
    "openssl",
    "nodejs",
];

/// The file in that system that lists its packages.
const MADE_OF: &str = "velum-packages";

/// A system with Swift.
pub struct Chroot {
    folder: PathBuf,
}

impl Chroot {
    /// The system in the cache folder. It is installed if it is missing, incomplete or without one
    /// of its packages.
    pub fn locate(project: &Project) -> Result<Self, Error> {
        if !apt::is_root(project) {
            let message =
                "installing and entering a Debian with Swift needs root: run `sudo ./x swift-test`";
            return Err(Error::Found(message.to_owned()));
        }
        let folder = cache()?.join(SUITE);
        // A system with the packages of an older version of this list is installed again.
        if fs::read_to_string(folder.join(MADE_OF)).ok() != Some(PACKAGES.join(",")) {
            make(project, &folder)?;
        }
        Ok(Self { folder })
    }

    /// A command in that system. There the workspace is at `/source` and its build outputs are at
    /// `/target`.
    pub fn command(
        &self,
        project: &Project,
        variables: &[(&str, &str)],
        words: &[&str],
    ) -> Command {
        let mut command = project.command("unshare");
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "xtask/src/swift_chroot.sh",
        ]);
        command.arg(&self.folder).arg(project.root()).arg(project.target());
        command.args(["env", "-i", "PATH=/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8"]);
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).args(words);
        command
    }
}

/// Installs the system. It is made beside its final place, so that a system in that place is
/// complete.
fn make(project: &Project, folder: &Path) -> Result<(), Error> {
    let has_debootstrap =
        || process::output(project.command("debootstrap").arg("--version")).is_ok();
    if !has_debootstrap() {
        eprintln!("there is no debootstrap: installing it with apt-get");
        apt::install(project, &["debootstrap"]).map_err(|error| {
            Error::Found(format!(
                "debootstrap is missing; install it with the system's package manager ({error})"
            ))
        })?;
    }
    let partial = folder.with_extension("partial");
    let written = |result: std::io::Result<()>| {
        result.map_err(|source| Error::Write { path: partial.clone(), source })
    };
    if partial.exists() {
        written(fs::remove_dir_all(&partial))?;
    }
    written(fs::create_dir_all(&partial))?;
    eprintln!(
        "there is no Swift: installing a Debian with Swift in {} (3 GB, takes some minutes)",
        folder.display()
    );
    // If debootstrap is stopped half-way, the namespace removes what it has mounted.
    let mut debootstrap = project.command("unshare");
    debootstrap.args(["--mount", "debootstrap", "--variant=minbase"]);
    debootstrap.args([&format!("--include={}", PACKAGES.join(",")), SUITE]);
    process::run(debootstrap.arg(&partial))?;
    // These are packages that were already unpacked.
    written(fs::remove_dir_all(partial.join("var/cache/apt/archives")))?;
    written(fs::write(partial.join(MADE_OF), PACKAGES.join(",")))?;
    if folder.exists() {
        written(fs::remove_dir_all(folder))?;
    }
    written(fs::rename(&partial, folder))
}

/// `$XDG_CACHE_HOME/velum/swift`, or its default below the home folder.
fn cache() -> Result<PathBuf, Error> {
    let named = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    let folder =
        folder.ok_or_else(|| Error::Found("neither XDG_CACHE_HOME nor HOME is set".to_owned()))?;
    Ok(folder.join("velum/swift"))
}
