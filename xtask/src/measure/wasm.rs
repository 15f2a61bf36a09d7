//! Measures the same proofs in WebAssembly with SIMD under Node. This is the cost on one thread of
//! a browser.

use serde_json::Value;

use super::{PACKAGE, PROGRAM, parsed};
use crate::process::{self, Error};
use crate::project::Project;

const TARGET: &str = "wasm32-wasip1";

/// The flags of the compiler.
const FLAGS: &str = "-C target-feature=+simd128";

/// The options of Node 20. Without the second option Node recompiles functions while they run, and
/// crashes more often when it ends.
const NODE: [&str; 2] = ["--no-warnings", "--no-wasm-dynamic-tiering"];

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/measure/wasi.mjs");

/// Measures, or returns why it cannot.
pub fn measure(project: &Project, runs: usize) -> Result<Result<Value, String>, Error> {
    let Ok(node) = process::output(project.command("node").arg("--version")) else {
        return Ok(Err("there is no Node".to_owned()));
    };
    if process::run(project.command("rustup").args(["target", "add", TARGET])).is_err() {
        return Ok(Err(format!("rustup could not add {TARGET}")));
    }
    let folder = project.target().join("wasm");
    let mut build = project.cargo(["build", "--locked", "--release", "--package", PACKAGE]);
    build.args(["--bin", PROGRAM, "--target", TARGET, "--target-dir"]).arg(&folder);
    process::run(build.env("RUSTFLAGS", FLAGS))?;

    let program = folder.join(TARGET).join("release").join(PROGRAM).with_extension("wasm");
    let runs = runs.to_string();
    let arguments = ["proofs", "--runs", &runs];
    eprintln!("Node: {PROGRAM} {}", arguments.join(" "));
    let mut command = project.command("node");
    let output = process::output(command.args(NODE).arg(RUNNER).arg(program).args(arguments))?;
    // Node 20 may crash when it ends, while it is still compiling beside the program. A complete
    // answer is valid all the same.
    let mut measured: Value = match serde_json::from_slice(&output.stdout) {
        Ok(measured) => measured,
        Err(_) => parsed(&arguments, &output)?,
    };
    measured["flags"] = FLAGS.into();
    measured["node"] = String::from_utf8_lossy(&node.stdout).trim().into();
    Ok(Ok(measured))
}
