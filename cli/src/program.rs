//! Commands that `velum-aggregation` and `velum-market` carry out. They are separate programs,
//! because their dependencies require other versions of libraries than this program uses.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::report::Report;

/// The program that folds presentations.
pub const AGGREGATION: &str = "velum-aggregation";

/// The program that runs markets.
pub const MARKET: &str = "velum-market";

/// The arguments, which the other program parses.
#[derive(clap::Args)]
pub struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// Replaces this process by another program with the same arguments.
///
/// # Errors
/// The program is missing or cannot be run. Otherwise this function does not return.
pub fn run(name: &str) -> Result<Report, Failure> {
    let program = beside(name).unwrap_or_else(|| name.into());
    let mut command = Command::new(&program);
    command.args(std::env::args_os().skip(1));
    let error = become_it(command);
    if error.kind() == std::io::ErrorKind::NotFound {
        let message = format!(
            "{name} is neither beside this program nor on the PATH; build it with `./x build`"
        );
        return Err(Failure::missing(name, message));
    }
    Err(Failure::file(&program, "run", &error))
}

/// What `velum-aggregation` says about the soundness of aggregates. `None` if the program is
/// missing.
pub fn params() -> Option<serde_json::Value> {
    let program = beside(AGGREGATION).unwrap_or_else(|| AGGREGATION.into());
    let output = Command::new(program).args(["params", "--json"]).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// The path of a program in the folder of this program, if it is there.
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
