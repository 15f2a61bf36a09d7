//! `velum market provide`: runs a provider.

use std::path::PathBuf;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::report::Report;
use velum_market_model::{Algorithm, Amount, Duration, MoneyAction, MoneyOrder, SecretKey, Signed};
use velum_market_provider::{NodeClient, Policy, Provider};

use crate::keys;
use crate::work::{self, State};

#[derive(clap::Args)]
pub struct Arguments {
    /// The URL of the node
    #[arg(long, value_name = "URL", env = "VELUM_MARKET_URL")]
    market: Url,
    /// The file with the provider's secret key
    #[arg(long, value_name = "F", env = "VELUM_PROVIDER_KEY")]
    key: PathBuf,
    #[command(flatten)]
    state: State,
    /// Fold in this process too, and not only in processes of `velum market work`
    #[arg(long)]
    work: bool,
    /// The lowest price for which to fold one presentation
    #[arg(long, value_name = "UNITS")]
    price: Option<u64>,
    /// The most lots to hold at once
    #[arg(long, value_name = "N")]
    lots: Option<u64>,
    /// The seconds that all workers together need for one presentation
    #[arg(long, value_name = "S")]
    each_seconds: Option<u64>,
    /// The seconds that all workers together need for each lot in addition. A lot that does not fit
    /// into half of its lease is not taken
    #[arg(long, value_name = "S")]
    lot_seconds: Option<u64>,
    /// Before starting, deposit this much demo money once, and stake half of it
    #[arg(long, value_name = "UNITS")]
    demo_money: Option<u64>,
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    let secret = keys::secret(&arguments.key)?;
    let failed = |error: &dyn std::fmt::Display| Failure::market("provide", error.to_string());
    let mut policy = Policy::default();
    let quantity =
        |value: Option<u64>| value.map(Amount::new).transpose().map_err(|error| failed(&error));
    policy.price = quantity(arguments.price)?.unwrap_or(policy.price);
    if let Some(lots) = arguments.lots {
        policy.lots = velum_market_model::Count::new(lots).map_err(|error| failed(&error))?;
    }
    let time = |seconds: Option<u64>| {
        let time = seconds.map(|seconds| Duration::new(seconds.saturating_mul(1000)));
        time.transpose().map_err(|error| failed(&error))
    };
    policy.each = time(arguments.each_seconds)?.unwrap_or(policy.each);
    policy.base = time(arguments.lot_seconds)?.unwrap_or(policy.base);
    let node = NodeClient::new(arguments.market).map_err(|error| failed(&error))?;
    if let Some(units) = quantity(arguments.demo_money)? {
        fund(&node, &secret, units).await?;
    }
    let (workshop, blobs) = arguments.state.open().await?;
    let provider = Provider::new(node, secret, policy, workshop.clone(), blobs).await;
    let provider = provider.map_err(|error| failed(&error))?;
    let owner = provider.owner();
    tracing::info!(%owner, "providing");
    let worker = arguments
        .work
        .then(|| tokio::spawn(work::work(workshop, "provider".to_owned(), stop.clone())));
    provider.run(stop).await;
    if let Some(worker) = worker {
        worker.await.map_err(|_| Failure::bug())??;
    }
    Ok(Report::done(
        json!({ "provider": owner }),
        format!("Ran as provider {owner} until it was stopped."),
    ))
}

/// Deposits demo money once and stakes half of it, whatever the provider has.
async fn fund(node: &NodeClient, secret: &[u8; 32], units: Amount) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::market("provide", error.to_string());
    let key = SecretKey::from_bytes(Algorithm::Ed25519, secret).map_err(|error| failed(&error))?;
    let market = node.market().await.map_err(|error| failed(&error))?.key.owner();
    let half = Amount::new(units.get() / 2).map_err(|error| failed(&error))?;
    for (action, amount, name) in [
        (MoneyAction::Deposit, units, "first deposit of demo money"),
        (MoneyAction::Stake, half, "first stake of demo money"),
    ] {
        let idempotency_key = name
            .to_owned()
            .try_into()
            .map_err(|error: velum_market_model::TextError| failed(&error))?;
        let order = MoneyOrder { market, action, amount, idempotency_key, owner: key.public() };
        let order = Signed::sign(order, &key).map_err(|error| failed(&error))?;
        node.money(&order).await.map_err(|error| failed(&error))?;
    }
    Ok(())
}
