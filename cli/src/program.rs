//! Commands of `velum-aggregation` and `velum-market`, which are programs of their own: what they are made with asks for other versions of libraries than this one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::report::Report;

/// What folds presentations.
pub const AGGREGATION: &str = "velum-aggregation";

/// What runs markets.
pub const MARKET: &str = "velum-market";

/// Whatever the program understands.
#[derive(clap::Args)]
pub struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// Runs a program with the arguments of this process, in place of it.
///
/// # Errors
/// Where it is not there or cannot be run; otherwise this does not return.
pub fn run(name: &str) -> Result<Report, Failure> {
    let program = beside(name).unwrap_or_else(|| name.into());
    let mut command = Command::new(&program);
    command.args(std::env::args_os().skip(1));
    let error = become_it(command);
    if error.kind() == std::io::ErrorKind::NotFound {
        let message = format!(
            "{name} is neither beside this program nor on the path; `./x build` builds both"
        );
        return Err(Failure::missing(name, message));
    }
    Err(Failure::file(&program, "run", &error))
}

/// What `velum-aggregation` says of the soundness of aggregates; nothing where it is not there.
pub fn params() -> Option<serde_json::Value> {
    let program = beside(AGGREGATION).unwrap_or_else(|| AGGREGATION.into());
    let output = Command::new(program).args(["params", "--json"]).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// A program in the folder of this one.
fn beside(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok()?.with_file_name(name);
    beside.is_file().then_some(beside)
}

#[cfg(unix)]
fn become_it(mut command: Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(&mut command)
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(3)),
        Err(error) => error,
    }
}
