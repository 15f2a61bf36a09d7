//! `velum market credit`: buys the blind credit that a wallet pays with.

use std::path::PathBuf;

use serde_json::json;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market_client::Node;

use crate::host::Http;
use crate::{keys, purse};

#[derive(clap::Args)]
pub struct Arguments {
    /// The URL of the node
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_URL")]
    market: Url,
    /// The file with the secret key of the account that pays
    #[arg(long, value_name = "F", required_unless_present = "collect", conflicts_with = "collect")]
    key: Option<PathBuf>,
    /// The file that holds the credit; created if it does not exist. Whoever has this file has the
    /// money
    #[arg(long, value_name = "F")]
    purse: PathBuf,
    /// How many tokens to buy. Buy more than one job costs, and buy them before you know that there
    /// will be a job
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u64).range(1..=4096))]
    tokens: u64,
    /// Buy nothing: take back what is left of jobs that have ended, and exchange tokens of earlier
    /// epochs for tokens that are valid for longer. A purchase at the same time would show whose
    /// jobs and tokens these are
    #[arg(long)]
    collect: bool,
}

pub async fn run(arguments: Arguments) -> Result<Report, Failure> {
    let Arguments { market, key, purse: file, tokens, collect: _ } = arguments;
    let failed = |error: &dyn std::fmt::Display| Failure::market("credit", error.to_string());
    let http = Http::new()?;
    let node = Node::new(&http, market.as_str());
    let info = node.market().await.map_err(|error| failed(&error))?;
    let purse = purse::at(&file, info.id);
    let done = match key {
        Some(key) => {
            purse.buy(&node, &keys::key(&key)?, usize::try_from(tokens).unwrap_or(usize::MAX)).await
        }
        None => match purse.collect(&node).await {
            Ok(()) => purse.renew(&node).await,
            failed => failed,
        },
    };
    done.map_err(|error| purse::failure(&file, &error))?;
    let holdings = purse.holdings(info.now).await.map_err(|error| purse::failure(&file, &error))?;
    let count: usize = holdings.iter().map(|holding| holding.tokens).sum();
    let file = file.display().to_string();
    let text = format!("{file} has {count} tokens. `velum market submit --purse` pays with them.");
    Ok(Report::done(json!({ "purse": file, "tokens": count }), text))
}
