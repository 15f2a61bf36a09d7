//! What the packages of `bindings-mobile` in Kotlin and Swift have in common: the native library, and what UniFFI writes around it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{self, Error};
use crate::project::Project;
use crate::tools::QUICK_BUILD;

/// Where the crate lives, from the root of the workspace.
pub const FOLDER: &str = "bindings-mobile";

/// The crate.
pub const PACKAGE: &str = "velum-mobile";

const BINDGEN: &str = "velum-mobile-bindgen";

/// Builds the library for this machine, as the tests in Rust are built so that little is compiled twice, and says where it is.
pub fn library(project: &Project) -> Result<PathBuf, Error> {
    process::run(&mut project.cargo(["build", "--locked", "--package", PACKAGE, "--lib"]))?;
    Ok(project.target().join("debug").join(format!("{DLL_PREFIX}velum_mobile{DLL_SUFFIX}")))
}

/// Builds the command, which makes and verifies proofs for the tests, and says where it is. Apart from the library: it has a suite that the
/// library is without.
pub fn command(project: &Project) -> Result<PathBuf, Error> {
    process::run(&mut project.cargo(["build", "--locked", "--package", "velum-cli", "--bin", "velum"]))?;
    Ok(project.target().join("debug").join(format!("velum{EXE_SUFFIX}")))
}

/// Writes what goes around a library into a folder, in place of what is there.
pub fn generate(project: &Project, library: &Path, language: &str, folder: &Path) -> Result<(), Error> {
    let tools = project.target().join("tools").join("mobile-bindgen");
    let mut build = project.cargo(["build", "--locked", "--release", "--package", BINDGEN, "--target-dir"]);
    process::run(build.arg(&tools).envs(QUICK_BUILD))?;
    match fs::remove_dir_all(folder) {
        Err(source) if folder.exists() => return Err(Error::Write { path: folder.into(), source }),
        _ => {}
    }
    let mut bindgen = project.command(tools.join("release").join(BINDGEN));
    bindgen.arg("generate").arg(library).args(["--language", language, "--no-format", "--config"]);
    bindgen.arg(project.root().join(FOLDER).join("uniffi.toml")).arg("--out-dir").arg(folder);
    process::run(&mut bindgen)
}
