//! `velum-aggregation`: the commands about aggregates, which `velum` runs. `docs/cli.md` describes
//! their interface.
//!
//! It is a separate program because the libraries that make aggregates require other versions of
//! dependencies than `velum` does. It knows no circuits: `velum-aggregator` makes the proofs, and
//! `velum-receipt` verifies receipts.
//!
//! The picture shows the input and the output of each command, and what happens in between.
//!
//! ```text
//! aggregate        n x (presentation, transcript, request), profile, payee
//!                    presentations: each is read and verified --> sorted by statement
//!                    fold: leaf and wrap of each --> merges --> root
//!                    parts: each finished proof is kept in OUT.parts until OUT is written
//!                    --> batch: statement hashes, payee, proof
//!
//! receipt          batch, presentation, transcript, request
//!                    the receipt is taken from the batch and verified --> receipt
//!
//! verify-receipt   receipt, transcript, request, accepted profiles, payee
//!                    --> what was learnt and the count, or the reason of the refusal
//!
//! demo aggregate   test data: 8 presentations of 3 documents
//!                    fold --> one receipt --> accepted; two wrong uses of it are refused
//!
//! params           --> bits of soundness of each layer, which `velum params` prints too
//! ```
//!
//! `arguments` has the options that several commands share, `presentations` reads presentations,
//! and `parts` keeps finished proofs. Each other module is a command.

mod aggregate;
mod arguments;
mod demo;
mod params;
mod parts;
mod presentations;
mod receipt;
mod verify_receipt;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use velum_cli::command;
use velum_cli::failure::Failure;
use velum_cli::report::Report;

/// Fold presentations into one proof, and take and check their receipts.
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
    /// Fold presentations into one proof
    Aggregate(aggregate::Arguments),
    /// Take the receipt of one presentation out of an aggregate
    Receipt(receipt::Arguments),
    /// Accept or refuse a receipt (status 1 if it is refused)
    VerifyReceipt(verify_receipt::Arguments),
    /// Fold eight presentations of three documents, and check the receipt of one of them
    Demo(demo::Arguments),
    /// Show the soundness of aggregates in bits, layer by layer
    Params,
}

fn main() -> ExitCode {
    command::run("velum-aggregation", run)
}

fn run(arguments: Vec<OsString>) -> Result<Report, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return command::help_or_usage(&error),
    };
    command::use_threads(arguments.threads)?;
    match &arguments.command {
        Command::Aggregate(arguments) => aggregate::run(arguments),
        Command::Receipt(arguments) => receipt::run(arguments),
        Command::VerifyReceipt(arguments) => verify_receipt::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Params => Ok(params::run()),
    }
}
