//! The `velum` command. `docs/cli.md` states its interface, which scripts rely on.
//!
//! Here: arguments in, one report out, an exit status. Each command has a module of its own; what a failure means for
//! scripts is decided in [`failure`] alone.

mod demo;
mod failure;
mod files;
mod inputs;
mod inspect;
mod issue;
mod params;
mod pool;
mod prepare;
mod prepared_file;
mod progress;
mod prove;
mod report;
mod sign;
mod stages;
mod verify;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use serde_json::json;

use failure::Failure;
use report::Report;

/// Prove a fact from an ISO 18013-5 credential without showing the credential.
#[derive(Parser)]
#[command(name = "velum", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write one JSON object to stdout, whatever happens
    #[arg(long, global = true)]
    json: bool,
    /// Use this many threads; all processors if absent
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Show what a document holds and which checks pass (status 1 if one fails)
    Inspect(inspect::Arguments),
    /// Mint a test document with its certificates and keys
    Issue(issue::Arguments),
    /// Replace a document's deviceAuth by an ES256 signature made with a test key
    Sign(sign::Arguments),
    /// Make a credential proof ahead of time, of use to one `prove`
    Prepare(prepare::Arguments),
    /// Answer a request with a presentation
    Prove(prove::Arguments),
    /// Accept or refuse a presentation (status 1 if it is refused)
    Verify(verify::Arguments),
    /// Show suites, size classes, proven bits and the SIMD in use
    Params,
    /// Prove and verify a real licence, and see wrong requests refused
    Demo(demo::Arguments),
}

impl Command {
    fn run(&self) -> Result<Report, Failure> {
        match self {
            Self::Inspect(arguments) => inspect::run(arguments),
            Self::Issue(arguments) => issue::run(arguments),
            Self::Sign(arguments) => sign::run(arguments),
            Self::Prepare(arguments) => prepare::run(arguments),
            Self::Prove(arguments) => prove::run(arguments),
            Self::Verify(arguments) => verify::run(arguments),
            Self::Params => Ok(params::run()),
            Self::Demo(arguments) => demo::run(arguments),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Known before the arguments are understood, so that a usage error is JSON too.
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    // The message of a panic may quote what it must not: the place alone is shown.
    panic::set_hook(Box::new(|info| {
        if let Some(place) = info.location() {
            report::write_stderr(format_args!("velum: internal error at {place}"));
        }
    }));
    let outcome =
        panic::catch_unwind(AssertUnwindSafe(|| run(arguments))).unwrap_or_else(|_| Err(Failure::bug()));
    match outcome {
        Ok(report) => report.print(json),
        Err(failure) => failure.print(json),
    }
}

fn run(arguments: Vec<OsString>) -> Result<Report, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return help_or_usage(&error),
    };
    if let Some(threads) = arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Failure::usage(format!("cannot start {threads} threads: {error}")))?;
    }
    arguments.command.run()
}

fn help_or_usage(error: &clap::Error) -> Result<Report, Failure> {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Report::done(json!({ "help": text }), text)),
        ErrorKind::DisplayVersion => Ok(Report::done(json!({ "version": text.trim() }), text)),
        _ => Err(Failure::usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned())),
    }
}
