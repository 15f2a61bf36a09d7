//! `velum market serve`: the node.

use std::path::PathBuf;

use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market::Market;
use velum_market::http::{Api, Serve, Tls, serve};
use velum_market_blobs::Blobs;

use crate::config::Config;
use crate::keys;

/// Connections at once, where the configuration says nothing.
const CONNECTIONS: usize = 4096;

#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration, as `velum market init` writes it
    #[arg(long, value_name = "F", env = "VELUM_MARKET_CONFIG")]
    config: PathBuf,
    /// Where the state is, in place of what the configuration says
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Where blobs are
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_BLOBS")]
    blobs: Option<String>,
    /// Where requests come
    #[arg(long, value_name = "ADDRESS", env = "VELUM_MARKET_LISTEN")]
    listen: Option<String>,
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    let config = Config::read(&arguments.config)?;
    let (options, key) = (config.options()?, keys::key(&config.key)?);
    let database = arguments.database.as_ref().unwrap_or(&config.database);
    let blobs = Blobs::open(arguments.blobs.as_ref().unwrap_or(&config.blobs));
    let blobs = blobs.map_err(|error| Failure::usage(error.to_string()))?;
    let token = match &config.operator_token {
        Some(path) => Some(hex::encode(keys::secret(path)?)),
        None => None,
    };
    let tls = match config.tls {
        Some(tls) => Some(Tls::read(tls.chain, tls.key).map_err(|error| Failure::usage(error.to_string()))?),
        None => None,
    };
    let market = Market::open(database, blobs, key, options).await;
    let market = market.map_err(|error| Failure::market("database", error.to_string()))?;
    let listen = arguments.listen.as_ref().unwrap_or(&config.listen);
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| Failure::usage(format!("cannot listen on {listen}: {error}")))?;
    let address = listener.local_addr().map_or_else(|_| listen.clone(), |address| address.to_string());
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!(url = %format!("{scheme}://{address}/"), market = %market.id(), "serving");

    let due = tokio::spawn({
        let (market, stop) = (market.clone(), stop.clone());
        async move { market.run(stop).await }
    });
    let connections = config.connections.unwrap_or(CONNECTIONS);
    let router = Api::new(market.clone(), token.as_deref()).router();
    let served = serve(Serve { listener, tls, connections }, router, stop.clone()).await;
    stop.cancel();
    let _ = due.await;
    market.close().await;
    served.map_err(|error| Failure::usage(format!("cannot serve on {address}: {error}")))?;
    Ok(Report::done(json!({ "served": address }), format!("Served on {address} until it was stopped.")))
}
