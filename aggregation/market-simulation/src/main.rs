//! Simulates a day of the market, or the sweeps from which the market's constants are chosen.
//!
//! `velum-market-simulation day [JOBS [SEED]]` prints a report as JSON. `velum-market-simulation
//! sweeps FOLDER [NAME...]` prints tables, and draws pictures into the folder.

mod sweeps;

use std::process::ExitCode;
use std::time::Instant;

use velum_market_simulation::{Scenario, simulate};

const USAGE: &str = "usage: velum-market-simulation day [JOBS [SEED]] | sweeps FOLDER [NAME...]";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["day", ref more @ ..] if more.len() <= 2 => day(more),
        ["sweeps", folder, ref names @ ..] => sweeps::run(folder.as_ref(), names),
        _ => Err(USAGE.to_owned()),
    }
}

fn day(arguments: &[&str]) -> Result<(), String> {
    let number = |place: usize, default: u64| match arguments.get(place) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is not a number; {USAGE}")),
        None => Ok(default),
    };
    let scenario =
        Scenario { jobs: number(0, 1_000_000)?.max(1), seed: number(1, 1)?, ..Scenario::default() };
    let started = Instant::now();
    let report = simulate(&scenario);
    println!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    eprintln!("{:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
