//! `velum market serve`: runs the node.

use std::path::PathBuf;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market::Market;
use velum_market::http::{Api, Serve, Tls, serve};
use velum_market_blobs::Blobs;

use crate::config::Config;
use crate::keys;

/// The most connections at once, if the configuration does not set it.
const CONNECTIONS: usize = 4096;

/// The most connections from one address, if the configuration does not set it and no proxy is in
/// front of the node.
const OF_ONE: usize = 256;

/// The most connections of instruments at once.
const INSTRUMENTS: usize = 16;

#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration file, as `velum market init` writes it
    #[arg(long, value_name = "F", env = "VELUM_MARKET_CONFIG")]
    config: PathBuf,
    /// The database with the state, in place of the one in the configuration
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The store of blobs, in place of the one in the configuration
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_BLOBS")]
    blobs: Option<String>,
    /// The address on which to listen, in place of the one in the configuration
    #[arg(long, value_name = "ADDRESS", env = "VELUM_MARKET_LISTEN")]
    listen: Option<String>,
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    let config = Config::read(&arguments.config)?;
    let (options, origins, key) = (config.options()?, config.origins()?, keys::key(&config.key)?);
    let database = arguments.database.as_ref().unwrap_or(&config.database);
    let blobs = Blobs::open(arguments.blobs.as_ref().unwrap_or(&config.blobs));
    let blobs = blobs.map_err(|error| Failure::usage(error.to_string()))?;
    let token = match &config.operator_token {
        Some(path) => Some(hex::encode(keys::secret(path)?)),
        None => None,
    };
    let tls = match config.tls {
        Some(tls) => {
            Some(Tls::read(tls.chain, tls.key).map_err(|error| Failure::usage(error.to_string()))?)
        }
        None => None,
    };
    let market = Market::open(database, blobs, key, options).await;
    let market = market.map_err(|error| Failure::market("database", error.to_string()))?;
    let (listener, address) = listen(arguments.listen.as_ref().unwrap_or(&config.listen)).await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let proxies = config.proxies.unwrap_or(0);
    let api = Api::new(market.clone(), token.as_deref()).for_origins(origins).behind(proxies);
    let instruments = match &config.metrics {
        Some(at) => Some(tell_instruments(api.clone(), at, stop.clone()).await?),
        None => None,
    };
    tracing::info!(url = %format!("{scheme}://{address}/"), market = %market.id(), "serving");

    let due = tokio::spawn({
        let (market, stop) = (market.clone(), stop.clone());
        async move { market.run(stop).await }
    });
    let connections = config.connections.unwrap_or(CONNECTIONS);
    let of_one = config.connections_of_one.or((proxies == 0).then_some(OF_ONE));
    let served =
        serve(Serve { listener, tls, connections, of_one }, api.router(), stop.clone()).await;
    stop.cancel();
    let _ = due.await;
    if let Some(instruments) = instruments {
        let _ = instruments.await;
    }
    market.close().await;
    served.map_err(|error| Failure::usage(format!("cannot serve on {address}: {error}")))?;
    Ok(Report::done(
        json!({ "served": address }),
        format!("Served on {address} until it was stopped."),
    ))
}

/// Listens, and returns the listener with its address.
async fn listen(at: &str) -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind(at).await;
    let listener =
        listener.map_err(|error| Failure::usage(format!("cannot listen on {at}: {error}")))?;
    let address =
        listener.local_addr().map_or_else(|_| at.to_owned(), |address| address.to_string());
    Ok((listener, address))
}

/// Serves the metrics on an address of their own.
async fn tell_instruments(
    api: Api,
    at: &str,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Failure> {
    let (listener, address) = listen(at).await?;
    tracing::info!(url = %format!("http://{address}/metrics"), "counting");
    let served = Serve { listener, tls: None, connections: INSTRUMENTS, of_one: None };
    Ok(tokio::spawn(async move {
        if let Err(error) = serve(served, api.instruments(), stop).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    }))
}
