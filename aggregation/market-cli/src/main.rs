//! `velum-market`: the commands `velum market …`, which `velum` runs. `docs/market.md` describes
//! what a market is, and `docs/operating.md` describes how to run one.
//!
//! It is a separate program because the libraries that make aggregates need other versions of
//! dependencies than `velum` does. Apart from the audit, the crates of the market do the work, and
//! this program knows arguments, files, keys, HTTP and signals.
//!
//! The picture shows what each command reads, calls and writes.
//!
//! ```text
//! operator   init        --> market.toml, node.key, provider.key, operator.token
//!            serve       market.toml (config) --> Market::run, http::serve
//!                          ^
//!                          | HTTP
//!            +-------------+
//! provider   | provide   provider.key --> Provider::run --+
//!            |                                            +-- one database and store of blobs
//!            | work      no HTTP; --> Workshop::work -----+
//! client     | submit    presentation, transcript, request; a key or a purse
//!            |             --> HandOff (host), kept in OUT.hand-off --> receipt
//!            | credit    key --> Purse::buy, or --collect --> Purse::collect, renew --> purse
//! anyone     | audit     log of the node, file of what was seen --> the file, a verdict
//!            |
//!            | demo      init; serve and provide as processes; buys credit;
//!            |             submits 3 presentations --> receipts checked, ledger checked
//! anyone     simulate    jobs, providers, seed --> simulate --> Report; no node
//! ```
//!
//! Each command has a module of its own: `init`, `serve`, `submit`, `credit`, `provide`, `work`,
//! `audit`, `simulate` and `demo`. The other modules serve several of these commands:
//!
//! - `config` reads the configuration of a node.
//! - `keys` reads and writes secret keys, and `purse` a wallet's purse.
//! - `host` is the platform of a hand-off.
//! - `logging` and `stop` start logging and handle signals.

mod audit;
mod config;
mod credit;
mod demo;
mod host;
mod init;
mod keys;
mod logging;
mod provide;
mod purse;
mod serve;
mod simulate;
mod stop;
mod submit;
mod work;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use velum_cli::command;
use velum_cli::failure::Failure;
use velum_cli::report::Report;

/// Run a market where presentations are folded, or take part in one
#[derive(Parser)]
#[command(name = "velum", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Write exactly one JSON object to stdout, also for errors and --help, and write logs as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Number of threads that prove, 1 to 256 [default: all CPU cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a market, or take part in one
    Market {
        #[command(subcommand)]
        command: MarketCommand,
    },
}

#[derive(Subcommand)]
enum MarketCommand {
    /// Write a commented configuration with new keys into a folder
    Init(init::Arguments),
    /// Run the node
    Serve(serve::Arguments),
    /// Submit a presentation, and fetch its receipt
    Submit(Box<submit::Arguments>),
    /// Buy blind credit, with which a wallet pays
    Credit(credit::Arguments),
    /// Take lots, have them folded, and deliver them
    Provide(provide::Arguments),
    /// Fold the lots that a provider has taken
    Work(work::Arguments),
    /// Check a node's log against what the node said before (status 1 if it does not hold)
    Audit(audit::Arguments),
    /// Simulate a day of the market
    Simulate(simulate::Arguments),
    /// Run a market on this machine with demo money, and submit three presentations of real
    /// documents
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    command::run("velum-market", run)
}

fn run(arguments: Vec<OsString>) -> Result<Report, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return command::help_or_usage(&error),
    };
    command::use_threads(arguments.threads)?;
    logging::start(arguments.json);
    let Command::Market { command } = arguments.command;
    match command {
        MarketCommand::Init(arguments) => init::run(&arguments),
        MarketCommand::Serve(arguments) => stop::until_stopped(|stop| serve::run(arguments, stop)),
        MarketCommand::Submit(arguments) => {
            stop::until_stopped(|stop| submit::run(*arguments, stop))
        }
        MarketCommand::Credit(arguments) => stop::until_stopped(|_| credit::run(arguments)),
        MarketCommand::Provide(arguments) => {
            stop::until_stopped(|stop| provide::run(arguments, stop))
        }
        MarketCommand::Work(arguments) => stop::until_stopped(|stop| work::run(arguments, stop)),
        MarketCommand::Audit(arguments) => stop::until_stopped(|_| audit::run(arguments)),
        MarketCommand::Simulate(arguments) => simulate::run(&arguments),
        MarketCommand::Demo(arguments) => stop::until_stopped(|stop| demo::run(arguments, stop)),
    }
}
