//! `velum market simulate`: simulates a day of a market, under the rules that a node runs.

use serde_json::Value;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market_simulation::{Scenario, simulate};

#[derive(clap::Args)]
pub struct Arguments {
    /// The number of jobs in the day
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    jobs: u64,
    /// The number of providers
    #[arg(long, value_name = "N", default_value = "1000")]
    providers: usize,
    /// The seed of all random choices: one seed always gives the same day
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let Arguments { jobs, providers, seed } = *arguments;
    if providers < 4 {
        return Err(Failure::usage(
            "a market has at least four providers: three large ones and others".to_owned(),
        ));
    }
    let report = simulate(&Scenario { jobs, providers, seed, ..Scenario::default() });
    let json = serde_json::to_value(&report).map_err(|_| Failure::bug())?;
    let text = lines(&json, 0);
    Ok(Report::done(json, text))
}

/// Writes a JSON value as lines, each with the name of its member.
fn lines(value: &Value, depth: usize) -> String {
    let Value::Object(members) = value else { return value.to_string() };
    let line = |(name, value): (&String, &Value)| {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => format!("{indent}{name}:\n{}", lines(value, depth + 1)),
            _ => format!("{indent}{name}: {value}"),
        }
    };
    members.iter().map(line).collect::<Vec<_>>().join("\n")
}
