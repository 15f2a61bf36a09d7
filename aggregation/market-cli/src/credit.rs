//! `velum market credit`: buys what a wallet pays with.

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
    /// The node
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_URL")]
    market: Url,
    /// The secret key of the account that pays
    #[arg(long, value_name = "F")]
    key: PathBuf,
    /// Where the credit is kept: made if it is not there. Whoever has this file has the money
    #[arg(long, value_name = "F")]
    purse: PathBuf,
    /// How many tokens. Buy more than one job takes, and before it is known that there is one
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u64).range(1..=4096))]
    tokens: u64,
}

pub async fn run(arguments: Arguments) -> Result<Report, Failure> {
    let Arguments { market, key, purse: file, tokens } = arguments;
    let failed = |error: &dyn std::fmt::Display| Failure::market("credit", error.to_string());
    let key = keys::key(&key)?;
    let http = Http::new()?;
    let node = Node::new(&http, market.as_str());
    let market = node.market().await.map_err(|error| failed(&error))?.id;
    let purse = purse::at(&file, market);
    // What is left of earlier jobs is no reason not to buy.
    if let Err(error) = purse.collect(&node).await {
        tracing::warn!(%error, "not all that is left of earlier jobs is in the purse yet");
    }
    let bought = purse.buy(&node, &key, usize::try_from(tokens).unwrap_or(usize::MAX)).await;
    let count = bought.map_err(|error| purse::failure(&file, &error))?;
    let file = file.display().to_string();
    let text = format!("{file} has {count} tokens. `velum market submit --purse` pays with them.");
    Ok(Report::done(json!({ "purse": file, "tokens": count }), text))
}
