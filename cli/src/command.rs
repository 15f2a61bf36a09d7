//! How every command runs: it takes arguments, prints one report, and returns an exit status.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::error::ErrorKind;
use serde_json::json;

use crate::failure::Failure;
use crate::report::{self, Report};

/// Runs the command of this name with the arguments of the process, and prints the outcome.
pub fn run(
    name: &'static str,
    work: impl FnOnce(Vec<OsString>) -> Result<Report, Failure>,
) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // `--json` is looked for before the arguments are parsed, so that a usage error is JSON too.
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    // The message of a panic may quote secrets, so only the location is shown.
    panic::set_hook(Box::new(move |info| {
        if let Some(place) = info.location() {
            report::write_stderr(format_args!("{name}: internal error at {place}"));
        }
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(arguments)))
        .unwrap_or_else(|_| Err(Failure::bug()));
    match outcome {
        Ok(report) => report.print(json),
        Err(failure) => failure.print(json),
    }
}

/// The outcome of arguments that clap did not parse into work to do.
///
/// # Errors
/// A usage failure, unless help or the version was requested.
pub fn help_or_usage(error: &clap::Error) -> Result<Report, Failure> {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Report::done(json!({ "help": text }), text)),
        ErrorKind::DisplayVersion => Ok(Report::done(json!({ "version": text.trim() }), text)),
        _ => {
            Err(Failure::usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()))
        }
    }
}

/// Sets the number of threads that prove. Without a number, all processors are used.
///
/// # Errors
/// A usage failure if the threads cannot be started.
pub fn use_threads(threads: Option<u16>) -> Result<(), Failure> {
    let Some(threads) = threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
    pool.map_err(|error| {
        Failure::usage(format!("cannot start {threads} threads: {error}; give a smaller --threads"))
    })
}
