//! The `velum` command. `docs/cli.md` states its interface, which scripts rely on.
//!
//! The program knows arguments, files, test keys and output. `velum-wallet` and `velum-credentials`
//! do the rest.
//!
//! The picture shows what each command reads and writes, in the order of the help text, and how
//! each of them ends.
//!
//! ```text
//! inspect         document --> what it holds, which checks pass
//! issue           spec --> document, transcript, request, certificates, keys
//! sign            document, transcript, device key --> signed document
//! transcript      values or messages that began a session --> transcript
//!
//! prepare         document, request --> prepared proof: a file, or an entry of a pool
//! prove           signed document, transcript, request --> presentation
//!                   uses up a prepared proof of a file or a pool, or makes one
//! verify          presentation, transcript, request --> what was learnt, or why it is refused
//!
//! aggregate, receipt, verify-receipt, demo aggregate    become velum-aggregation   (program)
//! market                                                becomes velum-market       (program)
//!
//! params          --> suites, size classes, proven bits, GPUs, SIMD
//! demo            a licence of the test data: prepare, present, verify; 5 wrong requests
//!
//! command::run --> Command::run --> Report (status 0, 1 or 3) or Failure (1, 2 or 3)
//!                                      --> text, or with --json one JSON object
//! ```
//!
//! Each command has a module of its own, and modules of commands do not depend on each other. What
//! they share with the other commands of the project is in the library. The modules are, in the
//! order of the help text:
//!
//! * `inspect`, `issue`, `sign` and `transcript` read and make documents and sessions.
//! * `prepare`, `prove` and `verify` are the three verbs. `gpu`, `pool`, `prepared_file` and
//!   `stages` hold what `prepare` and `prove` share. `demo` uses `gpu` and `stages` too, and
//!   `params` uses `gpu`.
//! * `program` runs the commands that are separate programs, also for `params` and `demo`.
//! * `params` and `demo` show what the build can do.

mod demo;
mod gpu;
mod inspect;
mod issue;
mod params;
mod pool;
mod prepare;
mod prepared_file;
mod program;
mod prove;
mod sign;
mod stages;
mod transcript;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use velum_cli::{command, failure, files, inputs, progress, report};

use failure::Failure;
use report::Report;

/// Prove a fact from an ISO 18013-5 credential without showing the credential.
#[derive(Parser)]
#[command(name = "velum", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write exactly one JSON object to stdout, also for errors and --help
    #[arg(long, global = true)]
    json: bool,
    /// Number of threads that prove, 1 to 256 [default: all CPU cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Show what a document holds and which checks pass (status 1 if a check fails)
    Inspect(inspect::Arguments),
    /// Mint a test document with its certificates and keys
    Issue(issue::Arguments),
    /// Sign a session with a test device key (ES256), and put the signature into the document
    Sign(sign::Arguments),
    /// Build the SessionTranscript of a session from the values or messages that began it
    Transcript(transcript::Arguments),
    /// Make a credential proof ahead of time, for use in one `prove`
    Prepare(prepare::Arguments),
    /// Answer a request with a presentation
    Prove(prove::Arguments),
    /// Accept or refuse a presentation (status 1 if it is refused)
    Verify(verify::Arguments),
    /// Fold presentations into one proof (runs `velum-aggregation`)
    #[command(disable_help_flag = true)]
    Aggregate(program::Arguments),
    /// Take the receipt of one presentation out of an aggregate (runs `velum-aggregation`)
    #[command(disable_help_flag = true)]
    Receipt(program::Arguments),
    /// Accept or refuse a receipt (status 1 if it is refused; runs `velum-aggregation`)
    #[command(disable_help_flag = true)]
    VerifyReceipt(program::Arguments),
    /// Run a market where presentations are folded, or take part in one (runs `velum-market`)
    #[command(disable_help_flag = true)]
    Market(program::Arguments),
    /// Show suites, size classes, proven bits, GPUs and the SIMD in use
    Params,
    /// Prove and verify a real driving licence, and show that wrong requests are refused
    Demo(demo::Arguments),
}

impl Command {
    fn run(&self) -> Result<Report, Failure> {
        match self {
            Self::Inspect(arguments) => inspect::run(arguments),
            Self::Issue(arguments) => issue::run(arguments),
            Self::Sign(arguments) => sign::run(arguments),
            Self::Transcript(arguments) => transcript::run(arguments),
            Self::Prepare(arguments) => prepare::run(arguments),
            Self::Prove(arguments) => prove::run(arguments),
            Self::Verify(arguments) => verify::run(arguments),
            Self::Aggregate(_) | Self::Receipt(_) | Self::VerifyReceipt(_) => {
                program::run(program::AGGREGATION)
            }
            Self::Market(_) => program::run(program::MARKET),
            Self::Params => Ok(params::run()),
            Self::Demo(arguments) => demo::run(arguments),
        }
    }
}

fn main() -> ExitCode {
    command::run("velum", run)
}

fn run(arguments: Vec<OsString>) -> Result<Report, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return command::help_or_usage(&error),
    };
    command::use_threads(arguments.threads)?;
    arguments.command.run()
}
