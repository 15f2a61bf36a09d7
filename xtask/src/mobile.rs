//! What the Kotlin and Swift packages of `bindings-mobile` share: the native libraries, and the
//! bindings that UniFFI generates.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use crate::aggregation;
use crate::process::{self, Error};
use crate::project::Project;
use crate::tools::QUICK_BUILD;

/// The folder of the crate, relative to the root of the workspace.
pub const FOLDER: &str = "bindings-mobile";

/// The crate.
pub const PACKAGE: &str = "velum-mobile";

/// The crate of the library that verifies receipts, in the workspace in `aggregation/`.
pub const RECEIPT_PACKAGE: &str = "velum-receipt-mobile";

const BINDGEN: &str = "velum-mobile-bindgen";

/// A native library, and the configuration from which UniFFI generates its bindings.
pub struct Library {
    /// The path of the library.
    pub file: PathBuf,
    config: &'static str,
}

/// Builds the library for this machine in the same way as the tests in Rust, so that little is
/// compiled twice. Also builds the command, which makes and verifies proofs for the tests.
pub fn library(project: &Project) -> Result<Library, Error> {
    process::run(&mut project.cargo([
        "build",
        "--locked",
        "--workspace",
        "--lib",
        "--test",
        "cli",
    ]))?;
    Ok(Library { file: built(project, "velum_mobile"), config: "bindings-mobile/uniffi.toml" })
}

/// Builds the library that verifies receipts in the same way, and also the program of markets.
pub fn receipt_library(project: &Project) -> Result<Library, Error> {
    let build = ["build", "--locked", "--workspace", "--lib", "--test", "commands"];
    process::run(&mut aggregation::cargo(project, build))?;
    let file = built(project, "velum_receipt_mobile");
    Ok(Library { file, config: "aggregation/bindings-mobile/uniffi.toml" })
}

fn built(project: &Project, name: &str) -> PathBuf {
    project.target().join("debug").join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

/// Generates the bindings of a library into a folder, and replaces what is there.
pub fn generate(
    project: &Project,
    library: &Library,
    language: &str,
    folder: &Path,
) -> Result<(), Error> {
    let tools = project.target().join("tools").join("mobile-bindgen");
    let mut build =
        project.cargo(["build", "--locked", "--release", "--package", BINDGEN, "--target-dir"]);
    process::run(build.arg(&tools).envs(QUICK_BUILD))?;
    match fs::remove_dir_all(folder) {
        Err(source) if folder.exists() => return Err(Error::Write { path: folder.into(), source }),
        _ => {}
    }
    let mut bindgen = project.command(tools.join("release").join(BINDGEN));
    bindgen.arg("generate").arg(&library.file).args([
        "--language",
        language,
        "--no-format",
        "--config",
    ]);
    bindgen.arg(project.root().join(library.config)).arg("--out-dir").arg(folder);
    process::run(&mut bindgen)
}
